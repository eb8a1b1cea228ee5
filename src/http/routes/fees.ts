import { LIMITS } from '../../limits.ts';
import {
  currencyField,
  dateField,
  described,
  freeTextField,
  metadataField,
  objectField,
  patternField,
  positiveAmountField,
  uuidField,
} from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { PostingRoute } from '../posting-operation.ts';
import { FEE_TYPE } from '../vocabulary.ts';

const body = objectField(
  {
    loan_id: described(uuidField, 'The loan that is charged.'),
    fee_type: described(patternField(FEE_TYPE), 'One that the program does not name posts to account 4100.'),
    amount_minor: positiveAmountField,
    currency: currencyField,
    effective_at: described(dateField, "Not in the future, not before the loan's first disbursement."),
  },
  {
    borrower_id: described(uuidField, 'Where it is named, it must be that of the loan.'),
    external_ref: described(freeTextField(LIMITS.textChars), 'The name of the fee elsewhere.'),
    description: described(freeTextField(LIMITS.textChars), "Becomes the entry's description."),
    metadata: metadataField,
  },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

const about: KeyedPostAbout = {
  id: 'postFee',
  tag: 'Events',
  summary: 'Assess a fee',
  description: 'Charges a fee to a loan: fees receivable against fee income.',
  bodyName: 'FeeRequest',
  request: {
    loan_id: '11111111-1111-1111-1111-111111111111',
    fee_type: 'late_fee',
    amount_minor: '500',
    currency: 'USD',
    effective_at: '2026-04-30',
    description: 'April, ten days late',
  },
  answer: {
    name: 'FeeReceipt',
    schema: objectOf({
      fee_event_id: schemaRef('Uuid'),
      journal_entry_id: schemaRef('Uuid'),
      posted_at: schemaRef('Instant'),
      correlation_id: schemaRef('Uuid'),
    }),
    example: {
      fee_event_id: '01a1fbed-0b70-7648-804f-c378f7545771',
      journal_entry_id: '01a1fbed-0b70-7648-804f-c378f7545770',
      posted_at: '2026-11-21T02:26:18.254007Z',
      correlation_id: '01a1fbed-0b70-7648-804f-c378f7545772',
    },
  },
  problems: [
    'loan_not_found',
    'borrower_mismatch',
    'currency_mismatch',
    'effective_date_in_future',
    'effective_date_before_disbursement',
    'period_closed',
    'loan_charged_off',
    'amount_out_of_range',
  ],
};

/** POST /v1/fees: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const fees: PostingRoute<Body> = {
  path: '/v1/fees',
  scope: 'hpts:fees:write',
  about,
  body,
  command: (fee, { metadata }) => ({
    kind: 'fee',
    fee: {
      loanId: fee.loan_id,
      borrowerId: fee.borrower_id,
      feeType: fee.fee_type,
      amountMinor: fee.amount_minor,
      currency: fee.currency,
      effectiveAt: fee.effective_at,
      externalRef: fee.external_ref,
      description: fee.description,
      metadata,
    },
  }),
};
