import { decideGoodwillCredit } from '../../domain/goodwill-credit.ts';
import type { CommandOf } from '../command.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import { inRange, loanScene } from '../scene.ts';
import { type CommandKind, ROWS_PER_COMMAND } from './command-kind.ts';

/** POST /v1/goodwill-credits. */
export const GOODWILL_CREDIT: CommandKind<CommandOf<'goodwill_credit'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  weight: () => ROWS_PER_COMMAND,
  reads: ({ goodwillCredit }, reads) => reads.lock(goodwillCredit.loanId),
  decide: ({ goodwillCredit, tenantId }, state) => {
    const scene = loanScene(state, tenantId, goodwillCredit.loanId);
    return inRange(scene.loan, decideGoodwillCredit(goodwillCredit, scene));
  },
  remember: null,
  receiptVersion: RECEIPT_VERSION,
};
