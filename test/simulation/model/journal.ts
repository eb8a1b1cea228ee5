import type { Entry, Line, TenantLedger } from './ledger.ts';

/** A list of journal entries: a loan's or, without one, the tenant's. */
export interface JournalQuestion {
  readonly loanId: string | undefined;
  readonly fromDate: string | undefined;
  readonly toDate: string | undefined;
  readonly eventType: string | undefined;
  readonly accountCode: string | undefined;
}

/** The entries of a list, in the order in which the model came to know them. */
export function journalOf(ledger: TenantLedger, question: JournalQuestion): Entry[] {
  const { loanId, fromDate, toDate, eventType, accountCode } = question;
  const own = loanId === undefined ? undefined : (ledger.books.journals.get(loanId) ?? []);
  const all =
    own === undefined
      ? [...ledger.entries.values()]
      : own.flatMap(({ entryId }) => ledger.byModelId.get(entryId) ?? []);
  return all.filter(({ plan }) => {
    if (fromDate !== undefined && plan.effectiveAt < fromDate) return false;
    if (toDate !== undefined && plan.effectiveAt > toDate) return false;
    if (eventType !== undefined && plan.eventType !== eventType) return false;
    return accountCode === undefined || plan.lines.some((line) => line.accountCode === accountCode);
  });
}

/** The lines that a list shows of an entry: all of them, or one loan's where the entry touches several loans. */
export function shownLines(entry: Entry, loanId: string | undefined): readonly Line[] {
  const { lines } = entry.plan;
  const touched = new Set(lines.flatMap((line) => line.loanId ?? []));
  return loanId === undefined || touched.size <= 1 ? lines : lines.filter((line) => line.loanId === loanId);
}
