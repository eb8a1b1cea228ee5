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
} from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { PostingRoute } from '../posting-operation.ts';
import { allocationField, splitOf } from './allocation-field.ts';

const body = objectField(
  {
    loan_id: described(uuidField, 'The loan that is credited.'),
    borrower_id: described(uuidField, 'Its borrower.'),
    amount_minor: positiveAmountField,
    currency: currencyField,
    effective_at: described(dateField, "Not in the future, not before the loan's first disbursement."),
  },
  {
    external_ref: described(freeTextField(LIMITS.textChars), 'The name of the credit elsewhere.'),
    allocation: described(
      allocationField,
      "In place of the program's waterfall. An absent part is 0; the parts sum to the amount.",
    ),
    metadata: metadataField,
  },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

const about: KeyedPostAbout = {
  id: 'postGoodwillCredit',
  tag: 'Events',
  summary: 'Post a goodwill credit',
  description:
    "Books what the lender pays for the borrower. The amount runs down the program's waterfall as a payment does; principal and suspense are the lender's expense, interest and fees are taken from its income.",
  bodyName: 'GoodwillCreditRequest',
  request: {
    loan_id: '11111111-1111-1111-1111-111111111111',
    borrower_id: '22222222-2222-2222-2222-222222222222',
    amount_minor: '2500',
    currency: 'USD',
    effective_at: '2026-05-02',
  },
  answer: {
    name: 'GoodwillCreditReceipt',
    schema: objectOf({
      goodwill_event_id: schemaRef('Uuid'),
      journal_entry_id: schemaRef('Uuid'),
      allocation: schemaRef('Allocation'),
      posted_at: schemaRef('Instant'),
      correlation_id: schemaRef('Uuid'),
    }),
    example: {
      goodwill_event_id: '01a1fbed-0b70-7648-804f-c378f75457b1',
      journal_entry_id: '01a1fbed-0b70-7648-804f-c378f75457b0',
      allocation: { fees_minor: '500', interest_minor: '2000', principal_minor: '0', suspense_minor: '0' },
      posted_at: '2026-11-21T02:26:18.254007Z',
      correlation_id: '01a1fbed-0b70-7648-804f-c378f75457b1',
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
    'allocation_mismatch',
    'amount_exceeds_outstanding',
    'amount_out_of_range',
  ],
};

/** POST /v1/goodwill-credits: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const goodwillCredits: PostingRoute<Body> = {
  path: '/v1/goodwill-credits',
  scope: 'hpts:adjustments:write',
  about,
  body,
  command: (credit, { metadata }) => ({
    kind: 'goodwill_credit',
    goodwillCredit: {
      loanId: credit.loan_id,
      borrowerId: credit.borrower_id,
      amountMinor: credit.amount_minor,
      currency: credit.currency,
      effectiveAt: credit.effective_at,
      externalRef: credit.external_ref,
      split: splitOf(credit.allocation),
      metadata,
    },
  }),
};
