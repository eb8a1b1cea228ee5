import { LIMITS } from '../../limits.ts';
import {
  dateField,
  described,
  freeTextField,
  metadataField,
  objectField,
  uuidField,
  wordField,
} from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { PostingRoute } from '../posting-operation.ts';
import { REVERSAL_REASONS } from '../vocabulary.ts';

const body = objectField(
  {
    reverses_entry_id: described(uuidField, 'The entry that is undone.'),
    reason_code: wordField(REVERSAL_REASONS, 'ReversalReason'),
    effective_at: described(dateField, "Not in the future, not before the entry's own."),
  },
  {
    reason_description: described(freeTextField(LIMITS.textChars), "Becomes the entry's description."),
    metadata: metadataField,
  },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

const about: KeyedPostAbout = {
  id: 'postReversal',
  tag: 'Events',
  summary: 'Reverse a journal entry',
  description:
    'Posts the exact mirror of every line of an entry. An entry is reversed once, a reversal is not reversed, and no component of a loan may fall below zero by it.',
  bodyName: 'ReversalRequest',
  request: {
    reverses_entry_id: '01a1fbed-0b70-7648-804f-c378f7545790',
    reason_code: 'error_correction',
    effective_at: '2026-05-02',
    reason_description: 'Booked to the wrong loan',
  },
  answer: {
    name: 'ReversalReceipt',
    schema: objectOf({
      journal_entry_id: schemaRef('Uuid'),
      reverses_entry_id: schemaRef('Uuid'),
      posted_at: schemaRef('Instant'),
      correlation_id: schemaRef('Uuid', "The reversed entry's."),
    }),
    example: {
      journal_entry_id: '01a1fbed-0b70-7648-804f-c378f75457a0',
      reverses_entry_id: '01a1fbed-0b70-7648-804f-c378f7545790',
      posted_at: '2026-11-21T02:28:40.000017Z',
      correlation_id: '01a1fbed-0b70-7648-804f-c378f7545792',
    },
  },
  problems: [
    'journal_entry_not_found',
    'already_reversed',
    'not_reversible',
    'loan_charged_off',
    'effective_date_in_future',
    'period_closed',
    'balance_would_be_negative',
    'amount_out_of_range',
  ],
};

/** POST /v1/reversals: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const reversals: PostingRoute<Body> = {
  path: '/v1/reversals',
  scope: 'hpts:reversals:write',
  about,
  body,
  command: (reversal, { metadata }) => ({
    kind: 'reversal',
    reversal: {
      reversesEntryId: reversal.reverses_entry_id,
      reasonCode: reversal.reason_code,
      reasonDescription: reversal.reason_description,
      effectiveAt: reversal.effective_at,
      metadata,
    },
  }),
};
