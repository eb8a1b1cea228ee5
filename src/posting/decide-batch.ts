import { decideAccrualBatch } from '../domain/accrual.ts';
import { refuseOutOfRange } from '../domain/component-range.ts';
import { decideDisbursement } from '../domain/disbursement.ts';
import { decideFee } from '../domain/fee.ts';
import { type EntryDraft, effectOfLines } from '../domain/journal-entry.ts';
import { type LoanState, unmadeLoan } from '../domain/loan.ts';
import { decidePayment } from '../domain/payment.ts';
import type { ProgramVersion } from '../domain/program.ts';
import type { Refusal } from '../domain/refusal.ts';
import { decideReversal } from '../domain/reversal.ts';
import { applyEntry } from './apply-entry.ts';
import type { Command, CommandOf } from './command.ts';
import { dayBit, type LedgerState, monthKey, monthOf, scopedKey, type TenantState } from './ledger-state.ts';
import { emptyPlan, type PlannedEntry, type PostingPlan } from './posting-plan.ts';

/** What became of one command of a batch. */
export type Decision =
  | { readonly outcome: 'posted'; readonly entry: PlannedEntry }
  | { readonly outcome: 'replayed'; readonly entryId: string; readonly receiptVersion: number }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

/** Decisions in the order of the commands, and the rows that make them so. */
export type DecidedBatch = { readonly decisions: readonly Decision[]; readonly plan: PostingPlan };

/**
 * Decides a batch in arrival order, each command on the state that those before it leave: exactly as if they had run one
 * at a time. Pure but for `newEntryId`, which the caller gives. Nothing has been written yet, so a refused command harms
 * none of its neighbours.
 */
export function decideBatch(commands: readonly Command[], state: LedgerState, newEntryId: () => string): DecidedBatch {
  const plan = emptyPlan();
  const decisions = commands.map((command): Decision => {
    const used = state.keys.get(scopedKey(command.tenantId, command.keyHash));
    if (used !== undefined) {
      if (used.payloadHash !== command.payloadHash) return { outcome: 'refused', refusal: keyMismatch() };
      return { outcome: 'replayed', entryId: used.entryId, receiptVersion: used.receiptVersion };
    }
    const decided = decide(command, state);
    if ('code' in decided) return { outcome: 'refused', refusal: decided };
    return { outcome: 'posted', entry: applyEntry({ command, draft: decided, entryId: newEntryId(), state, plan }) };
  });
  return { decisions, plan };
}

function keyMismatch(): Refusal {
  return {
    code: 'idempotency_mismatch',
    detail: 'the Idempotency-Key was used for another request; send the first request again, or choose a new key',
  };
}

function decide(command: Command, state: LedgerState): Refusal | EntryDraft {
  switch (command.kind) {
    case 'payment':
      return decideOnOneLoan(command.payment.loanId, command, state, (loan, program, tenant) =>
        decidePayment(command.payment, { loan, program, calendar: tenant }),
      );
    case 'fee':
      return decideOnOneLoan(command.fee.loanId, command, state, (loan, program, tenant) =>
        decideFee(command.fee, { loan, program, calendar: tenant }),
      );
    case 'disbursement':
      return inRange(
        loanOf(state, command.tenantId, command.disbursement.loanId),
        decideOneDisbursement(command, state),
      );
    case 'accrual':
      return decideOneAccrual(command, state);
    case 'reversal':
      return decideReversal(command.reversal, {
        entry: state.entries.get(scopedKey(command.tenantId, command.reversal.reversesEntryId))?.entry,
        reversedBy: state.reversals.get(scopedKey(command.tenantId, command.reversal.reversesEntryId)),
        loan: (loanId) => loanOf(state, command.tenantId, loanId),
        calendar: tenantOf(state, command.tenantId),
      });
  }
}

function decideOnOneLoan(
  loanId: string,
  command: Command,
  state: LedgerState,
  book: (loan: LoanState, program: readonly ProgramVersion[], tenant: TenantState) => Refusal | EntryDraft,
): Refusal | EntryDraft {
  const tenant = tenantOf(state, command.tenantId);
  const loan = loanOf(state, command.tenantId, loanId);
  const program = tenant.configuration.programs.get(loan.programId ?? tenant.configuration.defaultProgramId);
  if (program === undefined) throw new Error(`loan ${loanId} has a program that is not configured`);
  return inRange(loan, book(loan, program, tenant));
}

function decideOneDisbursement(command: CommandOf<'disbursement'>, state: LedgerState): Refusal | EntryDraft {
  const tenant = tenantOf(state, command.tenantId);
  const loan = loanOf(state, command.tenantId, command.disbursement.loanId);
  const programId = command.disbursement.programId ?? loan.programId ?? tenant.configuration.defaultProgramId;
  const program = tenant.configuration.programs.get(programId);
  return decideDisbursement(command.disbursement, { loan, program, programId, calendar: tenant });
}

function decideOneAccrual(command: CommandOf<'accrual'>, state: LedgerState): Refusal | EntryDraft {
  const { accrual, tenantId } = command;
  const tenant = tenantOf(state, tenantId);
  const month = monthOf(accrual.accrualDate);
  const bit = dayBit(accrual.accrualDate);
  return decideAccrualBatch(accrual, {
    programExists: tenant.configuration.programs.has(accrual.programId),
    loan: (loanId) => loanOf(state, tenantId, loanId),
    accrued: (loanId) => ((state.accrualMonths.get(monthKey(tenantId, loanId, month))?.days ?? 0) & bit) !== 0,
    calendar: tenant,
  });
}

/** Amounts come last in the order of refusals, and one rule judges them for every event on one loan. */
function inRange(loan: LoanState, booked: Refusal | EntryDraft): Refusal | EntryDraft {
  if ('code' in booked) return booked;
  const movement = { layer: booked.layer, effect: effectOfLines(booked.lines), field: 'amount_minor' };
  return refuseOutOfRange(loan, movement) ?? booked;
}

function tenantOf(state: LedgerState, tenantId: string): TenantState {
  const tenant = state.tenants.get(tenantId);
  if (tenant === undefined) throw new Error(`tenant ${tenantId} has no configuration`);
  return tenant;
}

function loanOf(state: LedgerState, tenantId: string, loanId: string): LoanState {
  const key = scopedKey(tenantId, loanId);
  const known = state.loans.get(key);
  if (known !== undefined) return known;
  const unmade = unmadeLoan(tenantId, loanId);
  state.loans.set(key, unmade);
  return unmade;
}
