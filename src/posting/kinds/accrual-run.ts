import { decideAccrualRun, type EntryOfRun, type InterestFacts, type RunPortion } from '../../domain/accrual-run.ts';
import { refuseClosedPeriod } from '../../domain/dating.ts';
import { LIMITS } from '../../limits.ts';
import type { CommandOf } from '../command.ts';
import { type LedgerState, scopedKey } from '../ledger-state.ts';
import type { PlannedEntry } from '../posting-plan.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import { loanOf, tenantOf } from '../scene.ts';
import { markAccrued } from './accrual.ts';
import type { CommandKind, PostedEntries, Target } from './command-kind.ts';

/**
 * What was decided of a portion, for the moment in which it takes effect: the interest of thousands of loans is not to be
 * computed twice. Both happen on one state, one behind the other.
 */
const DECIDED = new WeakMap<LedgerState, readonly EntryOfRun[]>();

/** A portion of POST /v1/accruals/runs. */
export const ACCRUAL_RUN: CommandKind<CommandOf<'accrual_run'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  correlation: ({ portion }) => portion.accrualRunId,
  // Heavier than any batch: it travels alone, since what it reads of its loans knows nothing of neighbours in a batch.
  weight: () => LIMITS.batchWeight + 1,
  reads: ({ portion }, reads) => {
    for (const loanId of portion.loanIds) {
      reads.lock(loanId);
      reads.accrualDate(loanId, portion.accrualDate);
      reads.interest(loanId);
    }
  },
  // Loans with later events are passed over where these would have to be decided again.
  place: () => null,
  decide: ({ portion, tenantId }, state) => {
    const program = tenantOf(state, tenantId).configuration.programs.get(portion.programId);
    if (program === undefined) throw new Error(`a run is of program ${portion.programId}, which is not configured`);
    const closed = refuseClosedPeriod(portion.accrualDate, tenantOf(state, tenantId), 'accrual_date');
    if (closed !== null) return closed;
    const entries = decideAccrualRun(portion, {
      program,
      loan: (loanId) => loanOf(state, tenantId, loanId),
      facts: (loanId) => factsOf(state, tenantId, loanId),
    });
    DECIDED.set(state, entries);
    const [first, ...others] = entries;
    if (first === undefined) {
      const detail = `no loan of portion ${portion.portion} accrues for ${portion.accrualDate}`;
      return { code: 'accrual_already_posted', detail };
    }
    return { first: first.draft, following: others.map(({ draft }) => ({ draft, eventId: null })) };
  },
  remember: rememberPortion,
  receiptVersion: RECEIPT_VERSION,
};

function factsOf(state: LedgerState, tenantId: string, loanId: string): InterestFacts {
  const facts = state.interest.get(scopedKey(tenantId, loanId));
  if (facts === undefined) throw new Error(`the interest of loan ${loanId} was not read`);
  return facts;
}

function rememberPortion(
  { portion, tenantId }: CommandOf<'accrual_run'>,
  { entry, following }: PostedEntries,
  target: Target,
): void {
  const decided = DECIDED.get(target.state) ?? [];
  const posted = [entry, ...following];
  decided.forEach((one, index) => {
    const { entryId } = entryAt(posted, index);
    rememberEntry(one, { tenantId, entryId, portion }, target);
  });
  target.plan.runPortions.push({
    tenantId,
    portion,
    accruedLoans: decided.reduce((count, { loans }) => count + loans.length, 0),
    entries: decided.map(({ draft, accruedMinor }, index) => {
      return { entryId: entryAt(posted, index).entryId, currency: draft.currency, accruedMinor };
    }),
  });
}

function entryAt(posted: readonly PlannedEntry[], index: number): PlannedEntry {
  const entry = posted[index];
  if (entry === undefined) throw new Error('a portion was posted in fewer entries than were decided');
  return entry;
}

function rememberEntry(
  { loans, dayCountConvention }: EntryOfRun,
  { tenantId, entryId, portion }: { readonly tenantId: string; readonly entryId: string; readonly portion: RunPortion },
  target: Target,
): void {
  const { plan } = target;
  const { programId, accrualDate } = portion;
  const sent = loans.map(({ loanId, principalMinor, interestMinor }) => {
    return { loanId, outstandingPrincipalMinor: principalMinor, interestMinor };
  });
  const accrual = { programId, accrualDate, dayCountConvention, loans: sent };
  plan.accrualBatches.push({ tenantId, entryId, accrual, exact: loans.map(({ exact }) => exact) });
  for (const loan of loans) {
    const { loanId } = loan;
    markAccrued({ tenantId, loanId, date: portion.accrualDate, accrued: true }, target);
    if (loan.checkpoint === null) plan.forgottenInterest.push({ tenantId, loanId });
    else plan.interestCheckpoints.push({ loan: loanOf(target.state, tenantId, loanId), checkpoint: loan.checkpoint });
  }
}
