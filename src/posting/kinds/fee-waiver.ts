import { ACCOUNT } from '../../domain/account-code.ts';
import { decideFeeWaiver } from '../../domain/fee-waiver.ts';
import { debited, keptOwner, keptText } from '../../domain/restatement/loan-event.ts';
import type { CommandOf } from '../command.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import type { Again } from '../restatement/again.ts';
import { inRange, loanScene } from '../scene.ts';
import { type CommandKind, ROWS_PER_COMMAND } from './command-kind.ts';

/** POST /v1/fees/waivers. */
export const FEE_WAIVER: CommandKind<CommandOf<'fee_waiver'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  weight: () => ROWS_PER_COMMAND,
  reads: ({ feeWaiver }, reads) => reads.lock(feeWaiver.loanId),
  place: ({ feeWaiver }) => feeWaiver,
  decide: ({ feeWaiver, tenantId }, state) => {
    const scene = loanScene(state, tenantId, feeWaiver.loanId);
    return inRange(scene.loan, decideFeeWaiver(feeWaiver, scene));
  },
  remember: null,
  receiptVersion: RECEIPT_VERSION,
};

/** A waiver again: its amount, which the fees must still cover. */
export const FEE_WAIVER_AGAIN: Again = {
  command: ({ entry }) => ({
    kind: 'fee_waiver',
    feeWaiver: {
      loanId: keptOwner(entry).loanId,
      amountMinor: debited(entry, ACCOUNT.feesWaived),
      currency: entry.currency,
      effectiveAt: entry.effectiveAt,
      reasonCode: keptText(entry, 'reason_code'),
      description: entry.description,
      metadata: entry.metadata,
    },
  }),
};
