import { scopedKey } from '../ledger-state.ts';
import { loanOf, tenantOf } from '../scene.ts';
import type { Target } from './command-kind.ts';

/** What a loan is fixed to when it is made (ACCOUNTING.md rule 3); `programId` null: the tenant's default program. */
type NewLoan = {
  readonly loanId: string;
  readonly borrowerId: string;
  readonly currency: string;
  readonly programId: string | null;
};

/**
 * Makes the loan, unless it was made before, and lets it begin on `effectiveAt` if that is earlier than it began so far
 * (ACCOUNTING.md rule 4); null: it does not begin yet.
 */
export function beginLoan(
  made: NewLoan,
  by: { readonly tenantId: string; readonly entryId: string; readonly effectiveAt: string | null },
  { state, plan }: Target,
): void {
  const { tenantId, entryId, effectiveAt } = by;
  const { loanId } = made;
  const loan = loanOf(state, tenantId, loanId);
  if (loan.borrowerId === null) {
    loan.borrowerId = made.borrowerId;
    loan.currency = made.currency;
    loan.programId = made.programId ?? tenantOf(state, tenantId).configuration.defaultProgramId;
  }
  if (effectiveAt === null) return;
  if (loan.firstDisbursedOn === null || effectiveAt < loan.firstDisbursedOn) loan.firstDisbursedOn = effectiveAt;
  plan.disbursements.push({ tenantId, loanId, entryId, effectiveAt });
  state.disbursements.get(scopedKey(tenantId, loanId))?.push({ entryId, effectiveAt });
}

/** The entry no longer stands: the loan may have begun on another day, or not at all. */
export function takeBackBeginning(
  loanId: string,
  entryId: string,
  { tenantId, state }: Target & { readonly tenantId: string },
): void {
  const key = scopedKey(tenantId, loanId);
  const standing = (state.disbursements.get(key) ?? []).filter((one) => one.entryId !== entryId);
  state.disbursements.set(key, standing);
  loanOf(state, tenantId, loanId).firstDisbursedOn = standing.reduce<string | null>(
    (first, one) => (first === null || one.effectiveAt < first ? one.effectiveAt : first),
    null,
  );
}
