import { type Loss, standingAfterLosses, type TakenPart } from '../domain/loss.ts';
import type { Target } from './kinds/command-kind.ts';
import { type LedgerState, type LoanRef, scopedKey } from './ledger-state.ts';
import { changeStanding } from './loan-standing.ts';
import { loanOf } from './scene.ts';

/** The standing losses of a loan, the oldest first. Throws when the command did not read them. */
export function lossesOf(state: LedgerState, tenantId: string, loanId: string): readonly Loss[] {
  const losses = state.losses.get(scopedKey(tenantId, loanId));
  if (losses === undefined) throw new Error(`the losses of loan ${loanId} are asked for without being read`);
  return losses;
}

/** Adds what an entry charged off a loan. */
export function rememberLoss({ tenantId, loanId }: LoanRef, loss: Loss, target: Target): void {
  target.plan.losses.push({ tenantId, loanId, loss });
  changeLosses({ tenantId, loanId }, [...lossesOf(target.state, tenantId, loanId), loss], target);
}

/** Takes off what an entry recovered of a loan's losses; what it gives back is negative. */
export function rememberRecovered(
  { tenantId, loanId, entryId }: LoanRef & { readonly entryId: string },
  taken: readonly TakenPart[],
  target: Target,
): void {
  for (const one of taken) target.plan.recoveries.push({ tenantId, loanId, entryId, taken: one });
  const parts = new Map(taken.map(({ lossEntryId, amounts }) => [lossEntryId, amounts]));
  const losses = lossesOf(target.state, tenantId, loanId).map((loss) => {
    const amounts = parts.get(loss.entryId);
    return amounts === undefined ? loss : { ...loss, recovered: [...loss.recovered, { entryId, amounts }] };
  });
  changeLosses({ tenantId, loanId }, losses, target);
}

/** An entry no longer stands: neither does what it charged off, nor what it recovered. */
export function takeBackLosses(
  { tenantId, loanId, entryId }: LoanRef & { readonly entryId: string },
  target: Target,
): void {
  const before = lossesOf(target.state, tenantId, loanId);
  const isConcerned = before.some(
    (loss) => loss.entryId === entryId || loss.recovered.some((part) => part.entryId === entryId),
  );
  if (!isConcerned) return;
  const after = before
    .filter((loss) => loss.entryId !== entryId)
    .map((loss) => ({ ...loss, recovered: loss.recovered.filter((part) => part.entryId !== entryId) }));
  changeLosses({ tenantId, loanId }, after, target);
}

function changeLosses(ref: LoanRef, losses: readonly Loss[], target: Target): void {
  const { tenantId, loanId } = ref;
  target.state.losses.set(scopedKey(tenantId, loanId), losses);
  changeStanding(ref, standingAfterLosses(loanOf(target.state, tenantId, loanId).standing, losses), target);
}
