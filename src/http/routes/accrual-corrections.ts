import { LIMITS } from '../../limits.ts';
import {
  amountField,
  dateField,
  described,
  listField,
  metadataField,
  objectField,
  uuidField,
  wordField,
} from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { PostingRoute } from '../posting-operation.ts';
import { ADJUSTMENT_REASONS } from '../vocabulary.ts';
import { nameTwins } from './accrual-batches.ts';

const body = objectField(
  {
    effective_at: described(dateField, 'Not in the future, not before the date of the batch.'),
    reason_code: wordField(ADJUSTMENT_REASONS, 'AdjustmentReason'),
    loans: listField(
      objectField(
        {
          loan_id: described(uuidField, 'A loan of the batch.'),
          interest_minor: described(amountField, 'What its interest in this batch should have been, in full.'),
        },
        {},
      ),
      { itemsMin: 1, itemsMax: LIMITS.accrualBatchLoans },
    ),
  },
  { metadata: metadataField },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

const about: KeyedPostAbout = {
  id: 'postAccrualCorrection',
  tag: 'Events',
  summary: 'Correct the interest of some loans of an accrual batch',
  description:
    'Posts, for the loans named, the difference between what their interest should have been and what now stands of it, under the correlation of the batch. It keeps its date, and later corrections start from there. All or nothing, as the batch.',
  bodyName: 'AccrualCorrectionRequest',
  request: {
    effective_at: '2026-05-02',
    reason_code: 'error_correction',
    loans: [{ loan_id: '11111111-1111-1111-1111-111111111111', interest_minor: '9900' }],
  },
  answer: {
    name: 'AccrualCorrectionReceipt',
    schema: objectOf({
      correction_event_id: schemaRef('Uuid'),
      journal_entry_id: schemaRef('Uuid'),
      posted_at: schemaRef('Instant'),
      correlation_id: schemaRef('Uuid', "The batch's."),
    }),
    example: {
      correction_event_id: '01a1fbed-0b70-7648-804f-c378f75457e1',
      journal_entry_id: '01a1fbed-0b70-7648-804f-c378f75457e0',
      posted_at: '2026-11-21T02:26:18.254007Z',
      correlation_id: '01a1fbed-0b70-7648-804f-c378f7545761',
    },
  },
  problems: [
    'not_found',
    'loan_not_found',
    'already_reversed',
    'effective_date_in_future',
    'period_closed',
    'loan_charged_off',
    'balance_would_be_negative',
    'amount_out_of_range',
  ],
};

/** POST /v1/accruals/{accrual_event_id}/corrections: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const accrualCorrections: PostingRoute<Body> = {
  path: '/v1/accruals/:accrual_event_id/corrections',
  scope: 'hpts:accruals:write',
  about,
  bodyBytesMax: LIMITS.accrualBatchBodyBytes,
  missing: { code: 'not_found', detail: 'there is no accrual batch of this id' },
  body,
  command: (correction, { errors, metadata, params }) => {
    nameTwins(correction.loans, errors);
    return {
      kind: 'accrual_correction',
      correction: {
        accrualEventId: params['accrual_event_id'] ?? '',
        effectiveAt: correction.effective_at,
        reasonCode: correction.reason_code,
        loans: correction.loans.map((loan) => ({ loanId: loan.loan_id, interestMinor: loan.interest_minor })),
        metadata,
      },
    };
  },
};
