import type { Policy } from '../program.ts';
import type { Code } from '../refusal.ts';
import type { LoanState, Outcome, Piece } from '../state.ts';
import { type Line, least, lines, noSplit, type Receivable, type Split } from '../terms.ts';

/** What a rule is told beside the state and the command. */
export interface Given {
  readonly eventId: string;
  readonly effectiveAt: string;
  readonly policy: Policy;
  /** Decided again by a restatement: then money facts stand whatever the state (rule 11). */
  readonly again: boolean;
}

/** A rule's verdict on one event for one loan. */
export type Verdict = Outcome | Code;

/** What stands to be paid; under non-accrual interest is the memo interest and whatever 1200 still holds. */
export function outstanding(state: LoanState): Record<Receivable, bigint> {
  const { fees, interest, principal, memo } = state.balance.SETTLED;
  return { fees, interest: state.nonAccrual ? interest + memo : interest, principal };
}

/** The program's order; under non-accrual fees, then principal, then interest. */
export function waterfallOf(state: LoanState, policy: Policy): readonly Receivable[] {
  return state.nonAccrual ? ['fees', 'principal', 'interest'] : policy.waterfall;
}

/** Runs an amount down an order; what is left over stands under suspense. */
export function runDown(
  amountMinor: bigint,
  order: readonly Receivable[],
  there: Readonly<Record<Receivable, bigint>>,
): Split {
  const split = noSplit();
  let rest = amountMinor;
  for (const name of order) {
    split[name] = least(rest, there[name]);
    rest -= split[name];
  }
  split.suspense = rest;
  return split;
}

/** A split as asked, cut to what each component has; what is cut goes to suspense. */
export function cut(asked: Split, there: Readonly<Record<Receivable, bigint>>): Split {
  const split = { ...asked };
  for (const name of ['fees', 'interest', 'principal'] as const) {
    const taken = least(asked[name], there[name]);
    split.suspense += asked[name] - taken;
    split[name] = taken;
  }
  return split;
}

/** True when a split asks more of a component than it has. */
export function exceeds(asked: Split, there: Readonly<Record<Receivable, bigint>>): boolean {
  return (['fees', 'interest', 'principal'] as const).some((name) => asked[name] > there[name]);
}

/** The credits of an amount that pays a loan: 1300, 1200, 1100, 2100; memo interest becomes income as it is paid. */
export function paid(state: LoanState, split: Split): Line[] {
  const memo = state.nonAccrual ? least(split.interest, state.balance.SETTLED.memo) : 0n;
  return lines(
    state,
    ['CR', '1300', split.fees],
    ['CR', '1200', split.interest - memo],
    ['CR', '1100', split.principal],
    ['CR', '2100', split.suspense],
    ['CR', '4000', memo],
    ['DR', '9200', memo],
    ['CR', '9100', memo],
  );
}

/** The debits of an amount that comes back to a loan, by the way the loan now carries each component. */
export function broughtBack(state: LoanState, back: Split): Line[] {
  if (state.chargedOff !== undefined) {
    const { lossAccount } = state.chargedOff;
    return lines(
      state,
      ['DR', '2100', back.suspense],
      ['DR', '4910', back.fees],
      ['DR', '4900', back.interest],
      ['DR', lossAccount, back.principal],
    );
  }
  const memo = state.nonAccrual ? back.interest : 0n;
  return lines(
    state,
    ['DR', '2100', back.suspense],
    ['DR', '1300', back.fees],
    ['DR', '1200', back.interest - memo],
    ['DR', '1100', back.principal],
    ['DR', '4000', memo],
    ['DR', '9100', memo],
    ['CR', '9200', memo],
  );
}

/** What a charged-off loan loses when an amount comes back: it counts as charged off. */
export function lostAgain(state: LoanState, eventId: string, back: Split): Piece[] {
  if (state.chargedOff === undefined) return [];
  const { lossAccount } = state.chargedOff;
  const accounts = { fees: '4910', interest: '4900', principal: lossAccount };
  return (['fees', 'interest', 'principal'] as const).flatMap((component) => {
    const amountMinor = back[component];
    const piece = { byEventId: eventId, component, lossAccount: accounts[component], amountMinor, recoveredMinor: 0n };
    return amountMinor === 0n ? [] : [piece];
  });
}

/** The four fields of an answer's allocation. */
export function shown(split: Split): Record<string, bigint> {
  const { fees, interest, principal, suspense } = split;
  return { fees, interest, principal, suspense };
}
