import { ACCOUNT } from '../../domain/account-code.ts';
import { NOTHING_LOST } from '../../domain/loss.ts';
import { credited, debited, keptOwner, keptText } from '../../domain/restatement/loan-event.ts';
import { decideSuspenseRefund } from '../../domain/suspense-refund.ts';
import type { CommandOf } from '../command.ts';
import { laterLoss, rememberLoss } from '../losses.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import type { Again } from '../restatement/again.ts';
import { inRange, loanOf, loanScene } from '../scene.ts';
import { type CommandKind, type PostedEntries, ROWS_PER_COMMAND, type Target } from './command-kind.ts';

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
  remember: rememberLost,
  receiptVersion: RECEIPT_VERSION,
};

/** What a charged-off loan loses by a refund that suspense no longer covered counts as charged-off principal. */
function rememberLost(
  { suspenseRefund: { loanId }, tenantId }: CommandOf<'suspense_refund'>,
  { entry: { entryId, draft } }: PostedEntries,
  target: Target,
): void {
  const { lossAccount } = loanOf(target.state, tenantId, loanId).standing;
  if (lossAccount === null) return;
  const principal = debited(draft, lossAccount);
  if (principal === 0n) return;
  const lost = { amounts: { ...NOTHING_LOST, principal }, principalAccount: lossAccount };
  rememberLoss({ tenantId, loanId }, laterLoss(entryId, draft, lost), target);
}

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
