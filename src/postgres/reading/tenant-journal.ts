import { LIMITS } from '../../limits.ts';
import type { Statement } from '../statement-train.ts';
import { type EntryRow, entryColumns, entryOf } from './entry-row.ts';
import {
  collectPage,
  entryBytes,
  FIRST_DAY,
  type JournalFilter,
  type JournalOrder,
  type JournalPage,
  type JournalWindow,
  LAST_DAY,
  type WindowQuestion,
  windowOf,
} from './journal-page.ts';
import type { ReaderPool } from './reader-pool.ts';

/** A page of a tenant's journal in order of `seq`; `behind` is the `seq` of the entry that the page before it ended with. */
export type TenantJournalQuestion = {
  readonly tenantId: string;
  readonly filter: JournalFilter;
  /** Entries with a line on this account; null: all. */
  readonly account: number | null;
  readonly order: JournalOrder;
  readonly behind: bigint | null;
  readonly size: number;
};

/**
 * One window of the journal: $2 the `seq` that it begins behind, $3 how many numbers it spans, $4–$7 the filter, $8 how
 * many entries are wanted, $9 of how many bytes. `seq` is gapless, so a span of numbers is as many entries; what is posted
 * meanwhile stands above the head that this statement sees. The span is computed apart, since under row security an index
 * takes no comparison that computes. The first entry always comes, so that the answer says whether
 * there was one.
 */
function windowStatement(order: JournalOrder): Statement {
  const spanOf = {
    desc: `least(h.seq, coalesce($2::bigint, h.seq + 1) - 1) AS high, least(h.seq, coalesce($2::bigint, h.seq + 1) - 1) - $3::bigint + 1 AS low`,
    asc: `least(h.seq, coalesce($2::bigint, 0) + $3::bigint) AS high, coalesce($2::bigint, 0) + 1 AS low`,
  };
  const lookedTo = {
    desc: 'CASE WHEN span.low > 1 THEN span.low END',
    asc: 'CASE WHEN span.high < span.newest THEN span.high END',
  };
  return {
    name: `read_tenant_journal_${order}`,
    text: `WITH span AS MATERIALIZED (
      SELECT h.tenant_id, h.seq AS newest, ${spanOf[order]} FROM hpts.tenant_head AS h WHERE h.tenant_id = $1)
    SELECT ${lookedTo[order]}, e.found, e.seq, e.bytes, ${entryColumns((array) => `${array}[1:${LIMITS.linesPerPage}]`)}
    FROM span
    LEFT JOIN LATERAL (
      SELECT m.*, count(*) OVER () AS found, row_number() OVER places AS place, sum(m.bytes) OVER places AS bytes_so_far
      FROM (
        SELECT e.*, ${entryBytes(`least(cardinality(e.accounts), ${LIMITS.linesPerPage})`)} AS bytes
        FROM hpts.journal_entry AS e
        WHERE e.tenant_id = $1 AND e.seq BETWEEN span.low AND span.high
          AND e.effective_at BETWEEN $4::date AND $5::date
          AND ($6::text IS NULL OR e.event_type = $6::hpts.event_type)
          AND ($7::smallint IS NULL OR $7 = ANY (e.accounts::smallint[]))
        ORDER BY e.seq ${order} LIMIT $8::bigint + 1) AS m
      WINDOW places AS (ORDER BY m.seq ${order})) AS e ON e.place = 1 OR (e.place <= $8 AND e.bytes_so_far <= $9::bigint)
    ORDER BY e.place`,
  };
}

export const READ_TENANT_JOURNAL: Readonly<Record<JournalOrder, Statement>> = {
  desc: windowStatement('desc'),
  asc: windowStatement('asc'),
};

type WindowRow = readonly [lookedTo: bigint | null, found: bigint | null, seq: bigint, bytes: bigint, ...EntryRow];

/** A page of the tenant's journal; a tenant without entries has an empty one. */
export function readTenantJournal(reader: ReaderPool, question: TenantJournalQuestion): Promise<JournalPage<bigint>> {
  const { tenantId, filter, account, order, behind, size } = question;
  const { fromDate, toDate, eventType } = filter;
  const passesAll = fromDate === null && toDate === null && eventType === null && account === null;
  return collectPage({ behind, size }, async (window): Promise<JournalWindow<bigint>> => {
    const span = passesAll ? window.entriesMax + 1 : LIMITS.journalScanEntries;
    const rows = await reader.read(tenantId, READ_TENANT_JOURNAL[order], [
      tenantId,
      window.behind,
      span,
      fromDate ?? FIRST_DAY,
      toDate ?? LAST_DAY,
      eventType,
      account,
      window.entriesMax,
      Math.max(window.bytesMax, 0),
    ]);
    return findings(rows as unknown as readonly WindowRow[], window);
  });
}

function findings(rows: readonly WindowRow[], window: WindowQuestion<bigint>): JournalWindow<bigint> {
  const [lookedTo, found] = rows[0] ?? [null, null];
  const answered = () =>
    rows.map(([, , seq, bytes, ...row]) => ({ entry: entryOf(row, 1), place: seq, bytes: Number(bytes) }));
  return windowOf({ found, lookedTo, answered }, window);
}
