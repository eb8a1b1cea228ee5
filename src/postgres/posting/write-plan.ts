import type pg from 'pg';
import { COMPONENTS, type Components } from '../../domain/loan.ts';
import type { TenantState } from '../../posting/ledger-state.ts';
import type { PlannedEntry, PlannedMovement, PostingPlan } from '../../posting/posting-plan.ts';
import { StoreFailure } from '../../posting/posting-store.ts';
import { plainArray, textArray, uuidArray } from '../array-literal.ts';
import { run, type Statement } from './poster-connection.ts';
import {
  ADD_BACKDATING_DAYS,
  INSERT_ACCRUAL_BATCHES,
  INSERT_DISBURSEMENTS,
  INSERT_REVERSALS,
  MAKE_LOANS_KNOWN,
  MARK_ACCRUAL_MONTHS,
  MOVE_BACKDATED_DAYS,
  MOVE_HEADS_AND_INSERT_ENTRIES,
  MOVE_LAYERS,
  MOVE_LOANS_AND_INSERT_KEYS,
  REMOVE_UNMADE_LOANS,
} from './write-statements.ts';

/**
 * Sends all rows of a plan and COMMIT in one go; answers `posted_at` by tenant.
 *
 * Order: first what only touches loans that this transaction has locked, and keys; last the tenants' heads, since whoever
 * holds a head keeps every other batch of that tenant from committing.
 */
export async function writeAndCommit(
  client: pg.Client,
  plan: PostingPlan,
  tenants: ReadonlyMap<string, TenantState>,
): Promise<Map<string, string>> {
  const sent: Promise<unknown>[] = [];
  const send = (statement: Statement, values: unknown[]) => {
    const result = run(client, statement, values);
    sent.push(result);
    return result;
  };
  sendLoansAndKeys(plan, send);
  sendFacts(plan, send);
  const heads = sendHeadsAndEntries(plan, tenants, send);
  sendBackdating(plan, send);
  // COMMIT goes out behind the rest; if a statement before it failed, PostgreSQL answers it with ROLLBACK.
  const commit = client.query('COMMIT');
  sent.push(commit);
  const settled = await Promise.allSettled(sent);
  const failed = settled.find((one) => one.status === 'rejected');
  const committed = settled.at(-1);
  if (failed !== undefined && committed?.status === 'fulfilled') throw failed.reason;
  if (committed?.status === 'rejected') {
    // Statements before it that failed say that nothing can have been committed; else the fate of the batch is unknown.
    if (failed !== undefined && failed !== committed && isServerError(failed.reason)) throw failed.reason;
    throw new StoreFailure('unknown', 'the answer to COMMIT was lost', committed.reason);
  }
  const { command } = await commit;
  if (command !== 'COMMIT') throw new StoreFailure('unavailable', `COMMIT was answered ${command}`);
  return new Map(((await heads).rows as [string, string][]).map(([tenantId, postedAt]) => [tenantId, postedAt]));
}

function isServerError(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && error.severity === 'ERROR';
}

type Send = (statement: Statement, values: unknown[]) => Promise<pg.QueryArrayResult<unknown[]>>;

/** Takes away the rows that were inserted to be locked by disbursements that were then refused. */
export function removeUnmadeLoans(
  client: pg.Client,
  loans: readonly { tenantId: string; loanId: string }[],
): Promise<unknown> {
  return run(client, REMOVE_UNMADE_LOANS, [
    uuidArray(loans.map((loan) => loan.tenantId)),
    uuidArray(loans.map((loan) => loan.loanId)),
  ]);
}

function sendLoansAndKeys(plan: PostingPlan, send: Send): void {
  const loans = [...plan.loans.values()];
  const keys = plan.keys.toSorted((a, b) => compare(a.tenantId + a.keyHash, b.tenantId + b.keyHash));
  const ids = [uuidArray(loans.map((loan) => loan.tenantId)), uuidArray(loans.map((loan) => loan.loanId))];
  if (plan.disbursements.length > 0 || plan.reversals.length > 0) {
    send(MAKE_LOANS_KNOWN, [
      ...ids,
      uuidArray(loans.map((loan) => loan.borrowerId)),
      plainArray(loans.map((loan) => loan.currency)),
      uuidArray(loans.map((loan) => loan.programId)),
      plainArray(loans.map((loan) => loan.firstDisbursedOn)),
    ]);
  }
  send(MOVE_LOANS_AND_INSERT_KEYS, [
    ...ids,
    plainArray(loans.map((loan) => loan.loanSeq)),
    plainArray(loans.map((loan) => loan.frontier)),
    ...componentColumns(loans.map((loan) => loan.layers[0])),
    uuidArray(keys.map((key) => key.tenantId)),
    uuidArray(keys.map((key) => key.keyHash)),
    uuidArray(keys.map((key) => key.payloadHash)),
    uuidArray(keys.map((key) => key.entryId)),
    plainArray(keys.map((key) => key.receiptVersion)),
  ]);
  const layered = loans.filter((loan) => loan.layers[1] !== null || loan.layers[2] !== null);
  if (layered.length === 0) return;
  send(MOVE_LAYERS, [
    uuidArray(layered.map((loan) => loan.tenantId)),
    uuidArray(layered.map((loan) => loan.loanId)),
    textArray(layered.map((loan) => componentArray(loan.layers[1]))),
    textArray(layered.map((loan) => componentArray(loan.layers[2]))),
  ]);
}

function sendFacts(plan: PostingPlan, send: Send): void {
  if (plan.reversals.length > 0) {
    send(INSERT_REVERSALS, [
      uuidArray(plan.reversals.map((one) => one.tenantId)),
      uuidArray(plan.reversals.map((one) => one.reversedEntryId)),
      uuidArray(plan.reversals.map((one) => one.entryId)),
    ]);
  }
  if (plan.disbursements.length > 0) {
    send(INSERT_DISBURSEMENTS, [
      uuidArray(plan.disbursements.map((one) => one.tenantId)),
      uuidArray(plan.disbursements.map((one) => one.loanId)),
      uuidArray(plan.disbursements.map((one) => one.entryId)),
      plainArray(plan.disbursements.map((one) => one.effectiveAt)),
    ]);
  }
  for (const { tenantId, entryId, accrual } of plan.accrualBatches) {
    send(INSERT_ACCRUAL_BATCHES, [
      tenantId,
      entryId,
      accrual.programId,
      accrual.accrualDate,
      accrual.dayCountConvention,
      uuidArray(accrual.loans.map((loan) => loan.loanId)),
      plainArray(accrual.loans.map((loan) => loan.outstandingPrincipalMinor)),
      plainArray(accrual.loans.map((loan) => loan.interestMinor)),
    ]);
  }
  const months = [...plan.accrualMonths.values()];
  if (months.length > 0) {
    send(MARK_ACCRUAL_MONTHS, [
      uuidArray(months.map((one) => one.tenantId)),
      uuidArray(months.map((one) => one.loanId)),
      plainArray(months.map((one) => one.month)),
      plainArray(months.map((one) => one.days)),
    ]);
  }
}

function sendHeadsAndEntries(
  plan: PostingPlan,
  tenants: ReadonlyMap<string, TenantState>,
  send: Send,
): Promise<pg.QueryArrayResult<unknown[]>> {
  const tenantIds = [...plan.entriesOfTenant.keys()].sort();
  const place = new Map(tenantIds.map((tenantId, index) => [tenantId, index + 1]));
  const placeOf = (row: { readonly tenantId: string }) => place.get(row.tenantId) ?? 0;
  const deltas = [...plan.accountDeltas.values()].flatMap((accounts) => [...accounts.values()]);
  return send(MOVE_HEADS_AND_INSERT_ENTRIES, [
    uuidArray(tenantIds),
    plainArray(tenantIds.map((tenantId) => plan.entriesOfTenant.get(tenantId) ?? 0)),
    plainArray(tenantIds.map((tenantId) => tenants.get(tenantId)?.configuration.configEpoch ?? 0n)),
    plainArray(plan.entries.map(placeOf)),
    ...entryColumns(plan.entries),
    plainArray(plan.movements.map(placeOf)),
    ...movementColumns(plan.movements),
    plainArray(deltas.map(placeOf)),
    plainArray(deltas.map((delta) => delta.account)),
    plainArray(deltas.map((delta) => delta.currency)),
    plainArray(deltas.map((delta) => delta.layer)),
    plainArray(deltas.map((delta) => delta.effectiveAt)),
    plainArray(deltas.map((delta) => delta.debitMinor)),
    plainArray(deltas.map((delta) => delta.creditMinor)),
  ]);
}

function entryColumns(entries: readonly PlannedEntry[]): (string | Buffer)[] {
  const drafts = entries.map((entry) => entry.draft);
  const several = (draft: PlannedEntry['draft']) => draft.loanId === null && draft.lines.length > 0;
  return [
    uuidArray(entries.map((entry) => entry.entryId)),
    plainArray(entries.map((entry) => entry.ordinal)),
    uuidArray(entries.map((entry) => entry.eventId)),
    uuidArray(entries.map((entry) => entry.correlationId)),
    uuidArray(drafts.map((draft) => draft.reversesEntryId)),
    plainArray(drafts.map((draft) => draft.effectiveAt)),
    plainArray(drafts.map((draft) => draft.eventType)),
    plainArray(drafts.map((draft) => draft.layer)),
    plainArray(drafts.map((draft) => draft.currency)),
    uuidArray(drafts.map((draft) => draft.loanId)),
    uuidArray(drafts.map((draft) => draft.borrowerId)),
    textArray(drafts.map((draft) => plainArray(draft.lines.map((line) => line.account)))),
    textArray(drafts.map((draft) => plainArray(draft.lines.map((line) => line.amountMinor)))),
    textArray(drafts.map((draft) => (several(draft) ? plainArray(draft.lines.map((line) => line.loanId)) : null))),
    textArray(drafts.map((draft) => (several(draft) ? plainArray(draft.lines.map((line) => line.borrowerId)) : null))),
    textArray(drafts.map((draft) => draft.externalRef)),
    textArray(entries.map((entry) => entry.actor)),
    textArray(drafts.map((draft) => draft.description)),
    textArray(entries.map((entry) => entry.idempotencyKey)),
    uuidArray(entries.map((entry) => entry.payloadHash)),
    textArray(drafts.map((draft) => JSON.stringify(draft.eventInput))),
    textArray(drafts.map((draft) => draft.metadata)),
  ];
}

function movementColumns(movements: readonly PlannedMovement[]): (string | Buffer)[] {
  return [
    uuidArray(movements.map((movement) => movement.loanId)),
    plainArray(movements.map((movement) => movement.layer)),
    plainArray(movements.map((movement) => movement.frontier)),
    plainArray(movements.map((movement) => movement.loanSeq)),
    plainArray(movements.map((movement) => movement.effectiveAt)),
    uuidArray(movements.map((movement) => movement.entryId)),
    ...componentColumns(movements.map((movement) => movement.after)),
    textArray(movements.map((movement) => componentArray(movement.backdatedEffect))),
  ];
}

function sendBackdating(plan: PostingPlan, send: Send): void {
  const backdated = plan.movements.filter((movement) => movement.backdatedEffect !== null);
  if (backdated.length === 0) return;
  const place = [
    uuidArray(backdated.map((movement) => movement.tenantId)),
    uuidArray(backdated.map((movement) => movement.loanId)),
    plainArray(backdated.map((movement) => movement.layer)),
    plainArray(backdated.map((movement) => movement.effectiveAt)),
    plainArray(backdated.map((movement) => movement.frontier)),
  ];
  send(ADD_BACKDATING_DAYS, place);
  send(MOVE_BACKDATED_DAYS, [
    ...place,
    ...componentColumns(backdated.flatMap((movement) => movement.backdatedEffect ?? [])),
  ]);
}

function componentColumns(rows: readonly Components[]): string[] {
  return COMPONENTS.map((component) => plainArray(rows.map((row) => row[component])));
}

function componentArray(components: Components | null): string | null {
  return components === null ? null : plainArray(COMPONENTS.map((component) => components[component]));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}
