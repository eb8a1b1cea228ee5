import { decideDisbursement } from '../../domain/disbursement.ts';
import type { CommandOf } from '../command.ts';
import { scopedKey } from '../ledger-state.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import { inRange, loanOf, tenantOf } from '../scene.ts';
import { type CommandKind, type PostedEntries, ROWS_PER_COMMAND, type Target } from './command-kind.ts';
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
  { entry }: PostedEntries,
  { state, plan }: Target,
): void {
  const { loanId, effectiveAt } = disbursement;
  const { entryId } = entry;
  const loan = loanOf(state, tenantId, loanId);
  if (loan.borrowerId === null) {
    loan.borrowerId = disbursement.borrowerId;
    loan.currency = disbursement.currency;
    loan.programId = disbursement.programId ?? tenantOf(state, tenantId).configuration.defaultProgramId;
  }
  if (loan.firstDisbursedOn === null || effectiveAt < loan.firstDisbursedOn) loan.firstDisbursedOn = effectiveAt;
  plan.disbursements.push({ tenantId, loanId, entryId, effectiveAt });
  state.disbursements.get(scopedKey(tenantId, loanId))?.push({ entryId, effectiveAt });
}

/** A reversed disbursement no longer stands: the loan may have begun on another day, or not at all. */
export const DISBURSEMENT_UNDOING: Undoing = {
  reads: ({ loanIds }, reads) => {
    for (const loanId of loanIds) reads.disbursements(loanId);
  },
  undo: ({ entry }, { tenantId, state }) => {
    if (entry.loanId === null) throw new Error(`disbursement ${entry.entryId} names no loan`);
    const key = scopedKey(tenantId, entry.loanId);
    const standing = (state.disbursements.get(key) ?? []).filter((one) => one.entryId !== entry.entryId);
    state.disbursements.set(key, standing);
    loanOf(state, tenantId, entry.loanId).firstDisbursedOn = standing.reduce<string | null>(
      (first, one) => (first === null || one.effectiveAt < first ? one.effectiveAt : first),
      null,
    );
  },
};
