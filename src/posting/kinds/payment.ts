import { decidePayment } from '../../domain/payment.ts';
import type { CommandOf } from '../command.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import { inRange, loanScene } from '../scene.ts';
import { type CommandKind, ROWS_PER_COMMAND } from './command-kind.ts';

/** POST /v1/payments. The way of every payment: nothing is made here that is not needed. */
export const PAYMENT: CommandKind<CommandOf<'payment'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  weight: () => ROWS_PER_COMMAND,
  reads: ({ payment }, reads) => reads.lock(payment.loanId),
  place: ({ payment }) => payment,
  decide: ({ payment, tenantId }, state) => {
    const scene = loanScene(state, tenantId, payment.loanId);
    return inRange(scene.loan, decidePayment(payment, scene));
  },
  remember: null,
  receiptVersion: RECEIPT_VERSION,
};
