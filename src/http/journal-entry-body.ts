import { formatAccountCode } from '../domain/account-code.ts';
import { LAYERS } from '../domain/layer.ts';
import type { JournalEntryView, JournalLineView } from '../postgres/reading/entry-row.ts';
import { ProblemError } from './problem.ts';

const TOKEN_PREFIX = 'l1:';

/** The line that a page of lines begins with, from 1. Throws invalid_page_token for what `renderEntry` never gave out. */
export function readLinesToken(token: string): number {
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

/** A JournalEntry of CONTRACT.md section 3 as JSON text. */
export function renderEntry(entry: JournalEntryView): string {
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
    superseded_by_entry_id: entry.supersededByEntryId,
    lines_total: entry.linesTotal,
    lines_next_page_token: entry.nextLine === null ? null : linesToken(entry.nextLine),
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
