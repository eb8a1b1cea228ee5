import { decideRecovery, takenBy } from '../../domain/recovery.ts';
import type { CommandOf } from '../command.ts';
import { lossesOf, rememberRecovered } from '../losses.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import { inRange, loanScene } from '../scene.ts';
import { type CommandKind, ROWS_PER_COMMAND } from './command-kind.ts';

/** What its loan is, and what it takes of losses, which are seldom more than two. */
const ROWS_OF_RECOVERY = 3;

/** POST /v1/recoveries. */
export const RECOVERY: CommandKind<CommandOf<'recovery'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  weight: () => ROWS_PER_COMMAND + ROWS_OF_RECOVERY,
  reads: ({ recovery: { loanId } }, reads) => {
    reads.lock(loanId);
    reads.losses(loanId);
  },
  place: ({ recovery }) => recovery,
  decide: ({ recovery, tenantId }, state) => {
    const { loanId } = recovery;
    const scene = loanScene(state, tenantId, loanId);
    return inRange(scene.loan, decideRecovery(recovery, { ...scene, losses: lossesOf(state, tenantId, loanId) }));
  },
  remember: ({ recovery: { loanId }, tenantId }, { entry: { entryId, draft } }, target) => {
    const taken = takenBy(draft, lossesOf(target.state, tenantId, loanId));
    rememberRecovered({ tenantId, loanId, entryId, effectiveAt: draft.effectiveAt }, taken, target);
  },
  receiptVersion: RECEIPT_VERSION,
};
