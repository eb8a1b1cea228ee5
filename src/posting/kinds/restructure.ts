import { decideRestructure } from '../../domain/restructure.ts';
import type { CommandOf } from '../command.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
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
