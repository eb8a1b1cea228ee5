import { LIMITS } from '../../limits.ts';
import {
  currencyField,
  dateField,
  described,
  freeTextField,
  metadataField,
  objectField,
  positiveAmountField,
  uuidField,
  wordField,
} from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { PostingRoute } from '../posting-operation.ts';
import { WAIVER_REASONS } from '../vocabulary.ts';

const body = objectField(
  {
    loan_id: described(uuidField, 'The loan whose fees are waived.'),
    amount_minor: described(positiveAmountField, 'No more than the fees outstanding.'),
    currency: currencyField,
    effective_at: described(dateField, "Not in the future, not before the loan's first disbursement."),
    reason_code: wordField(WAIVER_REASONS, 'WaiverReason'),
  },
  {
    description: described(freeTextField(LIMITS.textChars), "Becomes the entry's description."),
    metadata: metadataField,
  },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

const about: KeyedPostAbout = {
  id: 'postFeeWaiver',
  tag: 'Events',
  summary: 'Waive fees',
  description: 'Gives up fees that are outstanding: fees waived against fees receivable.',
  bodyName: 'FeeWaiverRequest',
  request: {
    loan_id: '11111111-1111-1111-1111-111111111111',
    amount_minor: '500',
    currency: 'USD',
    effective_at: '2026-05-02',
    reason_code: 'goodwill',
  },
  answer: {
    name: 'FeeWaiverReceipt',
    schema: objectOf({
      waiver_event_id: schemaRef('Uuid'),
      journal_entry_id: schemaRef('Uuid'),
      posted_at: schemaRef('Instant'),
      correlation_id: schemaRef('Uuid'),
    }),
    example: {
      waiver_event_id: '01a1fbed-0b70-7648-804f-c378f7545791',
      journal_entry_id: '01a1fbed-0b70-7648-804f-c378f7545790',
      posted_at: '2026-11-21T02:26:18.254007Z',
      correlation_id: '01a1fbed-0b70-7648-804f-c378f7545791',
    },
  },
  problems: [
    'loan_not_found',
    'currency_mismatch',
    'effective_date_in_future',
    'effective_date_before_disbursement',
    'period_closed',
    'loan_charged_off',
    'amount_exceeds_outstanding',
  ],
};

/** POST /v1/fees/waivers: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const feeWaivers: PostingRoute<Body> = {
  path: '/v1/fees/waivers',
  scope: 'hpts:fees:write',
  about,
  body,
  command: (waiver, { metadata }) => ({
    kind: 'fee_waiver',
    feeWaiver: {
      loanId: waiver.loan_id,
      amountMinor: waiver.amount_minor,
      currency: waiver.currency,
      effectiveAt: waiver.effective_at,
      reasonCode: waiver.reason_code,
      description: waiver.description,
      metadata,
    },
  }),
};
