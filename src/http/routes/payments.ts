import { layerNumber, SETTLED } from '../../domain/layer.ts';
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
import { MONEY_MOVES, POSTING_LAYERS } from '../vocabulary.ts';
import { allocationField, splitOf } from './allocation-field.ts';

const body = objectField(
  {
    loan_id: described(uuidField, 'The loan that is paid.'),
    borrower_id: described(uuidField, 'Its borrower.'),
    amount_minor: positiveAmountField,
    currency: currencyField,
    effective_at: described(dateField, "Not in the future, not before the loan's first disbursement."),
    source_method: wordField(MONEY_MOVES, 'MoneyMove'),
  },
  {
    external_ref: described(freeTextField(LIMITS.textChars), 'The name of the payment elsewhere.'),
    allocation: described(
      allocationField,
      "In place of the program's waterfall. An absent part is 0; the parts sum to the amount. On PENDING it is kept until the payment settles.",
    ),
    layer: wordField(POSTING_LAYERS, 'PostingLayer'),
    metadata: metadataField,
  },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

const about: KeyedPostAbout = {
  id: 'postPayment',
  tag: 'Events',
  summary: 'Post a payment',
  description:
    "Books money received for a loan. The amount runs down the program's waterfall (fees, interest, principal by default) and what is left over goes to suspense, unless `allocation` says otherwise.",
  bodyName: 'PaymentRequest',
  request: {
    loan_id: '11111111-1111-1111-1111-111111111111',
    borrower_id: '22222222-2222-2222-2222-222222222222',
    amount_minor: '88849',
    currency: 'USD',
    effective_at: '2026-05-01',
    source_method: 'ach',
    external_ref: 'stripe_ch_xyz123',
  },
  answer: {
    name: 'PaymentReceipt',
    schema: objectOf({
      payment_event_id: schemaRef('Uuid'),
      journal_entry_id: schemaRef('Uuid'),
      allocation: schemaRef('Allocation'),
      posted_at: schemaRef('Instant'),
    }),
    example: {
      payment_event_id: '01a1fbed-0b70-7648-804f-c378f7545791',
      journal_entry_id: '01a1fbed-0b70-7648-804f-c378f7545790',
      allocation: { fees_minor: '500', interest_minor: '10000', principal_minor: '78349', suspense_minor: '0' },
      posted_at: '2026-11-21T02:26:18.610880Z',
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

/** POST /v1/payments: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const payments: PostingRoute<Body> = {
  path: '/v1/payments',
  scope: 'hpts:payments:write',
  about,
  body,
  command: (payment, { metadata }) => {
    const layer = layerNumber(payment.layer ?? 'SETTLED') ?? SETTLED;
    return {
      kind: 'payment',
      payment: {
        loanId: payment.loan_id,
        borrowerId: payment.borrower_id,
        amountMinor: payment.amount_minor,
        currency: payment.currency,
        effectiveAt: payment.effective_at,
        sourceMethod: payment.source_method,
        externalRef: payment.external_ref,
        layer,
        split: splitOf(payment.allocation),
        metadata,
      },
    };
  },
};
