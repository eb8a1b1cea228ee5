import { decideNonAccrual, nonAccrualSince } from '../../domain/non-accrual.ts';
import { keptOwner, keptText } from '../../domain/restatement/loan-event.ts';
import type { CommandOf } from '../command.ts';
import { type LoanRef, scopedKey } from '../ledger-state.ts';
import { changeStanding } from '../loan-standing.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import type { Again } from '../restatement/again.ts';
import { loanOf, loanScene } from '../scene.ts';
import { type CommandKind, type PostedEntries, ROWS_PER_COMMAND, type Target } from './command-kind.ts';
import type { Undoing } from './undoing.ts';

/** POST /v1/loans/{loan_id}/non-accrual: changes the loan's mark, whether interest moves or not. */
export const NON_ACCRUAL: CommandKind<CommandOf<'non_accrual'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  weight: () => ROWS_PER_COMMAND,
  reads: ({ nonAccrual }, reads) => reads.lock(nonAccrual.loanId),
  place: ({ nonAccrual }) => nonAccrual,
  decide: ({ nonAccrual, tenantId }, state) =>
    decideNonAccrual(nonAccrual, loanScene(state, tenantId, nonAccrual.loanId)),
  remember: rememberNonAccrual,
  receiptVersion: RECEIPT_VERSION,
};

function rememberNonAccrual(
  { nonAccrual, tenantId }: CommandOf<'non_accrual'>,
  { entry: { entryId } }: PostedEntries,
  target: Target,
): void {
  const { loanId, effectiveAt, action } = nonAccrual;
  target.plan.nonAccruals.push({ tenantId, loanId, entryId, effectiveAt, action });
  target.state.nonAccruals.get(scopedKey(tenantId, loanId))?.push({ entryId, effectiveAt, action });
  mark({ tenantId, loanId }, action === 'enter' ? effectiveAt : null, target);
}

/** The mark is again what the changes that still stand make it. */
export const NON_ACCRUAL_UNDOING: Undoing = {
  reads: ({ loanIds }, reads) => {
    for (const loanId of loanIds) reads.nonAccruals(loanId);
  },
  undo: ({ entry, loanIds }, { tenantId, ...target }) => {
    for (const loanId of loanIds) {
      const key = scopedKey(tenantId, loanId);
      const standing = (target.state.nonAccruals.get(key) ?? []).filter((one) => one.entryId !== entry.entryId);
      target.state.nonAccruals.set(key, standing);
      mark({ tenantId, loanId }, nonAccrualSince(standing), target);
    }
  },
};

function mark(ref: LoanRef, since: string | null, target: Target): void {
  const { standing } = loanOf(target.state, ref.tenantId, ref.loanId);
  changeStanding(ref, { ...standing, nonAccrualSince: since }, target);
}

/** A change of the mark again: the interest that changes sides is what there is by then. */
export const NON_ACCRUAL_AGAIN: Again = {
  command: ({ entry }) => ({
    kind: 'non_accrual',
    nonAccrual: {
      loanId: keptOwner(entry).loanId,
      effectiveAt: entry.effectiveAt,
      action: keptText(entry, 'action') === 'enter' ? 'enter' : 'exit',
      description: entry.description,
      metadata: entry.metadata,
    },
  }),
};
