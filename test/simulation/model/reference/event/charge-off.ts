import type { ChargeoffCommand } from '../command.ts';
import type { LoanState, Piece } from '../state.ts';
import { lines, RECEIVABLES } from '../terms.ts';
import { type Given, shown, type Verdict } from './rule.ts';

/** chargeoff: DR 5000 (fraud 5010, allowance 1900), 4900, 4910; CR 1100, 1200, 1300. */
export function chargeoff(state: LoanState, command: ChargeoffCommand, given: Given): Verdict {
  if (state.chargedOff !== undefined) return 'already_charged_off';
  const { fees, interest, principal } = state.balance.SETTLED;
  const there = { fees, interest, principal };
  const taken = command.components ?? there;
  if (RECEIVABLES.some((name) => taken[name] > there[name])) return 'amount_exceeds_outstanding';
  if (taken.fees + taken.interest + taken.principal === 0n) return 'amount_exceeds_outstanding';
  const reserve = given.policy.chargeoff === 'allowance' ? '1900' : '5000';
  const loss = command.reasonCode === 'fraud' ? '5010' : reserve;
  const accounts = { fees: '4910', interest: '4900', principal: loss };
  const pieces = RECEIVABLES.flatMap((component): Piece[] => {
    const amountMinor = taken[component];
    const piece = {
      byEventId: given.eventId,
      component,
      lossAccount: accounts[component],
      amountMinor,
      recoveredMinor: 0n,
    };
    return amountMinor === 0n ? [] : [piece];
  });
  const closes = command.components === undefined || (taken.principal > 0n && taken.principal === principal);
  return {
    eventType: 'chargeoff',
    lines: lines(
      state,
      ['DR', loss, taken.principal],
      ['DR', '4900', taken.interest],
      ['DR', '4910', taken.fees],
      ['CR', '1100', taken.principal],
      ['CR', '1200', taken.interest],
      ['CR', '1300', taken.fees],
    ),
    effects: [
      { kind: 'written_off', pieces, closes: closes ? { byEventId: given.eventId, lossAccount: loss } : undefined },
    ],
    allocation: shown({ ...taken, suspense: 0n }),
  };
}
