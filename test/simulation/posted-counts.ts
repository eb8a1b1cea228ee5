import { answerObject } from './comparison.ts';
import { type Entry, loansConcerned, type TenantLedger } from './model/ledger.ts';
import { programOf } from './model/reference/books.ts';
import { routeOf } from './model/reference/route.ts';
import type { LedgerAnswer, LedgerRequest } from './model/request.ts';
import type { SimulationReport } from './report.ts';

/** Counts what was posted and booked: by its call, by its type, by the backdating of the loans that it is about. */
export function countPosted(
  report: SimulationReport,
  ledger: TenantLedger,
  { request, answer }: { readonly request: LedgerRequest; readonly answer: LedgerAnswer },
): void {
  report.posted += 1;
  const kind = routeOf(request.path)?.kind;
  if (kind === undefined) return;
  up(report.postedByEvent, kind);
  const entry = ledger.entries.get(String(answerObject(answer.body)?.['journal_entry_id']));
  if (entry !== undefined) up(report.postedByType, entry.plan.eventType);
  if (kind === 'close' && entry !== undefined && entry.plan.lines.length > 0) report.yearEnds += 1;
  if (kind === 'proposal' || kind === 'rejection') return;
  for (const policy of policiesOf(ledger, request, entry)) up(report.postedByPolicy, `${kind} under ${policy}`);
}

function policiesOf(ledger: TenantLedger, request: LedgerRequest, entry: Entry | undefined): Set<string> {
  const { books } = ledger;
  const loanIds = entry === undefined ? [] : concerned(ledger, entry);
  const programIds = loanIds.flatMap((loanId) => books.loans.get(loanId)?.programId ?? []);
  // A run has no entry of its own, nor has a registration without opening balances a loan in it.
  const named = answerObject(request.body);
  if (programIds.length === 0) {
    const registered = books.loans.get(String(named?.['loan_id']).toLowerCase())?.programId;
    programIds.push(...[registered ?? named?.['program_id']].filter((id) => typeof id === 'string'));
  }
  return new Set(programIds.flatMap((id) => programOf(books, id).versions[0]?.policy.backdating ?? []));
}

/** The loans of an entry; of a clearing those of what it cleared. */
function concerned(ledger: TenantLedger, entry: Entry): string[] {
  const { facts } = ledger.books;
  const fact = facts.get(entry.eventId);
  const cleared = fact?.clears.flatMap((eventId) => facts.get(eventId)?.loanIds ?? []) ?? [];
  return [...loansConcerned(ledger, entry), ...cleared];
}

function up(table: Record<string, number>, name: string): void {
  table[name] = (table[name] ?? 0) + 1;
}
