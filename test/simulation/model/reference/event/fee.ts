import type { FeeCommand, NonAccrualCommand, RestructureCommand } from '../command.ts';
import { feeAccount } from '../program.ts';
import type { LoanState } from '../state.ts';
import { lines } from '../terms.ts';
import type { Given, Verdict } from './rule.ts';

/** fee_assessed: DR 1300, CR 4100 or the fee type's own income account. */
export function fee(
  state: LoanState,
  { amountMinor, feeType }: Pick<FeeCommand, 'amountMinor' | 'feeType'>,
  given: Given,
): Verdict {
  if (state.chargedOff !== undefined) return 'loan_charged_off';
  const income = feeAccount(given.policy, feeType);
  return {
    eventType: 'fee_assessed',
    lines: lines(state, ['DR', '1300', amountMinor], ['CR', income, amountMinor]),
    effects: [],
  };
}

/** fee_waived: DR 4920, CR 1300. */
export function waiver(state: LoanState, { amountMinor }: { readonly amountMinor: bigint }): Verdict {
  if (state.chargedOff !== undefined) return 'loan_charged_off';
  if (amountMinor > state.balance.SETTLED.fees) return 'amount_exceeds_outstanding';
  return {
    eventType: 'fee_waived',
    lines: lines(state, ['DR', '4920', amountMinor], ['CR', '1300', amountMinor]),
    effects: [],
  };
}

/** restructure: DR 1100 for what is capitalised, 5100 and 4900 for what is forgiven. */
export function restructure(state: LoanState, command: RestructureCommand): Verdict {
  if (state.chargedOff !== undefined) return 'loan_charged_off';
  const { capitalizeInterestMinor, capitalizeFeesMinor, forgivePrincipalMinor, forgiveInterestMinor } = command;
  const { fees, interest, principal } = state.balance.SETTLED;
  const fromInterest = capitalizeInterestMinor + forgiveInterestMinor;
  if (fromInterest > interest || capitalizeFeesMinor > fees || forgivePrincipalMinor > principal) {
    return 'amount_exceeds_outstanding';
  }
  return {
    eventType: 'restructure',
    lines: lines(
      state,
      ['DR', '1100', capitalizeInterestMinor + capitalizeFeesMinor],
      ['DR', '5100', forgivePrincipalMinor],
      ['DR', '4900', forgiveInterestMinor],
      ['CR', '1200', fromInterest],
      ['CR', '1300', capitalizeFeesMinor],
      ['CR', '1100', forgivePrincipalMinor],
    ),
    effects: [],
  };
}

/** non_accrual: enter takes unpaid interest back out of income and notes it beside the books; exit does the opposite. */
export function nonAccrual(state: LoanState, { action }: NonAccrualCommand): Verdict {
  if (state.chargedOff !== undefined) return 'loan_charged_off';
  const enters = action === 'enter';
  if (enters === state.nonAccrual) return 'validation_failed';
  const { interest, memo } = state.balance.SETTLED;
  const moved = enters
    ? lines(
        state,
        ['DR', '4000', interest],
        ['DR', '9100', interest],
        ['CR', '1200', interest],
        ['CR', '9200', interest],
      )
    : lines(state, ['DR', '9200', memo], ['DR', '1200', memo], ['CR', '9100', memo], ['CR', '4000', memo]);
  return { eventType: 'non_accrual', lines: moved, effects: [{ kind: 'non_accrual', on: enters }] };
}
