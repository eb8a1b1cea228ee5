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

/**
 * The place of a movement in its loan's history. `loanSeq` alone says it; `frontier` rises with it and leads the index
 * (decisions/0002-as-of-balances.md).
 */
export type MovementPlace = { readonly frontier: string; readonly loanSeq: number };

/** A page of a loan's history; `behind` is the place of the entry that the page before it ended with. */
export type LoanJournalQuestion = {
  readonly tenantId: string;
  readonly loanId: string;
  readonly filter: JournalFilter;
  readonly order: JournalOrder;
  readonly behind: MovementPlace | null;
  readonly size: number;
};

/** Where a list begins that is asked for from its beginning. */
const BEGINNING: Readonly<Record<JournalOrder, MovementPlace>> = {
  desc: { frontier: 'infinity', loanSeq: 2_147_483_647 },
  asc: { frontier: '-infinity', loanSeq: 0 },
};

const LAYER_COUNT = 3;

/**
 * One window of a loan's history: $3 and $4 the place that it begins behind, $5 how many movements it looks at, $6–$8 the
 * filter, $9 how many entries are wanted, $10 of how many bytes. The index has a range per layer, each in the order of the
 * history, and they are merged. A movement's date never lies behind its frontier, so the ranges begin at the first date
 * asked for.
 *
 * An entry with lines on two layers has two movements, one right after the other, and is listed at the first of them.
 * An entry that names several loans shows this loan's lines only. Its line arrays may be ten thousand long, so they are
 * searched as arrays and never made into rows. An entry is looked up as the first one not below its id: with an equation
 * the index by `seq` looked as good to a plan that was made while the journal was empty, and was walked from its beginning.
 */
function windowStatement(order: JournalOrder): Statement {
  const [comparison, end] = order === 'desc' ? ['<', 'min'] : ['>', 'max'];
  const ofLayer = (layer: number): string => `(
          SELECT m.frontier, m.loan_seq, m.effective_at, m.entry_id FROM hpts.loan_movement AS m
          WHERE m.tenant_id = $1 AND m.loan_id = $2 AND m.layer = ${layer} AND (m.frontier, m.loan_seq) ${comparison} ($3::date, $4::int)
            AND m.frontier >= $6::date
          ORDER BY m.frontier ${order}, m.loan_seq ${order} LIMIT $5::bigint)`;
  const layers = Array.from({ length: LAYER_COUNT }, (_, layer) => ofLayer(layer)).join(' UNION ALL ');
  const picked = (array: string): string => `CASE WHEN e.picked IS NULL THEN ${array}[1:${LIMITS.linesPerPage}]
        WHEN ${array} IS NOT NULL THEN (SELECT array_agg((${array})[p.line] ORDER BY p.line) FROM unnest(e.picked) AS p (line)) END`;
  return {
    name: `read_loan_journal_${order}`,
    text: `WITH looked_at AS MATERIALIZED (
        SELECT * FROM (${layers}) AS m
        ORDER BY m.frontier ${order}, m.loan_seq ${order} LIMIT $5::bigint)
    SELECT EXISTS (SELECT FROM hpts.loan AS l WHERE l.tenant_id = $1 AND l.loan_id = $2 AND l.borrower_id IS NOT NULL),
      looked.movements, looked.frontier, looked.loan_seq, e.found, e.frontier, e.loan_seq, e.bytes,
      ${entryColumns(picked, 'e.picked')}
    FROM (SELECT count(*) AS movements, ${end}(w.frontier) AS frontier, ${end}(w.loan_seq) AS loan_seq FROM looked_at AS w) AS looked
    LEFT JOIN LATERAL (
      SELECT m.*, count(*) OVER () AS found, row_number() OVER places AS place, sum(m.bytes) OVER places AS bytes_so_far
      FROM (
        SELECT e.*, w.frontier, w.loan_seq, part.picked,
          ${entryBytes(`least(coalesce(cardinality(part.picked), cardinality(e.accounts)), ${LIMITS.linesPerPage})`)} AS bytes
        FROM looked_at AS w
        CROSS JOIN LATERAL (
          SELECT * FROM hpts.journal_entry AS f WHERE f.tenant_id = $1 AND f.entry_id >= w.entry_id ORDER BY f.entry_id LIMIT 1) AS e
        CROSS JOIN LATERAL (
          SELECT CASE WHEN e.loan_ids IS NOT NULL AND cardinality(array_positions(e.loan_ids, $2::uuid))
              + cardinality(array_positions(e.loan_ids, NULL)) < cardinality(e.loan_ids)
            THEN (array_positions(e.loan_ids, $2::uuid))[1:${LIMITS.linesPerPage}] END AS picked) AS part
        WHERE e.entry_id = w.entry_id AND w.effective_at BETWEEN $6::date AND $7::date
          AND ($8::text IS NULL OR e.event_type = $8::hpts.event_type)
          AND (e.layers IS NULL OR NOT EXISTS (
            SELECT FROM hpts.loan_movement AS o
            WHERE o.tenant_id = $1 AND o.loan_id = $2 AND o.layer = ANY ('{0,1,2}'::smallint[]) AND o.frontier = w.frontier
              AND o.loan_seq BETWEEN w.loan_seq - ${LAYER_COUNT - 1} AND w.loan_seq - 1 AND o.entry_id = w.entry_id))
        ORDER BY w.frontier ${order}, w.loan_seq ${order} LIMIT $9::bigint + 1) AS m
      WINDOW places AS (ORDER BY m.loan_seq ${order})) AS e ON e.place = 1 OR (e.place <= $9 AND e.bytes_so_far <= $10::bigint)
    ORDER BY e.place`,
  };
}

export const READ_LOAN_JOURNAL: Readonly<Record<JournalOrder, Statement>> = {
  desc: windowStatement('desc'),
  asc: windowStatement('asc'),
};

type WindowRow = readonly [
  loanExists: boolean,
  movements: bigint,
  lookedToFrontier: string | null,
  lookedToLoanSeq: number | null,
  found: bigint | null,
  frontier: string,
  loanSeq: number,
  bytes: bigint,
  ...EntryRow,
];

/** Answers undefined when the tenant has no such loan. */
export async function readLoanJournal(
  reader: ReaderPool,
  question: LoanJournalQuestion,
): Promise<JournalPage<MovementPlace> | undefined> {
  const { tenantId, loanId, filter, order, behind, size } = question;
  const { fromDate, toDate, eventType } = filter;
  const passesAll = fromDate === null && toDate === null && eventType === null;
  let exists = true;
  const page = await collectPage({ behind, size }, async (window): Promise<JournalWindow<MovementPlace>> => {
    const begin = beginOf(order, window.behind, fromDate);
    const span = passesAll ? window.entriesMax + 1 : LIMITS.journalScanMovements;
    const rows = (await reader.read(tenantId, READ_LOAN_JOURNAL[order], [
      tenantId,
      loanId,
      begin.frontier,
      begin.loanSeq,
      span,
      fromDate ?? FIRST_DAY,
      toDate ?? LAST_DAY,
      eventType,
      window.entriesMax,
      Math.max(window.bytesMax, 0),
    ])) as unknown as readonly WindowRow[];
    exists = rows[0]?.[0] === true;
    return findings(rows, window, span);
  });
  return exists ? page : undefined;
}

/**
 * The oldest entries that a first date leaves are looked for from that date on: of two lower bounds the index would begin
 * at the lower one.
 */
function beginOf(order: JournalOrder, behind: MovementPlace | null, fromDate: string | null): MovementPlace {
  const begin = behind ?? BEGINNING[order];
  if (order === 'desc' || fromDate === null || (behind !== null && behind.frontier >= fromDate)) return begin;
  return { frontier: fromDate, loanSeq: 0 };
}

function findings(
  rows: readonly WindowRow[],
  window: WindowQuestion<MovementPlace>,
  span: number,
): JournalWindow<MovementPlace> {
  const [, movements, frontier, loanSeq, found] = rows[0] ?? [false, 0n, null, null, null];
  const isWhole = frontier === null || loanSeq === null || movements < BigInt(span);
  const answered = () =>
    rows.map(([, , , , , rowFrontier, rowLoanSeq, bytes, ...row]) => ({
      entry: entryOf(row, 1),
      place: { frontier: rowFrontier, loanSeq: rowLoanSeq },
      bytes: Number(bytes),
    }));
  return windowOf({ found, lookedTo: isWhole ? null : { frontier, loanSeq }, answered }, window);
}
