import type { Period } from '../domain/period.ts';
import type { Command } from './command.ts';
import { kindOf, referencesOf } from './command-kinds.ts';
import { type LoanRef, monthKey, monthOf, type ResolvedEntry, scopedKey } from './ledger-state.ts';
import { referredEntry } from './reference.ts';

/** Which rows a batch locks and reads, each list in the order in which its locks are taken. */
export type ReadSet = {
  readonly tenantIds: readonly string[];
  /** Sorted by tenant, then loan: the one lock order of the whole system. */
  readonly loans: readonly LoanRef[];
  /** Loans that a command of the batch may have to make. */
  readonly loansToMake: readonly LoanRef[];
  readonly keys: readonly { readonly tenantId: string; readonly keyHash: string }[];
  /** Earlier entries that are named: what was done to them since is read. */
  readonly earlier: readonly { readonly tenantId: string; readonly entryId: string }[];
  /** Entries of accrual batches of which the standing corrections are read. */
  readonly correctedBatches: readonly { readonly tenantId: string; readonly entryId: string }[];
  readonly judgedAdjustments: readonly { readonly tenantId: string; readonly adjustmentId: string }[];
  readonly accrualMonths: readonly (LoanRef & { readonly month: string })[];
  /** Loans that accrue, each with the day whose principal is asked for. */
  readonly nights: readonly (LoanRef & { readonly day: string })[];
  /** Loans of a run, whose interest is read. */
  readonly interestLoans: readonly LoanRef[];
  /** Loans of which a disbursement is to be reversed. */
  readonly disbursedLoans: readonly LoanRef[];
  /** Loans of which a change of the mark of non-accrual is to be reversed. */
  readonly markedLoans: readonly LoanRef[];
  /** Loans of which something may be charged off, recovered or reversed. */
  readonly loansWithLosses: readonly LoanRef[];
  /** Periods that are to be closed, and to be reopened. The heads of their tenants are locked before anything is read. */
  readonly periodsToClose: readonly PeriodRef[];
  readonly periodsToReopen: readonly PeriodRef[];
};

/** A period of a tenant. */
export type PeriodRef = { readonly tenantId: string; readonly period: Period };

/** Works out what a batch must lock and read. */
export function readSetOf(commands: readonly Command[], resolved: ReadonlyMap<string, ResolvedEntry>): ReadSet {
  const reads = new BatchReads();
  const tenantIds = new Set<string>();
  const earlier: { tenantId: string; entryId: string }[] = [];
  for (const command of commands) {
    const { tenantId } = command;
    tenantIds.add(tenantId);
    reads.of(tenantId);
    const kind = kindOf(command);
    const found = referencesOf(command).map((reference) => referredEntry(reference, { tenantId, resolved }));
    for (const one of found) {
      if (one === undefined) continue;
      earlier.push({ tenantId, entryId: one.entry.entryId });
      if (kind.locksItsOwn !== true) for (const loanId of one.loanIds) reads.lock(loanId);
    }
    kind.reads(command, reads, kind.refersTo === null ? undefined : found[0]);
  }
  return {
    tenantIds: [...tenantIds].sort(),
    loans: inLockOrder(reads.loans),
    loansToMake: inLockOrder(reads.loansToMake),
    keys: commands,
    earlier,
    correctedBatches: [...reads.correctedBatches.values()],
    judgedAdjustments: reads.judgedAdjustments,
    accrualMonths: [...reads.accrualMonths.values()],
    nights: [...reads.nights.values()],
    interestLoans: reads.interestLoans,
    disbursedLoans: [...reads.disbursedLoans.values()],
    markedLoans: [...reads.markedLoans.values()],
    loansWithLosses: [...reads.loansWithLosses.values()],
    periodsToClose: inLockOrder(reads.periodsToClose),
    periodsToReopen: inLockOrder(reads.periodsToReopen),
  };
}

/** Collects what commands read, one tenant's command after the other. */
class BatchReads {
  readonly loans = new Map<string, LoanRef>();
  readonly loansToMake = new Map<string, LoanRef>();
  readonly accrualMonths = new Map<string, LoanRef & { readonly month: string }>();
  readonly nights = new Map<string, LoanRef & { readonly day: string }>();
  readonly disbursedLoans = new Map<string, LoanRef>();
  readonly markedLoans = new Map<string, LoanRef>();
  readonly judgedAdjustments: { readonly tenantId: string; readonly adjustmentId: string }[] = [];
  readonly interestLoans: LoanRef[] = [];
  readonly correctedBatches = new Map<string, { readonly tenantId: string; readonly entryId: string }>();
  readonly loansWithLosses = new Map<string, LoanRef>();
  readonly periodsToClose = new Map<string, PeriodRef>();
  readonly periodsToReopen = new Map<string, PeriodRef>();
  #tenantId = '';

  of(tenantId: string): void {
    this.#tenantId = tenantId;
  }

  lock(loanId: string): void {
    this.loans.set(scopedKey(this.#tenantId, loanId), { tenantId: this.#tenantId, loanId });
  }

  make(loanId: string): void {
    this.loansToMake.set(scopedKey(this.#tenantId, loanId), { tenantId: this.#tenantId, loanId });
  }

  accrualDate(loanId: string, date: string): void {
    const month = monthOf(date);
    this.accrualMonths.set(monthKey(this.#tenantId, loanId, month), { tenantId: this.#tenantId, loanId, month });
  }

  verdict(adjustmentId: string): void {
    this.judgedAdjustments.push({ tenantId: this.#tenantId, adjustmentId });
  }

  corrections(entryId: string): void {
    this.correctedBatches.set(scopedKey(this.#tenantId, entryId), { tenantId: this.#tenantId, entryId });
  }

  night(loanId: string, day: string): void {
    this.nights.set(monthKey(this.#tenantId, loanId, day), { tenantId: this.#tenantId, loanId, day });
  }

  interest(loanId: string): void {
    this.interestLoans.push({ tenantId: this.#tenantId, loanId });
  }

  disbursements(loanId: string): void {
    this.disbursedLoans.set(scopedKey(this.#tenantId, loanId), { tenantId: this.#tenantId, loanId });
  }

  nonAccruals(loanId: string): void {
    this.markedLoans.set(scopedKey(this.#tenantId, loanId), { tenantId: this.#tenantId, loanId });
  }

  losses(loanId: string): void {
    this.loansWithLosses.set(scopedKey(this.#tenantId, loanId), { tenantId: this.#tenantId, loanId });
  }

  periodToClose(period: Period): void {
    this.periodsToClose.set(scopedKey(this.#tenantId, period), { tenantId: this.#tenantId, period });
  }

  periodToReopen(period: Period): void {
    this.periodsToReopen.set(scopedKey(this.#tenantId, period), { tenantId: this.#tenantId, period });
  }
}

// Lower-case UUID text sorts as PostgreSQL sorts uuid, so process and database agree on the order.
function inLockOrder<T>(keyed: ReadonlyMap<string, T>): T[] {
  return [...keyed.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}
