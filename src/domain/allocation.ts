import { ACCOUNT } from './account-code.ts';
import type { EventInput, LoanLines } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import { componentsOn, type LoanState, type Receivables } from './loan.ts';
import { isOnNonAccrual } from './loan-standing.ts';
import type { AccountLine } from './posted-entry.ts';
import type { ProgramPolicy, WaterfallComponent } from './program.ts';
import { type FieldProblem, type Refusal, refusalOfField } from './refusal.ts';
import { type Allocation, allocate, sumOf } from './waterfall.ts';

/** On non-accrual interest is memo interest and comes last, whatever the program says (ACCOUNTING.md section 2). */
const NON_ACCRUAL_WATERFALL: readonly WaterfallComponent[] = ['fees', 'principal', 'interest'];

/** What a loan owes now by component; on non-accrual its interest is the memo interest and what 1200 may still hold. */
function outstandingOf(loan: LoanState): ReturnType<typeof componentsOn> {
  const settled = componentsOn(loan, SETTLED);
  return isOnNonAccrual(loan) ? { ...settled, interest: settled.memoInterest + settled.interest } : settled;
}

/** Lets an amount run down what a loan owes now, by its program, or by the order of non-accrual. */
export function allocateTo(loan: LoanState, amountMinor: bigint, { waterfall }: ProgramPolicy): Allocation {
  return allocate(amountMinor, outstandingOf(loan), isOnNonAccrual(loan) ? NON_ACCRUAL_WATERFALL : waterfall);
}

/**
 * Credits each component with its part: CR 1300, 1200, 1100, 2100. On non-accrual interest takes the memo first, which
 * becomes income by being paid: CR 4000 together with DR 9200 CR 9100; a reversal can have put some into 1200 besides.
 */
export function creditAllocation(lines: LoanLines, allocation: Allocation, loan: LoanState): LoanLines {
  const { fees, interest, principal, suspense } = allocation;
  const { memoInterest } = componentsOn(loan, SETTLED);
  const asked = isOnNonAccrual(loan) ? interest : 0n;
  const memo = asked < memoInterest ? asked : memoInterest;
  return lines
    .credit(ACCOUNT.feesReceivable, fees)
    .credit(ACCOUNT.interestIncome, memo)
    .credit(ACCOUNT.interestReceivable, interest - memo)
    .credit(ACCOUNT.principalReceivable, principal)
    .credit(ACCOUNT.borrowerSuspense, suspense)
    .debit(ACCOUNT.nonAccrualInterestIncome, memo)
    .credit(ACCOUNT.nonAccrualInterestReceivable, memo);
}

/** Refuses a split of the caller's own that does not sum to the amount. */
export function refuseWrongSum(split: Allocation, amountMinor: bigint): Refusal | null {
  const sum = sumOf(split);
  if (sum === amountMinor) return null;
  const message = `the parts of allocation sum to ${sum}, not to amount_minor ${amountMinor}`;
  return refusalOfField('allocation_mismatch', 'allocation', message);
}

/** Refuses a split of the caller's own that does not sum to the amount, or gives a component more than it has. */
function refuseSplit(split: Allocation, amountMinor: bigint, loan: LoanState): Refusal | null {
  return refuseUnfitSplit(split, amountMinor, { amounts: outstandingOf(loan), word: 'outstanding' });
}

/** The same against other amounts than those outstanding; `word` says to a person what they are. */
export function refuseUnfitSplit(
  split: Allocation,
  amountMinor: bigint,
  { amounts: has, word }: { readonly amounts: Receivables; readonly word: string },
): Refusal | null {
  const wrongSum = refuseWrongSum(split, amountMinor);
  if (wrongSum !== null) return wrongSum;
  const errors: FieldProblem[] = [];
  for (const component of ['fees', 'interest', 'principal'] as const) {
    if (split[component] > has[component]) {
      errors.push({
        field: `allocation.${component}_minor`,
        code: 'amount_exceeds_outstanding',
        message: `${split[component]} is more than the ${has[component]} ${word}`,
      });
    }
  }
  if (errors.length === 0) return null;
  return {
    code: 'amount_exceeds_outstanding',
    detail: `allocation gives a component more than it has ${word}; send what is over as suspense_minor`,
    errors,
  };
}

/**
 * A split of the caller's own as far as each component reaches; what one does not take stays in suspense. So a payment that
 * is decided again keeps what it was sent with and never blocks (ACCOUNTING.md rule 11, decisions/0016 answer 12).
 */
export function cutSplit(split: Allocation, loan: LoanState): Allocation {
  return cutTo(split, outstandingOf(loan));
}

/** The same for other amounts than those outstanding. */
export function cutTo(split: Allocation, has: Receivables): Allocation {
  const cut = { ...split };
  for (const component of ['fees', 'interest', 'principal'] as const) {
    if (split[component] <= has[component]) continue;
    cut.suspense += split[component] - has[component];
    cut[component] = has[component];
  }
  return cut;
}

/** The split that was kept with an entry, null when the waterfall decided; the inverse of splitInput. */
export function splitOfInput({ allocation }: EventInput): Allocation | null {
  if (typeof allocation !== 'object' || allocation === null || !('fees_minor' in allocation)) return null;
  const part = (name: string): bigint => BigInt(String(allocation[name]));
  return {
    fees: part('fees_minor'),
    interest: part('interest_minor'),
    principal: part('principal_minor'),
    suspense: part('suspense_minor'),
  };
}

/**
 * Refuses what a loan cannot take: a split of the caller's own by its parts, and without one, where the program takes no
 * over-payment, more than the loan owes (ACCOUNTING.md rule 10). What a caller puts into suspense is not left over.
 */
export function refuseAllocation(
  { split, amountMinor }: { readonly split: Allocation | null; readonly amountMinor: bigint },
  loan: LoanState,
  policy: ProgramPolicy,
): Refusal | null {
  if (split !== null) return refuseSplit(split, amountMinor, loan);
  const { fees, interest, principal } = outstandingOf(loan);
  const owed = fees + interest + principal;
  if (policy.overpayment === 'suspense' || amountMinor <= owed) return null;
  return refusalOfField(
    'amount_exceeds_outstanding',
    'amount_minor',
    `${amountMinor} is more than the ${owed} outstanding, and the loan's program takes no over-payment`,
  );
}

/** A split as it is kept with the entry; nothing when the waterfall decided. */
export function splitInput(split: Allocation | null): EventInput {
  return split === null ? {} : { allocation: allocationInput(split) };
}

/** An allocation as it is kept with an entry. */
export function allocationInput(allocation: Allocation): EventInput {
  return {
    fees_minor: allocation.fees.toString(),
    interest_minor: allocation.interest.toString(),
    principal_minor: allocation.principal.toString(),
    suspense_minor: allocation.suspense.toString(),
  };
}

/** The split that was kept with an entry, or null. */
export function readSplit({ allocation }: EventInput): Allocation | null {
  return allocation === undefined || allocation === null ? null : readAllocation(allocation);
}

/** An allocation that was kept with an entry. Throws when it is none, since only this program writes them. */
export function readAllocation(kept: unknown): Allocation {
  const part = (name: string): bigint => {
    const amount: unknown = Reflect.get(Object(kept), name);
    if (typeof amount !== 'string') throw new Error(`an allocation without ${name}`);
    return BigInt(amount);
  };
  return {
    fees: part('fees_minor'),
    interest: part('interest_minor'),
    principal: part('principal_minor'),
    suspense: part('suspense_minor'),
  };
}

/** How the credits of a payment's lines on SETTLED allocate it; interest that was paid on non-accrual stands on 9100. */
export function allocationOf(lines: readonly AccountLine[]): Allocation {
  return {
    fees: creditOn(lines, ACCOUNT.feesReceivable),
    interest: creditOn(lines, ACCOUNT.interestReceivable) + creditOn(lines, ACCOUNT.nonAccrualInterestReceivable),
    principal: creditOn(lines, ACCOUNT.principalReceivable),
    suspense: creditOn(lines, ACCOUNT.borrowerSuspense),
  };
}

/** What lines credit an account with, less what they debit it with. */
export function creditOn(lines: readonly AccountLine[], account: number): bigint {
  let sum = 0n;
  for (const line of lines) if (line.account === account) sum -= line.amountMinor;
  return sum;
}
