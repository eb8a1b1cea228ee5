import type { AccrualBatch, PrincipalDifference } from '../domain/accrual.ts';
import type { CorrectedLoan } from '../domain/accrual-correction.ts';
import type { RunPortion } from '../domain/accrual-run.ts';
import type { EntryDraft } from '../domain/journal-entry.ts';
import type { LayerNumber } from '../domain/layer.ts';
import type { Components, LoanState } from '../domain/loan.ts';
import type { InterestCheckpoint } from '../domain/loan-accruals.ts';
import type { LoanRegistration } from '../domain/loan-registration.ts';
import type { TakenPart } from '../domain/loss.ts';
import type { NonAccrualAction } from '../domain/non-accrual.ts';
import type { Rational } from '../domain/rational.ts';
import type { Allocation } from '../domain/waterfall.ts';
import type { KeptLoss } from './kept-loss.ts';
import type { AccrualMonth, LoanRef } from './ledger-state.ts';

/** An entry that is going to be written; `ordinal` is its place among the tenant's entries of this batch, from 1. */
export type PlannedEntry = {
  readonly tenantId: string;
  readonly entryId: string;
  readonly eventId: string;
  readonly correlationId: string;
  readonly ordinal: number;
  readonly actor: string;
  /** The key's text on the first entry of a command, null on those that follow it. */
  readonly idempotencyKey: string | null;
  readonly payloadHash: string | null;
  readonly draft: EntryDraft;
};

/** What one entry does to one loan on one layer. `backdatedEffect` is set when it is dated before the loan's frontier. */
export type PlannedMovement = {
  readonly tenantId: string;
  readonly loanId: string;
  readonly layer: LayerNumber;
  readonly frontier: string;
  readonly loanSeq: number;
  readonly effectiveAt: string;
  readonly entryId: string;
  readonly after: Components;
  readonly backdatedEffect: Components | null;
};

export type PlannedKey = {
  readonly tenantId: string;
  readonly keyHash: string;
  readonly payloadHash: string;
  readonly entryId: string;
  readonly receiptVersion: number;
};

/** Debits and credits of one account, currency, layer and day within the batch; both at least 0. */
export type PlannedAccountDelta = {
  readonly tenantId: string;
  readonly account: number;
  readonly currency: string;
  readonly layer: LayerNumber;
  readonly effectiveAt: string;
  debitMinor: bigint;
  creditMinor: bigint;
};

/** The rows of a decided batch, before any is written. */
export type PostingPlan = {
  readonly entries: PlannedEntry[];
  readonly movements: PlannedMovement[];
  readonly keys: PlannedKey[];
  /** Entries beside the one that their command's key names: `place` counts from it, 1, 2, … behind it and −1, −2, … before it. */
  readonly following: {
    readonly tenantId: string;
    readonly firstEntryId: string;
    readonly place: number;
    readonly entryId: string;
  }[];
  /** Entries that a restatement posted in the place of others. */
  readonly superseded: { readonly tenantId: string; readonly entryId: string; readonly successorId: string }[];
  /** What restatements posted to accrual entries, by the first entry of each. */
  readonly accrualDifferences: { readonly tenantId: string; readonly ofEntryId: string; readonly entryId: string }[];
  readonly reversals: { readonly tenantId: string; readonly reversedEntryId: string; readonly entryId: string }[];
  /** Pending entries that were settled; `turn` counts how often, from 1. */
  readonly settlings: {
    readonly tenantId: string;
    readonly pendingEntryId: string;
    readonly turn: number;
    readonly entryId: string;
  }[];
  readonly clearings: {
    readonly tenantId: string;
    readonly clearedEntryId: string;
    readonly turn: number;
    readonly entryId: string;
  }[];
  readonly paymentReturns: {
    readonly tenantId: string;
    readonly paymentEntryId: string;
    readonly turn: number;
    readonly entryId: string;
    readonly parts: Allocation;
  }[];
  /** Disbursements and opening balances: what a loan begins with. */
  readonly disbursements: {
    readonly tenantId: string;
    readonly loanId: string;
    readonly entryId: string;
    readonly effectiveAt: string;
  }[];
  readonly registrations: {
    readonly tenantId: string;
    readonly entryId: string;
    readonly registration: LoanRegistration;
  }[];
  /** Corrections of accrual batches, with what each loan's interest differs by, in the order of the request. */
  readonly accrualCorrections: {
    readonly tenantId: string;
    readonly entryId: string;
    readonly accrualEntryId: string;
    readonly loans: readonly (CorrectedLoan & { readonly differenceMinor: bigint })[];
  }[];
  /** Adjustments that were approved. */
  readonly verdicts: {
    readonly tenantId: string;
    readonly adjustmentId: string;
    readonly judgedBy: string;
    readonly note: string | null;
    readonly entryId: string;
  }[];
  /** Periods that were closed, each by the first entry of its close. */
  readonly periodCloses: { readonly tenantId: string; readonly entryId: string; readonly closedThrough: string }[];
  readonly losses: { readonly tenantId: string; readonly loanId: string; readonly loss: KeptLoss }[];
  /** What entries took back of losses. */
  readonly recoveries: {
    readonly tenantId: string;
    readonly loanId: string;
    readonly entryId: string;
    readonly turn: number;
    readonly taken: TakenPart;
  }[];
  readonly accrualBatches: {
    readonly tenantId: string;
    readonly entryId: string;
    readonly accrual: AccrualBatch;
    /** Of the server's: what the nights of each loan are worth, in the order of the loans. */
    readonly exact: readonly Rational[] | null;
  }[];
  /** What accruals by the server stand for anew of a loan, behind a backdated event; null: no nights. The last turn counts. */
  readonly restatedInterest: (LoanRef & {
    readonly entryId: string;
    readonly turn: number;
    readonly exact: Rational | null;
  })[];
  /** Entries that are about a loan and have no line of it, with its movements until then. */
  readonly unmovedEvents: (LoanRef & {
    readonly entryId: string;
    readonly effectiveAt: string;
    readonly loanSeq: number;
  })[];
  /** Loans whose interest has to be counted from their beginning again. */
  readonly forgottenInterest: LoanRef[];
  readonly interestCheckpoints: { readonly loan: LoanState; readonly checkpoint: InterestCheckpoint }[];
  readonly runPortions: {
    readonly tenantId: string;
    readonly portion: RunPortion;
    readonly accruedLoans: number;
    readonly entries: readonly {
      readonly entryId: string;
      readonly currency: string;
      readonly accruedMinor: bigint;
    }[];
  }[];
  readonly nonAccruals: {
    readonly tenantId: string;
    readonly loanId: string;
    readonly entryId: string;
    readonly effectiveAt: string;
    readonly action: NonAccrualAction;
  }[];
  readonly principalDifferences: (PrincipalDifference & {
    readonly tenantId: string;
    readonly entryId: string;
    readonly currency: string;
    readonly date: string;
  })[];
  /** Loans that moved, by scopedKey, each with its state after the batch. */
  readonly loans: Map<string, LoanState>;
  /** Loans whose standing changed, likewise. */
  readonly standings: Map<string, LoanState>;
  readonly accrualMonths: Map<string, AccrualMonth>;
  /** By tenant, currency, layer and day, then by account: a payment's lines differ in nothing but the account. */
  readonly accountDeltas: Map<string, Map<number, PlannedAccountDelta>>;
  /** How many entries each tenant gets, which is how far its head moves. */
  readonly entriesOfTenant: Map<string, number>;
  /** Tenants whose configuration the batch changes: whatever was decided under it is decided again. */
  readonly raisedEpochs: Set<string>;
};

/** A plan without rows. */
export function emptyPlan(): PostingPlan {
  return {
    entries: [],
    movements: [],
    keys: [],
    following: [],
    superseded: [],
    accrualDifferences: [],
    reversals: [],
    settlings: [],
    clearings: [],
    paymentReturns: [],
    disbursements: [],
    registrations: [],
    nonAccruals: [],
    periodCloses: [],
    losses: [],
    recoveries: [],
    accrualBatches: [],
    restatedInterest: [],
    unmovedEvents: [],
    forgottenInterest: [],
    interestCheckpoints: [],
    runPortions: [],
    verdicts: [],
    accrualCorrections: [],
    principalDifferences: [],
    loans: new Map(),
    standings: new Map(),
    accrualMonths: new Map(),
    accountDeltas: new Map(),
    entriesOfTenant: new Map(),
    raisedEpochs: new Set(),
  };
}
