import { type Period, parsePeriod } from '../../domain/period.ts';
import type { PeriodChange } from '../../domain/period-close.ts';
import { LIMITS } from '../../limits.ts';
import { described, freeTextField, metadataField, objectField } from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { listOf, type NamedSchema, objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { Accepted, PostingRoute } from '../posting-operation.ts';

const body = objectField(
  {},
  {
    description: described(freeTextField(LIMITS.textChars), 'Becomes the description of every entry.'),
    metadata: metadataField,
  },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

/** The month of a period as it is answered. */
export const MONTH = { type: 'string', pattern: '^[0-9]{4}-(0[1-9]|1[0-2])$', description: 'The month, YYYY-MM.' };

const RECEIPT: NamedSchema = {
  name: 'PeriodReceipt',
  schema: objectOf({
    period_event_id: schemaRef('Uuid'),
    journal_entry_id: schemaRef('Uuid', 'The first of its entries.'),
    period: MONTH,
    status: { type: 'string', enum: ['closed', 'open'], description: 'What the period is now.' },
    journal_entry_ids: listOf(schemaRef('Uuid'), 'All of its entries, one per currency at the end of a fiscal year.'),
    posted_at: schemaRef('Instant'),
    correlation_id: schemaRef('Uuid', 'Of a reopening, that of the close.'),
  }),
};

function receiptExample(stem: string, { status, correlation }: { status: string; correlation: string }) {
  return {
    period_event_id: `${stem}1`,
    journal_entry_id: `${stem}0`,
    period: '2026-12',
    status,
    journal_entry_ids: [`${stem}0`],
    posted_at: '2027-01-06T09:12:44.118203Z',
    correlation_id: correlation,
  };
}

const CLOSE = '01a1fbed-0b70-7648-804f-c378f754578';
const REOPENING = '01a1fbed-0b70-7648-804f-c378f754579';

const closeAbout: KeyedPostAbout = {
  id: 'closePeriod',
  tag: 'Periods',
  summary: 'Close a period',
  description:
    "Closes a month that is over: whatever is dated in it or before is refused from then on (`period_closed`). Periods close in order; the first may be the month of the earliest entry or one before. The last month of the tenant's fiscal year posts the closing entries: every account 4xxx and 5xxx by its balance on its other side, the remainder to 3000, one entry per currency, dated on the last day. Any other month posts one entry without lines.",
  bodyName: 'PeriodChangeRequest',
  request: { description: 'Year 2026, agreed with the auditor' },
  answer: { ...RECEIPT, example: receiptExample(CLOSE, { status: 'closed', correlation: `${CLOSE}1` }) },
  standsAlone: true,
  problems: ['effective_date_in_future', 'period_closed', 'period_not_next'],
};

const reopeningAbout: KeyedPostAbout = {
  id: 'reopenPeriod',
  tag: 'Periods',
  summary: 'Reopen a period',
  description:
    'Opens the latest closed month again. Posts the mirror of every entry that closed it, dated as they are. Close it again when it is right.',
  bodyName: 'PeriodChangeRequest',
  request: { description: 'A fee of December came late' },
  answer: { ...RECEIPT, example: receiptExample(REOPENING, { status: 'open', correlation: `${CLOSE}1` }) },
  standsAlone: true,
  problems: ['period_not_next'],
};

/** POST /v1/periods/{period}/close: 201, 200, 400, 401, 403, 409, 413, 415, 422, 503. */
export const periodCloses: PostingRoute<Body> = {
  path: '/v1/periods/:period/close',
  scope: 'hpts:periods:write',
  about: closeAbout,
  body,
  command: (sent, accepted) => {
    const change = changeOf(sent, accepted);
    return change === undefined ? undefined : { kind: 'period_close', change };
  },
};

/** POST /v1/periods/{period}/reopen: 201, 200, 400, 401, 403, 409, 413, 415, 422, 503. */
export const periodReopenings: PostingRoute<Body> = {
  path: '/v1/periods/:period/reopen',
  scope: 'hpts:periods:write',
  about: reopeningAbout,
  body,
  command: (sent, accepted) => {
    const change = changeOf(sent, accepted);
    return change === undefined ? undefined : { kind: 'period_reopening', change };
  },
};

function changeOf({ description }: Body, { metadata, errors, params }: Accepted): PeriodChange | undefined {
  const period: Period | undefined = parsePeriod(params['period'] ?? '');
  if (period !== undefined) return { period, description, metadata };
  errors.push({ field: 'period', code: 'invalid_format', message: 'must be a month YYYY-MM, such as 2026-12' });
  return undefined;
}
