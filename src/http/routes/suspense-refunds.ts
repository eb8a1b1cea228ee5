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

const body = objectField(
  {
    loan_id: described(uuidField, 'The loan whose unapplied funds are paid back.'),
    amount_minor: described(positiveAmountField, 'No more than the loan has in suspense.'),
    currency: currencyField,
    effective_at: described(dateField, "Not in the future, not before the loan's first disbursement."),
    method: wordField(MONEY_MOVES, 'MoneyMove'),
  },
  {
    external_ref: described(freeTextField(LIMITS.textChars), 'The name of the refund elsewhere.'),
    metadata: metadataField,
  },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

const about: KeyedPostAbout = {
  id: 'postSuspenseRefund',
  tag: 'Events',
  summary: 'Refund suspense',
  description: 'Pays unapplied funds back to the borrower: suspense against payment clearing.',
  bodyName: 'SuspenseRefundRequest',
  request: {
    loan_id: '11111111-1111-1111-1111-111111111111',
    amount_minor: '1200',
    currency: 'USD',
    effective_at: '2026-05-02',
    method: 'ach',
  },
  answer: {
    name: 'SuspenseRefundReceipt',
    schema: objectOf({
      refund_event_id: schemaRef('Uuid'),
      journal_entry_id: schemaRef('Uuid'),
      posted_at: schemaRef('Instant'),
      correlation_id: schemaRef('Uuid'),
    }),
    example: {
      refund_event_id: '01a1fbed-0b70-7648-804f-c378f75457d1',
      journal_entry_id: '01a1fbed-0b70-7648-804f-c378f75457d0',
      posted_at: '2026-11-21T02:26:18.254007Z',
      correlation_id: '01a1fbed-0b70-7648-804f-c378f75457d1',
    },
  },
  problems: [
    'loan_not_found',
    'currency_mismatch',
    'effective_date_in_future',
    'effective_date_before_disbursement',
    'period_closed',
    'amount_exceeds_suspense',
  ],
};

/** POST /v1/suspense-refunds: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const suspenseRefunds: PostingRoute<Body> = {
  path: '/v1/suspense-refunds',
  scope: 'hpts:payments:write',
  about,
  body,
  command: (refund, { metadata }) => ({
    kind: 'suspense_refund',
    suspenseRefund: {
      loanId: refund.loan_id,
      amountMinor: refund.amount_minor,
      currency: refund.currency,
      effectiveAt: refund.effective_at,
      method: refund.method,
      externalRef: refund.external_ref,
      metadata,
    },
  }),
};
