import type { EventType } from '../../domain/event-type.ts';
import type { DraftLine, EventInput } from '../../domain/journal-entry.ts';
import type { LayerNumber } from '../../domain/layer.ts';
import { firstEntryIdOf } from '../../posting/entry-id.ts';
import { type ResolvedEntry, scopedKey } from '../../posting/ledger-state.ts';
import type { EntryRef } from '../../posting/posting-store.ts';
import type { FollowingFacts, ReceiptFacts } from '../../posting/receipt.ts';
import { uuidArray } from '../binary-array.ts';
import type { ReaderPool } from '../reading/reader-pool.ts';
import type { Statement } from '../statement-train.ts';
import { entryOf, joinEntry } from './entry-lookup.ts';

/** Entries of `asked` as `READ_RECEIPTS` and `READ_LIVE_ENTRIES` answer them; `askedId` is the id that they were asked by. */
function postedEntries(asked: string): string {
  return `SELECT e.tenant_id, e.entry_id, e.event_id, e.correlation_id, e.event_type, e.effective_at, e.currency, e.layer,
      e.loan_id, e.borrower_id, e.external_ref, e.reverses_entry_id, to_char(e.posted_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      e.accounts, e.amounts, e.loan_ids, e.borrower_ids, (e.event_input::jsonb->>'loan_count')::int, b.loan_ids,
      (SELECT array_agg(o.entry_id::text ORDER BY f.place) || array_agg(o.event_type::text ORDER BY f.place)
       FROM hpts.following_entry AS f ${joinEntry('o', entryOf('f'))}
       WHERE f.tenant_id = e.tenant_id AND f.first_entry_id = e.entry_id),
      e.event_input::jsonb->>'registered_loan_id', b.interest_minor, e.event_input::jsonb->>'corrected_event_id',
      e.layers, e.currencies, e.seq, e.event_input::jsonb->'recovered', e.event_input, e.event_input::jsonb->>'period',
      asked.asked_id, e.event_input::jsonb->>'requested_entry_id',
      (SELECT c.loan_ids FROM hpts.accrual_correction AS c WHERE c.tenant_id = e.tenant_id AND c.entry_id = e.entry_id
         AND c.accrual_entry_id = (left(e.event_input::jsonb->>'corrected_event_id', 35) || '0')::uuid)
    FROM ${asked} AS asked
    ${joinEntry('e', entryOf('asked'))}
    LEFT JOIN LATERAL (
      SELECT * FROM hpts.accrual_batch AS a WHERE a.tenant_id = e.tenant_id AND a.entry_id = e.entry_id OFFSET 0) AS b ON true
    WHERE e.entry_id = asked.entry_id`;
}

export const READ_RECEIPTS: Statement = {
  name: 'read_receipts',
  text: postedEntries(
    '(SELECT unnest($1::uuid[]) AS tenant_id, unnest($2::uuid[]) AS entry_id, unnest($2::uuid[]) AS asked_id)',
  ),
};

// Of an entry that was restated, the one that stands in its place: the end of its chain.
export const READ_LIVE_ENTRIES: Statement = {
  name: 'read_live_entries',
  text: `WITH RECURSIVE chain AS (
      SELECT unnest($1::uuid[]) AS tenant_id, unnest($2::uuid[]) AS entry_id, unnest($2::uuid[]) AS asked_id
      UNION ALL
      SELECT s.tenant_id, s.successor_id, chain.asked_id
      FROM chain CROSS JOIN LATERAL (
        SELECT * FROM hpts.superseded_entry AS x WHERE x.tenant_id = chain.tenant_id AND x.entry_id = chain.entry_id OFFSET 0) AS s)
    ${postedEntries(`(SELECT * FROM chain WHERE (
        SELECT s.entry_id FROM hpts.superseded_entry AS s WHERE s.tenant_id = chain.tenant_id AND s.entry_id = chain.entry_id) IS NULL)`)}`,
};

/** A row of READ_LIVE_ENTRIES. */
export type PostedRow = [
  tenantId: string,
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
  reversesEntryId: string | null,
  postedAt: string,
  accounts: number[],
  amounts: string[],
  loanIds: (string | null)[] | null,
  borrowerIds: (string | null)[] | null,
  loanCount: number | null,
  accruedLoanIds: string[] | null,
  /** Their ids, then their event types. */
  following: string[] | null,
  registeredLoanId: string | null,
  accruedMinor: string[] | null,
  correctedEventId: string | null,
  layers: LayerNumber[] | null,
  currencies: string[] | null,
  seq: bigint,
  recovered: ReceiptFacts['recovered'],
  eventInput: string | null,
  period: string | null,
  askedId: string,
  requestedEntryId: string | null,
  correctedLoanIds: string[] | null,
];

/** Entries that commands name, by the ids asked for, with every loan whose balance or accrual date they hold. */
export async function resolveEntries(
  reader: ReaderPool,
  refs: readonly EntryRef[],
): Promise<Map<string, ResolvedEntry>> {
  return resolvedEntries(await readRows(reader, READ_LIVE_ENTRIES, refs));
}

/** The same of rows that were read already. */
export function resolvedEntries(rows: readonly PostedRow[]): Map<string, ResolvedEntry> {
  const resolved = new Map<string, ResolvedEntry>();
  for (const row of rows) {
    const [tenantId, entryId, eventId, correlationId, eventType, effectiveAt, , , loanId, borrowerId] = row;
    const [, , , , , , , , , , externalRef, , postedAt] = row;
    // Of several layers the first: what settled has one foot there.
    const [layer, currency] = [row[7] ?? row[23]?.toSorted()[0], row[6] ?? row[24]?.[0]];
    if (currency === undefined || layer === undefined) throw new Error(`entry ${entryId} has no currency or no layer`);
    const lines = linesOf(row);
    const eventInput = row[27] === null ? {} : (JSON.parse(row[27]) as EventInput);
    resolved.set(scopedKey(tenantId, row[29]), {
      entry: {
        entryId,
        seq: row[25],
        eventId,
        correlationId,
        eventType,
        effectiveAt,
        currency,
        layer,
        loanId,
        borrowerId,
        lines,
        externalRef,
        eventInput,
        postedAt,
      },
      loanIds: loansOf(row, lines, eventInput),
      accrued: accruedOf(row),
      correctsEntryId: row[22] === null ? null : firstEntryIdOf(row[22]),
    });
  }
  return resolved;
}

/** What receipts of committed entries are rendered from. */
export async function readReceipts(reader: ReaderPool, refs: readonly EntryRef[]): Promise<Map<string, ReceiptFacts>> {
  const receipts = new Map<string, ReceiptFacts>();
  for (const row of await readRows(reader, READ_RECEIPTS, refs)) {
    const [tenantId, entryId, eventId, correlationId, eventType] = row;
    const [, , , , , , , , , , , reversesEntryId, postedAt] = row;
    receipts.set(scopedKey(tenantId, entryId), {
      eventType,
      entryId,
      eventId,
      correlationId,
      reversesEntryId: row[30] ?? reversesEntryId,
      postedAt,
      lines: linesOf(row),
      loanCount: row[17] ?? 0,
      registeredLoanId: row[20],
      recovered: row[26],
      period: row[28],
      following: followingOf(row[19]),
    });
  }
  return receipts;
}

async function readRows(reader: ReaderPool, statement: Statement, refs: readonly EntryRef[]): Promise<PostedRow[]> {
  const tenants = [...new Set(refs.map((ref) => ref.tenantId))].join(',');
  const ids = [uuidArray(refs, (ref) => ref.tenantId), uuidArray(refs, (ref) => ref.entryId)];
  return (await reader.read(tenants, statement, ids)) as PostedRow[];
}

function linesOf(row: PostedRow): DraftLine[] {
  const [loanId, borrowerId] = [row[8], row[9]];
  const [accounts, amounts, loanIds, borrowerIds] = [row[13], row[14], row[15], row[16]];
  return accounts.map((account, index) => ({
    account,
    amountMinor: BigInt(amounts[index] ?? '0'),
    loanId: loanIds === null ? loanId : (loanIds[index] ?? null),
    borrowerId: borrowerIds === null ? borrowerId : (borrowerIds[index] ?? null),
    ...placeOf(row, index),
  }));
}

/** Layer and currency of a line where its entry does not say them for all. */
function placeOf(row: PostedRow, index: number): Pick<DraftLine, 'layer' | 'currency'> {
  const [layer, currency] = [row[23]?.[index], row[24]?.[index]];
  return { ...(layer === undefined ? {} : { layer }), ...(currency === undefined ? {} : { currency }) };
}

function loansOf(row: PostedRow, lines: readonly DraftLine[], eventInput: EventInput): string[] {
  const accrued = row[18];
  if (accrued !== null) return accrued;
  // A correction is about loans too that it left as they were.
  if (row[31] !== null) return row[31];
  // An entry of one loan may have no lines: a mark of non-accrual changes without any.
  const ofEntry = row[8];
  if (ofEntry !== null) return [ofEntry];
  // A refinance is about the old loan, whether that owed anything or not.
  const old = row[4] === 'refinance' ? eventInput['old_loan_id'] : undefined;
  const named = lines.flatMap((line) => (line.loanId === null ? [] : [line.loanId]));
  return [...new Set([...named, ...(typeof old === 'string' ? [old] : [])])];
}

function accruedOf(row: PostedRow): ReadonlyMap<string, bigint> | null {
  const [loanIds, interest] = [row[18], row[21]];
  if (loanIds === null || interest === null) return null;
  return new Map(loanIds.map((loanId, index) => [loanId, BigInt(interest[index] ?? '0')]));
}

function followingOf(stored: string[] | null): readonly FollowingFacts[] {
  if (stored === null) return [];
  const count = stored.length / 2;
  return stored.slice(0, count).map((entryId, index) => ({ entryId, eventType: stored[count + index] as EventType }));
}
