import type { GoodwillCommand, PaymentCommand, RecoveryCommand } from '../command.ts';
import type { LoanState, Outcome, Receipt, Recovered } from '../state.ts';
import { unrecovered } from '../state.ts';
import { least, lines, mirrored, noSplit, type Split, sumOf } from '../terms.ts';
import { cut, exceeds, type Given, outstanding, paid, runDown, shown, type Verdict, waterfallOf } from './rule.ts';

/** What is asked of a waterfall. */
interface Asked {
  readonly amountMinor: bigint;
  readonly allocation: Split | undefined;
}

/** payment_received: DR 1010, CR 1300, 1200, 1100 by the waterfall, the rest 2100. A money fact. */
export function payment(state: LoanState, command: PaymentCommand, given: Given): Verdict {
  const { amountMinor, allocation, layer } = command;
  if (state.chargedOff !== undefined && !given.again) return 'loan_charged_off';
  if (layer === 'PENDING') {
    if (allocation !== undefined && sumOf(allocation) !== amountMinor) return 'allocation_mismatch';
    const pending = lines({ ...state, layer }, ['DR', '1010', amountMinor], ['CR', '2100', amountMinor]);
    const waiting = shown({ ...noSplit(), suspense: amountMinor });
    return { eventType: 'payment_received', lines: pending, effects: [], allocation: waiting };
  }
  return received(state, command, given);
}

/** Settling a pending payment: the mirror of its pending lines and the settled ones, allocated now. */
export function settledPayment(state: LoanState, pending: PaymentCommand, given: Given): Verdict {
  if (state.chargedOff !== undefined && !given.again) return 'loan_charged_off';
  const { amountMinor } = pending;
  const waiting = lines({ ...state, layer: 'PENDING' }, ['DR', '1010', amountMinor], ['CR', '2100', amountMinor]);
  const settled = received(state, pending, given);
  if (typeof settled === 'string') return settled;
  return { ...settled, lines: [...mirrored(waiting), ...settled.lines] };
}

/** After a charge-off a payment that stands is a recovery. */
function received(state: LoanState, asked: Asked, given: Given): Verdict {
  if (state.chargedOff !== undefined) return recovered(state, asked, given);
  const split = splitOf(state, asked, given);
  if (typeof split === 'string') return split;
  const { eventId } = given;
  const receipt: Receipt = { ...split, suspenseMinor: split.suspense, recovered: [] };
  return {
    eventType: 'payment_received',
    lines: [...lines(state, ['DR', '1010', asked.amountMinor]), ...paid(state, split)],
    effects: [{ kind: 'receipt', eventId, receipt }],
    allocation: shown(split),
  };
}

/** As asked or by the waterfall; a payment decided again is cut to what is there and never refused. */
function splitOf(state: LoanState, { amountMinor, allocation }: Asked, given: Given) {
  const there = outstanding(state);
  if (allocation !== undefined) {
    if (sumOf(allocation) !== amountMinor) return 'allocation_mismatch';
    if (given.again) return cut(allocation, there);
    return exceeds(allocation, there) ? 'amount_exceeds_outstanding' : allocation;
  }
  const split = runDown(amountMinor, waterfallOf(state, given.policy), there);
  const isOver = split.suspense > 0n && given.policy.overpayment === 'reject';
  return isOver && !given.again ? 'amount_exceeds_outstanding' : split;
}

/** recovery: DR 1010, CR 4200 (1900 for what the allowance took), the rest 2100. A money fact. */
export function recovery(state: LoanState, command: RecoveryCommand, given: Given): Verdict {
  const left = unrecovered(state);
  const nothing = left.fees + left.interest + left.principal === 0n;
  if (nothing && !given.again) return 'loan_not_charged_off';
  if (nothing && state.chargedOff === undefined) return received(state, command, given);
  return recovered(state, command, given);
}

function recovered(state: LoanState, { amountMinor, allocation }: Asked, given: Given): Verdict {
  const left = unrecovered(state);
  if (allocation !== undefined && sumOf(allocation) !== amountMinor) return 'allocation_mismatch';
  if (allocation !== undefined && exceeds(allocation, left) && !given.again) return 'amount_exceeds_outstanding';
  const split = allocation === undefined ? runDown(amountMinor, given.policy.waterfall, left) : cut(allocation, left);
  const parts = partsOf(state, split);
  let allowance = 0n;
  for (const { part, lossAccount } of parts) if (lossAccount === '1900') allowance += part.amountMinor;
  const income = amountMinor - split.suspense - allowance;
  const taken = parts.map(({ part }) => part);
  const receipt: Receipt = { ...noSplit(), suspenseMinor: split.suspense, recovered: taken };
  return {
    eventType: 'recovery',
    lines: lines(
      state,
      ['DR', '1010', amountMinor],
      ['CR', '4200', income],
      ['CR', '1900', allowance],
      ['CR', '2100', split.suspense],
    ),
    effects: [
      { kind: 'recovered', parts: taken },
      { kind: 'receipt', eventId: given.eventId, receipt },
    ],
    allocation: shown(split),
  };
}

/** Which pieces an amount recovers: of each component the oldest first. */
function partsOf(state: LoanState, split: Split): { readonly part: Recovered; readonly lossAccount: string }[] {
  return (['fees', 'interest', 'principal'] as const).flatMap((component) => {
    let rest = split[component];
    return state.pieces.flatMap((piece) => {
      if (piece.component !== component) return [];
      const amountMinor = least(rest, piece.amountMinor - piece.recoveredMinor);
      rest -= amountMinor;
      const part = { pieceEventId: piece.byEventId, component, amountMinor };
      return amountMinor === 0n ? [] : [{ part, lossAccount: piece.lossAccount }];
    });
  });
}

/** goodwill_credit: DR 5200 for principal and suspense, 4900 for interest, 4910 for fees; CR by the waterfall. */
export function goodwill(state: LoanState, command: GoodwillCommand, given: Given): Verdict {
  if (state.chargedOff !== undefined) return 'loan_charged_off';
  // No money came from outside: decided again it is judged as anew, and may stand in the way.
  const split = splitOf(state, command, { ...given, again: false });
  if (typeof split === 'string') return split;
  const given5200 = split.principal + split.suspense;
  const outcome: Outcome = {
    eventType: 'goodwill_credit',
    lines: [
      ...lines(state, ['DR', '5200', given5200], ['DR', '4900', split.interest], ['DR', '4910', split.fees]),
      ...paid(state, split),
    ],
    effects: [],
    allocation: shown(split),
  };
  return outcome;
}
