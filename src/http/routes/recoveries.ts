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
import { MONEY_MOVES } from '../vocabulary.ts';
import { allocationField, splitOf } from './allocation-field.ts';

const body = objectField(
  {
    loan_id: described(uuidField, 'The loan of which something was charged off.'),
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
      "In place of the program's waterfall, of what is charged off and not recovered. An absent part is 0; the parts sum to the amount.",
    ),
    metadata: metadataField,
  },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

const about: KeyedPostAbout = {
  id: 'postRecovery',
  tag: 'Events',
  summary: 'Post a recovery',
  description:
    "Books money received for what was charged off. The amount runs down what is charged off and not yet recovered, by the program's waterfall, of each component the oldest loss first; what is left over goes to suspense.",
  bodyName: 'RecoveryRequest',
  request: {
    loan_id: '11111111-1111-1111-1111-111111111111',
    borrower_id: '22222222-2222-2222-2222-222222222222',
    amount_minor: '25000',
    currency: 'USD',
    effective_at: '2026-05-02',
    source_method: 'ach',
  },
  answer: {
    name: 'RecoveryReceipt',
    schema: objectOf({
      payment_event_id: schemaRef('Uuid', 'A recovery is returned as a payment is.'),
      journal_entry_id: schemaRef('Uuid'),
      allocation: schemaRef('Allocation', 'What was recovered of each component.'),
      posted_at: schemaRef('Instant'),
      correlation_id: schemaRef('Uuid'),
    }),
    example: {
      payment_event_id: '01a1fbed-0b70-7648-804f-c378f75457d1',
      journal_entry_id: '01a1fbed-0b70-7648-804f-c378f75457d0',
      allocation: { fees_minor: '500', interest_minor: '10000', principal_minor: '14500', suspense_minor: '0' },
      posted_at: '2026-11-21T02:26:18.254007Z',
      correlation_id: '01a1fbed-0b70-7648-804f-c378f75457d1',
    },
  },
  problems: [
    'loan_not_found',
    'borrower_mismatch',
    'currency_mismatch',
    'effective_date_in_future',
    'effective_date_before_disbursement',
    'period_closed',
    'loan_not_charged_off',
    'allocation_mismatch',
    'amount_exceeds_outstanding',
    'amount_out_of_range',
  ],
};

/** POST /v1/recoveries: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const recoveries: PostingRoute<Body> = {
  path: '/v1/recoveries',
  scope: 'hpts:chargeoffs:write',
  about,
  body,
  command: (recovery, { metadata }) => ({
    kind: 'recovery',
    recovery: {
      loanId: recovery.loan_id,
      borrowerId: recovery.borrower_id,
      amountMinor: recovery.amount_minor,
      currency: recovery.currency,
      effectiveAt: recovery.effective_at,
      sourceMethod: recovery.source_method,
      externalRef: recovery.external_ref,
      split: splitOf(recovery.allocation),
      metadata,
    },
  }),
};
