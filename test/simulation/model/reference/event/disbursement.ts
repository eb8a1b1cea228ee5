import type { DisbursementCommand, RefinanceCommand, RegistrationCommand } from '../command.ts';
import { feeAccount } from '../program.ts';
import type { LoanState, Outcome } from '../state.ts';
import { type Line, lines, mirrored } from '../terms.ts';
import type { Given, Verdict } from './rule.ts';

/** disbursement: DR 1100 gross, CR 2000 net of the fees withheld, CR 4100 for those. */
export function disbursement(state: LoanState, command: DisbursementCommand, given: Given): Verdict {
  if (state.chargedOff !== undefined) return 'loan_charged_off';
  const booked = command.layer === 'PENDING' ? waiting(state, command) : paidOut(state, command, given);
  return { eventType: 'disbursement', lines: booked, effects: [{ kind: 'opened', date: given.effectiveAt }] };
}

/** Settling a pending disbursement: the mirror of its pending lines and the settled ones. */
export function settledDisbursement(state: LoanState, pending: DisbursementCommand, given: Given): Verdict {
  if (state.chargedOff !== undefined) return 'loan_charged_off';
  return {
    eventType: 'disbursement',
    lines: [...mirrored(waiting(state, pending)), ...paidOut(state, pending, given)],
    effects: [{ kind: 'opened', date: given.effectiveAt }],
  };
}

function waiting(state: LoanState, { amountMinor }: DisbursementCommand): Line[] {
  return lines({ ...state, layer: 'PENDING' }, ['DR', '1100', amountMinor], ['CR', '2000', amountMinor]);
}

function paidOut(state: LoanState, { amountMinor, fees }: DisbursementCommand, { policy }: Given): Line[] {
  const byAccount = new Map<string, bigint>();
  let net = amountMinor;
  for (const fee of fees) {
    const account = feeAccount(policy, fee.feeType);
    byAccount.set(account, (byAccount.get(account) ?? 0n) + fee.amountMinor);
    net -= fee.amountMinor;
  }
  const withheld = [...byAccount].map(([account, amount]) => ['CR', account, amount] as const);
  return lines(state, ['DR', '1100', amountMinor], ['CR', '2000', net], ...withheld);
}

/** Opening balances of a registered loan: the components against 3900, by one net line. */
export function opening(state: LoanState, command: RegistrationCommand): Verdict {
  if (command.opening === undefined) throw new Error('a registration without an opening posts nothing');
  const { asOf, accruedThrough, fees, interest, principal, suspense } = command.opening;
  const equity = fees + interest + principal - suspense;
  return {
    eventType: 'manual_adjustment',
    lines: lines(
      state,
      ['DR', '1100', principal],
      ['DR', '1200', interest],
      ['DR', '1300', fees],
      ['CR', '2100', suspense],
      [equity > 0n ? 'CR' : 'DR', '3900', equity > 0n ? equity : -equity],
    ),
    effects: [{ kind: 'opened', date: accruedThrough ?? asOf }],
  };
}

/** refinance: the old loan's receivables and suspense move to the new one, with new money. */
export function refinance(state: LoanState, command: RefinanceCommand): Verdict {
  if (state.chargedOff !== undefined) return 'loan_charged_off';
  const { fees, interest, principal, suspense } = state.balance.SETTLED;
  const lent = fees + interest + principal + command.newMoneyMinor;
  if (lent === 0n) return 'amount_exceeds_outstanding';
  const fresh = { loanId: command.newLoanId, currency: state.currency };
  return {
    eventType: 'refinance',
    lines: [
      ...lines(fresh, ['DR', '1100', lent]),
      ...lines(
        state,
        ['DR', '2100', suspense],
        ['CR', '1100', principal],
        ['CR', '1200', interest],
        ['CR', '1300', fees],
      ),
      // Of two loans this entry pays out for one: the line names it, so that it stands on that one's page.
      ...lines(fresh, ['CR', '2000', command.newMoneyMinor]).map((line) => ({ ...line, loanId: fresh.loanId })),
      ...lines(fresh, ['CR', '2100', suspense]),
    ],
    effects: [],
  };
}

/** The same event in the life of the new loan: as the old one's decided it. */
export function refinancedInto(old: Outcome, effectiveAt: string): Outcome {
  return { ...old, effects: [{ kind: 'opened', date: effectiveAt }] };
}

/** The lines of an entry decided once and for all: it may only be refused, never made otherwise. */
export function fixed(eventType: string, given: readonly Line[]): Outcome {
  return { eventType, lines: given, effects: [] };
}
