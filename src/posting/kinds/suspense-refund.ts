import { decideSuspenseRefund } from '../../domain/suspense-refund.ts';
import type { CommandOf } from '../command.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import { inRange, loanScene } from '../scene.ts';
import { type CommandKind, ROWS_PER_COMMAND } from './command-kind.ts';

/** POST /v1/suspense-refunds. */
export const SUSPENSE_REFUND: CommandKind<CommandOf<'suspense_refund'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  weight: () => ROWS_PER_COMMAND,
  reads: ({ suspenseRefund }, reads) => reads.lock(suspenseRefund.loanId),
  decide: ({ suspenseRefund, tenantId }, state) => {
    const scene = loanScene(state, tenantId, suspenseRefund.loanId);
    return inRange(scene.loan, decideSuspenseRefund(suspenseRefund, scene));
  },
  remember: null,
  receiptVersion: RECEIPT_VERSION,
};
