import { LOAN_STATUSES } from '../../domain/loan.ts';
import { listOf, type NamedSchema, objectOf, orNull, schemaRef } from '../openapi/json-schema.ts';

const LOSS = {
  principal_minor: schemaRef('Money'),
  interest_minor: schemaRef('Money'),
  fees_minor: schemaRef('Money'),
};

const NOTHING = { principal_minor: '0', interest_minor: '0', fees_minor: '0' };

type Shown = NamedSchema & { readonly example: unknown };

/** A loan as it stands. */
export const LOAN: Shown = {
  name: 'Loan',
  schema: objectOf({
    loan_id: schemaRef('Uuid'),
    borrower_id: schemaRef('Uuid'),
    program_id: schemaRef('Uuid'),
    currency: schemaRef('Currency'),
    status: {
      type: 'string',
      enum: LOAN_STATUSES,
      description: '`undisbursed` while it has not begun; `charged_off`: it takes recoveries in place of payments.',
    },
    began_on: orNull(
      schemaRef('CalendarDate', 'Its first standing disbursement or opening balance; null: there is none.'),
    ),
    annual_rate: orNull(schemaRef('AnnualRate', "In force today: the loan's own, else its program's; null: none.")),
    own_annual_rate: orNull(schemaRef('AnnualRate', 'As it was registered.')),
    maturity_date: orNull(schemaRef('CalendarDate', 'As it was registered.')),
    opening: orNull({
      ...objectOf({
        as_of: schemaRef('CalendarDate'),
        accrued_through: schemaRef('CalendarDate'),
        journal_entry_id: schemaRef('Uuid', 'The entry that holds the opening balances.'),
      }),
      description: 'As it was registered; null: it began here.',
    }),
    components: objectOf({
      ...LOSS,
      suspense_minor: schemaRef('Money', 'Received, and not applied.'),
      memo_interest_minor: schemaRef('Money', 'Interest of a non-accrual loan, which is no receivable.'),
    }),
    charged_off: { ...objectOf(LOSS), description: 'What stands as charged off, recovered or not.' },
    recovered: { ...objectOf(LOSS), description: 'Of what is charged off.' },
    non_accrual_since: orNull(
      schemaRef('CalendarDate', 'From that day on interest is kept as a memo alone; null: it accrues.'),
    ),
  }),
  example: {
    loan_id: '55555555-5555-5555-5555-555555555555',
    borrower_id: '22222222-2222-2222-2222-222222222222',
    program_id: '33333333-3333-3333-3333-333333333333',
    currency: 'USD',
    status: 'active',
    began_on: '2026-03-31',
    annual_rate: '0.0799',
    own_annual_rate: '0.0799',
    maturity_date: '2029-03-31',
    opening: {
      as_of: '2026-03-31',
      accrued_through: '2026-03-31',
      journal_entry_id: '01a1fbed-0b70-7648-804f-c378f75457a0',
    },
    components: {
      principal_minor: '750000',
      interest_minor: '4100',
      fees_minor: '0',
      suspense_minor: '250',
      memo_interest_minor: '0',
    },
    charged_off: NOTHING,
    recovered: NOTHING,
    non_accrual_since: null,
  },
};

export const LOAN_PAGE: Shown = {
  name: 'LoanPage',
  schema: objectOf({
    items: listOf(LOAN.schema, 'In the order of their ids.'),
    next_page_token: schemaRef('NextPageToken'),
  }),
  example: { items: [LOAN.example], next_page_token: null },
};
