import { isRecord, lineDifferences, objectDifferences } from './answer-differences.ts';
import { answerObject, differencesOf, readLine } from './comparison.ts';
import { type Course, learnCorrelation } from './course.ts';
import { expectAnswer } from './model/expectation.ts';
import { book, entryOf, type TenantLedger } from './model/ledger.ts';
import type { Planned } from './model/reference/posting.ts';
import type { LedgerAnswer, LedgerRequest } from './model/request.ts';
import { getRequest } from './read-programme.ts';

/** A run goes on behind its answer; it is asked for so long. */
const WAIT_MS_MAX = 120_000;

/** A read that was answered. */
interface Shown {
  readonly request: LedgerRequest;
  readonly answer: LedgerAnswer;
}

/**
 * Waits until a run of accruals is done, compares what it came to and each of its entries with what was foretold, and books it.
 * Every loan of its program is the worker's own, so that nothing else happens to them meanwhile.
 */
export async function followRun(course: Course, started: Shown): Promise<void> {
  const { tenant } = started.request;
  const ledger = course.ledger(tenant);
  const runId = String(answerObject(started.answer.body)?.['accrual_run_id']);
  const done = await whenDone(course, getRequest(tenant, `/v1/accruals/runs/${runId}`));
  const { journal_entry_ids: ids, ...rest } = answerObject(done.answer.body) ?? {};
  const shown = await Promise.all((Array.isArray(ids) ? ids : []).map((id) => readEntry(course, tenant, String(id))));
  const named = shown.map(({ answer }) => answerObject(answer.body) ?? {});
  // Foretold anew, because others of the tenant have been booked meanwhile.
  const expected = expectAnswer(ledger, started.request, course.now(tenant));
  if (expected.kind !== 'posted') throw new Error('a run is foretold as posted no more, and nobody touched its loans');
  const found = objectDifferences({ accrual_run_id: runId, status: 'done', ...expected.posting.answer }, rest);
  const entryIds = namesOf(expected.posting.entries, named);
  if (entryIds.length !== named.length) found.push(`${named.length} entries in place of ${entryIds.length}`);
  if (found.length > 0) course.differ('run', { ...done, found });
  book(ledger, expected, {
    postedAt: String(named[0]?.['posted_at'] ?? ''),
    entryIds,
    eventIds: [],
    body: started.answer.body,
  });
  for (const [at, { request, answer }] of shown.entries()) {
    const entryId = String(named[at]?.['journal_entry_id']);
    if (entryIds.includes(entryId)) compareEntry(course, ledger, { request, answer, entryId });
  }
}

function compareEntry(course: Course, ledger: TenantLedger, shown: Shown & { readonly entryId: string }): void {
  const { request, answer, entryId } = shown;
  const found = differencesOf(ledger, { kind: 'entry', entry: entryOf(ledger, entryId) }, answer);
  if (found.length > 0) course.differ('entry of a run', { request, answer, found });
  else learnCorrelation(ledger, answerObject(answer.body));
}

async function whenDone(course: Course, request: LedgerRequest): Promise<Shown> {
  const deadline = performance.now() + WAIT_MS_MAX;
  for (;;) {
    const answer = await course.read(request);
    if (answerObject(answer.body)?.['status'] === 'done') return { request, answer };
    if (answer.status !== 200 || performance.now() > deadline) throw new Error(`a run did not end: ${answer.body}`);
  }
}

async function readEntry(course: Course, tenant: number, entryId: string): Promise<Shown> {
  const request = getRequest(tenant, `/v1/journal-entries/${entryId}`);
  return { request, answer: await course.read(request) };
}

/** The server's id of each entry foretold: of the first one left that has its lines. */
function namesOf(planned: readonly Planned[], shown: readonly Readonly<Record<string, unknown>>[]): string[] {
  const left = [...shown];
  return planned.flatMap(({ lines }) => {
    const at = left.findIndex((body) => {
      const theirs = Array.isArray(body['lines']) ? body['lines'].filter(isRecord) : [];
      return lineDifferences(lines, theirs.map(readLine)).length === 0;
    });
    const [found] = at < 0 ? [] : left.splice(at, 1);
    return found === undefined ? [] : [String(found['journal_entry_id'])];
  });
}
