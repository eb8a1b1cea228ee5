import { ACCOUNT } from './account-code.ts';
import type { LoanLines } from './journal-entry.ts';
import type { LoanStanding, Receivables } from './loan.ts';
import type { ProgramPolicy } from './program.ts';

/** What a recovery has brought back of one loss; a return that gives some of it back is a negative part. */
export type RecoveredPart = { readonly entryId: string; readonly amounts: Receivables };

/**
 * What one standing entry took off a loan's receivables as lost: a charge-off, or a return to a loan that was charged off.
 * A value that is replaced and never changed.
 */
export type Loss = {
  readonly entryId: string;
  /** The entry's place among its tenant's; null while it is not committed, and so later than all that is. */
  readonly seq: bigint | null;
  readonly amounts: Receivables;
  /** 5000, 5010 or 1900: where its principal was debited, or would have been. */
  readonly principalAccount: number;
  /** It charged the loan off, in place of a part of it. */
  readonly closesLoan: boolean;
  /** By standing entries, in the order of posting. */
  readonly recovered: readonly RecoveredPart[];
};

/** What an entry is about to take back of one loss. */
export type TakenPart = { readonly lossEntryId: string; readonly amounts: Receivables };

const RECEIVABLES = ['principal', 'interest', 'fees'] as const;

export const NOTHING_LOST: Receivables = { principal: 0n, interest: 0n, fees: 0n };

/** Where lost principal is debited: fraud to 5010, else by the program to the allowance 1900 or to 5000 directly. */
export function principalLossAccount(reasonCode: string, { chargeoff }: Pick<ProgramPolicy, 'chargeoff'>): number {
  if (reasonCode === 'fraud') return ACCOUNT.fraudLoss;
  return chargeoff === 'allowance' ? ACCOUNT.lossAllowance : ACCOUNT.creditLoss;
}

/** Debits what is lost: principal to the account named, interest to 4900, fees to 4910. */
export function debitLoss(lines: LoanLines, lost: Receivables, principalAccount: number): LoanLines {
  return lines
    .debit(principalAccount, lost.principal)
    .debit(ACCOUNT.interestChargedOff, lost.interest)
    .debit(ACCOUNT.feesChargedOff, lost.fees);
}

export function isNothing(amounts: Receivables): boolean {
  return RECEIVABLES.every((component) => amounts[component] === 0n);
}

/** `one` and `other` by component. */
export function plus(one: Receivables, other: Receivables): Receivables {
  return {
    principal: one.principal + other.principal,
    interest: one.interest + other.interest,
    fees: one.fees + other.fees,
  };
}

/** `one` less `other` by component. */
export function minus(one: Receivables, other: Receivables): Receivables {
  return {
    principal: one.principal - other.principal,
    interest: one.interest - other.interest,
    fees: one.fees - other.fees,
  };
}

/** What is charged off and not yet recovered. */
export function unrecoveredOf({ chargedOff, recovered }: LoanStanding): Receivables {
  return minus(chargedOff, recovered);
}

/**
 * Takes amounts out of what is unrecovered, of each component the oldest loss first. Throws when more is taken than there
 * is, which the caller has to have judged.
 */
export function takeRecovered(losses: readonly Loss[], amounts: Receivables): readonly TakenPart[] {
  const there = losses.map((loss) => ({
    lossEntryId: loss.entryId,
    amounts: minus(loss.amounts, recoveredOf(loss)),
  }));
  return takeInOrder(there, amounts);
}

/** Takes amounts out of parts, of each component the first part first. Throws when more is taken than there is. */
export function takeInOrder(there: readonly TakenPart[], amounts: Receivables): readonly TakenPart[] {
  let left: Receivables = { principal: amounts.principal, interest: amounts.interest, fees: amounts.fees };
  const taken: TakenPart[] = [];
  for (const { lossEntryId, amounts: has } of there) {
    const takes = {
      principal: smaller(left.principal, has.principal),
      interest: smaller(left.interest, has.interest),
      fees: smaller(left.fees, has.fees),
    };
    if (isNothing(takes)) continue;
    left = minus(left, takes);
    taken.push({ lossEntryId, amounts: takes });
  }
  if (!isNothing(left)) throw new Error('more is recovered than was lost');
  return taken;
}

/** The standing entries that brought back something of a loss, though it may have been given back since. */
export function recoveriesOf(loss: Loss): readonly string[] {
  const positive = loss.recovered.filter(({ amounts }) => RECEIVABLES.some((component) => amounts[component] > 0n));
  return positive.map(({ entryId }) => entryId);
}

/**
 * The entries that brought back again what a return had given back of a loss; none while the return can be reversed without
 * more being recovered than was lost.
 */
export function recoveredAgain(loss: Loss, returnId: string): readonly string[] {
  const given = loss.recovered.findIndex(({ entryId }) => entryId === returnId);
  const part = loss.recovered[given];
  if (part === undefined) return [];
  const left = plus(minus(loss.amounts, recoveredOf(loss)), part.amounts);
  if (RECEIVABLES.every((component) => left[component] >= 0n)) return [];
  return recoveriesOf({ ...loss, recovered: loss.recovered.slice(given + 1) });
}

/** What losses make of a loan: its status, what is charged off and recovered, and where later losses go. */
export function standingAfterLosses(standing: LoanStanding, losses: readonly Loss[]): LoanStanding {
  const closing = losses.find(({ closesLoan }) => closesLoan);
  return {
    ...standing,
    status: closing === undefined ? 'active' : 'charged_off',
    lossAccount: closing?.principalAccount ?? null,
    chargedOff: losses.reduce((sum, loss) => plus(sum, loss.amounts), NOTHING_LOST),
    recovered: losses.reduce((sum, loss) => plus(sum, recoveredOf(loss)), NOTHING_LOST),
  };
}

function recoveredOf(loss: Loss): Receivables {
  return loss.recovered.reduce((sum, part) => plus(sum, part.amounts), NOTHING_LOST);
}

function smaller(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}

/** How much of the parts is principal that was lost out of the allowance, and comes back into it. */
export function allowanceShare(losses: readonly Loss[], taken: readonly TakenPart[]): bigint {
  const accounts = new Map(losses.map((loss) => [loss.entryId, loss.principalAccount]));
  return taken.reduce(
    (sum, { lossEntryId, amounts }) =>
      accounts.get(lossEntryId) === ACCOUNT.lossAllowance ? sum + amounts.principal : sum,
    0n,
  );
}
