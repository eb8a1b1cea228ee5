import { formatAccountCode } from '../../domain/account-code.ts';
import { LAYERS } from '../../domain/layer.ts';
import { LIMITS } from '../../limits.ts';
import { type JournalEntryView, type JournalLineView, readJournalEntry } from '../../postgres/reading/journal-entry.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { principalOf } from '../gate.ts';
import type { Operation } from '../operation.ts';
import { type Problem, ProblemError } from '../problem.ts';
import { pathId, readQuery } from '../query-reader.ts';

const QUERY = { lines_page_token: (text: string) => text };
const WANTED = { lines_page_token: 'the lines_next_page_token of an earlier answer' };
const TOKEN_PREFIX = 'l1:';

/** GET /v1/journal-entries/{journal_entry_id}: 200, 400, 401, 403, 404, 503. */
export function journalEntry(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/journal-entries/:journal_entry_id',
    scope: 'hpts:ledger:read',
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY, WANTED);
      const missing: Problem = { code: 'journal_entry_not_found', detail: 'there is no such journal entry' };
      const entryId = pathId(request, 'journal_entry_id', missing);
      const firstLine = query.lines_page_token === null ? 1 : readLinesToken(query.lines_page_token);
      const lastLine = firstLine + LIMITS.linesPerPage - 1;
      const entry = await readJournalEntry(reader, { tenantId, entryId, firstLine, lastLine });
      if (entry === undefined) throw new ProblemError(missing);
      return reply
        .header('content-type', 'application/json; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(renderEntry(entry, lastLine));
    },
  };
}

function readLinesToken(token: string): number {
  const text = Buffer.from(token, 'base64url').toString('latin1');
  const line = text.startsWith(TOKEN_PREFIX) ? Number(text.slice(TOKEN_PREFIX.length)) : Number.NaN;
  if (!Number.isSafeInteger(line) || line < 1 || line > 32_767 || linesToken(line) !== token) {
    throw new ProblemError({
      code: 'invalid_page_token',
      detail: 'lines_page_token is not one that this server gave out',
    });
  }
  return line;
}

function linesToken(line: number): string {
  return Buffer.from(`${TOKEN_PREFIX}${line}`, 'latin1').toString('base64url');
}

function renderEntry(entry: JournalEntryView, lastLine: number): string {
  const text = JSON.stringify({
    journal_entry_id: entry.entryId,
    event_type: entry.eventType,
    effective_at: entry.effectiveAt,
    posted_at: entry.postedAt,
    lines: entry.lines.map(renderLine),
    correlation_id: entry.correlationId,
    reverses_entry_id: entry.reversesEntryId,
    description: entry.description,
    actor: entry.actor,
    reversed_by_entry_id: entry.reversedByEntryId,
    superseded_by_entry_id: null,
    lines_total: entry.linesTotal,
    lines_next_page_token: lastLine < entry.linesTotal ? linesToken(lastLine + 1) : null,
  });
  // metadata goes back as the text that came, so it is put in as text.
  return `${text.slice(0, -1)},"metadata":${entry.metadata ?? 'null'}}`;
}

function renderLine(line: JournalLineView): Record<string, string | number | null> {
  const isDebit = line.amountMinor > 0n;
  return {
    sequence: line.sequence,
    account_code: formatAccountCode(line.account),
    direction: isDebit ? 'DR' : 'CR',
    amount_minor: (isDebit ? line.amountMinor : -line.amountMinor).toString(),
    currency: line.currency,
    layer: LAYERS[line.layer] ?? 'SETTLED',
    loan_id: line.loanId,
    borrower_id: line.borrowerId,
    external_ref: line.externalRef,
  };
}
