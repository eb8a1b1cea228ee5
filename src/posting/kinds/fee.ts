import { ACCOUNT } from '../../domain/account-code.ts';
import { decideFee } from '../../domain/fee.ts';
import { debited, keptOwner, keptText } from '../../domain/restatement/loan-event.ts';
import type { CommandOf } from '../command.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import type { Again } from '../restatement/again.ts';
import { inRange, loanScene } from '../scene.ts';
import { type CommandKind, ROWS_PER_COMMAND } from './command-kind.ts';

/** POST /v1/fees. */
export const FEE: CommandKind<CommandOf<'fee'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  weight: () => ROWS_PER_COMMAND,
  reads: ({ fee }, reads) => reads.lock(fee.loanId),
  place: ({ fee }) => fee,
  decide: ({ fee, tenantId }, state) => {
    const scene = loanScene(state, tenantId, fee.loanId);
    return inRange(scene.loan, decideFee(fee, scene));
  },
  remember: null,
  receiptVersion: RECEIPT_VERSION,
};

/** A fee again: its amount and its type. */
export const FEE_AGAIN: Again = {
  command: ({ entry }) => ({
    kind: 'fee',
    fee: {
      ...keptOwner(entry),
      feeType: keptText(entry, 'fee_type'),
      amountMinor: debited(entry, ACCOUNT.feesReceivable),
      currency: entry.currency,
      effectiveAt: entry.effectiveAt,
      externalRef: entry.externalRef,
      description: entry.description,
      metadata: entry.metadata,
    },
  }),
};
