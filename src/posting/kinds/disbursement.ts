import { refuseOutOfRange } from '../../domain/component-range.ts';
import { decideDisbursement } from '../../domain/disbursement.ts';
import { effectOfLines, linesByLayer } from '../../domain/journal-entry.ts';
import { refuseChargedOff } from '../../domain/loan-standing.ts';
import type { CommandOf } from '../command.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import type { Again } from '../restatement/again.ts';
import { inRange, loanOf, tenantOf } from '../scene.ts';
import { type CommandKind, type PostedEntries, ROWS_PER_COMMAND, type Target } from './command-kind.ts';
import { beginLoan, takeBackBeginning } from './loan-beginning.ts';
import type { Undoing } from './undoing.ts';

/** POST /v1/disbursements. The first one makes the loan. */
export const DISBURSEMENT: CommandKind<CommandOf<'disbursement'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  weight: () => ROWS_PER_COMMAND,
  reads: ({ disbursement }, reads) => {
    reads.lock(disbursement.loanId);
    reads.make(disbursement.loanId);
  },
  place: ({ disbursement }) => disbursement,
  decide: ({ disbursement, tenantId }, state) => {
    const tenant = tenantOf(state, tenantId);
    const loan = loanOf(state, tenantId, disbursement.loanId);
    const programId = disbursement.programId ?? loan.programId ?? tenant.configuration.defaultProgramId;
    const program = tenant.configuration.programs.get(programId);
    return inRange(loan, decideDisbursement(disbursement, { loan, program, programId, calendar: tenant }));
  },
  remember: rememberDisbursement,
  receiptVersion: RECEIPT_VERSION,
};

function rememberDisbursement(
  { disbursement, tenantId }: CommandOf<'disbursement'>,
  { entry: { entryId } }: PostedEntries,
  target: Target,
): void {
  beginLoan(disbursement, { tenantId, entryId, effectiveAt: disbursement.effectiveAt }, target);
}

/** A reversed disbursement no longer stands. */
export const DISBURSEMENT_UNDOING: Undoing = {
  reads: ({ loanIds }, reads) => {
    for (const loanId of loanIds) reads.disbursements(loanId);
  },
  undo: ({ entry }, target) => {
    if (entry.loanId === null) throw new Error(`disbursement ${entry.entryId} names no loan`);
    takeBackBeginning(entry.loanId, entry.entryId, target);
  },
};

/** A disbursement again: the same money went out for the same fees; the loan may begin with it. */
export const DISBURSEMENT_AGAIN: Again = {
  fixed: ({ entry }, loan) => {
    const lost = refuseChargedOff(loan);
    if (lost !== null) return lost;
    for (const { layer, lines } of linesByLayer(entry)) {
      const refused = refuseOutOfRange(loan, { layer, effect: effectOfLines(lines), field: 'amount_minor' });
      if (refused !== null) return refused;
    }
    loan.firstDisbursedOn ??= entry.effectiveAt;
    return null;
  },
};
