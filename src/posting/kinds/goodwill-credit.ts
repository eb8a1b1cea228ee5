import { ACCOUNT } from '../../domain/account-code.ts';
import { splitOfInput } from '../../domain/allocation.ts';
import { decideGoodwillCredit } from '../../domain/goodwill-credit.ts';
import { debited, keptOwner } from '../../domain/restatement/loan-event.ts';
import type { CommandOf } from '../command.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import type { Again } from '../restatement/again.ts';
import { inRange, loanScene } from '../scene.ts';
import { type CommandKind, ROWS_PER_COMMAND } from './command-kind.ts';

/** POST /v1/goodwill-credits. */
export const GOODWILL_CREDIT: CommandKind<CommandOf<'goodwill_credit'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  weight: () => ROWS_PER_COMMAND,
  reads: ({ goodwillCredit }, reads) => reads.lock(goodwillCredit.loanId),
  place: ({ goodwillCredit }) => goodwillCredit,
  decide: ({ goodwillCredit, tenantId }, state) => {
    const scene = loanScene(state, tenantId, goodwillCredit.loanId);
    return inRange(scene.loan, decideGoodwillCredit(goodwillCredit, scene));
  },
  remember: null,
  receiptVersion: RECEIPT_VERSION,
};

/** A goodwill credit again: its amount and its own split. No money came in, so it may stand in the way. */
export const GOODWILL_CREDIT_AGAIN: Again = {
  command: ({ entry }) => ({
    kind: 'goodwill_credit',
    goodwillCredit: {
      ...keptOwner(entry),
      amountMinor:
        debited(entry, ACCOUNT.goodwillExpense) +
        debited(entry, ACCOUNT.interestChargedOff) +
        debited(entry, ACCOUNT.feesChargedOff),
      currency: entry.currency,
      effectiveAt: entry.effectiveAt,
      externalRef: entry.externalRef,
      split: splitOfInput(entry.eventInput),
      metadata: entry.metadata,
    },
  }),
};
