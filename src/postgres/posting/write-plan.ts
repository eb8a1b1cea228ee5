import type pg from 'pg';
import type { EntryDraft } from '../../domain/journal-entry.ts';
import { COMPONENTS, type Components } from '../../domain/loan.ts';
import { formatRational } from '../../domain/rational.ts';
import type { TenantState } from '../../posting/ledger-state.ts';
import type { PlannedEntry, PlannedKey, PlannedMovement, PostingPlan } from '../../posting/posting-plan.ts';
import { StoreFailure } from '../../posting/posting-store.ts';
import { plainArray } from '../array-literal.ts';
import { dateArray, int2Array, int4Array, int8Array, itself, textArray, tidArray, uuidArray } from '../binary-array.ts';
import { type BoundStatement, isServerError, sendTrain } from '../statement-train.ts';
import { interestStatements } from './stored-interest.ts';
import { lossStatements } from './stored-losses.ts';
import { periodStatements } from './stored-periods.ts';
import { storedStanding } from './stored-standing.ts';
import {
  ADD_BACKDATING_DAYS,
  CHANGE_STANDINGS,
  COMMIT,
  INSERT_ACCRUAL_BATCHES,
  INSERT_ACCRUAL_CORRECTION,
  INSERT_ACCRUAL_DIFFERENCES,
  INSERT_CLEARINGS,
  INSERT_DISBURSEMENTS,
  INSERT_FOLLOWING,
  INSERT_NON_ACCRUALS,
  INSERT_PAYMENT_RETURNS,
  INSERT_PRINCIPAL_DIFFERENCES,
  INSERT_REGISTRATIONS,
  INSERT_REVERSALS,
  INSERT_SETTLINGS,
  INSERT_SUPERSEDED,
  INSERT_VERDICTS,
  MAKE_LOANS_KNOWN,
  MARK_ACCRUAL_MONTHS,
  MOVE_BACKDATED_DAYS,
  MOVE_LAYERS,
  POST_BATCH,
  POST_BATCH_ON_CHANGED_LOANS,
  RAISE_EPOCHS,
  REMOVE_UNMADE_LOANS,
} from './write-statements.ts';

type LoanRef = { readonly tenantId: string; readonly loanId: string };

/** What is to be written besides the plan. */
export type WriteContext = {
  readonly tenants: ReadonlyMap<string, TenantState>;
  /** Where the row of each loan lay when it was locked, by scopedKey. */
  readonly loanRows: ReadonlyMap<string, string>;
  /** Rows that were inserted to be locked by disbursements that were then refused. */
  readonly unmadeLoans: readonly LoanRef[];
};

/**
 * Sends all rows of a plan and COMMIT as one train; answers `posted_at` by tenant.
 *
 * Order: first what only touches loans that this transaction has locked, and keys; last the tenants' heads, since whoever
 * holds a head keeps every other batch of that tenant from committing.
 */
export async function writeAndCommit(
  client: pg.Client,
  plan: PostingPlan,
  context: WriteContext,
): Promise<Map<string, string>> {
  const { unmadeLoans } = context;
  const changes = rareChangesOfLoans(plan);
  const batch: BoundStatement = [
    changes.length === 0 ? POST_BATCH : POST_BATCH_ON_CHANGED_LOANS,
    batchColumns(plan, context),
  ];
  const statements: BoundStatement[] = [
    ...(unmadeLoans.length === 0 ? [] : [[REMOVE_UNMADE_LOANS, loanColumns(unmadeLoans)] as const]),
    ...changes,
    ...facts(plan),
    ...factsOfLoans(plan),
    ...lossStatements(plan),
    ...interestStatements(plan),
    ...periodStatements(plan),
    batch,
    ...backdating(plan),
    ...raisedEpochs(plan),
    [COMMIT, []],
  ];
  const answers = await sendTrain(client, statements).catch((error: unknown) => {
    // An error that PostgreSQL reports kept COMMIT from running; of a train that broke off nobody knows how far it came.
    if (isServerError(error)) throw error;
    throw new StoreFailure('unknown', 'the answer to COMMIT was lost', error);
  });
  const commit = answers.at(-1)?.tag;
  if (answers.length !== statements.length || commit !== 'COMMIT') {
    throw new StoreFailure('unavailable', `COMMIT was answered ${commit}`);
  }
  const postedAt = answers[statements.indexOf(batch)]?.rows ?? [];
  return new Map((postedAt as [string, string][]).map(([tenantId, time]) => [tenantId, time]));
}

/** Loans that begin to be known, layers besides SETTLED, standings: before the batch moves them. */
function rareChangesOfLoans(plan: PostingPlan): BoundStatement[] {
  const statements: BoundStatement[] = [];
  if (plan.disbursements.length > 0 || plan.reversals.length > 0 || plan.registrations.length > 0) {
    const loans = [...plan.loans.values()];
    statements.push([
      MAKE_LOANS_KNOWN,
      [
        ...loanColumns(loans),
        uuidArray(loans, (loan) => loan.borrowerId),
        textArray(loans, (loan) => loan.currency),
        uuidArray(loans, (loan) => loan.programId),
        dateArray(loans, (loan) => loan.firstDisbursedOn),
      ],
    ]);
  }
  const layered = [...plan.loans.values()].filter((loan) => loan.layers[1] !== null || loan.layers[2] !== null);
  if (layered.length > 0) {
    statements.push([
      MOVE_LAYERS,
      [
        ...loanColumns(layered),
        textArray(layered, (loan) => componentLiteral(loan.layers[1])),
        textArray(layered, (loan) => componentLiteral(loan.layers[2])),
      ],
    ]);
  }
  if (plan.standings.size > 0) {
    const changed = [...plan.standings.values()];
    const standings = textArray(changed, (loan) => storedStanding(loan.standing));
    statements.push([CHANGE_STANDINGS, [...loanColumns(changed), standings]]);
  }
  return statements;
}

function facts(plan: PostingPlan): BoundStatement[] {
  const statements: BoundStatement[] = plan.accrualBatches.map(({ tenantId, entryId, accrual, exact }) => [
    INSERT_ACCRUAL_BATCHES,
    [
      tenantId,
      entryId,
      accrual.programId,
      accrual.accrualDate,
      accrual.dayCountConvention,
      uuidArray(accrual.loans, (loan) => loan.loanId),
      int8Array(accrual.loans, (loan) => loan.outstandingPrincipalMinor),
      int8Array(accrual.loans, (loan) => loan.interestMinor),
      exact === null ? null : textArray(exact, formatRational),
    ],
  ]);
  const { following, reversals, disbursements } = plan;
  for (const { tenantId, entryId, accrualEntryId, loans } of plan.accrualCorrections) {
    const loanIds = uuidArray(loans, (loan) => loan.loanId);
    const interest = int8Array(loans, (loan) => loan.interestMinor);
    const differences = int8Array(loans, (loan) => loan.differenceMinor);
    statements.push([INSERT_ACCRUAL_CORRECTION, [tenantId, accrualEntryId, entryId, loanIds, interest, differences]]);
  }
  if (plan.verdicts.length > 0) {
    const { verdicts } = plan;
    statements.push([
      INSERT_VERDICTS,
      [
        uuidArray(verdicts, (one) => one.tenantId),
        uuidArray(verdicts, (one) => one.adjustmentId),
        textArray(verdicts, (one) => one.judgedBy),
        textArray(verdicts, (one) => one.note),
        uuidArray(verdicts, (one) => one.entryId),
      ],
    ]);
  }
  const months = [...plan.accrualMonths.values()];
  if (following.length > 0) {
    const firsts = uuidArray(following, (one) => one.firstEntryId);
    const places = int2Array(following, (one) => one.place);
    const entryIds = uuidArray(following, (one) => one.entryId);
    statements.push([INSERT_FOLLOWING, [uuidArray(following, (one) => one.tenantId), firsts, places, entryIds]]);
  }
  if (reversals.length > 0) {
    const tenantIds = uuidArray(reversals, (one) => one.tenantId);
    const reversed = uuidArray(reversals, (one) => one.reversedEntryId);
    statements.push([INSERT_REVERSALS, [tenantIds, reversed, uuidArray(reversals, (one) => one.entryId)]]);
  }
  statements.push(...factsOfEarlierEntries(plan));
  if (disbursements.length > 0) {
    const entryIds = uuidArray(disbursements, (one) => one.entryId);
    const dates = dateArray(disbursements, (one) => one.effectiveAt);
    statements.push([INSERT_DISBURSEMENTS, [...loanColumns(disbursements), entryIds, dates]]);
  }
  if (months.length > 0) {
    const dates = dateArray(months, (one) => one.month);
    statements.push([MARK_ACCRUAL_MONTHS, [...loanColumns(months), dates, int4Array(months, (one) => one.days)]]);
  }
  return statements;
}

/** What is kept of loans and of their restatements besides what moves them. */
function factsOfLoans(plan: PostingPlan): BoundStatement[] {
  const { registrations, principalDifferences, nonAccruals, superseded } = plan;
  const statements: BoundStatement[] = [];
  if (superseded.length > 0) {
    const tenantIds = uuidArray(superseded, (one) => one.tenantId);
    const entryIds = uuidArray(superseded, (one) => one.entryId);
    statements.push([INSERT_SUPERSEDED, [tenantIds, entryIds, uuidArray(superseded, (one) => one.successorId)]]);
  }
  if (plan.accrualDifferences.length > 0) {
    const { accrualDifferences } = plan;
    const tenantIds = uuidArray(accrualDifferences, (one) => one.tenantId);
    const ofEntryIds = uuidArray(accrualDifferences, (one) => one.ofEntryId);
    statements.push([
      INSERT_ACCRUAL_DIFFERENCES,
      [tenantIds, ofEntryIds, uuidArray(accrualDifferences, (one) => one.entryId)],
    ]);
  }
  if (nonAccruals.length > 0) {
    const entryIds = uuidArray(nonAccruals, (one) => one.entryId);
    const dates = dateArray(nonAccruals, (one) => one.effectiveAt);
    const actions = textArray(nonAccruals, (one) => one.action);
    statements.push([INSERT_NON_ACCRUALS, [...loanColumns(nonAccruals), entryIds, dates, actions]]);
  }
  if (principalDifferences.length > 0) {
    statements.push([
      INSERT_PRINCIPAL_DIFFERENCES,
      [
        ...loanColumns(principalDifferences),
        uuidArray(principalDifferences, (one) => one.entryId),
        textArray(principalDifferences, (one) => one.currency),
        dateArray(principalDifferences, (one) => one.date),
        int8Array(principalDifferences, (one) => one.sentMinor),
        plainArray(principalDifferences.map((one) => one.ledgerMinor)),
      ],
    ]);
  }
  if (registrations.length > 0) {
    statements.push([
      INSERT_REGISTRATIONS,
      [
        uuidArray(registrations, (one) => one.tenantId),
        uuidArray(registrations, (one) => one.registration.loanId),
        uuidArray(registrations, (one) => one.entryId),
        textArray(registrations, (one) => one.registration.annualRate),
        dateArray(registrations, (one) => one.registration.maturityDate),
        dateArray(registrations, (one) => one.registration.opening?.asOf ?? null),
        dateArray(registrations, (one) => one.registration.opening?.accruedThrough ?? null),
      ],
    ]);
  }
  return statements;
}

/** What was done to earlier entries besides reversing them. */
function factsOfEarlierEntries({ settlings, clearings, paymentReturns }: PostingPlan): BoundStatement[] {
  const statements: BoundStatement[] = [];
  const columns = <Row extends Fact>(rows: readonly Row[], earlier: (row: Row) => string) => [
    uuidArray(rows, (row) => row.tenantId),
    uuidArray(rows, earlier),
    int2Array(rows, (row) => row.turn),
    uuidArray(rows, (row) => row.entryId),
  ];
  if (settlings.length > 0) statements.push([INSERT_SETTLINGS, columns(settlings, (one) => one.pendingEntryId)]);
  if (clearings.length > 0) statements.push([INSERT_CLEARINGS, columns(clearings, (one) => one.clearedEntryId)]);
  if (paymentReturns.length > 0) {
    const parts = (['fees', 'interest', 'principal', 'suspense'] as const).map((part) =>
      int8Array(paymentReturns, (one) => one.parts[part]),
    );
    statements.push([INSERT_PAYMENT_RETURNS, [...columns(paymentReturns, (one) => one.paymentEntryId), ...parts]]);
  }
  return statements;
}

type Fact = { readonly tenantId: string; readonly turn: number; readonly entryId: string };

/** What every batch writes; the order of the columns is that of POST_BATCH. */
function batchColumns(plan: PostingPlan, { tenants, loanRows }: WriteContext): (Buffer | string)[] {
  const tenantIds = [...plan.entriesOfTenant.keys()].sort();
  const place = new Map(tenantIds.map((tenantId, index) => [tenantId, index + 1]));
  const placeOf = (row: { readonly tenantId: string }) => place.get(row.tenantId) ?? 0;
  const entryPlace = new Map(plan.entries.map((entry, index) => [entry.entryId, index + 1]));
  const entryOf = (row: { readonly entryId: string }) => entryPlace.get(row.entryId) ?? 0;
  const loans = [...plan.loans.values()];
  const deltas = [...plan.accountDeltas.values()].flatMap((accounts) => [...accounts.values()]);
  return [
    uuidArray(tenantIds, itself),
    int4Array(tenantIds, (tenantId) => plan.entriesOfTenant.get(tenantId) ?? 0),
    int8Array(tenantIds, (tenantId) => tenants.get(tenantId)?.configuration.configEpoch ?? 0n),
    ...lineColumns(plan.entries),
    int4Array(loans, placeOf),
    uuidArray(loans, (loan) => loan.loanId),
    tidArray([...plan.loans.keys()], (key) => loanRows.get(key) ?? null),
    int4Array(loans, (loan) => loan.loanSeq),
    dateArray(loans, (loan) => loan.frontier),
    ...componentColumns(loans, (loan) => loan.layers[0]),
    int4Array(plan.entries, placeOf),
    ...entryColumns(plan.entries),
    ...keyColumns(plan.keys.toSorted(byTenantAndHash), entryOf),
    int4Array(plan.movements, entryOf),
    ...movementColumns(plan.movements),
    int4Array(deltas, placeOf),
    int2Array(deltas, (delta) => delta.account),
    textArray(deltas, (delta) => delta.currency),
    int2Array(deltas, (delta) => delta.layer),
    dateArray(deltas, (delta) => delta.effectiveAt),
    plainArray(deltas.map((delta) => delta.debitMinor)),
    plainArray(deltas.map((delta) => delta.creditMinor)),
  ];
}

/** Sorted by tenant and hash: two processes that meet over several keys meet in the same order. */
function keyColumns(keys: readonly PlannedKey[], entryOf: (key: PlannedKey) => number): Buffer[] {
  return [
    int4Array(keys, entryOf),
    uuidArray(keys, (key) => key.keyHash),
    int2Array(keys, (key) => key.receiptVersion),
  ];
}

/** The lines of all entries, one behind the other; owners only of entries whose lines belong to several loans. */
function lineColumns(entries: readonly PlannedEntry[]): Buffer[] {
  const lines = entries.flatMap((entry) => entry.draft.lines);
  const owned = entries.filter(hasOwners).flatMap((entry) => entry.draft.lines);
  return [
    int2Array(lines, (line) => line.account),
    int8Array(lines, (line) => line.amountMinor),
    uuidArray(owned, (line) => line.loanId),
    uuidArray(owned, (line) => line.borrowerId),
  ];
}

function hasOwners({ draft }: PlannedEntry): boolean {
  return draft.loanId === null && draft.lines.length > 0;
}

/** Where the lines of each entry begin and end among all of those that `counts` counts, from 1. */
function slices(
  entries: readonly PlannedEntry[],
  counts: (entry: PlannedEntry) => boolean,
): (readonly [number, number] | null)[] {
  let last = 0;
  return entries.map((entry) => {
    if (!counts(entry)) return null;
    const first = last + 1;
    last += entry.draft.lines.length;
    return [first, last];
  });
}

/** Layer and currency of an entry: said once where all lines agree, else line by line as an array. */
type Places = {
  readonly layer: number | null;
  readonly layers: string | null;
  readonly currency: string | null;
  readonly currencies: string | null;
};

function placesOf({ layer, currency, lines }: EntryDraft): Places {
  const sameLayer = lines.every((line) => line.layer === undefined || line.layer === layer);
  const sameCurrency = lines.every((line) => line.currency === undefined || line.currency === currency);
  return {
    layer: sameLayer ? layer : null,
    layers: sameLayer ? null : plainArray(lines.map((line) => line.layer ?? layer)),
    currency: sameCurrency ? currency : null,
    currencies: sameCurrency ? null : plainArray(lines.map((line) => line.currency ?? currency)),
  };
}

function entryColumns(entries: readonly PlannedEntry[]): Buffer[] {
  const lines = slices(entries, () => true);
  const owners = slices(entries, hasOwners);
  const places = entries.map(({ draft }) => placesOf(draft));
  return [
    uuidArray(entries, (entry) => entry.entryId),
    int4Array(entries, (entry) => entry.ordinal),
    uuidArray(entries, (entry) => entry.eventId),
    uuidArray(entries, (entry) => entry.correlationId),
    uuidArray(entries, ({ draft }) => draft.reversesEntryId),
    dateArray(entries, ({ draft }) => draft.effectiveAt),
    textArray(entries, ({ draft }) => draft.eventType),
    int2Array(places, ({ layer }) => layer),
    textArray(places, ({ currency }) => currency),
    uuidArray(entries, ({ draft }) => draft.loanId),
    uuidArray(entries, ({ draft }) => draft.borrowerId),
    textArray(places, ({ layers }) => layers),
    textArray(places, ({ currencies }) => currencies),
    int4Array(lines, (slice) => slice?.[0] ?? null),
    int4Array(lines, (slice) => slice?.[1] ?? null),
    int4Array(owners, (slice) => slice?.[0] ?? null),
    int4Array(owners, (slice) => slice?.[1] ?? null),
    textArray(entries, ({ draft }) => draft.externalRef),
    textArray(entries, (entry) => entry.actor),
    textArray(entries, ({ draft }) => draft.description),
    textArray(entries, (entry) => entry.idempotencyKey),
    uuidArray(entries, (entry) => entry.payloadHash),
    textArray(
      entries.map(({ draft }) => JSON.stringify(draft.eventInput)),
      itself,
    ),
    textArray(entries, ({ draft }) => draft.metadata),
  ];
}

function movementColumns(movements: readonly PlannedMovement[]): Buffer[] {
  return [
    uuidArray(movements, (movement) => movement.loanId),
    int2Array(movements, (movement) => movement.layer),
    dateArray(movements, (movement) => movement.frontier),
    int4Array(movements, (movement) => movement.loanSeq),
    ...componentColumns(movements, (movement) => movement.after),
    textArray(movements, (movement) => componentLiteral(movement.backdatedEffect)),
  ];
}

function backdating(plan: PostingPlan): BoundStatement[] {
  const backdated = plan.movements.filter((movement) => movement.backdatedEffect !== null);
  if (backdated.length === 0) return [];
  const place = [
    ...loanColumns(backdated),
    int2Array(backdated, (movement) => movement.layer),
    dateArray(backdated, (movement) => movement.effectiveAt),
    dateArray(backdated, (movement) => movement.frontier),
  ];
  const effects = componentColumns(backdated, (movement) => movement.backdatedEffect);
  return [
    [ADD_BACKDATING_DAYS, place],
    [MOVE_BACKDATED_DAYS, [...place, ...effects]],
  ];
}

/** Behind the rows of the batch, which was decided under the epoch before: the heads are held until the commit. */
function raisedEpochs({ raisedEpochs: tenants }: PostingPlan): BoundStatement[] {
  return tenants.size === 0 ? [] : [[RAISE_EPOCHS, [uuidArray([...tenants], itself)]]];
}

function loanColumns(loans: readonly LoanRef[]): Buffer[] {
  return [uuidArray(loans, (loan) => loan.tenantId), uuidArray(loans, (loan) => loan.loanId)];
}

function componentColumns<Row>(rows: readonly Row[], pick: (row: Row) => Components | null): Buffer[] {
  return COMPONENTS.map((component) => int8Array(rows, (row) => pick(row)?.[component] ?? null));
}

function componentLiteral(components: Components | null): string | null {
  return components === null ? null : plainArray(COMPONENTS.map((component) => components[component]));
}

function byTenantAndHash(a: PlannedKey, b: PlannedKey): number {
  if (a.tenantId !== b.tenantId) return a.tenantId < b.tenantId ? -1 : 1;
  return a.keyHash < b.keyHash ? -1 : 1;
}
