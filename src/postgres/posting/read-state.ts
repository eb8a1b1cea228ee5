import type pg from 'pg';
import type { InterestFacts } from '../../domain/accrual-run.ts';
import type { Verdict } from '../../domain/adjustment.ts';
import type { Components, LoanState } from '../../domain/loan.ts';
import type { StandingNonAccrual } from '../../domain/non-accrual.ts';
import type { EntryStanding, StandingCorrection } from '../../domain/posted-entry.ts';
import type { KeptLoss } from '../../posting/kept-loss.ts';
import {
  type AccrualMonth,
  type LoanRef,
  monthKey,
  type Night,
  type StandingDisbursement,
  scopedKey,
  type TenantPeriods,
  type UsedKey,
} from '../../posting/ledger-state.ts';
import type { ReadSet } from '../../posting/read-set.ts';
import { dateArray, itself, uuidArray } from '../binary-array.ts';
import {
  type BoundStatement,
  type Statement,
  type StatementAnswer,
  sendTrain,
  type TextRow,
} from '../statement-train.ts';
import { entryOf, joinEntry, reversalOf } from './entry-lookup.ts';
import { inIndexOrder, SORTING_STATEMENTS } from './plan-sorting.ts';
import { READ_STANDINGS, standingsOf } from './standings.ts';
import { type CorrectionRow, correctionsOf, READ_CORRECTIONS } from './stored-corrections.ts';
import { disbursementsOf, READ_STANDING_DISBURSEMENTS } from './stored-disbursements.ts';
import { INTEREST_QUESTIONS, readInterest } from './stored-interest.ts';
import { type LossRow, lossesOf, READ_LOSSES, READ_RECOVERIES, type RecoveryRow } from './stored-losses.ts';
import { type NonAccrualRow, nonAccrualsOf, READ_STANDING_NON_ACCRUALS } from './stored-non-accruals.ts';
import { LOCK_HEADS, PERIOD_STATEMENTS, periodQuestions, periodsOf, tenantsOfPeriods } from './stored-periods.ts';
import { readStanding } from './stored-standing.ts';

export const BEGIN: Statement = { name: 'begin', text: 'BEGIN' };

/** One snapshot for every statement behind it: what a preview is decided on agrees with itself without a lock. */
const BEGIN_SNAPSHOT: Statement = { name: 'begin_snapshot', text: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' };

/** What row-level security shows to this transaction. */
export const SET_TENANTS: Statement = { name: 'set_tenants', text: `SELECT set_config('hpts.tenants', $1, true)` };

const MAKE_LOANS: Statement = {
  name: 'make_loans',
  text: `INSERT INTO hpts.loan (tenant_id, loan_id)
    SELECT tenant_id, loan_id FROM (SELECT unnest($1::uuid[]) AS tenant_id, unnest($2::uuid[]) AS loan_id) AS asked
    ORDER BY tenant_id, loan_id ON CONFLICT DO NOTHING`,
};

// A row that is locked is answered in its newest version, so state may come with the lock; rows of other tables may not:
// this statement's snapshot is older than the lock, and they are read by the statements after it.
const LOCK_LOANS: Statement = {
  name: 'lock_loans',
  text: `SELECT asked.place, l.ctid, l.borrower_id, l.currency, l.program_id, l.first_disbursed_on, l.loan_seq, l.frontier, l.principal_minor,
      l.interest_minor, l.fees_minor, l.suspense_minor, l.memo_interest_minor, l.pending_minor, l.encumbrance_minor, l.standing
    FROM (SELECT unnest($1::uuid[]) AS tenant_id, unnest($2::uuid[]) AS loan_id,
        generate_subscripts($2::uuid[], 1) AS place) AS asked
    JOIN hpts.loan AS l USING (tenant_id, loan_id)
    ORDER BY l.tenant_id, l.loan_id FOR NO KEY UPDATE OF l`,
};

const READ_LOANS: Statement = { name: 'read_loans', text: LOCK_LOANS.text.replace(' FOR NO KEY UPDATE OF l', '') };

const READ_TENANTS: Statement = {
  name: 'read_tenants',
  text: `SELECT t.tenant_id, h.config_epoch, (clock.now AT TIME ZONE t.timezone)::date, (extract(epoch FROM clock.now) * 1000)::bigint
    FROM (SELECT clock_timestamp() AS now) AS clock
    CROSS JOIN unnest($1::uuid[]) AS asked (tenant_id)
    JOIN hpts.tenant AS t USING (tenant_id) JOIN hpts.tenant_head AS h USING (tenant_id)`,
};

const READ_KEYS: Statement = {
  name: 'read_keys',
  text: `SELECT k.tenant_id, k.key_hash, k.payload_hash, k.entry_id, k.receipt_version
    FROM (SELECT unnest($1::uuid[]) AS tenant_id, unnest($2::uuid[]) AS key_hash) AS asked
    JOIN hpts.idempotency_key AS k USING (tenant_id, key_hash)`,
};

const READ_VERDICTS: Statement = {
  name: 'read_verdicts',
  text: `SELECT v.tenant_id, v.adjustment_id, v.verdict, v.judged_by
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (tenant_id, adjustment_id)
    JOIN hpts.adjustment_verdict AS v USING (tenant_id, adjustment_id)`,
};

const READ_ACCRUAL_MONTHS: Statement = {
  name: 'read_accrual_months',
  text: `SELECT m.tenant_id, m.loan_id, m.month, m.days
    FROM (SELECT unnest($1::uuid[]) AS tenant_id, unnest($2::uuid[]) AS loan_id, unnest($3::date[]) AS month) AS asked
    JOIN hpts.loan_accrual_month AS m USING (tenant_id, loan_id, month)`,
};

// As readers answer a balance on a past day: the last movement up to it, and what backdated movements add. A charge-off that
// was reversed since interrupts no interest, so what it took is there in the nights before its reversal (ACCOUNTING.md rule 9).
const READ_NIGHTS: Statement = {
  name: 'read_nights',
  text: `SELECT asked.place, coalesce(m.principal_minor, 0)::numeric + coalesce(b.principal_minor, 0) + coalesce(c.principal_minor, 0)
    FROM (SELECT unnest($1::uuid[]) AS tenant_id, unnest($2::uuid[]) AS loan_id, unnest($3::date[]) AS day,
        generate_subscripts($3::date[], 1) AS place) AS asked
    LEFT JOIN LATERAL (
      SELECT m.principal_minor FROM hpts.loan_movement AS m
      WHERE m.tenant_id = asked.tenant_id AND m.loan_id = asked.loan_id AND m.layer = 0 AND m.frontier <= asked.day
      ORDER BY m.frontier DESC, m.loan_seq DESC LIMIT 1) AS m ON true
    LEFT JOIN LATERAL (
      SELECT b.principal_minor FROM hpts.loan_backdating AS b
      WHERE b.tenant_id = asked.tenant_id AND b.loan_id = asked.loan_id AND b.layer = 0 AND b.from_day <= asked.day
      ORDER BY b.from_day DESC LIMIT 1) AS b ON true
    LEFT JOIN LATERAL (
      SELECT sum(loss.principal_minor) AS principal_minor FROM hpts.loan_loss AS loss
      ${joinEntry('e', entryOf('loss'))}
      ${joinEntry('u', { tenantId: 'loss.tenant_id', entryId: reversalOf('loss') })}
      WHERE loss.tenant_id = asked.tenant_id AND loss.loan_id = asked.loan_id AND loss.turn = 1
        AND e.event_type = 'chargeoff' AND e.effective_at <= asked.day AND u.effective_at > asked.day) AS c ON true`,
};

const STATE_STATEMENTS = [
  ...SORTING_STATEMENTS,
  READ_TENANTS,
  READ_STANDINGS,
  READ_CORRECTIONS,
  READ_VERDICTS,
  READ_ACCRUAL_MONTHS,
  READ_STANDING_DISBURSEMENTS,
  READ_STANDING_NON_ACCRUALS,
  READ_LOSSES,
  READ_RECOVERIES,
  READ_NIGHTS,
  ...PERIOD_STATEMENTS,
];

/** The statements that lock and read, for a connection to prepare. */
export const READ_STATEMENTS: readonly Statement[] = [
  BEGIN,
  SET_TENANTS,
  MAKE_LOANS,
  LOCK_LOANS,
  LOCK_HEADS,
  READ_KEYS,
  ...STATE_STATEMENTS,
];

/** The statements that read a snapshot, for a connection to prepare. */
export const SNAPSHOT_STATEMENTS: readonly Statement[] = [
  BEGIN_SNAPSHOT,
  SET_TENANTS,
  READ_LOANS,
  ...STATE_STATEMENTS,
  ...INTEREST_QUESTIONS,
];

/** A tenant as the locked read answers it. */
export type TenantRow = { readonly tenantId: string; readonly configEpoch: bigint; readonly businessDate: string };

/** What the locked read answers, before configuration is put to it. */
export type ReadState = {
  readonly databaseTimeMs: number;
  readonly tenants: readonly TenantRow[];
  readonly loans: Map<string, LoanState>;
  /** Where the row of each loan lies, by scopedKey, as long as nothing changes it. */
  readonly loanRows: ReadonlyMap<string, string>;
  readonly keys: Map<string, UsedKey>;
  readonly standings: Map<string, EntryStanding>;
  readonly corrections: Map<string, StandingCorrection[]>;
  readonly verdicts: Map<string, Verdict>;
  readonly accrualMonths: Map<string, AccrualMonth>;
  readonly interest: ReadonlyMap<string, InterestFacts>;
  readonly nights: Map<string, Night[]>;
  readonly disbursements: Map<string, StandingDisbursement[]>;
  readonly nonAccruals: Map<string, StandingNonAccrual[]>;
  readonly losses: Map<string, readonly KeptLoss[]>;
  readonly periods: ReadonlyMap<string, TenantPeriods>;
};

/** The rows that a batch locked and read; `stateOf` makes as many states of them as are wanted. */
export type LockedRows = {
  readonly set: ReadSet;
  readonly rowsOf: (statement: Statement) => readonly TextRow[];
  readonly interest: ReadonlyMap<string, InterestFacts>;
};

const NO_INTEREST: ReadonlyMap<string, InterestFacts> = new Map();

/** Sends BEGIN, the locks and the reads as one train; `keys` says whether to look for keys that were used before. */
export async function lockAndRead(client: pg.Client, set: ReadSet, { keys }: { keys: boolean }): Promise<LockedRows> {
  const statements: BoundStatement[] = [
    [BEGIN, []],
    [SET_TENANTS, [set.tenantIds.join(',')]],
  ];
  if (set.loansToMake.length > 0) statements.push([MAKE_LOANS, loanColumns(set.loansToMake)]);
  statements.push([LOCK_LOANS, loanColumns(set.loans)]);
  const closing = tenantsOfPeriods(set);
  if (closing.length > 0) statements.push([LOCK_HEADS, [uuidArray(closing, itself)]]);
  if (keys) statements.push(keyQuestion(set));
  statements.push(...stateQuestions(set));
  const locked = await withNights(client, lockedRows(set, statements, await sendTrain(client, statements)));
  return set.interestLoans.length === 0 ? locked : withInterest(client, locked);
}

/** Begins a transaction that sees one snapshot and can write nothing, and reads the same from it without a lock. */
export async function readSnapshot(client: pg.Client, set: ReadSet): Promise<LockedRows> {
  const statements: BoundStatement[] = [
    [BEGIN_SNAPSHOT, []],
    [SET_TENANTS, [set.tenantIds.join(',')]],
    [READ_LOANS, loanColumns(set.loans)],
    ...stateQuestions(set),
  ];
  const rows = lockedRows(set, statements, await sendTrain(client, statements));
  const rowsOf = (statement: Statement) => rows.rowsOf(statement === LOCK_LOANS ? READ_LOANS : statement);
  return withNights(client, { ...rows, rowsOf });
}

function stateQuestions(set: ReadSet): BoundStatement[] {
  const tenants: BoundStatement = [READ_TENANTS, [uuidArray(set.tenantIds, itself)]];
  return [tenants, ...inIndexOrder(earlierQuestions(set)), ...periodQuestions(set)];
}

/** What was posted before, and what was done to it. */
function earlierQuestions(set: ReadSet): BoundStatement[] {
  const statements: BoundStatement[] = [];
  if (set.earlier.length > 0) {
    const entryIds = uuidArray(set.earlier, (one) => one.entryId);
    statements.push([READ_STANDINGS, [uuidArray(set.earlier, (one) => one.tenantId), entryIds]]);
  }
  if (set.correctedBatches.length > 0) {
    const batches = set.correctedBatches;
    statements.push([
      READ_CORRECTIONS,
      [uuidArray(batches, (one) => one.tenantId), uuidArray(batches, (one) => one.entryId)],
    ]);
  }
  if (set.judgedAdjustments.length > 0) {
    const asked = set.judgedAdjustments;
    const ids = uuidArray(asked, (one) => one.adjustmentId);
    statements.push([READ_VERDICTS, [uuidArray(asked, (one) => one.tenantId), ids]]);
  }
  if (set.accrualMonths.length > 0) {
    const months = dateArray(set.accrualMonths, (one) => one.month);
    statements.push([READ_ACCRUAL_MONTHS, [...loanColumns(set.accrualMonths), months]]);
  }
  if (set.disbursedLoans.length > 0) statements.push([READ_STANDING_DISBURSEMENTS, loanColumns(set.disbursedLoans)]);
  if (set.markedLoans.length > 0) statements.push([READ_STANDING_NON_ACCRUALS, loanColumns(set.markedLoans)]);
  if (set.loansWithLosses.length > 0) {
    const loans = loanColumns(set.loansWithLosses);
    statements.push([READ_LOSSES, loans], [READ_RECOVERIES, loans]);
  }
  return statements;
}

/**
 * Reads the principal of past days for loans that accrue for a night and moved after it. Of a loan that did not, what it
 * has now is what it had then, which is the case of nearly every loan that accrues day by day.
 */
async function withNights(client: pg.Client, locked: LockedRows): Promise<LockedRows> {
  const asked = movedNights(locked);
  if (asked.length === 0) return locked;
  const columns = [...loanColumns(asked), dateArray(asked, ({ day }) => day)];
  const [, answer] = await sendTrain(client, inIndexOrder([[READ_NIGHTS, columns]]));
  const found = answer?.rows ?? [];
  return { ...locked, rowsOf: (statement) => (statement === READ_NIGHTS ? found : locked.rowsOf(statement)) };
}

/** Interest is read behind the locks, and of loans that moved since it was last counted in further round trips. */
async function withInterest(client: pg.Client, locked: LockedRows): Promise<LockedRows> {
  const rows = loanRowsByKey(locked);
  const loanSeq = ({ tenantId, loanId }: LoanRef) => Number(rows.get(scopedKey(tenantId, loanId))?.[6] ?? '0');
  return { ...locked, interest: await readInterest(client, locked.set.interestLoans, loanSeq) };
}

function movedNights(locked: LockedRows): ReadSet['nights'] {
  const { nights } = locked.set;
  if (nights.length === 0) return nights;
  const rows = loanRowsByKey(locked);
  return nights.filter(({ tenantId, loanId, day }) => {
    const frontier = rows.get(scopedKey(tenantId, loanId))?.[7] ?? null;
    return frontier !== null && frontier > day;
  });
}

function loanRowsByKey({ set, rowsOf }: LockedRows): ReadonlyMap<string, LoanRow> {
  const rows = new Map<string, LoanRow>();
  for (const row of rowsOf(LOCK_LOANS) as LoanRow[]) {
    const ref = set.loans[Number(row[0]) - 1];
    if (ref !== undefined) rows.set(scopedKey(ref.tenantId, ref.loanId), row);
  }
  return rows;
}

/** Looks for used keys after all: the same rows with those of the keys, or undefined when no key was used before. */
export async function readKeys(client: pg.Client, locked: LockedRows): Promise<LockedRows | undefined> {
  const [answer] = await sendTrain(client, [keyQuestion(locked.set)]);
  const found = answer?.rows ?? [];
  if (found.length === 0) return undefined;
  return { ...locked, rowsOf: (statement) => (statement === READ_KEYS ? found : locked.rowsOf(statement)) };
}

function keyQuestion({ keys }: ReadSet): BoundStatement {
  return [READ_KEYS, [uuidArray(keys, (key) => key.tenantId), uuidArray(keys, (key) => key.keyHash)]];
}

function lockedRows(
  set: ReadSet,
  statements: readonly BoundStatement[],
  answers: readonly StatementAnswer[],
): LockedRows {
  const byStatement = new Map(statements.map(([statement], index) => [statement, answers[index]?.rows ?? []]));
  return { set, interest: NO_INTEREST, rowsOf: (statement) => byStatement.get(statement) ?? [] };
}

/** A state of its own for each call: deciding a batch changes it. */
export function stateOf(locked: LockedRows): ReadState {
  const { set, rowsOf, interest } = locked;
  const tenantRows = rowsOf(READ_TENANTS) as [string, string, string, string][];
  const loanRows = rowsOf(LOCK_LOANS) as LoanRow[];
  return {
    databaseTimeMs: Number(tenantRows[0]?.[3] ?? 0),
    tenants: tenantRows.map(([tenantId, epoch, businessDate]) => ({
      tenantId,
      configEpoch: BigInt(epoch),
      businessDate,
    })),
    ...loansOf(loanRows, set.loans),
    keys: keysOf(rowsOf(READ_KEYS) as [string, string, string, string, string][]),
    standings: standingsOf(rowsOf(READ_STANDINGS)),
    corrections: correctionsOf(rowsOf(READ_CORRECTIONS) as CorrectionRow[]),
    verdicts: verdictsOf(rowsOf(READ_VERDICTS) as [string, string, Verdict['verdict'], string][]),
    interest,
    nights: nightsOf(locked),
    accrualMonths: monthsOf(rowsOf(READ_ACCRUAL_MONTHS) as [string, string, string, string][]),
    periods: periodsOf(set, rowsOf),
    losses: lossesOf(set.loansWithLosses, rowsOf(READ_LOSSES) as LossRow[], rowsOf(READ_RECOVERIES) as RecoveryRow[]),
    disbursements: disbursementsOf(rowsOf(READ_STANDING_DISBURSEMENTS) as [string, string, string, string][]),
    nonAccruals: nonAccrualsOf(rowsOf(READ_STANDING_NON_ACCRUALS) as NonAccrualRow[]),
  };
}

function loanColumns(loans: readonly { readonly tenantId: string; readonly loanId: string }[]): Buffer[] {
  return [uuidArray(loans, (loan) => loan.tenantId), uuidArray(loans, (loan) => loan.loanId)];
}

type LoanRow = [
  place: string,
  rowPlace: string,
  borrowerId: string | null,
  currency: string | null,
  programId: string | null,
  firstDisbursedOn: string | null,
  loanSeq: string,
  frontier: string | null,
  principal: string,
  interest: string,
  fees: string,
  suspense: string,
  memoInterest: string,
  pending: string | null,
  encumbrance: string | null,
  standing: string | null,
];

function loansOf(rows: readonly LoanRow[], asked: ReadSet['loans']): Pick<ReadState, 'loans' | 'loanRows'> {
  const loans = new Map<string, LoanState>();
  const loanRows = new Map<string, string>();
  for (const row of rows) {
    const ref = asked[Number(row[0]) - 1];
    if (ref === undefined) throw new Error(`the database answered loan number ${row[0]} of ${asked.length}`);
    const { tenantId, loanId } = ref;
    const settled: Components = {
      principal: BigInt(row[8]),
      interest: BigInt(row[9]),
      fees: BigInt(row[10]),
      suspense: BigInt(row[11]),
      memoInterest: BigInt(row[12]),
    };
    const key = scopedKey(tenantId, loanId);
    loanRows.set(key, row[1]);
    loans.set(key, {
      tenantId,
      loanId,
      borrowerId: row[2],
      currency: row[3],
      programId: row[4],
      firstDisbursedOn: row[5],
      loanSeq: Number(row[6]),
      frontier: row[7],
      standing: readStanding(row[15]),
      layers: [settled, componentsOf(row[13]), componentsOf(row[14])],
    });
  }
  return { loans, loanRows };
}

/** Five components as PostgreSQL writes an array: `{0,0,0,0,0}`. */
function componentsOf(stored: string | null): Components | null {
  if (stored === null) return null;
  const [principal = 0n, interest = 0n, fees = 0n, suspense = 0n, memoInterest = 0n] = stored
    .slice(1, -1)
    .split(',')
    .map(BigInt);
  return { principal, interest, fees, suspense, memoInterest };
}

function verdictsOf(rows: readonly [string, string, Verdict['verdict'], string][]): Map<string, Verdict> {
  return new Map(
    rows.map(([tenantId, adjustmentId, verdict, judgedBy]) => [
      scopedKey(tenantId, adjustmentId),
      { verdict, judgedBy },
    ]),
  );
}

function keysOf(rows: readonly [string, string, string, string, string][]): Map<string, UsedKey> {
  return new Map(
    rows.map(([tenantId, keyHash, payloadHash, entryId, receiptVersion]) => [
      scopedKey(tenantId, keyHash),
      { payloadHash, entryId, receiptVersion: Number(receiptVersion) },
    ]),
  );
}

function monthsOf(rows: readonly [string, string, string, string][]): Map<string, AccrualMonth> {
  return new Map(
    rows.map(([tenantId, loanId, month, days]) => [
      monthKey(tenantId, loanId, month),
      { tenantId, loanId, month, days: Number(days) },
    ]),
  );
}

function nightsOf(locked: LockedRows): Map<string, Night[]> {
  const nights = new Map<string, Night[]>();
  const { set, rowsOf } = locked;
  if (set.nights.length === 0) return nights;
  const rows = loanRowsByKey(locked);
  const past = new Map<ReadSet['nights'][number], bigint>();
  const asked = movedNights(locked);
  for (const [place, principal] of rowsOf(READ_NIGHTS) as [string, string][]) {
    const night = asked[Number(place) - 1];
    if (night === undefined) throw new Error(`the database answered night number ${place} of ${asked.length}`);
    past.set(night, BigInt(principal));
  }
  for (const night of set.nights) {
    const key = scopedKey(night.tenantId, night.loanId);
    const principalMinor = past.get(night) ?? BigInt(rows.get(key)?.[8] ?? '0');
    const known = nights.get(key);
    if (known === undefined) nights.set(key, [{ day: night.day, principalMinor }]);
    else known.push({ day: night.day, principalMinor });
  }
  return nights;
}
