import type { Statement } from '../statement-train.ts';
import type { ReaderPool } from './reader-pool.ts';

/** One entry and a page of its lines: lines `firstLine` to `lastLine`, counted from 1. */
export type JournalEntryQuestion = {
  readonly tenantId: string;
  readonly entryId: string;
  readonly firstLine: number;
  readonly lastLine: number;
};

/** An entry as it was posted, with the entries that undid or replaced it. Amounts are signed: debits positive. */
export type JournalEntryView = {
  readonly entryId: string;
  readonly eventType: string;
  readonly effectiveAt: string;
  readonly postedAt: string;
  readonly correlationId: string;
  readonly reversesEntryId: string | null;
  readonly reversedByEntryId: string | null;
  readonly description: string | null;
  readonly actor: string;
  /** JSON text as it came, or null. */
  readonly metadata: string | null;
  readonly linesTotal: number;
  readonly lines: readonly JournalLineView[];
};

export type JournalLineView = {
  readonly sequence: number;
  readonly account: number;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly layer: number;
  readonly loanId: string | null;
  readonly borrowerId: string | null;
  readonly externalRef: string | null;
};

const READ_JOURNAL_ENTRY: Statement = {
  name: 'read_journal_entry',
  text: `SELECT e.event_type, e.effective_at, to_char(e.posted_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.correlation_id,
      e.reverses_entry_id, r.entry_id, e.description, e.actor, e.metadata, cardinality(e.accounts), e.external_ref,
      e.currency, e.layer, e.loan_id, e.borrower_id, e.accounts[$3:$4], e.amounts[$3:$4], e.currencies[$3:$4],
      e.layers[$3:$4], e.loan_ids[$3:$4], e.borrower_ids[$3:$4]
    FROM hpts.journal_entry AS e
    LEFT JOIN hpts.reversal AS r ON r.tenant_id = e.tenant_id AND r.reversed_entry_id = e.entry_id
    WHERE e.tenant_id = $1 AND e.entry_id = $2`,
};

type EntryRow = [
  eventType: string,
  effectiveAt: string,
  postedAt: string,
  correlationId: string,
  reversesEntryId: string | null,
  reversedByEntryId: string | null,
  description: string | null,
  actor: string,
  metadata: string | null,
  linesTotal: number,
  externalRef: string | null,
  currency: string | null,
  layer: number | null,
  loanId: string | null,
  borrowerId: string | null,
  accounts: number[],
  amounts: string[],
  currencies: string[] | null,
  layers: number[] | null,
  loanIds: (string | null)[] | null,
  borrowerIds: (string | null)[] | null,
];

/** Answers undefined when the tenant has no such entry. */
export async function readJournalEntry(
  reader: ReaderPool,
  question: JournalEntryQuestion,
): Promise<JournalEntryView | undefined> {
  const { tenantId, entryId, firstLine, lastLine } = question;
  const rows = await reader.read(tenantId, READ_JOURNAL_ENTRY, [tenantId, entryId, firstLine, lastLine]);
  const row = rows[0] as EntryRow | undefined;
  if (row === undefined) return undefined;
  return {
    entryId,
    eventType: row[0],
    effectiveAt: row[1],
    postedAt: row[2],
    correlationId: row[3],
    reversesEntryId: row[4],
    reversedByEntryId: row[5],
    description: row[6],
    actor: row[7],
    metadata: row[8],
    linesTotal: row[9],
    lines: linesOf(row, firstLine),
  };
}

function linesOf(row: EntryRow, firstLine: number): JournalLineView[] {
  const [externalRef, currency, layer, loanId, borrowerId] = [row[10], row[11], row[12], row[13], row[14]];
  const [accounts, amounts, currencies, layers, loanIds, borrowerIds] = [
    row[15],
    row[16],
    row[17],
    row[18],
    row[19],
    row[20],
  ];
  return accounts.map((account, index) => ({
    sequence: firstLine + index,
    account,
    amountMinor: BigInt(amounts[index] ?? '0'),
    currency: currency ?? currencies?.[index] ?? '',
    layer: layer ?? layers?.[index] ?? 0,
    loanId: loanIds === null ? loanId : (loanIds[index] ?? null),
    borrowerId: borrowerIds === null ? borrowerId : (borrowerIds[index] ?? null),
    externalRef,
  }));
}
