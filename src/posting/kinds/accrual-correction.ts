import { decideAccrualCorrection, interestByLoan } from '../../domain/accrual-correction.ts';
import { untouched } from '../../domain/posted-entry.ts';
import type { CommandOf } from '../command.ts';
import { interestKey, scopedKey } from '../ledger-state.ts';
import { CORRECTION_RECEIPT_VERSION } from '../receipt.ts';
import { type Reference, referredEntry } from '../reference.ts';
import { loanOf, standingOf, tenantOf } from '../scene.ts';
import { type CommandKind, type PostedEntries, ROWS_PER_COMMAND, ROWS_PER_LOAN, type Target } from './command-kind.ts';

/** POST /v1/accruals/{accrual_event_id}/corrections. */
export const ACCRUAL_CORRECTION: CommandKind<CommandOf<'accrual_correction'>> = {
  refersTo: batchToCorrect,
  inheritsCorrelation: true,
  // A reversal of the batch locks every loan in it, so that one loan keeps both apart; a batch may hold ten thousand.
  locksItsOwn: true,
  weight: ({ correction }) => ROWS_PER_COMMAND + ROWS_PER_LOAN * correction.loans.length,
  reads: ({ correction }, reads, batch) => {
    if (batch === undefined || batch.accrued === null) return;
    reads.corrections(batch.entry.entryId);
    for (const { loanId } of correction.loans) if (batch.accrued.has(loanId)) reads.lock(loanId);
  },
  place: ({ correction }) => ({
    effectiveAt: correction.effectiveAt,
    loanIds: correction.loans.map(({ loanId }) => loanId),
  }),
  decide: (command, state) => {
    const { correction, tenantId } = command;
    const { atPlace } = state;
    const batch = referredEntry(batchToCorrect(command), { tenantId, resolved: state.entries });
    return decideAccrualCorrection(correction, {
      entry: batch?.entry,
      accrued: batch?.accrued ?? null,
      standing: batch === undefined ? untouched() : standingOf(state, tenantId, batch.entry.entryId),
      corrections: batch === undefined ? [] : (state.corrections.get(scopedKey(tenantId, batch.entry.entryId)) ?? []),
      standingAtPlace: (loanId) =>
        batch === undefined ? undefined : atPlace?.interest.get(interestKey(tenantId, loanId, batch.entry.entryId)),
      loan: (loanId) => loanOf(state, tenantId, loanId),
      calendar: tenantOf(state, tenantId),
    });
  },
  remember: rememberCorrection,
  receiptVersion: CORRECTION_RECEIPT_VERSION,
};

function batchToCorrect({ correction }: CommandOf<'accrual_correction'>): Reference {
  return { id: correction.accrualEventId, to: 'event' };
}

function rememberCorrection(
  command: CommandOf<'accrual_correction'>,
  { entry: { entryId, draft } }: PostedEntries,
  { state, plan }: Target,
): void {
  const { correction, tenantId } = command;
  const batch = referredEntry(batchToCorrect(command), { tenantId, resolved: state.entries });
  if (batch === undefined) throw new Error(`a batch was corrected by ${entryId} without being read`);
  const accrualEntryId = batch.entry.entryId;
  const differences = interestByLoan(draft.lines);
  const loans = correction.loans.map((loan) => ({ ...loan, differenceMinor: differences.get(loan.loanId) ?? 0n }));
  for (const { loanId } of loans) plan.forgottenInterest.push({ tenantId, loanId });
  plan.accrualCorrections.push({ tenantId, entryId, accrualEntryId, loans });
  const key = scopedKey(tenantId, accrualEntryId);
  const { effectiveAt, lines } = draft;
  state.corrections.set(key, [...(state.corrections.get(key) ?? []), { entryId, effectiveAt, lines, differences }]);
}
