import { keptOwner } from '../../domain/restatement/loan-event.ts';
import { decideSuspenseAllocation } from '../../domain/suspense-allocation.ts';
import type { CommandOf } from '../command.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import type { Again } from '../restatement/again.ts';
import { inRange, loanScene } from '../scene.ts';
import { type CommandKind, ROWS_PER_COMMAND } from './command-kind.ts';

/** POST /v1/payments/allocations. */
export const SUSPENSE_ALLOCATION: CommandKind<CommandOf<'suspense_allocation'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  weight: () => ROWS_PER_COMMAND,
  reads: ({ suspenseAllocation }, reads) => reads.lock(suspenseAllocation.loanId),
  place: ({ suspenseAllocation }) => suspenseAllocation,
  decide: ({ suspenseAllocation, tenantId }, state) => {
    const scene = loanScene(state, tenantId, suspenseAllocation.loanId);
    return inRange(scene.loan, decideSuspenseAllocation(suspenseAllocation, scene));
  },
  remember: null,
  receiptVersion: RECEIPT_VERSION,
};

/** An allocation again: what was asked for, not what was taken. */
export const SUSPENSE_ALLOCATION_AGAIN: Again = {
  command: ({ entry }) => {
    const asked = entry.eventInput['amount_minor'];
    return {
      kind: 'suspense_allocation',
      suspenseAllocation: {
        loanId: keptOwner(entry).loanId,
        amountMinor: typeof asked === 'string' ? BigInt(asked) : null,
        currency: entry.currency,
        effectiveAt: entry.effectiveAt,
        metadata: entry.metadata,
      },
    };
  },
};
