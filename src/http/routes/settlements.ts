import { LIMITS } from '../../limits.ts';
import { dateField, described, freeTextField, listField, objectField, uuidField } from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { PostingRoute } from '../posting-operation.ts';

/** Settlements of one event and of many entries: those of the PENDING layer, and the meeting with the bank. */
const body = objectField(
  { effective_at: described(dateField, "Not in the future, not before the event's own.") },
  { external_ref: described(freeTextField(LIMITS.textChars), 'Its name at the bank.') },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

const answered = {
  settlement_event_id: schemaRef('Uuid'),
  journal_entry_id: schemaRef('Uuid'),
  posted_at: schemaRef('Instant'),
  correlation_id: schemaRef('Uuid'),
};
const example = {
  settlement_event_id: '01a1fbed-0b70-7648-804f-c378f75457d1',
  journal_entry_id: '01a1fbed-0b70-7648-804f-c378f75457d0',
  posted_at: '2026-11-21T02:31:07.500211Z',
  correlation_id: '01a1fbed-0b70-7648-804f-c378f7545791',
};
const allocation = { fees_minor: '500', interest_minor: '10000', principal_minor: '78349', suspense_minor: '0' };

const aboutPayment: KeyedPostAbout = {
  id: 'settlePayment',
  tag: 'Events',
  summary: 'Settle a pending payment',
  description:
    'Posts one entry that takes the payment off PENDING and books it on SETTLED, allocated now: by the split that came with it, or by the waterfall.',
  bodyName: 'SettlementRequest',
  request: { effective_at: '2026-05-03', external_ref: 'stripe_po_77' },
  answer: {
    name: 'PaymentSettlementReceipt',
    schema: objectOf({ ...answered, allocation: schemaRef('Allocation') }),
    example: { ...example, allocation },
  },
  problems: [
    'not_found',
    'effective_date_in_future',
    'period_closed',
    'already_reversed',
    'already_settled',
    'loan_charged_off',
    'amount_exceeds_outstanding',
    'balance_would_be_negative',
    'amount_out_of_range',
  ],
};

/** POST /v1/payments/{payment_event_id}/settlements: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const paymentSettlings: PostingRoute<Body> = {
  path: '/v1/payments/:payment_event_id/settlements',
  scope: 'hpts:payments:write',
  about: aboutPayment,
  body,
  missing: { code: 'not_found', detail: 'there is no such payment event' },
  command: (settled, { params }) => ({
    kind: 'payment_settling',
    settlement: {
      eventId: params['payment_event_id'] ?? '',
      effectiveAt: settled.effective_at,
      externalRef: settled.external_ref,
    },
  }),
};

const aboutDisbursement: KeyedPostAbout = {
  id: 'settleDisbursement',
  tag: 'Events',
  summary: 'Settle a disbursement',
  description:
    'A pending disbursement settles: one entry takes it off PENDING and books it on SETTLED with the fees withheld. One that is settled meets the bank: its disbursement clearing goes to cash, once.',
  bodyName: 'SettlementRequest',
  request: { effective_at: '2026-04-02', external_ref: 'wire 20260402-1' },
  answer: { name: 'SettlementReceipt', schema: objectOf(answered), example },
  problems: [
    'not_found',
    'effective_date_in_future',
    'period_closed',
    'already_reversed',
    'already_settled',
    'loan_charged_off',
    'balance_would_be_negative',
    'amount_out_of_range',
  ],
};

/** POST /v1/disbursements/{disbursement_event_id}/settlements: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const disbursementSettlements: PostingRoute<Body> = {
  path: '/v1/disbursements/:disbursement_event_id/settlements',
  scope: 'hpts:disbursements:write',
  about: aboutDisbursement,
  body,
  missing: { code: 'not_found', detail: 'there is no such disbursement event' },
  command: (settled, { params }) => ({
    kind: 'disbursement_settlement',
    settlement: {
      eventId: params['disbursement_event_id'] ?? '',
      effectiveAt: settled.effective_at,
      externalRef: settled.external_ref,
    },
  }),
};

const clearingBody = objectField(
  {
    journal_entry_ids: described(
      listField(uuidField, { itemsMin: 1, itemsMax: LIMITS.clearedEntries }),
      'Entries of payments, recoveries, returns and refunds on SETTLED, in one currency, each once.',
    ),
    bank_ref: described(freeTextField(LIMITS.textChars), 'The name of the movement at the bank.'),
    effective_at: described(dateField, 'Not in the future, not before any of the entries.'),
  },
  {},
);

type ClearingBody = NonNullable<ReturnType<typeof clearingBody.read>>;

const aboutClearing: KeyedPostAbout = {
  id: 'settlePayments',
  tag: 'Events',
  summary: 'Clear payments to cash',
  description:
    'What the entries named have in payment clearing meets the bank, as one entry of their net: cash against payment clearing. errors[] names every entry at fault.',
  bodyName: 'PaymentsSettlementRequest',
  request: {
    journal_entry_ids: ['01a1fbed-0b70-7648-804f-c378f7545790', '01a1fbed-0b70-7648-804f-c378f75457b0'],
    bank_ref: '20260505-ACH-991',
    effective_at: '2026-05-05',
  },
  answer: {
    name: 'SettlementReceipt',
    schema: objectOf(answered),
    example: { ...example, correlation_id: example.settlement_event_id },
  },
  problems: [
    'journal_entry_not_found',
    'currency_mismatch',
    'effective_date_in_future',
    'period_closed',
    'already_reversed',
    'already_settled',
    'amount_out_of_range',
  ],
};

/** POST /v1/payments/settlements: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const paymentClearings: PostingRoute<ClearingBody> = {
  path: '/v1/payments/settlements',
  scope: 'hpts:payments:write',
  about: aboutClearing,
  bodyBytesMax: LIMITS.clearingBodyBytes,
  body: clearingBody,
  command: (clearing) => ({
    kind: 'payment_clearing',
    paymentClearing: {
      journalEntryIds: clearing.journal_entry_ids,
      bankRef: clearing.bank_ref,
      effectiveAt: clearing.effective_at,
    },
  }),
};
