import { keptMinor, keptOwner } from '../../domain/restatement/loan-event.ts';
import { decideRestructure } from '../../domain/restructure.ts';
import type { CommandOf } from '../command.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import type { Again } from '../restatement/again.ts';
import { loanScene } from '../scene.ts';
import { type CommandKind, ROWS_PER_COMMAND } from './command-kind.ts';

/** POST /v1/restructures. */
export const RESTRUCTURE: CommandKind<CommandOf<'restructure'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  weight: () => ROWS_PER_COMMAND,
  reads: ({ restructure }, reads) => reads.lock(restructure.loanId),
  place: ({ restructure }) => restructure,
  decide: ({ restructure, tenantId }, state) =>
    decideRestructure(restructure, loanScene(state, tenantId, restructure.loanId)),
  remember: null,
  receiptVersion: RECEIPT_VERSION,
};

/** A restructure again: what was asked to be capitalised and forgiven. */
export const RESTRUCTURE_AGAIN: Again = {
  command: ({ entry }) => ({
    kind: 'restructure',
    restructure: {
      loanId: keptOwner(entry).loanId,
      effectiveAt: entry.effectiveAt,
      capitalizeInterestMinor: keptMinor(entry, 'capitalize_interest_minor'),
      capitalizeFeesMinor: keptMinor(entry, 'capitalize_fees_minor'),
      forgivePrincipalMinor: keptMinor(entry, 'forgive_principal_minor'),
      forgiveInterestMinor: keptMinor(entry, 'forgive_interest_minor'),
      description: entry.description,
      metadata: entry.metadata,
    },
  }),
};
