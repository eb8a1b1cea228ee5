import { decideFeeWaiver } from '../../domain/fee-waiver.ts';
import type { CommandOf } from '../command.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import { inRange, loanScene } from '../scene.ts';
import { type CommandKind, ROWS_PER_COMMAND } from './command-kind.ts';

/** POST /v1/fees/waivers. */
export const FEE_WAIVER: CommandKind<CommandOf<'fee_waiver'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  weight: () => ROWS_PER_COMMAND,
  reads: ({ feeWaiver }, reads) => reads.lock(feeWaiver.loanId),
  decide: ({ feeWaiver, tenantId }, state) => {
    const scene = loanScene(state, tenantId, feeWaiver.loanId);
    return inRange(scene.loan, decideFeeWaiver(feeWaiver, scene));
  },
  remember: null,
  receiptVersion: RECEIPT_VERSION,
};
