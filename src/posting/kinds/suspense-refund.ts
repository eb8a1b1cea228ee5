import { ACCOUNT } from '../../domain/account-code.ts';
import { credited, keptOwner, keptText } from '../../domain/restatement/loan-event.ts';
import { decideSuspenseRefund } from '../../domain/suspense-refund.ts';
import type { CommandOf } from '../command.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import type { Again } from '../restatement/again.ts';
import { inRange, loanScene } from '../scene.ts';
import { type CommandKind, ROWS_PER_COMMAND } from './command-kind.ts';

/** POST /v1/suspense-refunds. */
export const SUSPENSE_REFUND: CommandKind<CommandOf<'suspense_refund'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  weight: () => ROWS_PER_COMMAND,
  reads: ({ suspenseRefund }, reads) => reads.lock(suspenseRefund.loanId),
  place: ({ suspenseRefund }) => suspenseRefund,
  decide: ({ suspenseRefund, tenantId }, state) => {
    const scene = loanScene(state, tenantId, suspenseRefund.loanId);
    return inRange(scene.loan, decideSuspenseRefund(suspenseRefund, scene));
  },
  remember: null,
  receiptVersion: RECEIPT_VERSION,
};

/** A refund again: the money that went out. */
export const SUSPENSE_REFUND_AGAIN: Again = {
  command: ({ entry }) => ({
    kind: 'suspense_refund',
    suspenseRefund: {
      loanId: keptOwner(entry).loanId,
      amountMinor: credited(entry, ACCOUNT.paymentClearing),
      currency: entry.currency,
      effectiveAt: entry.effectiveAt,
      method: keptText(entry, 'method'),
      externalRef: entry.externalRef,
      metadata: entry.metadata,
    },
  }),
};
