import { RETURN_POLICIES } from '../../domain/program.ts';
import { dateField, described, objectField, patternField, positiveAmountField, wordField } from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { PostingRoute } from '../posting-operation.ts';
import { RETURN_CODE } from '../vocabulary.ts';

const body = objectField(
  {
    return_code: described(patternField(RETURN_CODE), 'Why the money went back, as the network says it: "R01".'),
    effective_at: described(dateField, "Not in the future, not before the payment's own."),
  },
  {
    amount_minor: described(positiveAmountField, 'Without it, all that has not come back yet.'),
    nsf_fee_minor: described(positiveAmountField, 'A fee of type nsf, charged for it in the same transaction.'),
    policy: described(
      wordField(RETURN_POLICIES),
      "mirror takes back what the payment paid, its suspense first; principal takes the loan's suspense, then principal. Without it, that of the program.",
    ),
  },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

const about: KeyedPostAbout = {
  id: 'postPaymentReturn',
  tag: 'Events',
  summary: 'Return a payment',
  description:
    'Books money of a payment that went back, in part or whole, once or in several returns. The payment is named by its own event, or by the event that settled it.',
  bodyName: 'PaymentReturnRequest',
  request: { return_code: 'R01', effective_at: '2026-05-04', nsf_fee_minor: '2500' },
  answer: {
    name: 'PaymentReturnReceipt',
    schema: objectOf(
      {
        payment_return_event_id: schemaRef('Uuid'),
        journal_entry_id: schemaRef('Uuid'),
        fee_journal_entry_id: schemaRef('Uuid', 'Of the fee, where one was charged.'),
        allocation: schemaRef('Allocation'),
        posted_at: schemaRef('Instant'),
        correlation_id: schemaRef('Uuid'),
      },
      ['fee_journal_entry_id'],
    ),
    example: {
      payment_return_event_id: '01a1fbed-0b70-7648-804f-c378f75457b1',
      journal_entry_id: '01a1fbed-0b70-7648-804f-c378f75457b0',
      fee_journal_entry_id: '01a1fbed-0b70-7648-804f-c378f75457c0',
      allocation: { fees_minor: '500', interest_minor: '10000', principal_minor: '78349', suspense_minor: '0' },
      posted_at: '2026-11-21T02:30:00.120006Z',
      correlation_id: '01a1fbed-0b70-7648-804f-c378f75457b1',
    },
  },
  problems: [
    'not_found',
    'effective_date_in_future',
    'effective_date_before_disbursement',
    'period_closed',
    'already_reversed',
    'loan_charged_off',
    'amount_exceeds_payment',
    'amount_out_of_range',
  ],
};

/** POST /v1/payments/{payment_event_id}/returns: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const paymentReturns: PostingRoute<Body> = {
  path: '/v1/payments/:payment_event_id/returns',
  scope: 'hpts:payments:write',
  about,
  body,
  missing: { code: 'not_found', detail: 'there is no such payment event' },
  command: (returned, { params }) => ({
    kind: 'payment_return',
    paymentReturn: {
      paymentEventId: params['payment_event_id'] ?? '',
      returnCode: returned.return_code,
      effectiveAt: returned.effective_at,
      amountMinor: returned.amount_minor,
      nsfFeeMinor: returned.nsf_fee_minor,
      policy: returned.policy,
    },
  }),
};
