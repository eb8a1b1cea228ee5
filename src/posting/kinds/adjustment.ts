import { decideAdjustment } from '../../domain/adjustment.ts';
import type { CommandOf } from '../command.ts';
import { scopedKey } from '../ledger-state.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import { loanOf, tenantOf } from '../scene.ts';
import { type CommandKind, type PostedEntries, ROWS_PER_COMMAND, ROWS_PER_LOAN, type Target } from './command-kind.ts';

type AdjustmentCommand = CommandOf<'adjustment'>;

/** POST /v1/adjustments/{adjustment_id}/approvals. The proposal came with the command, since it never changes. */
export const ADJUSTMENT: CommandKind<AdjustmentCommand> = {
  refersTo: null,
  inheritsCorrelation: false,
  correlation: ({ approval }) => approval.adjustmentId,
  weight: (command) => ROWS_PER_COMMAND + ROWS_PER_LOAN * loansOf(command).length,
  reads: (command, reads) => {
    reads.verdict(command.approval.adjustmentId);
    for (const loanId of loansOf(command)) reads.lock(loanId);
  },
  place: (command) => {
    const effectiveAt = command.approval.proposal?.effectiveAt;
    return effectiveAt === undefined ? null : { effectiveAt, loanIds: loansOf(command) };
  },
  decide: ({ approval, tenantId, actor }, state) =>
    decideAdjustment(approval, {
      // What was proposed on an account of the chart is on one still: no account is ever taken out of it.
      accountExists: () => true,
      loan: (loanId) => loanOf(state, tenantId, loanId),
      calendar: tenantOf(state, tenantId),
      approver: actor,
      judged: state.verdicts.get(scopedKey(tenantId, approval.adjustmentId)) ?? null,
    }),
  remember: rememberVerdict,
  receiptVersion: RECEIPT_VERSION,
};

function loansOf({ approval }: AdjustmentCommand): readonly string[] {
  return [...new Set(approval.proposal?.lines.flatMap(({ loanId }) => (loanId === null ? [] : [loanId])) ?? [])];
}

function rememberVerdict(
  { approval: { adjustmentId, note }, tenantId, actor: judgedBy }: AdjustmentCommand,
  { entry: { entryId } }: PostedEntries,
  { state, plan }: Target,
): void {
  plan.verdicts.push({ tenantId, adjustmentId, judgedBy, note, entryId });
  state.verdicts.set(scopedKey(tenantId, adjustmentId), { verdict: 'posted', judgedBy });
}
