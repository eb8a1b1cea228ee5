import type { About } from '../openapi/about.ts';
import { type JsonSchema, listOf, objectOf, orNull, schemaRef } from '../openapi/json-schema.ts';

const STATUS: JsonSchema = { type: 'string', enum: ['ok', 'mismatch'], description: 'Whether all agrees.' };
const COUNT: JsonSchema = { type: 'integer', minimum: 0 };
const ACCOUNTS: JsonSchema = listOf(schemaRef('AccountCode'), 'Which ones disagree.');
const PRINCIPAL = {
  gl_principal_minor: schemaRef('SignedMoney', 'Principal on SETTLED, by the accounts.'),
  sum_of_loan_balances_minor: schemaRef('SignedMoney', 'The same, by the loans.'),
};

const BY_CURRENCY: JsonSchema = objectOf({
  currency: schemaRef('Currency'),
  ledger_integrity: objectOf({
    status: STATUS,
    mismatched_account_count: COUNT,
    mismatched_accounts: ACCOUNTS,
    mismatched_loan_balance_count: { ...COUNT, description: 'One per loan and layer.' },
    first_mismatched_loan_id: orNull(schemaRef('Uuid')),
  }),
  portfolio_rollup: objectOf({ status: STATUS, ...PRINCIPAL, mismatched_accounts: ACCOUNTS }),
  client_principal: {
    ...objectOf({
      status: STATUS,
      mismatched_accrual_count: { ...COUNT, description: 'One per loan and accrual date.' },
      first_mismatched_loan_id: orNull(schemaRef('Uuid')),
    }),
    description: "What clients computed interest on, against the ledger's own principal for the night.",
  },
});

const SCHEMA: JsonSchema = objectOf({
  as_of_date: schemaRef('CalendarDate'),
  ledger_integrity: objectOf({
    status: STATUS,
    mismatched_account_count: { ...COUNT, description: "Accounts that differ from the journal's lines." },
    checked_at: schemaRef('Instant'),
  }),
  bank_reconciliation: listOf(
    objectOf({
      bank_account_ref: { type: 'string' },
      status: { type: 'string', enum: ['reconciled', 'unreconciled'] },
      difference_minor: schemaRef('SignedMoney'),
    }),
    'Empty until bank statements can be imported.',
  ),
  portfolio_rollup: objectOf({ status: STATUS, ...PRINCIPAL }),
  by_currency: listOf(BY_CURRENCY, 'Every currency, with what disagrees in it by name.'),
});

const FIGURES = { gl_principal_minor: '921651', sum_of_loan_balances_minor: '921651' };

/** What GET /v1/reconciliation/status says of itself, but for its query. */
export const RECONCILIATION_ABOUT: About = {
  id: 'getReconciliationStatus',
  tag: 'Reconciliation',
  summary: 'Count the books again',
  description:
    'Counts every line of the journal again, in one snapshot, when it is asked, and compares accounts and loans with it. The statuses at the top are of every currency, the figures there of one. Past 30 s it is `too_busy`.',
  answers: {
    200: {
      description: 'What was found.',
      schema: { name: 'ReconciliationStatus', schema: SCHEMA },
      example: {
        as_of_date: '2026-11-21',
        ledger_integrity: { status: 'ok', mismatched_account_count: 0, checked_at: '2026-11-21T11:02:26.254007Z' },
        bank_reconciliation: [],
        portfolio_rollup: { status: 'ok', ...FIGURES },
        by_currency: [
          {
            currency: 'USD',
            ledger_integrity: {
              status: 'ok',
              mismatched_account_count: 0,
              mismatched_accounts: [],
              mismatched_loan_balance_count: 0,
              first_mismatched_loan_id: null,
            },
            portfolio_rollup: { status: 'ok', ...FIGURES, mismatched_accounts: [] },
            client_principal: { status: 'ok', mismatched_accrual_count: 0, first_mismatched_loan_id: null },
          },
        ],
      },
    },
  },
  problems: ['validation_failed'],
};
