import type { OpeningBalance } from '../../domain/loan-registration.ts';
import type { FieldProblem } from '../../domain/refusal.ts';
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
import { rateField } from './program-fields.ts';

const opening = objectField(
  { as_of: described(dateField, 'The day from which the balances count; the loan begins on it. Not in the future.') },
  {
    principal_minor: described(amountField, '"0" when left out, as each of the amounts; one must be more.'),
    interest_minor: amountField,
    fees_minor: amountField,
    suspense_minor: amountField,
    accrued_through: described(
      dateField,
      'The day through which interest is in them: as_of when left out, never after it.',
    ),
  },
);

const body = objectField(
  {
    loan_id: described(uuidField, 'Of a loan that is not there yet.'),
    borrower_id: uuidField,
    currency: currencyField,
  },
  {
    program_id: described(uuidField, "The tenant's default program when left out."),
    annual_rate: described(rateField, "The loan's own rate; it wins over its program's."),
    maturity_date: dateField,
    opening: described(opening, 'What the loan owes and holds when it comes from elsewhere.'),
    external_ref: described(freeTextField(LIMITS.textChars), 'The name of the loan elsewhere.'),
    metadata: metadataField,
  },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

const about: KeyedPostAbout = {
  id: 'registerLoan',
  tag: 'Loans',
  summary: 'Register a loan',
  description:
    'Makes a loan known before anything happens to it: whose it is, its currency, program, own rate and maturity. A loan that is disbursed needs no registration. With `opening` it takes over the balances of another system, against account 3900, which also needs the scope `hpts:adjustments:write`. Posts one entry of type `manual_adjustment`, which has no lines when there is no opening.',
  bodyName: 'LoanRequest',
  request: {
    loan_id: '55555555-5555-5555-5555-555555555555',
    borrower_id: '22222222-2222-2222-2222-222222222222',
    currency: 'USD',
    annual_rate: '0.0799',
    maturity_date: '2029-03-31',
    opening: {
      as_of: '2026-03-31',
      principal_minor: '750000',
      interest_minor: '4100',
      fees_minor: '0',
      suspense_minor: '250',
      accrued_through: '2026-03-31',
    },
  },
  answer: {
    name: 'LoanReceipt',
    schema: objectOf({
      loan_id: schemaRef('Uuid'),
      journal_entry_id: schemaRef('Uuid'),
      posted_at: schemaRef('Instant'),
      correlation_id: schemaRef('Uuid'),
    }),
    example: {
      loan_id: '55555555-5555-5555-5555-555555555555',
      journal_entry_id: '01a1fbed-0b70-7648-804f-c378f75457a0',
      posted_at: '2026-11-21T02:26:18.254007Z',
      correlation_id: '01a1fbed-0b70-7648-804f-c378f75457a1',
    },
  },
  standsAlone: true,
  problems: [
    'program_not_found',
    'currency_mismatch',
    'effective_date_in_future',
    'period_closed',
    'loan_already_exists',
    'amount_out_of_range',
  ],
};

/** POST /v1/loans: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const loanRegistrations: PostingRoute<Body> = {
  path: '/v1/loans',
  scope: 'hpts:disbursements:write',
  furtherScope: (command) =>
    command.kind === 'registration' && command.registration.opening !== null ? 'hpts:adjustments:write' : null,
  about,
  body,
  command: (loan, { metadata, errors }) => ({
    kind: 'registration',
    registration: {
      loanId: loan.loan_id,
      borrowerId: loan.borrower_id,
      currency: loan.currency,
      programId: loan.program_id,
      annualRate: loan.annual_rate,
      maturityDate: loan.maturity_date,
      opening: loan.opening === null ? null : openingOf(loan.opening, errors),
      externalRef: loan.external_ref,
      metadata,
    },
  }),
};

function openingOf(sent: NonNullable<Body['opening']>, errors: FieldProblem[]): OpeningBalance {
  const balance = {
    asOf: sent.as_of,
    principalMinor: sent.principal_minor ?? 0n,
    interestMinor: sent.interest_minor ?? 0n,
    feesMinor: sent.fees_minor ?? 0n,
    suspenseMinor: sent.suspense_minor ?? 0n,
    accruedThrough: sent.accrued_through ?? sent.as_of,
  };
  if (balance.principalMinor + balance.interestMinor + balance.feesMinor + balance.suspenseMinor === 0n) {
    const message = 'must have an amount of at least "1"; leave opening out where there is nothing to take over';
    errors.push({ field: 'opening', code: 'out_of_range', message });
  }
  if (balance.accruedThrough > balance.asOf) {
    const message = `must not lie after as_of ${balance.asOf}`;
    errors.push({ field: 'opening.accrued_through', code: 'out_of_range', message });
  }
  return balance;
}
