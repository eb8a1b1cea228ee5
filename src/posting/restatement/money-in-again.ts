import { ACCOUNT } from '../../domain/account-code.ts';
import { splitOfInput } from '../../domain/allocation.ts';
import { SETTLED } from '../../domain/layer.ts';
import type { LoanState } from '../../domain/loan.ts';
import { isNothing, unrecoveredOf } from '../../domain/loss.ts';
import { debited, keptOwner, keptText, type LoanEvent, settlementOf } from '../../domain/restatement/loan-event.ts';
import type { Again } from './again.ts';

/**
 * A payment or recovery again: its amount, its own split, its method. Which of the two it is, the loan says: what comes in to a
 * charged-off one is a recovery, and a recovery with nothing to recover is a payment (decisions/0016 answer 20).
 */
export const MONEY_IN_AGAIN: Again = {
  command: (event, loan) => {
    const { entry } = event;
    const settlement = settlementOf(event);
    if (settlement !== null) return { kind: 'payment_settling', settlement };
    const received = {
      ...keptOwner(entry),
      amountMinor: debited(entry, ACCOUNT.paymentClearing),
      currency: entry.currency,
      effectiveAt: entry.effectiveAt,
      sourceMethod: keptText(entry, 'source_method'),
      externalRef: entry.externalRef,
      split: splitOfInput(entry.eventInput),
      metadata: entry.metadata,
    };
    return isRecovery(event, loan)
      ? { kind: 'recovery', recovery: received }
      : { kind: 'payment', payment: { ...received, layer: entry.layer } };
  },
};

function isRecovery({ entry, acceptedAs }: LoanEvent, { standing }: LoanState): boolean {
  if (entry.layer !== SETTLED) return false;
  if (standing.status === 'charged_off') return true;
  return acceptedAs === 'recovery' && !isNothing(unrecoveredOf(standing));
}
