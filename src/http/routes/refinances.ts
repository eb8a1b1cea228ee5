import { LIMITS } from '../../limits.ts';
import {
  amountField,
  currencyField,
  dateField,
  described,
  freeTextField,
  metadataField,
  objectField,
  uuidField,
} from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { PostingRoute } from '../posting-operation.ts';

const body = objectField(
  {
    old_loan_id: described(uuidField, 'The loan that is paid off by the new one.'),
    new_loan_id: described(uuidField, 'The loan that takes its place; there is none of this id yet.'),
    borrower_id: described(uuidField, 'The borrower of both.'),
    new_money_minor: described(amountField, 'What is lent on top; may be "0".'),
    currency: described(currencyField, 'That of both.'),
    effective_at: described(dateField, "Not in the future, not before the old loan's first disbursement."),
  },
  {
    program_id: described(uuidField, "That of the new loan. Without it the tenant's default program."),
    external_ref: described(freeTextField(LIMITS.textChars), 'A reference that is kept with the entry.'),
    metadata: metadataField,
  },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

const about: KeyedPostAbout = {
  id: 'postRefinance',
  tag: 'Events',
  summary: 'Refinance a loan',
  description:
    'Makes a new loan out of all that the old one owes, which becomes its principal, and new money; what is in suspense moves along. The new loan begins with it. disbursement_event_id is answered when there is new money: it is settled as a disbursement of that id.',
  bodyName: 'RefinanceRequest',
  request: {
    old_loan_id: '11111111-1111-1111-1111-111111111111',
    new_loan_id: '33333333-3333-3333-3333-333333333333',
    borrower_id: '22222222-2222-2222-2222-222222222222',
    new_money_minor: '250000',
    currency: 'USD',
    effective_at: '2026-05-02',
  },
  answer: {
    name: 'RefinanceReceipt',
    schema: objectOf(
      {
        refinance_event_id: schemaRef('Uuid'),
        journal_entry_id: schemaRef('Uuid'),
        disbursement_event_id: schemaRef('Uuid', 'Of the new money; left out when there is none.'),
        posted_at: schemaRef('Instant'),
        correlation_id: schemaRef('Uuid'),
      },
      ['disbursement_event_id'],
    ),
    example: {
      refinance_event_id: '01a1fbed-0b70-7648-804f-c378f75457e1',
      journal_entry_id: '01a1fbed-0b70-7648-804f-c378f75457e0',
      disbursement_event_id: '01a1fbed-0b70-7648-804f-c378f75457e1',
      posted_at: '2026-11-21T02:26:18.254007Z',
      correlation_id: '01a1fbed-0b70-7648-804f-c378f75457e1',
    },
  },
  problems: [
    'loan_not_found',
    'program_not_found',
    'borrower_mismatch',
    'currency_mismatch',
    'effective_date_in_future',
    'effective_date_before_disbursement',
    'period_closed',
    'loan_already_exists',
    'loan_charged_off',
    'amount_exceeds_outstanding',
    'amount_out_of_range',
  ],
};

/** POST /v1/refinances: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const refinances: PostingRoute<Body> = {
  path: '/v1/refinances',
  scope: 'hpts:restructures:write',
  about,
  body,
  command: (refinance, { metadata, errors }) => {
    if (refinance.old_loan_id === refinance.new_loan_id) {
      errors.push({ field: 'new_loan_id', code: 'not_supported', message: 'must be another loan than old_loan_id' });
    }
    return {
      kind: 'refinance',
      refinance: {
        oldLoanId: refinance.old_loan_id,
        newLoanId: refinance.new_loan_id,
        borrowerId: refinance.borrower_id,
        newMoneyMinor: refinance.new_money_minor,
        currency: refinance.currency,
        effectiveAt: refinance.effective_at,
        programId: refinance.program_id,
        externalRef: refinance.external_ref,
        metadata,
      },
    };
  },
};
