import { decideFee } from '../../domain/fee.ts';
import type { CommandOf } from '../command.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import { inRange, loanScene } from '../scene.ts';
import { type CommandKind, ROWS_PER_COMMAND } from './command-kind.ts';

/** POST /v1/fees. */
export const FEE: CommandKind<CommandOf<'fee'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  weight: () => ROWS_PER_COMMAND,
  reads: ({ fee }, reads) => reads.lock(fee.loanId),
  decide: ({ fee, tenantId }, state) => {
    const scene = loanScene(state, tenantId, fee.loanId);
    return inRange(scene.loan, decideFee(fee, scene));
  },
  remember: null,
  receiptVersion: RECEIPT_VERSION,
};
