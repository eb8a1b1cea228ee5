import type { EntryDraft } from '../domain/journal-entry.ts';
import { standingAfterLosses, type TakenPart } from '../domain/loss.ts';
import { byEffectOfLoss, type KeptLoss } from './kept-loss.ts';
import type { Target } from './kinds/command-kind.ts';
import { type LedgerState, type LoanRef, scopedKey } from './ledger-state.ts';
import { changeStanding } from './loan-standing.ts';
import { programsUnderReplay } from './restatement/replayed-loans.ts';
import { loanOf, tenantOf } from './scene.ts';

/** The standing losses of a loan, the oldest first, under `replay` by effective date. Throws when they were not read. */
export function lossesOf(state: LedgerState, tenantId: string, loanId: string): readonly KeptLoss[] {
  const losses = state.losses.get(scopedKey(tenantId, loanId));
  if (losses === undefined) throw new Error(`the losses of loan ${loanId} are asked for without being read`);
  if (losses.length < 2) return losses;
  const { programId } = loanOf(state, tenantId, loanId);
  const isReplayed = programsUnderReplay(tenantOf(state, tenantId).configuration).has(programId ?? '');
  return isReplayed ? losses.toSorted(byEffectOfLoss) : losses;
}

/** What an entry lost of a loan that was charged off before. */
export function laterLoss(
  entryId: string,
  { effectiveAt }: Pick<EntryDraft, 'effectiveAt'>,
  lost: Pick<KeptLoss, 'amounts' | 'principalAccount'>,
): KeptLoss {
  return { entryId, seq: null, effectiveAt, arrival: null, turn: 1, ...lost, closesLoan: false, recovered: [] };
}

/** Adds what an entry charged off a loan. */
export function rememberLoss({ tenantId, loanId }: LoanRef, loss: KeptLoss, target: Target): void {
  target.plan.losses.push({ tenantId, loanId, loss });
  changeLosses({ tenantId, loanId }, [...lossesOf(target.state, tenantId, loanId), loss], target);
}

/** Takes off what an entry recovered of a loan's losses; what it gives back is negative. */
export function rememberRecovered(
  { tenantId, loanId, entryId, effectiveAt }: LoanRef & { readonly entryId: string; readonly effectiveAt: string },
  taken: readonly TakenPart[],
  target: Target,
): void {
  for (const one of taken) target.plan.recoveries.push({ tenantId, loanId, entryId, turn: 1, taken: one });
  const parts = new Map(taken.map(({ lossEntryId, amounts }) => [lossEntryId, amounts]));
  const losses = lossesOf(target.state, tenantId, loanId).map((loss) => {
    const amounts = parts.get(loss.entryId);
    return amounts === undefined
      ? loss
      : { ...loss, recovered: [...loss.recovered, { entryId, effectiveAt, turn: 1, amounts }] };
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

function changeLosses(ref: LoanRef, losses: readonly KeptLoss[], target: Target): void {
  const { tenantId, loanId } = ref;
  target.state.losses.set(scopedKey(tenantId, loanId), losses);
  changeStanding(ref, standingAfterLosses(loanOf(target.state, tenantId, loanId).standing, losses), target);
}
