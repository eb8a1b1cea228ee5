import { CONTROL_ACCOUNTS } from '../verify/check.ts';

/** What the books of one currency say when every line is counted again. Amounts are minor units of SETTLED. */
export type CurrencyReconciliation = {
  readonly currency: string;
  /** Accounts whose stored debits or credits differ from their lines, on any layer; four digits, in order. */
  readonly mismatchedAccounts: readonly string[];
  /** How many balances of loans (one per layer) differ from their lines as stored, and the first loan of them by id. */
  readonly mismatchedLoanBalanceCount: number;
  readonly firstMismatchedLoanId: string | null;
  /** Control accounts that differ from the sum of the loans, on any layer. */
  readonly mismatchedControlAccounts: readonly string[];
  readonly ledgerPrincipalMinor: bigint;
  readonly loanPrincipalMinor: bigint;
  /** Accruals of single loans that a client computed on another principal than the ledger's, and the first loan by id. */
  readonly principalDifferenceCount: number;
  readonly firstDifferingLoanId: string | null;
};

/** Differences between principals that clients computed interest on and the ledger's own, of one currency. */
export type PrincipalDifferences = { readonly currency: string; readonly count: number; readonly firstLoanId: string };

/** Everything that is counted, of every currency. */
export type CountedBooks = {
  readonly accounts: readonly FoldedAccount[];
  readonly loans: readonly FoldedLoans[];
  readonly differences: readonly PrincipalDifferences[];
};

/** An account in one currency and layer: totals as stored and as its lines make them. */
export type FoldedAccount = {
  readonly currency: string;
  /** Four digits. */
  readonly account: string;
  readonly layer: number;
  readonly stored: Totals;
  readonly folded: Totals;
};

export type Totals = { readonly debitMinor: bigint; readonly creditMinor: bigint };

/**
 * All loans in one currency and layer, components in the order of CONTROL_ACCOUNTS: their sums as balances are answered
 * (`told`) and as postings are judged (`kept`), and which of them differ from their lines.
 */
export type FoldedLoans = {
  readonly currency: string;
  readonly layer: number;
  readonly told: readonly bigint[];
  readonly kept: readonly bigint[];
  readonly mismatches: number;
  readonly firstMismatch: string | null;
};

const LAYERS = [0, 1, 2] as const;
const SETTLED = 0;

/** Compares what was counted, currency by currency in alphabetical order. */
export function judgeBooks({ accounts, loans, differences }: CountedBooks): readonly CurrencyReconciliation[] {
  const currencies = new Set([...accounts, ...loans, ...differences].map(({ currency }) => currency));
  return [...currencies].sort().map((currency) => {
    const isOfIt = (one: { readonly currency: string }): boolean => one.currency === currency;
    const books = { accounts: accounts.filter(isOfIt), loans: loans.filter(isOfIt) };
    return judgeCurrency(currency, { ...books, differences: differences.filter(isOfIt) });
  });
}

/** Books in which nothing is in a currency: there is nothing that could disagree. */
export function emptyBooks(currency: string): CurrencyReconciliation {
  return judgeCurrency(currency, { accounts: [], loans: [], differences: [] });
}

function judgeCurrency(currency: string, { accounts, loans, differences }: CountedBooks): CurrencyReconciliation {
  const differing = accounts.filter(({ stored, folded }) => {
    return stored.debitMinor !== folded.debitMinor || stored.creditMinor !== folded.creditMinor;
  });
  const controls = CONTROL_ACCOUNTS.map(({ account }, place) => {
    const code = String(account);
    const byLayer = LAYERS.map((layer) => controlBalances(accounts, loans, { code, layer, place }));
    return { code, byLayer };
  });
  const principal = controls[0]?.byLayer[SETTLED] ?? { ledger: 0n, told: 0n, kept: 0n };
  return {
    currency,
    mismatchedAccounts: [...new Set(differing.map(({ account }) => account))].sort(),
    mismatchedLoanBalanceCount: loans.reduce((total, { mismatches }) => total + mismatches, 0),
    firstMismatchedLoanId: loans.flatMap(({ firstMismatch }) => firstMismatch ?? []).sort()[0] ?? null,
    mismatchedControlAccounts: controls
      .filter(({ byLayer }) => byLayer.some(({ ledger, told, kept }) => ledger !== told || ledger !== kept))
      .map(({ code }) => code),
    ledgerPrincipalMinor: principal.ledger,
    // Of the two stored forms, the one that disagrees is the one to show.
    loanPrincipalMinor: principal.told === principal.ledger ? principal.kept : principal.told,
    principalDifferenceCount: differences[0]?.count ?? 0,
    firstDifferingLoanId: differences[0]?.firstLoanId ?? null,
  };
}

/** What the general ledger and the loans say of one control account on one layer, on the side on which loans owe or hold. */
function controlBalances(
  accounts: readonly FoldedAccount[],
  loans: readonly FoldedLoans[],
  asked: { readonly code: string; readonly layer: number; readonly place: number },
): { readonly ledger: bigint; readonly told: bigint; readonly kept: bigint } {
  const { code, layer, place } = asked;
  const stored = accounts.find((one) => one.account === code && one.layer === layer)?.stored;
  const debits = stored === undefined ? 0n : stored.debitMinor - stored.creditMinor;
  const sums = loans.find((one) => one.layer === layer);
  const isHeld = CONTROL_ACCOUNTS[place]?.sign === '-';
  return { ledger: isHeld ? -debits : debits, told: sums?.told[place] ?? 0n, kept: sums?.kept[place] ?? 0n };
}
