import type pg from 'pg';
import { type InterestFacts, interestBefore } from '../../domain/accrual-run.ts';
import type { EventType } from '../../domain/event-type.ts';
import type { DraftLine, EventInput } from '../../domain/journal-entry.ts';
import { type LayerNumber, SETTLED } from '../../domain/layer.ts';
import { type Components, noComponents } from '../../domain/loan.ts';
import { byEffect, type KeptEntry, type KeptRun, type LoanEvent } from '../../domain/restatement/loan-event.ts';
import { LIMITS } from '../../limits.ts';
import { isRebooking } from '../../posting/entry-id.ts';
import { byEffectOfLoss, type KeptLoss, type KeptPart } from '../../posting/kept-loss.ts';
import { scopedKey } from '../../posting/ledger-state.ts';
import type { HistoryRef, LoanHistory } from '../../posting/restatement/loan-history.ts';
import { uuidArray } from '../binary-array.ts';
import { type BoundStatement, type Statement, sendTrain } from '../statement-train.ts';
import { firstEntryOf, joinEntry, settlingBy, stands } from './entry-lookup.ts';
import { READ_INTEREST_BEFORE, readInterestBefore } from './interest-before.ts';
import { SORTING } from './plan-sorting.ts';
import { READ_RETURNS, readReturnedPayments } from './returned-payments.ts';
import { readRational, readWholeInterest } from './stored-interest.ts';
import { type LossRow, lossesOf, READ_LOSSES, READ_RECOVERIES, type RecoveryRow } from './stored-losses.ts';
import {
  type ArrivedNonAccrual,
  type NonAccrualRow,
  nonAccrualsOf,
  READ_STANDING_NON_ACCRUALS,
} from './stored-non-accruals.ts';

// As readers answer a balance on a past day, on each layer: the last movement before the day, and what backdated movements add.
const READ_BALANCES_BEFORE: Statement = {
  name: 'read_balances_before',
  text: `SELECT asked.place, l.layer,
      coalesce(m.principal_minor, 0)::numeric + coalesce(b.principal_minor, 0), coalesce(m.interest_minor, 0)::numeric + coalesce(b.interest_minor, 0),
      coalesce(m.fees_minor, 0)::numeric + coalesce(b.fees_minor, 0), coalesce(m.suspense_minor, 0)::numeric + coalesce(b.suspense_minor, 0),
      coalesce(m.memo_interest_minor, 0)::numeric + coalesce(b.memo_interest_minor, 0)
    FROM (SELECT unnest($2::uuid[]) AS loan_id, generate_subscripts($2::uuid[], 1) AS place) AS asked
    CROSS JOIN generate_series(0, 2) AS l (layer)
    LEFT JOIN LATERAL (
      SELECT * FROM hpts.loan_movement AS m
      WHERE m.tenant_id = $1 AND m.loan_id = asked.loan_id AND m.layer = l.layer AND m.frontier < $3::date
      ORDER BY m.frontier DESC, m.loan_seq DESC LIMIT 1) AS m ON true
    LEFT JOIN LATERAL (
      SELECT * FROM hpts.loan_backdating AS b
      WHERE b.tenant_id = $1 AND b.loan_id = asked.loan_id AND b.layer = l.layer AND b.from_day < $3::date
      ORDER BY b.from_day DESC LIMIT 1) AS b ON true
    ORDER BY asked.place, l.layer`,
};

// A movement's date never lies behind its frontier, so a loan's later events are one range of each layer. What was reversed,
// by a request or by a restatement, is no event any more. Arrays of entries over many loans are searched, not unrolled.
const READ_EVENTS_SINCE: Statement = {
  name: 'read_events_since',
  text: `SELECT asked.place, e.entry_id, e.event_id, e.correlation_id, e.event_type, e.effective_at, e.currency, e.layer,
      e.loan_id, e.borrower_id, e.external_ref, to_char(e.posted_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      CASE WHEN e.loan_ids IS NULL THEN e.accounts ELSE ARRAY(SELECT e.accounts[p] FROM unnest(found.places) AS p) END,
      CASE WHEN e.loan_ids IS NULL THEN e.amounts ELSE ARRAY(SELECT e.amounts[p] FROM unnest(found.places) AS p) END,
      e.description, e.event_input::jsonb, e.metadata, o.seq, b.interest_minor, e.seq,
      o.event_type, ${settlingBy('turn::int', 'e')},
      CASE WHEN e.loan_ids IS NULL THEN e.layers ELSE ARRAY(SELECT e.layers[p] FROM unnest(found.places) AS p) END,
      CASE WHEN e.event_type = 'payment_returned' THEN
        (SELECT p.payment_entry_id FROM hpts.payment_return AS p WHERE p.tenant_id = $1 AND p.entry_id = e.entry_id ORDER BY p.turn LIMIT 1) END,
      k.accrual_entry_id, k.interest_minor, b.exact_interest, n.turn, n.exact_interest
    FROM (SELECT unnest($2::uuid[]) AS loan_id, generate_subscripts($2::uuid[], 1) AS place) AS asked
    CROSS JOIN LATERAL (
      SELECT DISTINCT m.entry_id FROM (
        SELECT m.entry_id FROM generate_series(0, 2) AS l (layer)
        CROSS JOIN LATERAL (
          SELECT m.entry_id FROM hpts.loan_movement AS m
          WHERE m.tenant_id = $1 AND m.loan_id = asked.loan_id AND m.layer = l.layer AND m.frontier >= $3::date
            AND m.effective_at >= $3::date) AS m
        UNION ALL
        SELECT u.entry_id FROM hpts.loan_unmoved_event AS u
        WHERE u.tenant_id = $1 AND u.loan_id = asked.loan_id AND u.effective_at >= $3::date) AS m) AS moved
    ${joinEntry('e', { tenantId: '$1', entryId: 'moved.entry_id' })}
    ${joinEntry('o', firstEntryOf('e'))}
    LEFT JOIN LATERAL (
      SELECT a.exact_interest[a.place] AS exact_interest, CASE WHEN a.exact_interest IS NULL THEN a.interest_minor[a.place] END AS interest_minor
      FROM (
        SELECT s.exact_interest, s.interest_minor, array_position(s.loan_ids, asked.loan_id) AS place FROM hpts.accrual_batch AS s
        WHERE s.tenant_id = $1 AND s.entry_id = o.entry_id LIMIT 1) AS a) AS b ON e.event_type = 'accrual'
    LEFT JOIN LATERAL (
      SELECT c.accrual_entry_id, c.interest_minor[array_position(c.loan_ids, asked.loan_id)] AS interest_minor FROM hpts.accrual_correction AS c
      WHERE c.tenant_id = $1 AND c.accrual_entry_id = (left(o.event_input::jsonb ->> 'corrected_event_id', 35) || '0')::uuid
        AND c.entry_id = o.entry_id LIMIT 1) AS k ON e.event_type = 'accrual'
    LEFT JOIN LATERAL (
      SELECT r.turn, r.exact_interest FROM hpts.restated_interest AS r
      WHERE r.tenant_id = $1 AND r.entry_id = o.entry_id AND r.loan_id = asked.loan_id ORDER BY r.turn DESC LIMIT 1) AS n
      ON e.event_type = 'accrual'
    CROSS JOIN LATERAL (SELECT array_positions(e.loan_ids, asked.loan_id) AS places) AS found
    WHERE e.entry_id = moved.entry_id AND e.event_type <> 'reversal' AND e.effective_at >= $3::date AND ${stands('e')}
    LIMIT $4::bigint`,
};

/** What is read besides a state's own statements where histories are wanted. */
export const HISTORY_QUESTIONS: readonly Statement[] = [
  READ_BALANCES_BEFORE,
  READ_EVENTS_SINCE,
  READ_RETURNS,
  READ_INTEREST_BEFORE,
];

type BalanceRow = [place: number, layer: LayerNumber, ...components: [string, string, string, string, string]];

type EventRow = [
  place: number,
  entryId: string,
  eventId: string,
  correlationId: string,
  eventType: EventType,
  effectiveAt: string,
  currency: string | null,
  layer: LayerNumber | null,
  loanId: string | null,
  borrowerId: string | null,
  externalRef: string | null,
  postedAt: string,
  accounts: number[],
  amounts: string[],
  description: string | null,
  eventInput: EventInput | null,
  metadata: string | null,
  arrival: bigint,
  interestMinor: bigint | null,
  seq: bigint,
  acceptedAs: EventType,
  settlingTurn: number | null,
  layers: (LayerNumber | null)[] | null,
  returnOf: string | null,
  correctsEntryId: string | null,
  correctedMinor: bigint | null,
  exact: string | null,
  restatedTurn: number | null,
  restatedExact: string | null,
];

/**
 * The lives of loans from a day on, keyed by scopedKey; the loans are locked, and these statements began after that. All
 * are of one tenant and asked for from one day, since one command asks for them.
 */
export async function readHistories(client: pg.Client, refs: readonly HistoryRef[]): Promise<Map<string, LoanHistory>> {
  const [first] = refs;
  if (first === undefined) return new Map();
  const { tenantId, from } = first;
  const loanIds = refs.map(({ loanId }) => loanId);
  const ask = async <Row>({ name, text }: Statement, ...more: unknown[]): Promise<Row[]> =>
    (await client.query({ name, text, values: [tenantId, loanIds, from, ...more], rowMode: 'array' })).rows as Row[];
  await client.query(SORTING.off);
  const balances = await ask<BalanceRow>(READ_BALANCES_BEFORE);
  const events = await ask<EventRow>(READ_EVENTS_SINCE, LIMITS.entriesDecidedAgain + 1);
  const loans = refs.map(({ loanId }) => ({ tenantId, loanId }));
  const columns = [uuidArray(loans, (loan) => loan.tenantId), uuidArray(loans, (loan) => loan.loanId)];
  const facts = [READ_LOSSES, READ_RECOVERIES, READ_STANDING_NON_ACCRUALS].map((one): BoundStatement => [one, columns]);
  const [lost, recovered, marked] = (await sendTrain(client, facts)).map(({ rows }) => rows);
  const losses = lossesOf(loans, (lost ?? []) as unknown as LossRow[], (recovered ?? []) as unknown as RecoveryRow[]);
  const nonAccruals = nonAccrualsOf((marked ?? []) as unknown as NonAccrualRow[]);
  const paymentIds = events.flatMap((row) => (row[23] === null ? [] : [row[23]]));
  const returned = await readReturnedPayments(client, tenantId, paymentIds);
  const corrected = events.flatMap((row) => (row[24] === null ? [] : [[loanIds[row[0] - 1] ?? '', row[24]] as const]));
  const interest = await readInterestBefore(client, tenantId, { corrected, from });
  const truncated = isTooMuch(events);
  const accruing = truncated
    ? []
    : loans.filter((_loan, index) => events.some((row) => row[0] === index + 1 && row[26] !== null));
  // It allows sorting again itself, so nothing else may be read behind it.
  const interestFacts = await readWholeInterest(client, accruing);
  await client.query(SORTING.on);
  return new Map(
    loanIds.map((loanId, index) => {
      const ofLoan = <Row extends BalanceRow | EventRow>(row: Row): boolean => row[0] === index + 1;
      const before = layersOf(balances.filter(ofLoan));
      const lived = truncated ? [] : eventsOf(events.filter(ofLoan), loanId);
      const key = scopedKey(tenantId, loanId);
      const known = {
        losses: inEffect(losses.get(key) ?? []),
        nonAccruals: (nonAccruals.get(key) ?? []).toSorted(byMark),
        interest: interest.get(loanId) ?? new Map<string, bigint>(),
        interestFacts: factsBefore(interestFacts.get(key), from),
        returned: returned.filter(({ payment }) => payment.loanId === loanId),
      };
      return [key, { from, before, events: lived, ...known, truncated }];
    }),
  );
}

function factsBefore(facts: InterestFacts | undefined, from: string): InterestFacts | null {
  return facts === undefined ? null : interestBefore(facts, from);
}

/** An event of several loans counts once for each of them. */
function isTooMuch(rows: readonly EventRow[]): boolean {
  if (rows.length <= LIMITS.eventsDecidedAgain) return false;
  const events = new Set(rows.map(([place, , eventId]) => `${place} ${eventId}`));
  return rows.length > LIMITS.entriesDecidedAgain || events.size > LIMITS.eventsDecidedAgain;
}

function inEffect(losses: readonly KeptLoss[]): readonly KeptLoss[] {
  const byDate = (one: KeptPart, other: KeptPart): number => compare(one.effectiveAt, other.effectiveAt);
  return losses.map((loss) => ({ ...loss, recovered: loss.recovered.toSorted(byDate) })).toSorted(byEffectOfLoss);
}

function byMark(one: ArrivedNonAccrual, other: ArrivedNonAccrual): number {
  const byDate = compare(one.effectiveAt, other.effectiveAt);
  return byDate === 0 ? compare(one.arrival, other.arrival) : byDate;
}

function compare<Value extends string | bigint>(one: Value, other: Value): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function layersOf(rows: readonly BalanceRow[]): LoanHistory['before'] {
  const [settled, pending, encumbrance] = rows.map(
    ([, , principal, interest, fees, suspense, memoInterest]): Components => ({
      principal: BigInt(principal),
      interest: BigInt(interest),
      fees: BigInt(fees),
      suspense: BigInt(suspense),
      memoInterest: BigInt(memoInterest),
    }),
  );
  return [settled ?? noComponents(), pending ?? null, encumbrance ?? null];
}

/** One event for each event id: an accrual that was restated has several entries, and stands at the sum of their lines. */
function eventsOf(rows: readonly EventRow[], loanId: string): readonly LoanEvent[] {
  const events = new Map<string, LoanEvent>();
  for (const row of rows) {
    const entry = entryOf(row, loanId);
    const known = events.get(entry.eventId);
    const isDifference = entry.eventType === 'accrual' && isRebooking(entry.entryId);
    events.set(entry.eventId, {
      eventId: entry.eventId,
      arrival: row[17],
      entry: isDifference && known !== undefined ? known.entry : entry,
      lines: known === undefined ? entry.lines : netLines([...known.lines, ...entry.lines]),
      acceptedAs: row[20],
      settlingTurn: row[21],
      returnOf: row[23],
      accrual: row[18] === null ? null : { interestMinor: row[18] },
      run: runOf(row),
      correction: row[24] === null || row[25] === null ? null : { accrualEntryId: row[24], interestMinor: row[25] },
    });
  }
  return [...events.values()].sort(byEffect);
}

/** What the server's accrual stands for: as a restatement said last, else as it was posted. */
function runOf({ 26: exact, 27: turn, 28: restated }: EventRow): KeptRun | null {
  if (exact === null) return null;
  if (turn === null) return { exact: readRational(exact), turn: 0 };
  return { exact: restated === null ? null : readRational(restated), turn };
}

/** A line's own layer, where it is not that of its entry. */
function layerOf(own: LayerNumber | null, ofEntry: LayerNumber | null): { readonly layer?: LayerNumber } {
  return own === null || own === (ofEntry ?? SETTLED) ? {} : { layer: own };
}

function netLines(lines: readonly DraftLine[]): readonly DraftLine[] {
  const net = new Map<number, DraftLine>();
  for (const line of lines) {
    const amountMinor = (net.get(line.account)?.amountMinor ?? 0n) + line.amountMinor;
    net.set(line.account, { ...line, amountMinor });
  }
  return [...net.values()].filter(({ amountMinor }) => amountMinor !== 0n);
}

function entryOf(row: EventRow, ofLoanId: string): KeptEntry {
  const [, entryId, eventId, correlationId, eventType, effectiveAt, currency, layer, loanId, borrowerId] = row;
  const [externalRef, postedAt, accounts, amounts, description, eventInput, metadata] = [
    row[10],
    row[11],
    row[12],
    row[13],
    row[14],
    row[15],
    row[16],
  ];
  const lines = accounts.map((account, index) => ({
    account,
    amountMinor: BigInt(amounts[index] ?? '0'),
    loanId: loanId ?? ofLoanId,
    borrowerId,
    ...layerOf(row[22]?.[index] ?? null, layer),
  }));
  return {
    entryId,
    eventId,
    correlationId,
    eventType,
    effectiveAt,
    currency: currency ?? '',
    layer: layer ?? SETTLED,
    loanId,
    borrowerId,
    lines,
    externalRef,
    seq: row[19],
    postedAt,
    description,
    eventInput: eventInput ?? {},
    metadata,
  };
}
