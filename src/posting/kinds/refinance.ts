import { decideRefinance, decideRefinanceAgain } from '../../domain/refinance.ts';
import type { CommandOf } from '../command.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import type { Again } from '../restatement/again.ts';
import { loanOf, tenantOf } from '../scene.ts';
import { type CommandKind, type PostedEntries, ROWS_PER_COMMAND, ROWS_PER_LOAN, type Target } from './command-kind.ts';
import { beginLoan, takeBackBeginning } from './loan-beginning.ts';
import type { Undoing } from './undoing.ts';

/** POST /v1/refinances: makes the new loan, which begins with it as with a disbursement (ACCOUNTING.md rule 4). */
export const REFINANCE: CommandKind<CommandOf<'refinance'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  weight: () => ROWS_PER_COMMAND + ROWS_PER_LOAN,
  reads: ({ refinance }, reads) => {
    reads.lock(refinance.oldLoanId);
    reads.lock(refinance.newLoanId);
    reads.make(refinance.newLoanId);
  },
  place: ({ refinance }) => ({
    effectiveAt: refinance.effectiveAt,
    loanIds: [refinance.oldLoanId, refinance.newLoanId],
  }),
  decide: ({ refinance, tenantId }, state) => {
    const tenant = tenantOf(state, tenantId);
    const programId = refinance.programId ?? tenant.configuration.defaultProgramId;
    return decideRefinance(refinance, {
      oldLoan: loanOf(state, tenantId, refinance.oldLoanId),
      newLoan: loanOf(state, tenantId, refinance.newLoanId),
      program: tenant.configuration.programs.get(programId),
      programId,
      calendar: tenant,
    });
  },
  remember: rememberRefinance,
  receiptVersion: RECEIPT_VERSION,
};

function rememberRefinance(
  { refinance, tenantId }: CommandOf<'refinance'>,
  { entry: { entryId } }: PostedEntries,
  target: Target,
): void {
  const { newLoanId, borrowerId, currency, programId, effectiveAt } = refinance;
  beginLoan({ loanId: newLoanId, borrowerId, currency, programId }, { tenantId, entryId, effectiveAt }, target);
}

/** The new loan no longer begins with it; how the old one began does not change. */
export const REFINANCE_UNDOING: Undoing = {
  reads: ({ loanIds }, reads) => {
    for (const loanId of loanIds) reads.disbursements(loanId);
  },
  undo: ({ entry, loanIds }, target) => {
    for (const loanId of loanIds) takeBackBeginning(loanId, entry.entryId, target);
  },
};

/** A refinance never changes: the one loan owes by then what was paid off, and the other begins with it. */
export const REFINANCE_AGAIN: Again = {
  fixed: ({ entry, lines }, loan) => {
    if (entry.eventInput['new_loan_id'] !== loan.loanId) return decideRefinanceAgain(entry.effectiveAt, lines, loan);
    loan.firstDisbursedOn ??= entry.effectiveAt;
    return null;
  },
};
