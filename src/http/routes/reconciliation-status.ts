import { LIMITS } from '../../limits.ts';
import { failureOf } from '../../postgres/posting/poster-connection.ts';
import type { Reconciliation } from '../../postgres/reading/reconciliation.ts';
import type { ReconciliationRuns } from '../../postgres/reading/reconciliation-runs.ts';
import { type CurrencyReconciliation, emptyBooks } from '../../postgres/reading/reconciliation-verdict.ts';
import { StoreFailure } from '../../posting/posting-store.ts';
import { principalOf } from '../gate.ts';
import { sendJson } from '../json-answer.ts';
import type { Operation } from '../operation.ts';
import { ProblemError } from '../problem.ts';
import { AS_OF_DATE, currencyParameter } from '../query-parameters.ts';
import { readQuery } from '../query-reader.ts';
import { RECONCILIATION_ABOUT } from './reconciliation-about.ts';

const QUERY = {
  as_of_date: AS_OF_DATE,
  currency: currencyParameter("Whose figures stand at the top; without it, the tenant's currency."),
};

/** GET /v1/reconciliation/status: 200, 400, 401, 403, 503. */
export function reconciliationStatus(runs: ReconciliationRuns): Operation {
  return {
    method: 'GET',
    path: '/v1/reconciliation/status',
    scope: 'hpts:reconciliation:read',
    about: { ...RECONCILIATION_ABOUT, query: QUERY },
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY);
      const found = await runs.reconcile({ tenantId, asOfDate: query.as_of_date }).catch(refuseTooLarge);
      return sendJson(reply, JSON.stringify(renderStatus(found, query.currency ?? found.currency)));
    },
  };
}

/** A run that timed out was not kept waiting: the books are too large, or the database too busy, for it. */
function refuseTooLarge(error: unknown): never {
  const failure = failureOf(error);
  if (!(failure instanceof StoreFailure && failure.kind === 'timeout')) throw error;
  const seconds = LIMITS.reconciliationTimeoutMs / 1_000;
  throw new ProblemError({
    code: 'too_busy',
    detail: `the books could not be counted again within ${seconds} s; "npx hpts verify" has no such limit`,
    headers: { 'retry-after': String(seconds) },
  });
}

/** Statuses are of the whole ledger; the figures at the top are of one currency, and by_currency[] has all. */
function renderStatus({ asOfDate, checkedAt, currencies }: Reconciliation, currency: string): object {
  const chosen = currencies.find((one) => one.currency === currency) ?? emptyBooks(currency);
  const all = currencies.includes(chosen) ? currencies : [...currencies, chosen];
  return {
    as_of_date: asOfDate,
    ledger_integrity: {
      status: statusOf(all.every(isWhole)),
      mismatched_account_count: new Set(all.flatMap(({ mismatchedAccounts }) => mismatchedAccounts)).size,
      checked_at: checkedAt,
    },
    bank_reconciliation: [],
    portfolio_rollup: { status: statusOf(all.every(rollsUp)), ...principalOfLoans(chosen) },
    by_currency: all
      .toSorted((a, b) => (a.currency < b.currency ? -1 : 1))
      .map((one) => ({
        currency: one.currency,
        ledger_integrity: {
          status: statusOf(isWhole(one)),
          mismatched_account_count: one.mismatchedAccounts.length,
          mismatched_accounts: one.mismatchedAccounts,
          mismatched_loan_balance_count: one.mismatchedLoanBalanceCount,
          first_mismatched_loan_id: one.firstMismatchedLoanId,
        },
        portfolio_rollup: {
          status: statusOf(rollsUp(one)),
          ...principalOfLoans(one),
          mismatched_accounts: one.mismatchedControlAccounts,
        },
        client_principal: {
          status: statusOf(one.principalDifferenceCount === 0),
          mismatched_accrual_count: one.principalDifferenceCount,
          first_mismatched_loan_id: one.firstDifferingLoanId,
        },
      })),
  };
}

function principalOfLoans(one: CurrencyReconciliation): object {
  return {
    gl_principal_minor: one.ledgerPrincipalMinor.toString(),
    sum_of_loan_balances_minor: one.loanPrincipalMinor.toString(),
  };
}

function isWhole(one: CurrencyReconciliation): boolean {
  return one.mismatchedAccounts.length === 0 && one.mismatchedLoanBalanceCount === 0;
}

function rollsUp(one: CurrencyReconciliation): boolean {
  return one.mismatchedControlAccounts.length === 0;
}

function statusOf(agrees: boolean): 'ok' | 'mismatch' {
  return agrees ? 'ok' : 'mismatch';
}
