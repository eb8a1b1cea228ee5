import { type Books, type Entry, firstDayOf, lifeOf, loanOf, policyOf, presentOf } from './books.ts';
import { rateOn } from './program.ts';
import { unrecovered } from './state.ts';
import { COMPONENTS, CONTROL, type Components, effectOf, type Layer, noComponents, type Receivable } from './terms.ts';

/** Which past is asked for. */
export interface Past {
  readonly asOfDate: string;
  /** With six digits; undefined: everything known now. */
  readonly knownAt: string | undefined;
  readonly layer: Layer;
}

function counted(entries: Iterable<Entry>, { asOfDate, knownAt }: Past): Entry[] {
  return [...entries].filter(
    ({ effectiveAt, postedAt }) => effectiveAt <= asOfDate && (knownAt === undefined || postedAt <= knownAt),
  );
}

/** A loan's components, folded from the lines that name it (rule 5). */
export function componentsOf(books: Books, loanId: string, past: Past): Components {
  const components = noComponents();
  for (const { lines } of counted(books.journals.get(loanId) ?? [], past)) {
    for (const line of lines) {
      const effect = line.loanId === loanId && line.layer === past.layer ? effectOf(line) : undefined;
      if (effect !== undefined) components[effect.component] += effect.deltaMinor;
    }
  }
  return components;
}

/** The fields of GET /v1/loans/{loan_id}/balance. */
export function balanceBody(books: Books, loanId: string, past: Past): Record<string, string | null> {
  const { fees, interest, principal, suspense } = componentsOf(books, loanId, past);
  const activity = counted(books.journals.get(loanId) ?? [], past).filter(({ lines }) => {
    const moves = lines.filter((line) => line.loanId === loanId && effectOf(line) !== undefined);
    // What moves nothing of the loan is its activity all the same, on the settled layer.
    return moves.length === 0 ? past.layer === 'SETTLED' : moves.some(({ layer }) => layer === past.layer);
  });
  const latest = activity
    .map(({ postedAt }) => postedAt)
    .sort()
    .at(-1);
  return {
    loan_id: loanId,
    currency: loanOf(books, loanId).currency,
    as_of_date: past.asOfDate,
    principal_outstanding_minor: principal.toString(),
    interest_receivable_minor: interest.toString(),
    fees_receivable_minor: fees.toString(),
    total_exposure_minor: (fees + interest + principal).toString(),
    suspense_minor: suspense.toString(),
    last_activity_at: latest ?? null,
  };
}

/** An account's debits and credits: a plain sum over every line there is. */
function accountTotals(
  books: Books,
  { accountCode, currency }: { accountCode: string; currency: string },
  past: Past,
): { DR: bigint; CR: bigint } {
  const total = { DR: 0n, CR: 0n };
  for (const { lines } of counted(books.entries.values(), past)) {
    for (const line of lines) {
      if (line.accountCode !== accountCode || line.currency !== currency || line.layer !== past.layer) continue;
      total[line.direction] += line.amountMinor;
    }
  }
  return total;
}

/** The fields of GET /v1/accounts/{account_code}/balance; undefined for an account that is not in the chart. */
export function accountBody(
  books: Books,
  account: { accountCode: string; currency: string },
  past: Past,
): Record<string, string> | undefined {
  const [name, normalSide] = books.accounts.get(account.accountCode) ?? [];
  if (name === undefined) return undefined;
  const { DR, CR } = accountTotals(books, account, past);
  return {
    account_code: account.accountCode,
    account_name: name,
    currency: account.currency,
    layer: past.layer,
    as_of_date: past.asOfDate,
    dr_balance_minor: DR.toString(),
    cr_balance_minor: CR.toString(),
    normal_balance_minor: (normalSide === 'DR' ? DR - CR : CR - DR).toString(),
  };
}

/** The control accounts whose balance is not the sum of the loans' sub-ledgers: none, if the model is right. */
export function controlDifferences(books: Books, currency: string, past: Past): string[] {
  const sums = noComponents();
  for (const loan of books.loans.values()) {
    if (loan.currency !== currency) continue;
    const components = componentsOf(books, loan.loanId, past);
    for (const name of COMPONENTS) sums[name] += components[name];
  }
  return COMPONENTS.flatMap((name) => {
    const { accountCode, raisedBy } = CONTROL[name];
    const { DR, CR } = accountTotals(books, { accountCode, currency }, past);
    const balance = raisedBy === 'DR' ? DR - CR : CR - DR;
    return balance === sums[name]
      ? []
      : [`${accountCode} ${past.layer} ${past.asOfDate}: ${balance}, loans ${sums[name]}`];
  });
}

/** What a loan is now, beside its balances. */
export interface LoanStanding {
  readonly status: 'undisbursed' | 'active' | 'charged_off';
  /** The day of the event that put it on non-accrual. */
  readonly nonAccrualSince: string | undefined;
  readonly chargedOff: Record<'fees' | 'interest' | 'principal', bigint>;
  readonly recovered: Record<'fees' | 'interest' | 'principal', bigint>;
}

/** A loan's status and what was charged off and recovered, by component. */
export function standingOf(books: Books, loanId: string): LoanStanding {
  const state = presentOf(books, loanId);
  const first = firstDayOf(lifeOf(books, loanOf(books, loanId)), loanId);
  const chargedOff = { fees: 0n, interest: 0n, principal: 0n };
  for (const piece of state.pieces) chargedOff[piece.component] += piece.amountMinor;
  const left = unrecovered(state);
  const open = first === undefined ? 'undisbursed' : 'active';
  return {
    status: state.chargedOff === undefined ? open : 'charged_off',
    nonAccrualSince: state.nonAccrualSince,
    chargedOff,
    recovered: {
      fees: chargedOff.fees - left.fees,
      interest: chargedOff.interest - left.interest,
      principal: chargedOff.principal - left.principal,
    },
  };
}

/** The fields of GET /v1/loans/{loan_id}, the entry of its opening by the model's id. */
export function loanBody(books: Books, loanId: string, today: string): Record<string, unknown> {
  const loan = loanOf(books, loanId);
  const { balance } = presentOf(books, loanId);
  const { status, nonAccrualSince, chargedOff, recovered } = standingOf(books, loanId);
  const { suspense, memo } = balance.SETTLED;
  return {
    loan_id: loanId,
    borrower_id: loan.borrowerId,
    program_id: loan.programId,
    currency: loan.currency,
    status,
    began_on: firstDayOf(lifeOf(books, loan), loanId) ?? null,
    annual_rate: loan.annualRate ?? rateOn(policyOf(books, loan, today), today) ?? null,
    own_annual_rate: loan.annualRate ?? null,
    maturity_date: loan.maturity ?? null,
    opening: openingOf(books, loanId),
    components: {
      ...receivablesBody(balance.SETTLED),
      suspense_minor: suspense.toString(),
      memo_interest_minor: memo.toString(),
    },
    charged_off: receivablesBody(chargedOff),
    recovered: receivablesBody(recovered),
    non_accrual_since: nonAccrualSince ?? null,
  };
}

function receivablesBody({ fees, interest, principal }: Record<Receivable, bigint>): Record<string, string> {
  return {
    principal_minor: principal.toString(),
    interest_minor: interest.toString(),
    fees_minor: fees.toString(),
  };
}

/** What it brought along, whether that was reversed since or not. */
function openingOf(books: Books, loanId: string): Record<string, string> | null {
  for (const { command, liveEntryId } of books.found.lives.get(loanId) ?? []) {
    if (command.kind !== 'registration' || command.opening === undefined) continue;
    const { asOf, accruedThrough = asOf } = command.opening;
    return { as_of: asOf, accrued_through: accruedThrough, journal_entry_id: liveEntryId };
  }
  return null;
}

/** Loans whose balances by their events differ from the fold of their lines: none, if the model is right. */
export function foldDifferences(books: Books): string[] {
  const end = { asOfDate: '9999-12-31', knownAt: undefined };
  return [...books.loans.keys()].flatMap((loanId) => {
    const { balance } = presentOf(books, loanId);
    return (['SETTLED', 'PENDING', 'ENCUMBRANCE'] as const).flatMap((layer) => {
      const lines = componentsOf(books, loanId, { ...end, layer });
      return COMPONENTS.flatMap((name) =>
        lines[name] === balance[layer][name]
          ? []
          : [`${loanId} ${layer} ${name}: ${balance[layer][name]}, lines ${lines[name]}`],
      );
    });
  });
}
