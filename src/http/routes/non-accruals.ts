import { NON_ACCRUAL_ACTIONS } from '../../domain/non-accrual.ts';
import { LIMITS } from '../../limits.ts';
import { dateField, described, freeTextField, metadataField, objectField, wordField } from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { PostingRoute } from '../posting-operation.ts';

const body = objectField(
  {
    effective_at: described(dateField, "Not in the future, not before the loan's first disbursement."),
    action: described(
      wordField(NON_ACCRUAL_ACTIONS),
      'enter: a loan that accrues; exit: a loan that is on non-accrual.',
    ),
  },
  {
    description: described(freeTextField(LIMITS.textChars), "Becomes the entry's description."),
    metadata: metadataField,
  },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

const about: KeyedPostAbout = {
  id: 'postNonAccrual',
  tag: 'Events',
  summary: 'Put a loan on non-accrual, or take it off',
  description:
    'On non-accrual, interest is a memo and no income until it is paid: accruals post to 9100 and 9200, and payments and goodwill credits go to fees, principal, then memo interest. Entering takes unpaid interest out of income, leaving brings what is left of the memo back; with nothing to move the entry has no lines.',
  bodyName: 'NonAccrualRequest',
  request: { effective_at: '2026-05-02', action: 'enter' },
  answer: {
    name: 'NonAccrualReceipt',
    schema: objectOf({
      non_accrual_event_id: schemaRef('Uuid'),
      journal_entry_id: schemaRef('Uuid'),
      posted_at: schemaRef('Instant'),
      correlation_id: schemaRef('Uuid'),
    }),
    example: {
      non_accrual_event_id: '01a1fbed-0b70-7648-804f-c378f7545801',
      journal_entry_id: '01a1fbed-0b70-7648-804f-c378f7545800',
      posted_at: '2026-11-21T02:26:18.254007Z',
      correlation_id: '01a1fbed-0b70-7648-804f-c378f7545801',
    },
  },
  problems: [
    'loan_not_found',
    'effective_date_in_future',
    'effective_date_before_disbursement',
    'period_closed',
    'loan_charged_off',
    'amount_out_of_range',
  ],
};

/** POST /v1/loans/{loan_id}/non-accrual: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const nonAccruals: PostingRoute<Body> = {
  path: '/v1/loans/:loan_id/non-accrual',
  scope: 'hpts:restructures:write',
  about,
  body,
  missing: { code: 'loan_not_found', detail: 'there is no such loan' },
  command: (change, { metadata, params }) => ({
    kind: 'non_accrual',
    nonAccrual: {
      loanId: params['loan_id'] ?? '',
      effectiveAt: change.effective_at,
      action: change.action,
      description: change.description,
      metadata,
    },
  }),
};
