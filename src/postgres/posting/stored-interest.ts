import type pg from 'pg';
import type { InterestFacts } from '../../domain/accrual-run.ts';
import { parseAnnualRate } from '../../domain/annual-rate.ts';
import type { CalendarDate } from '../../domain/calendar-date.ts';
import type { EventType } from '../../domain/event-type.ts';
import { beginningBy, type InterestCheckpoint, type InterestEvent, reachesBehind } from '../../domain/loan-accruals.ts';
import { formatRational, type Rational, rational } from '../../domain/rational.ts';
import { firstEntryIdOf } from '../../posting/entry-id.ts';
import { type LoanRef, scopedKey } from '../../posting/ledger-state.ts';
import type { PostingPlan } from '../../posting/posting-plan.ts';
import { plainArray } from '../array-literal.ts';
import { dateArray, int4Array, int8Array, textArray, uuidArray } from '../binary-array.ts';
import { type BoundStatement, type Statement, sendTrain } from '../statement-train.ts';
import { entryColumn, entryOf, firstEntryOf, joinEntry, reversalOf, stands } from './entry-lookup.ts';
import { inIndexOrder } from './plan-sorting.ts';

/** What is read and written of the interest of loans; statements take arrays, one element per loan. */

const READ_INTEREST: Statement = {
  name: 'read_interest',
  text: `SELECT asked.place, last.month, last.days, c.loan_seq, c.frontier, c.through, c.exact_interest, c.posted_minor,
      c.principal_from, c.principal_minor, c.interest_minor, r.annual_rate, r.maturity_date,
      CASE WHEN ${stands('r')} THEN r.accrued_through END, r.entry_id, r.accrued_through
    FROM (SELECT unnest($1::uuid[]) AS tenant_id, unnest($2::uuid[]) AS loan_id,
        generate_subscripts($2::uuid[], 1) AS place) AS asked
    LEFT JOIN LATERAL (
      SELECT m.month, m.days FROM hpts.loan_accrual_month AS m
      WHERE m.tenant_id = asked.tenant_id AND m.loan_id = asked.loan_id AND m.days <> 0
      ORDER BY m.month DESC LIMIT 1) AS last ON true
    LEFT JOIN LATERAL (
      SELECT * FROM hpts.loan_interest AS i WHERE i.tenant_id = asked.tenant_id AND i.loan_id = asked.loan_id OFFSET 0) AS c ON true
    LEFT JOIN LATERAL (
      SELECT * FROM hpts.loan_registration AS o WHERE o.tenant_id = asked.tenant_id AND o.loan_id = asked.loan_id OFFSET 0) AS r ON true`,
};

// What a restatement posted to an accrual or to its correction counts as a correction of that accrual.
// Movements rise by frontier and loan_seq alike, so those behind a place are one stretch of their index. What moved nothing is
// asked for where the whole life is, and so is a disbursement that is or was pending: interest begins with it.
const READ_INTEREST_EVENTS: Statement = {
  name: 'read_interest_events',
  text: `WITH asked AS (
      SELECT unnest($1::uuid[]) AS tenant_id, unnest($2::uuid[]) AS loan_id, unnest($3::date[]) AS frontier, unnest($4::int[]) AS loan_seq,
        generate_subscripts($2::uuid[], 1) AS place),
    unmoved AS (
      SELECT a.place, u.tenant_id, u.entry_id, ${reversalOf('u')} AS reversal_id
      FROM asked AS a CROSS JOIN LATERAL (
        SELECT * FROM hpts.loan_unmoved_event AS e WHERE e.tenant_id = a.tenant_id AND e.loan_id = a.loan_id OFFSET 0) AS u
      WHERE a.loan_seq = 0
      UNION ALL
      SELECT a.place, d.tenant_id, d.entry_id, ${reversalOf('d')}
      FROM asked AS a CROSS JOIN LATERAL (
        SELECT * FROM hpts.disbursement AS e WHERE e.tenant_id = a.tenant_id AND e.loan_id = a.loan_id OFFSET 0) AS d
      WHERE a.loan_seq = 0 AND ${entryColumn('layer', entryOf('d'))} = 1),
    life AS (
      SELECT a.place, m.tenant_id, m.entry_id, m.principal_minor, m.interest_minor + m.memo_interest_minor AS interest_minor
      FROM asked AS a CROSS JOIN LATERAL (
        SELECT * FROM hpts.loan_movement AS o WHERE o.tenant_id = a.tenant_id AND o.loan_id = a.loan_id AND o.layer = 0
          AND o.frontier >= a.frontier AND o.loan_seq > a.loan_seq OFFSET 0) AS m
      UNION ALL SELECT u.place, u.tenant_id, u.entry_id, NULL, NULL FROM unmoved AS u
      UNION ALL SELECT u.place, u.tenant_id, u.reversal_id, NULL, NULL FROM unmoved AS u WHERE u.reversal_id IS NOT NULL)
    SELECT l.place, e.entry_id, e.event_type, e.effective_at, l.principal_minor, l.interest_minor, e.reverses_entry_id,
      CASE WHEN e.event_type = 'accrual' THEN coalesce(e.event_input::jsonb ->> 'corrected_event_id', CASE WHEN right(e.entry_id::text, 1) = '2' THEN coalesce(
        ${entryColumn('event_input', firstEntryOf('e'))}::jsonb ->> 'corrected_event_id', e.event_id::text) END) END
    FROM life AS l
    ${joinEntry('e', entryOf('l'))}
    WHERE e.entry_id = l.entry_id
    ORDER BY l.place, e.seq`,
};

// Batches are unrolled once each, whatever a plan expects of them. What a restatement said last counts; it may say that an accrual stands for no nights.
const READ_EXACT_INTEREST: Statement = {
  name: 'read_exact_interest',
  text: `WITH x AS MATERIALIZED (
      SELECT b.tenant_id, b.entry_id, s.loan_id, s.exact
      FROM (SELECT DISTINCT tenant_id, entry_id FROM unnest($1::uuid[], $3::uuid[]) AS named (tenant_id, entry_id)) AS named
      JOIN hpts.accrual_batch AS b ON b.tenant_id = named.tenant_id AND b.entry_id = named.entry_id AND b.exact_interest IS NOT NULL
      CROSS JOIN LATERAL unnest(b.loan_ids, b.exact_interest) AS s (loan_id, exact))
    SELECT asked.tenant_id, asked.loan_id, asked.entry_id, CASE WHEN again.turn IS NULL THEN x.exact ELSE again.exact_interest END
    FROM x JOIN unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS asked (tenant_id, loan_id, entry_id)
      ON asked.tenant_id = x.tenant_id AND asked.entry_id = x.entry_id AND asked.loan_id = x.loan_id
    LEFT JOIN LATERAL (
      SELECT r.turn, r.exact_interest FROM hpts.restated_interest AS r
      WHERE r.tenant_id = asked.tenant_id AND r.entry_id = asked.entry_id AND r.loan_id = asked.loan_id
      ORDER BY r.turn DESC LIMIT 1) AS again ON true`,
};

const KEEP_INTEREST: Statement = {
  name: 'keep_interest',
  text: `INSERT INTO hpts.loan_interest AS i (tenant_id, loan_id, loan_seq, frontier, through, exact_interest, posted_minor,
      principal_from, principal_minor, interest_minor)
    SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::int[]), unnest($4::date[]), unnest($5::date[]), unnest($6::text[]),
      unnest($7::numeric[]), unnest($8::date[]), unnest($9::bigint[]), unnest($10::bigint[])
    ON CONFLICT (tenant_id, loan_id) DO UPDATE SET loan_seq = excluded.loan_seq, frontier = excluded.frontier,
      through = excluded.through, exact_interest = excluded.exact_interest, posted_minor = excluded.posted_minor,
      principal_from = excluded.principal_from, principal_minor = excluded.principal_minor, interest_minor = excluded.interest_minor`,
};

const FORGET_INTEREST: Statement = {
  name: 'forget_interest',
  text: `DELETE FROM hpts.loan_interest AS i USING (SELECT unnest($1::uuid[]) AS tenant_id, unnest($2::uuid[]) AS loan_id) AS n
    WHERE i.tenant_id = n.tenant_id AND i.loan_id = n.loan_id`,
};

const INSERT_UNMOVED_EVENTS: Statement = {
  name: 'insert_unmoved_events',
  text: `INSERT INTO hpts.loan_unmoved_event (tenant_id, loan_id, entry_id, effective_at, loan_seq)
    SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::date[]), unnest($5::int[])`,
};

const INSERT_RESTATED_INTEREST: Statement = {
  name: 'insert_restated_interest',
  text: `INSERT INTO hpts.restated_interest (tenant_id, loan_id, entry_id, turn, exact_interest)
    SELECT unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::uuid[]), unnest($4::int[]), unnest($5::text[])`,
};

const INSERT_RUN_PORTION: Statement = {
  name: 'insert_run_portion',
  text: `INSERT INTO hpts.accrual_run_portion
      (tenant_id, accrual_run_id, portion, last_loan_id, looked_at, accrued_loans, is_last, entry_ids, currencies, accrued_minor)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8::uuid[], $9::text[], $10::bigint[])`,
};

/** The statements of this file that read, for a connection to prepare. */
export const INTEREST_QUESTIONS: readonly Statement[] = [READ_INTEREST, READ_INTEREST_EVENTS, READ_EXACT_INTEREST];

/** Every statement of this file, likewise. */
export const INTEREST_STATEMENTS: readonly Statement[] = [
  ...INTEREST_QUESTIONS,
  KEEP_INTEREST,
  FORGET_INTEREST,
  INSERT_UNMOVED_EVENTS,
  INSERT_RESTATED_INTEREST,
  INSERT_RUN_PORTION,
];

type InterestRow = [
  place: string,
  month: string | null,
  days: string | null,
  loanSeq: string | null,
  frontier: string | null,
  through: string | null,
  exact: string | null,
  posted: string | null,
  principalFrom: string | null,
  principal: string | null,
  interest: string | null,
  annualRate: string | null,
  maturity: string | null,
  accruedThrough: string | null,
  registrationId: string | null,
  registeredThrough: string | null,
];

type EventRow = [
  place: string,
  entryId: string,
  eventType: EventType,
  effectiveAt: string,
  principal: string | null,
  interest: string | null,
  reversesEntryId: string | null,
  correctedEventId: string | null,
];

/** A loan whose events are asked for: behind a checkpoint, or all of them. */
type Asked = LoanRef & { readonly row: InterestRow; readonly isWhole: boolean };

/**
 * Reads the interest of loans that the transaction has locked, by scopedKey. `loanSeqs` are their counts of movements: a loan
 * that has not moved since its checkpoint is not looked at further.
 */
export async function readInterest(
  client: pg.Client,
  loans: readonly LoanRef[],
  loanSeq: (loan: LoanRef) => number,
): Promise<Map<string, InterestFacts>> {
  const facts = new Map<string, InterestFacts>();
  if (loans.length === 0) return facts;
  const moved: Asked[] = [];
  const [answer] = await sendTrain(client, [[READ_INTEREST, loanColumns(loans)]]);
  for (const row of (answer?.rows ?? []) as InterestRow[]) {
    const loan = loanAt(loans, row);
    const isWhole = row[3] === null;
    if (isWhole || Number(row[3]) !== loanSeq(loan)) moved.push({ ...loan, row, isWhole });
    else facts.set(scopedKey(loan.tenantId, loan.loanId), factsOf(row, []));
  }
  const further: Asked[] = [];
  for (const [one, events] of await readEvents(client, moved)) {
    const known = factsOf(one.row, events);
    if (!one.isWhole && known.checkpoint !== null && reachesBehind(known.checkpoint, events)) {
      further.push({ ...one, isWhole: true });
    } else facts.set(scopedKey(one.tenantId, one.loanId), one.isWhole ? { ...known, checkpoint: null } : known);
  }
  for (const [one, events] of await readEvents(client, further)) {
    facts.set(scopedKey(one.tenantId, one.loanId), { ...factsOf(one.row, events), checkpoint: null });
  }
  return facts;
}

/** The same of their whole lives, whatever was counted before. */
export async function readWholeInterest(
  client: pg.Client,
  loans: readonly LoanRef[],
): Promise<Map<string, InterestFacts>> {
  const facts = new Map<string, InterestFacts>();
  if (loans.length === 0) return facts;
  const [answer] = await sendTrain(client, [[READ_INTEREST, loanColumns(loans)]]);
  const rows = (answer?.rows ?? []) as InterestRow[];
  const asked = rows.map((row): Asked => ({ ...loanAt(loans, row), row, isWhole: true }));
  for (const [{ tenantId, loanId, row }, events] of await readEvents(client, asked)) {
    facts.set(scopedKey(tenantId, loanId), { ...factsOf(row, events), checkpoint: null });
  }
  return facts;
}

function loanAt(loans: readonly LoanRef[], [place]: InterestRow): LoanRef {
  const loan = loans[Number(place) - 1];
  if (loan === undefined) throw new Error(`the database answered loan number ${place} of ${loans.length}`);
  return loan;
}

async function readEvents(
  client: pg.Client,
  asked: readonly Asked[],
): Promise<readonly (readonly [Asked, readonly InterestEvent[]])[]> {
  if (asked.length === 0) return [];
  const frontiers = dateArray(asked, ({ row, isWhole }) => (isWhole ? '0001-01-01' : row[4]));
  const after = int4Array(asked, ({ row, isWhole }) => (isWhole ? 0 : Number(row[3])));
  const question: BoundStatement = [READ_INTEREST_EVENTS, [...loanColumns(asked), frontiers, after]];
  const [, answer] = await sendTrain(client, inIndexOrder([question]));
  const byPlace = Map.groupBy((answer?.rows ?? []) as EventRow[], (row) => Number(row[0]));
  const exact = await readExact(client, asked, byPlace);
  return asked.map((one, index) => [one, eventsOf(one, byPlace.get(index + 1) ?? [], exact)]);
}

/** What the server's accruals stand for, by loan and entry; null: no nights. */
type ExactInterest = ReadonlyMap<string, Rational | null>;

/** Of the accruals among these events. */
async function readExact(
  client: pg.Client,
  asked: readonly Asked[],
  byPlace: ReadonlyMap<number, readonly EventRow[]>,
): Promise<ExactInterest> {
  const accruals = asked.flatMap(({ tenantId, loanId, isWhole }, index) =>
    // Behind a checkpoint there is no accrual by the server: each writes one.
    (isWhole ? (byPlace.get(index + 1) ?? []) : [])
      .filter((row) => row[2] === 'accrual' && row[7] === null)
      .map((row) => ({ tenantId, loanId, entryId: row[1] })),
  );
  if (accruals.length === 0) return new Map();
  const columns = [...loanColumns(accruals), uuidArray(accruals, ({ entryId }) => entryId)];
  const [answer] = await sendTrain(client, [[READ_EXACT_INTEREST, columns]]);
  const rows = (answer?.rows ?? []) as [string, string, string, string | null][];
  return new Map(
    rows.map(([tenantId, loanId, entryId, text]) => [
      tenantId + loanId + entryId,
      text === null ? null : readRational(text),
    ]),
  );
}

function eventsOf(
  { tenantId, loanId, row, isWhole }: Asked,
  rows: readonly EventRow[],
  exact: ExactInterest,
): readonly InterestEvent[] {
  let principal = isWhole ? 0n : BigInt(row[9] ?? '0');
  let interest = isWhole ? 0n : BigInt(row[10] ?? '0');
  return rows.map(([, entryId, eventType, effectiveAt, nowPrincipal, nowInterest, reversesEntryId, corrected]) => {
    const before = { principal, interest };
    principal = nowPrincipal === null ? principal : BigInt(nowPrincipal);
    interest = nowInterest === null ? interest : BigInt(nowInterest);
    const principalMinor = principal - before.principal;
    const standsFor = exact.get(tenantId + loanId + entryId);
    const moved = { eventType, effectiveAt: effectiveAt as CalendarDate, principalMinor };
    return {
      ...moved,
      entryId,
      interestMinor: interest - before.interest,
      reversesEntryId,
      correctsEntryId: corrected === null ? null : firstEntryIdOf(corrected),
      exact: standsFor ?? null,
      ...(standsFor === null ? { isPassedOver: true } : {}),
      beginsOn: beginningBy(moved, openingBy(entryId, row)),
    };
  });
}

function openingBy(entryId: string, row: InterestRow): { readonly accruedThrough: CalendarDate | null } | null {
  return entryId === row[14] ? { accruedThrough: row[15] as CalendarDate | null } : null;
}

function factsOf(row: InterestRow, events: readonly InterestEvent[]): InterestFacts {
  const [, month, days, , , , , , , , , annualRate, maturity, accruedThrough] = row;
  return {
    accruedOn: month === null || days === null ? null : lastDayOf(month, Number(days)),
    annualRate: annualRate === null ? null : (parseAnnualRate(annualRate) ?? null),
    maturity: maturity as CalendarDate | null,
    accruedThrough: accruedThrough as CalendarDate | null,
    checkpoint: checkpointOf(row),
    events,
  };
}

/** The date of the highest bit; bit n−1 is day n. */
function lastDayOf(month: string, days: number): string {
  const day = 32 - Math.clz32(days);
  return `${month.slice(0, 8)}${String(day).padStart(2, '0')}`;
}

function checkpointOf(row: InterestRow): InterestCheckpoint | null {
  const [, , , , , through, exact, posted, principalFrom, principal] = row;
  if (through === null || exact === null || posted === null || principalFrom === null || principal === null)
    return null;
  return {
    through: through as CalendarDate,
    exact: readRational(exact),
    postedMinor: BigInt(posted),
    principalFrom: principalFrom as CalendarDate,
    principalMinor: BigInt(principal),
  };
}

/** Reads what formatRational wrote. */
export function readRational(text: string): Rational {
  const [numerator = '0', denominator = '1'] = text.split('/');
  return rational({ numerator: BigInt(numerator), denominator: BigInt(denominator) });
}

/** What writes the interest of a batch; no statement for what there is none of. */
export function interestStatements(plan: PostingPlan): BoundStatement[] {
  const { unmovedEvents, restatedInterest, forgottenInterest, interestCheckpoints } = plan;
  const statements: BoundStatement[] = [];
  if (unmovedEvents.length > 0) {
    const entryIds = uuidArray(unmovedEvents, ({ entryId }) => entryId);
    const days = dateArray(unmovedEvents, ({ effectiveAt }) => effectiveAt);
    const places = int4Array(unmovedEvents, ({ loanSeq }) => loanSeq);
    statements.push([INSERT_UNMOVED_EVENTS, [...loanColumns(unmovedEvents), entryIds, days, places]]);
  }
  if (restatedInterest.length > 0) {
    statements.push([
      INSERT_RESTATED_INTEREST,
      [
        ...loanColumns(restatedInterest),
        uuidArray(restatedInterest, ({ entryId }) => entryId),
        int4Array(restatedInterest, ({ turn }) => turn),
        textArray(restatedInterest, ({ exact }) => exact && formatRational(exact)),
      ],
    ]);
  }
  if (forgottenInterest.length > 0) statements.push([FORGET_INTEREST, loanColumns(forgottenInterest)]);
  if (interestCheckpoints.length > 0) {
    statements.push([
      KEEP_INTEREST,
      [
        ...loanColumns(interestCheckpoints.map(({ loan }) => loan)),
        int4Array(interestCheckpoints, ({ loan }) => loan.loanSeq),
        dateArray(interestCheckpoints, ({ loan }) => loan.frontier),
        dateArray(interestCheckpoints, ({ checkpoint }) => checkpoint.through),
        textArray(interestCheckpoints, ({ checkpoint }) => formatRational(checkpoint.exact)),
        plainArray(interestCheckpoints.map(({ checkpoint }) => checkpoint.postedMinor)),
        dateArray(interestCheckpoints, ({ checkpoint }) => checkpoint.principalFrom),
        int8Array(interestCheckpoints, ({ checkpoint }) => checkpoint.principalMinor),
        int8Array(interestCheckpoints, ({ loan }) => loan.layers[0].interest + loan.layers[0].memoInterest),
      ],
    ]);
  }
  return [...statements, ...plan.runPortions.map(portionStatement)];
}

function portionStatement({
  tenantId,
  portion,
  accruedLoans,
  entries,
}: PostingPlan['runPortions'][number]): BoundStatement {
  return [
    INSERT_RUN_PORTION,
    [
      tenantId,
      portion.accrualRunId,
      String(portion.portion),
      portion.lastLoanId,
      String(portion.lookedAt),
      String(accruedLoans),
      portion.isLast ? 't' : 'f',
      uuidArray(entries, ({ entryId }) => entryId),
      textArray(entries, ({ currency }) => currency),
      int8Array(entries, ({ accruedMinor }) => accruedMinor),
    ],
  ];
}

function loanColumns(loans: readonly LoanRef[]): Buffer[] {
  return [uuidArray(loans, (loan) => loan.tenantId), uuidArray(loans, (loan) => loan.loanId)];
}
