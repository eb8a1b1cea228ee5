import type { Statement } from '../statement-train.ts';
import { type EntryRow, entryColumns, entryOf, type JournalEntryView } from './entry-row.ts';
import type { ReaderPool } from './reader-pool.ts';

/** One entry and a page of its lines: lines `firstLine` to `lastLine`, counted from 1. */
export type JournalEntryQuestion = {
  readonly tenantId: string;
  readonly entryId: string;
  readonly firstLine: number;
  readonly lastLine: number;
};

const READ_JOURNAL_ENTRY: Statement = {
  name: 'read_journal_entry',
  text: `SELECT ${entryColumns((array) => `${array}[$3:$4]`)}
    FROM hpts.journal_entry AS e
    WHERE e.tenant_id = $1 AND e.entry_id = $2`,
};

/** Answers undefined when the tenant has no such entry. */
export async function readJournalEntry(
  reader: ReaderPool,
  question: JournalEntryQuestion,
): Promise<JournalEntryView | undefined> {
  const { tenantId, entryId, firstLine, lastLine } = question;
  const rows = await reader.read(tenantId, READ_JOURNAL_ENTRY, [tenantId, entryId, firstLine, lastLine]);
  const row = rows[0] as unknown as EntryRow | undefined;
  return row === undefined ? undefined : entryOf(row, firstLine);
}
