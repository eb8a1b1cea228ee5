import type { AllocationCommand, RefundCommand, ReturnCommand } from '../command.ts';
import type { Effect, LoanState, Receipt, Recovered } from '../state.ts';
import { pieceOf } from '../state.ts';
import { least, lines, noSplit, type Split } from '../terms.ts';
import {
  broughtBack,
  type Given,
  lostAgain,
  outstanding,
  paid,
  runDown,
  shown,
  type Verdict,
  waterfallOf,
} from './rule.ts';

/** A return with the amount that was decided when it came. */
export type ReturnOf = ReturnCommand & { readonly amountMinor: bigint };

/** What of a payment or recovery has not come back. */
function leftOf(receipt: Receipt): bigint {
  const parts = receipt.recovered.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  return receipt.suspenseMinor + receipt.fees + receipt.interest + receipt.principal + parts;
}

/** payment_returned: CR 1010, DR what the payment stands allocated to, its suspense part first. A money fact. */
export function returned(state: LoanState, command: ReturnOf, given: Given): Verdict {
  const receipt = state.receipts.get(command.eventId);
  const { amountMinor } = command;
  if (receipt === undefined || amountMinor > leftOf(receipt)) return 'amount_exceeds_payment';
  const unapplied = least(amountMinor, receipt.suspenseMinor);
  const recovered = takeBack(receipt.recovered, amountMinor - unapplied, given);
  const fromPayment = runDown(amountMinor - unapplied - sum(recovered), given.policy.waterfall, receipt);
  const taken: Receipt = { ...fromPayment, suspenseMinor: unapplied, recovered };
  const isRecovery = receipt.recovered.length > 0;
  const byPrincipal = !isRecovery && (command.policy ?? given.policy.returns) === 'principal';
  const asked: Split = byPrincipal ? { ...noSplit(), suspense: amountMinor } : { ...fromPayment, suspense: unapplied };
  const back = coveredBySuspense(state, asked);
  const pieces = lostAgain(state, given.eventId, back);
  const effects: Effect[] = [{ kind: 'came_back', eventId: command.eventId, taken }];
  if (pieces.length > 0) effects.push({ kind: 'written_off', pieces, closes: undefined });
  const negated = recovered.map((part) => ({ ...part, amountMinor: -part.amountMinor }));
  if (negated.length > 0) effects.push({ kind: 'recovered', parts: negated });
  let allowance = 0n;
  for (const part of recovered) if (pieceOf(state, part).lossAccount === '1900') allowance += part.amountMinor;
  return {
    eventType: 'payment_returned',
    lines: [
      ...broughtBack(state, back),
      ...lines(
        state,
        ['DR', '4200', sum(recovered) - allowance],
        ['DR', '1900', allowance],
        ['CR', '1010', amountMinor],
      ),
    ],
    effects,
    allocation: shown({ ...back, ...addRecovered(back, recovered) }),
  };
}

/** What suspense no longer holds comes out of principal. */
function coveredBySuspense(state: LoanState, asked: Split): Split {
  const suspense = least(asked.suspense, state.balance.SETTLED.suspense);
  return { ...asked, suspense, principal: asked.principal + asked.suspense - suspense };
}

/** The recovered parts that come back, in the waterfall's order. */
function takeBack(parts: readonly Recovered[], amountMinor: bigint, { policy }: Given): Recovered[] {
  let rest = amountMinor;
  return policy.waterfall.flatMap((component) =>
    parts.flatMap((part) => {
      if (part.component !== component) return [];
      const taken = least(rest, part.amountMinor);
      rest -= taken;
      return taken === 0n ? [] : [{ ...part, amountMinor: taken }];
    }),
  );
}

function sum(parts: readonly Recovered[]): bigint {
  return parts.reduce((total, { amountMinor }) => total + amountMinor, 0n);
}

function addRecovered(back: Split, parts: readonly Recovered[]): Split {
  const all = { ...back };
  for (const { component, amountMinor } of parts) all[component] += amountMinor;
  return all;
}

/** suspense_refunded: DR 2100, CR 1010; decided again, what suspense no longer covers is lent anew or lost. A money fact. */
export function refund(state: LoanState, { amountMinor }: RefundCommand, given: Given): Verdict {
  if (amountMinor > state.balance.SETTLED.suspense && !given.again) return 'amount_exceeds_suspense';
  const back = coveredBySuspense(state, { ...noSplit(), suspense: amountMinor });
  const pieces = lostAgain(state, given.eventId, back);
  return {
    eventType: 'suspense_refunded',
    lines: [...broughtBack(state, back), ...lines(state, ['CR', '1010', amountMinor])],
    effects: pieces.length > 0 ? [{ kind: 'written_off', pieces, closes: undefined }] : [],
  };
}

/** payment_allocated: DR 2100, CR by the waterfall, as much as was asked, is there and is owed. */
export function allocation(state: LoanState, command: AllocationCommand, given: Given): Verdict {
  if (state.chargedOff !== undefined && !given.again) return 'loan_charged_off';
  const available = state.balance.SETTLED.suspense;
  if (available === 0n && !given.again) return 'amount_exceeds_suspense';
  const amountMinor = least(command.amountMinor ?? available, available);
  const nothing = { fees: 0n, interest: 0n, principal: 0n };
  // A partial charge-off by components can leave a receivable on a loan that is charged off: that stays.
  const there = state.chargedOff === undefined ? outstanding(state) : nothing;
  const split = { ...runDown(amountMinor, waterfallOf(state, given.policy), there), suspense: 0n };
  const applied = split.fees + split.interest + split.principal;
  if (applied === 0n && !given.again) return 'amount_exceeds_outstanding';
  return {
    eventType: 'payment_allocated',
    lines: [...lines(state, ['DR', '2100', applied]), ...paid(state, split)],
    effects: [],
    allocation: shown(split),
  };
}
