import type { InterestFacts } from '../domain/accrual-run.ts';
import type { Verdict } from '../domain/adjustment.ts';
import type { LoanState } from '../domain/loan.ts';
import type { StandingNonAccrual } from '../domain/non-accrual.ts';
import type { Period } from '../domain/period.ts';
import type { StandingClose } from '../domain/period-reopening.ts';
import type { EntryStanding, PostedEntry, StandingCorrection } from '../domain/posted-entry.ts';
import type { ProgramVersion } from '../domain/program.ts';
import type { KeptLoss } from './kept-loss.ts';
import type { LoanHistory } from './restatement/loan-history.ts';

/** What is configured for a tenant, as of one config_epoch; immutable, so it may be cached under that epoch. */
export type TenantConfiguration = {
  readonly tenantId: string;
  readonly configEpoch: bigint;
  readonly currency: string;
  readonly defaultProgramId: string;
  readonly programs: ReadonlyMap<string, readonly ProgramVersion[]>;
  /** The last day of the latest closed period; null: none is closed. */
  readonly closedThrough: string | null;
};

/**
 * A tenant while a batch is decided; the business date is the database's clock in the tenant's time zone. `closedThrough` is
 * that of the configuration until the batch closes or reopens a period.
 */
export type TenantState = {
  readonly configuration: TenantConfiguration;
  readonly businessDate: string;
  closedThrough: string | null;
};

/** A key that was used before. */
export type UsedKey = { readonly payloadHash: string; readonly entryId: string; readonly receiptVersion: number };

/** A standing disbursement of a loan. */
export type StandingDisbursement = { readonly entryId: string; readonly effectiveAt: string };

/** Days of a month in which a loan has accrued, bit n−1 for day n; `month` is its first day. */
export type AccrualMonth = { readonly tenantId: string; readonly loanId: string; readonly month: string; days: number };

/** An earlier entry that a command names, with every loan whose balance or accrual date it holds. */
export type ResolvedEntry = {
  readonly entry: PostedEntry;
  readonly loanIds: readonly string[];
  /** Of an accrual batch: the interest of each loan as posted; null for every other entry. */
  readonly accrued: ReadonlyMap<string, bigint> | null;
  /** Of a correction: the entry of the batch that it corrects. */
  readonly correctsEntryId: string | null;
};

/**
 * A loan's principal on SETTLED at the end of a day, which is what accrues in the night that follows. Changed by whatever
 * the batch posts with effect up to that day.
 */
export type Night = { readonly day: string; principalMinor: bigint };

/** What income and expense accounts hold at the end of a period, changed by whatever the batch posts up to that day. */
export type YearEnd = { readonly period: Period; readonly balances: Map<string, Map<number, bigint>> };

/**
 * What is known of a tenant's periods behind its head's lock, so that nothing can be posted meanwhile. Changed by each
 * posting of the batch.
 */
export type TenantPeriods = {
  /** Closes that were not reopened, the latest last. */
  readonly closes: StandingClose[];
  /** The date of the tenant's earliest line, on any layer; null when it has none. */
  earliestDay: string | null;
  /** For periods that are to be closed and end a fiscal year. */
  readonly yearEnds: readonly YearEnd[];
};

/**
 * Everything that a batch is decided on: read under the locks of all its loans, in statements that began after the locks
 * were held. Maps are keyed by `scopedKey`. The decision changes loans, keys, standings, accrual months, disbursements and
 * non-accruals in place, so that each command sees the effects of those before it.
 */
export type LedgerState = {
  /** The database's clock, milliseconds since 1970: the only "now" of a decision. */
  readonly databaseTimeMs: number;
  readonly tenants: ReadonlyMap<string, TenantState>;
  readonly loans: Map<string, LoanState>;
  readonly keys: Map<string, UsedKey>;
  /** Earlier entries that commands of the batch name. */
  readonly entries: ReadonlyMap<string, ResolvedEntry>;
  /** What was done to those entries since; one that is missing is untouched. */
  readonly standings: Map<string, EntryStanding>;
  readonly accrualMonths: Map<string, AccrualMonth>;
  /** Verdicts on the adjustments that are to be approved, by scopedKey; one that is missing was not judged. */
  readonly verdicts: Map<string, Verdict>;
  /** Standing corrections by the scopedKey of their batch's entry, as they were posted; loaded for batches that are corrected or reversed. */
  readonly corrections: Map<string, StandingCorrection[]>;
  /** For loans of a run: what is known of their interest. */
  readonly interest: ReadonlyMap<string, InterestFacts>;
  /** For loans that accrue in the batch: the nights that they accrue for. */
  readonly nights: Map<string, Night[]>;
  /** Loaded for loans of which a disbursement is to be reversed, else absent. */
  readonly disbursements: Map<string, StandingDisbursement[]>;
  /** Standing losses, the oldest first; loaded for loans of which a command may charge off, recover or reverse something. */
  readonly losses: Map<string, readonly KeptLoss[]>;
  /** Loaded for loans of which a change of the mark of non-accrual is to be reversed, else absent; in order of posting. */
  readonly nonAccruals: Map<string, StandingNonAccrual[]>;
  /** Lives of loans that a command sets back, by scopedKey; read only when a decision has asked for them. */
  readonly histories?: ReadonlyMap<string, LoanHistory>;
  /** Set where an event is decided again: the version of its program that it was accepted under, null when none was kept. */
  readonly again?: { readonly version: number | null };
  /** Set where a new event is decided behind the present. */
  readonly atPlace?: {
    /** What was done to earlier entries up to its place. */
    readonly standings: Map<string, EntryStanding>;
    /** What stands up to there of accruals that later events correct, by interestKey. */
    readonly interest: ReadonlyMap<string, bigint>;
  };
  /** By tenant; loaded for tenants of which a period is to be closed or reopened, whose heads are locked then. */
  readonly periods: ReadonlyMap<string, TenantPeriods>;
};

/** A loan of a tenant. */
export type LoanRef = { readonly tenantId: string; readonly loanId: string };

/** One thing of one tenant as a map key. */
export function scopedKey(tenantId: string, id: string): string {
  return tenantId + id;
}

/** A loan's month as a map key. */
export function monthKey(tenantId: string, loanId: string, month: string): string {
  return tenantId + loanId + month;
}

/** A loan's part of an accrual batch as a map key. */
export function interestKey(tenantId: string, loanId: string, accrualEntryId: string): string {
  return tenantId + loanId + accrualEntryId;
}

/** The first day of a date's month. */
export function monthOf(date: string): string {
  return `${date.slice(0, 8)}01`;
}

/** The bit of a date's day in AccrualMonth.days. */
export function dayBit(date: string): number {
  return 1 << (Number.parseInt(date.slice(8), 10) - 1);
}
