import {
  currencyField,
  dateField,
  described,
  metadataField,
  objectField,
  positiveAmountField,
  uuidField,
} from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { PostingRoute } from '../posting-operation.ts';

const body = objectField(
  {
    loan_id: described(uuidField, 'The loan whose unapplied funds are put to what it owes.'),
    currency: currencyField,
    effective_at: described(dateField, "Not in the future, not before the loan's first disbursement."),
  },
  {
    amount_minor: described(positiveAmountField, 'Takes no more than there is; all of it when left out.'),
    metadata: metadataField,
  },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

const about: KeyedPostAbout = {
  id: 'postSuspenseAllocation',
  tag: 'Events',
  summary: 'Apply suspense',
  description:
    "Puts a loan's unapplied funds to what it owes, by the program's waterfall. Takes the smaller of what is asked for and what is there; what nothing is owed for stays in suspense.",
  bodyName: 'SuspenseAllocationRequest',
  request: {
    loan_id: '11111111-1111-1111-1111-111111111111',
    amount_minor: '2500',
    currency: 'USD',
    effective_at: '2026-05-02',
  },
  answer: {
    name: 'SuspenseAllocationReceipt',
    schema: objectOf({
      allocation_event_id: schemaRef('Uuid'),
      journal_entry_id: schemaRef('Uuid'),
      allocation: schemaRef('Allocation'),
      posted_at: schemaRef('Instant'),
      correlation_id: schemaRef('Uuid'),
    }),
    example: {
      allocation_event_id: '01a1fbed-0b70-7648-804f-c378f75457c1',
      journal_entry_id: '01a1fbed-0b70-7648-804f-c378f75457c0',
      allocation: { fees_minor: '500', interest_minor: '2000', principal_minor: '0', suspense_minor: '0' },
      posted_at: '2026-11-21T02:26:18.254007Z',
      correlation_id: '01a1fbed-0b70-7648-804f-c378f75457c1',
    },
  },
  problems: [
    'loan_not_found',
    'currency_mismatch',
    'effective_date_in_future',
    'effective_date_before_disbursement',
    'period_closed',
    'loan_charged_off',
    'amount_exceeds_suspense',
    'amount_exceeds_outstanding',
  ],
};

/** POST /v1/payments/allocations: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const suspenseAllocations: PostingRoute<Body> = {
  path: '/v1/payments/allocations',
  scope: 'hpts:payments:write',
  about,
  body,
  command: (allocation, { metadata }) => ({
    kind: 'suspense_allocation',
    suspenseAllocation: {
      loanId: allocation.loan_id,
      amountMinor: allocation.amount_minor,
      currency: allocation.currency,
      effectiveAt: allocation.effective_at,
      metadata,
    },
  }),
};
