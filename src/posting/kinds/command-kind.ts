import type { Booked } from '../../domain/journal-entry.ts';
import type { Period } from '../../domain/period.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { Command } from '../command.ts';
import type { LedgerState, ResolvedEntry } from '../ledger-state.ts';
import type { PlannedEntry, PostingPlan } from '../posting-plan.ts';
import type { Reference } from '../reference.ts';

/**
 * All that posting knows of one kind of command; the rules of its event stand in src/domain. `earlier` is the entry that
 * the command refers to, undefined when there is none: its loans are locked and its standing is read without being asked
 * for.
 */
export type CommandKind<Of extends Command> = {
  /** The earlier entry or event that the command names; null for a kind that names none. */
  readonly refersTo: ((command: Of) => Reference) | null;
  /** Of a kind that names many: all of them. `earlier` is undefined then, and their loans are locked like that of one. */
  readonly refersToAll?: (command: Of) => readonly Reference[];
  /** True: its entries take the correlation of the entry that it refers to. False: its first entry begins one. */
  readonly inheritsCorrelation: boolean;
  /** True: it locks some loans of the entry that it refers to, as its reads say, in place of all of them. */
  readonly locksItsOwn?: boolean;
  /** The correlation that its entries take where it names no entry, and belongs to an occurrence all the same. */
  readonly correlation?: (command: Of, state: LedgerState) => string | undefined;
  /** How many rows it may write, which bounds how many commands travel together. */
  readonly weight: (command: Of, earlier: ResolvedEntry | undefined) => number;
  readonly reads: (command: Of, reads: Reads, earlier: ResolvedEntry | undefined) => void;
  /**
   * Where its event stands in the lives of its loans, so that what stands behind it can be found (ACCOUNTING.md rule 11);
   * null for a command that no event can stand behind.
   */
  readonly place: (command: Of, earlier: ResolvedEntry | undefined) => EventPlace | null;
  /** Refuses or books; changes nothing. */
  readonly decide: (command: Of, state: LedgerState) => Refusal | Booked;
  /**
   * Keeps what the event makes true besides balances, in the state that later commands of the batch see and as rows of the
   * plan; null when that is nothing.
   */
  readonly remember: ((command: Of, posted: PostedEntries, target: Target) => void) | null;
  /** The renderer of its receipt; a kind whose event type another kind answers differently has one of its own. */
  readonly receiptVersion: number;
};

/** The day from which an event counts and the loans whose lives it is part of; `drops` are events that it takes out of them. */
export type EventPlace =
  | { readonly effectiveAt: string; readonly loanId: string }
  | { readonly effectiveAt: string; readonly loanIds: readonly string[]; readonly drops?: readonly string[] };

/** What a command has to lock and read; told of its own tenant alone. */
export type Reads = {
  readonly lock: (loanId: string) => void;
  /** The loan may not exist yet, and may be made. It is to be locked too. */
  readonly make: (loanId: string) => void;
  /** Whether the loan has accrued on a date. */
  readonly accrualDate: (loanId: string, date: string) => void;
  /** The verdict on a proposed adjustment. */
  readonly verdict: (adjustmentId: string) => void;
  /** The standing corrections of an accrual batch, by the batch's entry. */
  readonly corrections: (entryId: string) => void;
  /** What the loan has for the night that begins on a day. */
  readonly night: (loanId: string, day: string) => void;
  /** What is known of the loan's interest. */
  readonly interest: (loanId: string) => void;
  /** The standing disbursements of the loan. */
  readonly disbursements: (loanId: string) => void;
  /** What was charged off the loan, and recovered of it. */
  readonly losses: (loanId: string) => void;
  /** The standing changes of the loan's mark of non-accrual. */
  readonly nonAccruals: (loanId: string) => void;
  /** What a close of the period is decided on, behind the lock of its tenant's head. */
  readonly periodToClose: (period: Period) => void;
  /** What its reopening is decided on, likewise. */
  readonly periodToReopen: (period: Period) => void;
};

/** The entries that a command became. */
export type PostedEntries = { readonly entry: PlannedEntry; readonly following: readonly PlannedEntry[] };

/** Where an accepted command takes effect. */
export type Target = { readonly state: LedgerState; readonly plan: PostingPlan };

/** Rows that one loan of a batch may write: its balance, its movement, its accrual month. */
export const ROWS_PER_LOAN = 3;
/** Rows that a command on one loan may write. */
export const ROWS_PER_COMMAND = 4;
