import type { LoanStanding } from '../domain/loan.ts';
import type { Target } from './kinds/command-kind.ts';
import { type LoanRef, scopedKey } from './ledger-state.ts';
import { loanOf } from './scene.ts';

/** Gives a loan another standing, for the commands behind this one and as a row of the plan. */
export function changeStanding({ tenantId, loanId }: LoanRef, standing: LoanStanding, { state, plan }: Target): void {
  const loan = loanOf(state, tenantId, loanId);
  loan.standing = standing;
  plan.standings.set(scopedKey(tenantId, loanId), loan);
}
