import { answerObject } from './comparison.ts';
import type { Course } from './course.ts';
import { book, type TenantLedger } from './model/ledger.ts';
import type { Fact } from './model/reference/books.ts';
import { Draft, emptyPosting } from './model/reference/posting.ts';
import { DEFAULT_POLICY } from './model/reference/program.ts';
import { newFact } from './model/reference/setting.ts';
import type { LedgerAnswer, LedgerRequest } from './model/request.ts';

/** A month that lies before every day that the programme writes about, and ends no fiscal year: `YYYY-MM`. */
export function monthBeforeAll(businessDate: string): string {
  const [year = 0, month = 0] = businessDate.split('-').map(Number);
  const at = new Date(Date.UTC(year, month - 1 - 30, 1));
  if (at.getUTCMonth() === 11) at.setUTCMonth(10);
  return at.toISOString().slice(0, 7);
}

/**
 * Sends POST /v1/periods/{period}/close or …/reopen, which nobody else of the tenant does, and books it: one entry without
 * lines on the last day of the month, and its mirror. Whatever else comes back is counted as a disagreement.
 */
export async function actOnPeriod(course: Course, request: LedgerRequest, process: number): Promise<void> {
  const answer = await course.write(request, { loanIds: [], process });
  const body = answerObject(answer.body);
  const isClose = request.path.endsWith('/close');
  const [, , , period = ''] = request.path.split('/');
  const expected = { period, status: isClose ? 'closed' : 'open' };
  const wrong = Object.entries(expected).filter(([name, value]) => body?.[name] !== value);
  if (answer.status !== 201 || wrong.length > 0) {
    course.differ('period', { request, answer, found: ['a period that was to be closed or opened was not'] });
    return;
  }
  const act = isClose ? 'close' : 'reopen';
  course.report.postedByEvent[act] = (course.report.postedByEvent[act] ?? 0) + 1;
  course.report.posted += 1;
  course.report.postedByType['period_closed'] = (course.report.postedByType['period_closed'] ?? 0) + 1;
  bookAct(course.ledger(request.tenant), { request, answer }, lastDayOf(period));
}

function lastDayOf(period: string): string {
  const [year = 0, month = 0] = period.split('-').map(Number);
  return new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10);
}

function bookAct(
  ledger: TenantLedger,
  { request, answer }: { readonly request: LedgerRequest; readonly answer: LedgerAnswer },
  effectiveAt: string,
): void {
  const { books } = ledger;
  const draft = new Draft(books);
  const closing = request.path.endsWith('/reopen') ? books.entries.get(ledger.closing ?? '') : undefined;
  const fact = closing === undefined ? newClose(draft, effectiveAt) : books.facts.get(closing.eventId);
  if (fact === undefined) throw new Error('the model has closed no period');
  if (closing === undefined) draft.first(fact);
  else draft.mirror(fact, closing, { effectiveAt, correlationId: closing.correlationId });
  const entries = draft.entries.map((entry) => ({ ...entry, eventType: 'period_closed' }));
  const facts = closing === undefined ? [fact] : [];
  const posting = { ...emptyPosting(), facts, entries, dropped: closing === undefined ? [] : [fact] };
  const body = answerObject(answer.body) ?? {};
  const [key = ''] = request.keyHeaders;
  const entryIds = [String(body['journal_entry_id'])];
  const posted = { postedAt: String(body['posted_at']), entryIds, eventIds: [], body: answer.body };
  book(ledger, { posting, key, fingerprint: `POST ${request.path} {}` }, posted);
  ledger.closing = closing === undefined ? entries[0]?.entryId : undefined;
  books.closedThrough = closing === undefined ? effectiveAt : undefined;
}

function newClose(draft: Draft, effectiveAt: string): Fact {
  const fact = newFact(draft, { command: { kind: 'cleared' }, effectiveAt, loanIds: [], policy: DEFAULT_POLICY });
  fact.outcomes.set('', { eventType: 'period_closed', lines: [], effects: [] });
  return fact;
}
