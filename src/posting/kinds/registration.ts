import { refuseBeforeDisbursement } from '../../domain/dating.ts';
import { controlledComponent } from '../../domain/loan.ts';
import { decideRegistration } from '../../domain/loan-registration.ts';
import type { CommandOf } from '../command.ts';
import { scopedKey } from '../ledger-state.ts';
import { REGISTRATION_RECEIPT_VERSION } from '../receipt.ts';
import type { Again } from '../restatement/again.ts';
import { loanOf, tenantOf } from '../scene.ts';
import { type CommandKind, type PostedEntries, ROWS_PER_COMMAND, type Target } from './command-kind.ts';
import { beginLoan, takeBackBeginning } from './loan-beginning.ts';
import type { Undoing } from './undoing.ts';

/** POST /v1/loans: makes the loan, with its opening balances or without. */
export const REGISTRATION: CommandKind<CommandOf<'registration'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  weight: () => ROWS_PER_COMMAND,
  reads: ({ registration }, reads) => {
    reads.lock(registration.loanId);
    reads.make(registration.loanId);
  },
  place: () => null,
  decide: ({ registration, tenantId }, state) => {
    const { configuration, ...calendar } = tenantOf(state, tenantId);
    const programId = registration.programId ?? configuration.defaultProgramId;
    const program = configuration.programs.get(programId);
    const loan = loanOf(state, tenantId, registration.loanId);
    return decideRegistration(registration, { loan, program, programId, calendar });
  },
  remember: rememberRegistration,
  receiptVersion: REGISTRATION_RECEIPT_VERSION,
};

function rememberRegistration(
  { registration, tenantId }: CommandOf<'registration'>,
  { entry: { entryId } }: PostedEntries,
  target: Target,
): void {
  const { loanId, opening } = registration;
  const { plan, state } = target;
  beginLoan(registration, { tenantId, entryId, effectiveAt: opening?.asOf ?? null }, target);
  // Without opening balances nothing moved the loan, and it is to be written all the same.
  plan.loans.set(scopedKey(tenantId, loanId), loanOf(state, tenantId, loanId));
  plan.registrations.push({ tenantId, entryId, registration });
}

/** A reversed opening balance no longer stands. Other adjustments leave the beginning of their loan as it is. */
export const OPENING_UNDOING: Undoing = {
  reads: ({ loanIds }, reads) => {
    for (const loanId of loanIds) reads.disbursements(loanId);
  },
  undo: ({ entry, loanIds }, target) => {
    for (const loanId of loanIds) takeBackBeginning(loanId, entry.entryId, target);
  },
};

/**
 * Opening balances and other adjustments again: they are what they are; a loan begins with the former. One that names a loan
 * on other accounts alone asks nothing of it.
 */
export const OPENING_AGAIN: Again = {
  fixed: ({ entry, lines }, loan) => {
    if ('registered_loan_id' in entry.eventInput) {
      loan.firstDisbursedOn ??= entry.effectiveAt;
      return null;
    }
    const moves = lines.some(({ account }) => controlledComponent(account) !== null);
    return moves ? refuseBeforeDisbursement(entry.effectiveAt, loan, 'effective_at') : null;
  },
};
