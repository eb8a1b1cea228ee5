import { type AccrualBatch, decideAccrualBatch, principalDifferences } from '../../domain/accrual.ts';
import { addDays, parseCalendarDate } from '../../domain/calendar-date.ts';
import { decideInterestAgain } from '../../domain/restatement/accrual-again.ts';
import type { CommandOf } from '../command.ts';
import { dayBit, type LedgerState, monthKey, monthOf, scopedKey } from '../ledger-state.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import type { Again } from '../restatement/again.ts';
import { loanOf, nightPrincipal, tenantOf } from '../scene.ts';
import { type CommandKind, ROWS_PER_COMMAND, ROWS_PER_LOAN, type Target } from './command-kind.ts';
import type { Undoing } from './undoing.ts';

/** POST /v1/accruals/batch. */
export const ACCRUAL: CommandKind<CommandOf<'accrual'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  weight: ({ accrual }) => ROWS_PER_COMMAND + ROWS_PER_LOAN * accrual.loans.length,
  reads: ({ accrual }, reads) => {
    for (const { loanId } of accrual.loans) {
      reads.lock(loanId);
      reads.accrualDate(loanId, accrual.accrualDate);
      reads.night(loanId, nightBefore(accrual.accrualDate));
    }
  },
  place: ({ accrual }) => ({
    effectiveAt: accrual.accrualDate,
    loanIds: accrual.loans.map(({ loanId }) => loanId),
  }),
  decide: ({ accrual, tenantId }, state) => {
    const tenant = tenantOf(state, tenantId);
    const month = monthOf(accrual.accrualDate);
    const bit = dayBit(accrual.accrualDate);
    return decideAccrualBatch(accrual, {
      program: tenant.configuration.programs.get(accrual.programId),
      nightPrincipal: principalFor(accrual, tenantId, state),
      loan: (loanId) => loanOf(state, tenantId, loanId),
      accrued: (loanId) => ((state.accrualMonths.get(monthKey(tenantId, loanId, month))?.days ?? 0) & bit) !== 0,
      calendar: tenant,
    });
  },
  remember: ({ accrual, tenantId }, { entry }, target) => {
    const { entryId } = entry;
    target.plan.accrualBatches.push({ tenantId, entryId, accrual, exact: null });
    const { currency } = entry.draft;
    for (const difference of principalDifferences(accrual, principalFor(accrual, tenantId, target.state))) {
      target.plan.principalDifferences.push({ tenantId, entryId, currency, date: accrual.accrualDate, ...difference });
    }
    for (const { loanId, interestMinor } of accrual.loans) {
      if (interestMinor === 0n) {
        // No movement tells of it, so what is counted of the loan's interest cannot go on from where it is.
        target.plan.forgottenInterest.push({ tenantId, loanId });
      }
      markAccrued({ tenantId, loanId, date: accrual.accrualDate, accrued: true }, target);
    }
  },
  receiptVersion: RECEIPT_VERSION,
};

/**
 * A reversed batch frees its date for every loan in it (ACCOUNTING.md rule 6), and its corrections are reversed with it. A
 * correction that is reversed alone frees nothing.
 */
export const ACCRUAL_UNDOING: Undoing = {
  reads: ({ entry, loanIds, accrued }, reads) => {
    reads.corrections(entry.entryId);
    if (accrued === null) return;
    for (const loanId of loanIds) reads.accrualDate(loanId, entry.effectiveAt);
  },
  undo: ({ entry, loanIds, accrued, correctsEntryId }, { tenantId, ...target }) => {
    if (correctsEntryId !== null)
      takeBackCorrection(target.state, { tenantId, correctsEntryId, entryId: entry.entryId });
    for (const loanId of loanIds) target.plan.forgottenInterest.push({ tenantId, loanId });
    if (accrued === null) return;
    target.state.corrections.delete(scopedKey(tenantId, entry.entryId));
    for (const loanId of loanIds) markAccrued({ tenantId, loanId, date: entry.effectiveAt, accrued: false }, target);
  },
};

function takeBackCorrection(
  { corrections }: LedgerState,
  { tenantId, correctsEntryId, entryId }: { tenantId: string; correctsEntryId: string; entryId: string },
): void {
  const key = scopedKey(tenantId, correctsEntryId);
  // It was read when another command of the batch asks for it, and matters to that one alone.
  const standing = corrections.get(key);
  if (standing !== undefined) {
    corrections.set(
      key,
      standing.filter((one) => one.entryId !== entryId),
    );
  }
}

/** The day from whose end to the next one's the interest dated on that next one is earned (ACCOUNTING.md section 4). */
function nightBefore(date: string): string {
  const day = parseCalendarDate(date);
  if (day === undefined) throw new Error(`${date} is not a date`);
  return addDays(day, -1);
}

function principalFor(accrual: AccrualBatch, tenantId: string, state: LedgerState): (loanId: string) => bigint {
  const day = nightBefore(accrual.accrualDate);
  return (loanId) => nightPrincipal(state, { tenantId, loanId, day });
}

/** Takes a date of a loan, or frees it. */
export function markAccrued(
  day: { readonly tenantId: string; readonly loanId: string; readonly date: string; readonly accrued: boolean },
  { state, plan }: Target,
): void {
  const month = monthOf(day.date);
  const key = monthKey(day.tenantId, day.loanId, month);
  const row = state.accrualMonths.get(key) ?? { tenantId: day.tenantId, loanId: day.loanId, month, days: 0 };
  row.days = day.accrued ? row.days | dayBit(day.date) : row.days & ~dayBit(day.date);
  state.accrualMonths.set(key, row);
  plan.accrualMonths.set(key, row);
}

/** One loan's part of a batch or of a correction again. */
export const ACCRUAL_AGAIN: Again = { lines: decideInterestAgain };
