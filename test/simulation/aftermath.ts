import { answerObject, differencesOf, reconciliationDifferences } from './comparison.ts';
import type { Course, FixedAnswer } from './course.ts';
import { pullDifferences, pullEvents, somePull } from './event-pull.ts';
import { addDays } from './instant.ts';
import { someList, walkDifferences } from './journal-walk.ts';
import { walkList } from './list-reading.ts';
import { expectAnswer } from './model/expectation.ts';
import { ACCOUNTS } from './model/reference/accounts.ts';
import { lastDayOf } from './model/reference/period.ts';
import { balanceBody, foldDifferences } from './model/reference/reads.ts';
import type { LedgerRequest } from './model/request.ts';
import { monthBeforeAll } from './period-acts.ts';
import { Random } from './random.ts';
import { accountPath, balancePath, getRequest, someAccount } from './read-programme.ts';
import type { Scene } from './scene.ts';

/** Questions on their way at once. */
const QUESTIONS_AT_ONCE = 32;

const ACCOUNTS_PER_TENANT = 60;
/** Lists read at the end: so many of loans, and as many of the tenant. */
const WALKS_PER_TENANT = 12;
const PULLS_PER_TENANT = 4;

/** Everything that is asked once the writes have ended: nothing may differ, nothing may have changed. */
export async function examine(course: Course, scenes: readonly Scene[]): Promise<void> {
  checkModel(course);
  await forEach(course.fixedAnswers, (fixed) => askAgain(course, fixed));
  for (const snapshot of course.snapshots) checkSnapshot(course, snapshot);
  await compareBalances(course);
  await compareLoans(course);
  await compareAccounts(course);
  await compareWalks(course);
  await comparePulls(course);
  await compareReconciliation(course);
  const share = Math.max(20, Math.floor(course.report.commands / 50));
  await compareEntries(course, share);
  await compareReplays(course, scenes, share);
}

/** What the model's events sum to must equal the fold of its lines. */
function checkModel(course: Course): void {
  for (const { books } of course.ledgers) {
    const [first] = foldDifferences(books);
    if (first !== undefined) throw new Error(`the model contradicts itself: ${first}`);
  }
}

/** An answer under a fixed `known_at`: byte for byte the same, and the one that the books now foretell. */
async function askAgain(course: Course, { request, body, status }: FixedAnswer): Promise<void> {
  const { report } = course;
  const answer = await course.read(request);
  report.askedAgain += 1;
  if (answer.status !== status || withoutTrace(answer.body) !== withoutTrace(body)) {
    report.changed += 1;
    course.differ('asked again', { request, answer, found: [`first answered ${status} ${body}`] });
    return;
  }
  compare(course, { request, answer, at: 'fixed answer' });
}

/** A problem names the trace of its own request, which is another one each time. */
function withoutTrace(body: string): string {
  return body.replace(/"trace_id":"[0-9a-f]{32}"/, '');
}

/** A balance read in the middle of writes must be the loan as it stood after some entry. */
function checkSnapshot(course: Course, { request, body, status }: FixedAnswer): void {
  const found = answerObject(body);
  const loanId = request.path.split('/')[3] ?? '';
  const { books } = course.ledger(request.tenant);
  if (!books.loans.has(loanId) || isLost(course, request)) return;
  const lastActivityAt = found?.['last_activity_at'];
  const knownAt = typeof lastActivityAt === 'string' ? lastActivityAt : '';
  const { businessDate } = course.now(request.tenant);
  const expected = balanceBody(books, loanId, { asOfDate: businessDate, knownAt, layer: 'SETTLED' });
  const wrong = Object.entries(expected).filter(([name, value]) => found?.[name] !== value);
  if (wrong.length === 0) return;
  const answer = { status, body, contentType: '', idempotentReplayed: undefined, wwwAuthenticate: undefined };
  const text = wrong.map(([name, value]) => `${name} is ${String(found?.[name])}, after that entry it was ${value}`);
  course.differ('snapshot', { request, answer, found: text });
}

async function compareBalances(course: Course): Promise<void> {
  const random = new Random(`end:${course.report.seed}`);
  const requests = course.ledgers.flatMap((ledger, tenant) => {
    const { businessDate } = course.now(tenant);
    return [...ledger.loans.keys()].flatMap((loanId) => {
      const past = addDays(businessDate, -random.below(700));
      const questions = [
        { as_of_date: businessDate },
        { as_of_date: businessDate, layer: 'PENDING' },
        { as_of_date: past },
        { as_of_date: past, layer: 'PENDING' },
      ];
      return questions.map((question) => getRequest(tenant, balancePath(loanId, question)));
    });
  });
  await forEach(requests, async (request) => {
    course.report.balancesCompared += 1;
    compare(course, { request, answer: await course.read(request), at: 'balance at the end' });
  });
}

/** Every loan as it stands, and each tenant's list of them, page by page. */
async function compareLoans(course: Course): Promise<void> {
  const requests = course.ledgers.flatMap((ledger, tenant) => {
    return [...ledger.loans.keys()].map((loanId) => getRequest(tenant, `/v1/loans/${loanId}`));
  });
  await forEach(requests, async (request) => {
    course.report.loansCompared += 1;
    compare(course, { request, answer: await course.read(request), at: 'loan at the end' });
  });
  for (const [tenant, ledger] of course.ledgers.entries()) {
    if (!hasLost(course, tenant, undefined)) await compareLoanList(course, tenant, [...ledger.loans.keys()].sort());
  }
}

/** The ids of all pages are those of the books, each once and in their order; what they say of a loan, its own address did. */
async function compareLoanList(course: Course, tenant: number, loanIds: readonly string[]): Promise<void> {
  const shown: string[] = [];
  for (let token: string | undefined = ''; token !== undefined; ) {
    const request = getRequest(tenant, `/v1/loans?page_size=97${token === '' ? '' : `&page_token=${token}`}`);
    const answer = await course.read(request);
    if (token === '') compare(course, { request, answer, at: 'loans at the end' });
    const { items, next_page_token: next } = answerObject(answer.body) ?? {};
    const page = Array.isArray(items) ? (items as readonly Readonly<Record<string, unknown>>[]) : [];
    shown.push(...page.map((item) => String(item['loan_id'])));
    token = typeof next === 'string' && page.length > 0 ? next : undefined;
  }
  const isSame = JSON.stringify(shown) === JSON.stringify(loanIds);
  if (!isSame) course.differWalk('loans at the end', tenant, [`${shown.length} loans in place of ${loanIds.length}`]);
}

/** Any account at any day; and what a year's end closes, on that day. */
async function compareAccounts(course: Course): Promise<void> {
  const random = new Random(`accounts:${course.report.seed}`);
  const requests = course.ledgers.flatMap((_, tenant) => {
    const { businessDate } = course.now(tenant);
    const ask = () => getRequest(tenant, accountPath(...someAccount(random, businessDate)));
    const incomeAndExpense = Object.keys(ACCOUNTS).filter((code) => code === '3000' || /^[45]/.test(code));
    const closed = lastDayOf(monthBeforeAll(businessDate));
    const asked = incomeAndExpense.flatMap((code) =>
      ['USD', 'EUR', 'JPY'].map((currency) => getRequest(tenant, accountPath(code, { currency, as_of_date: closed }))),
    );
    return [...asked, ...Array.from({ length: ACCOUNTS_PER_TENANT }, ask)];
  });
  await forEach(requests, async (request) => {
    course.report.accountsCompared += 1;
    compare(course, { request, answer: await course.read(request), at: 'account at the end' });
  });
}

/** The lists that were read during the run, and some more, with nobody writing any more. */
async function compareWalks(course: Course): Promise<void> {
  const random = new Random(`walks:${course.report.seed}`);
  const lists = course.ledgers.flatMap((ledger, tenant) => {
    const { businessDate } = course.now(tenant);
    const loans = random.shuffled([...ledger.loans.keys()]).slice(0, WALKS_PER_TENANT);
    const about = [...loans, ...loans.map(() => undefined)];
    return about.map((loanId) => ({
      ...someList(random, { tenant, loanId, businessDate }),
      pagesMax: 300,
      isSettled: true,
    }));
  });
  await forEach(lists, async (list) => {
    const walk = await walkList(course, list);
    if (walk !== undefined) course.walks.push(walk);
  });
  for (const walk of course.walks) {
    const { tenant, loanId } = walk.list;
    course.report.walksCompared += 1;
    if (hasLost(course, tenant, loanId)) continue;
    const found = walkDifferences(course.ledger(walk.list.tenant), walk);
    if (found.length > 0) course.differWalk('journal at the end', tenant, found);
  }
}

/** The events that were pulled during the run, and all of each tenant's, with nobody posting any more. */
async function comparePulls(course: Course): Promise<void> {
  const random = new Random(`events:${course.report.seed}`);
  const questions = course.ledgers.flatMap((ledger, tenant) => [
    { tenant, after: undefined, pageSize: 137, pagesMax: 3_000 },
    ...Array.from({ length: PULLS_PER_TENANT }, () => ({ ...somePull(random, tenant, ledger), pagesMax: 3_000 })),
  ]);
  await forEach(questions, async (question) => {
    const pull = await pullEvents(course, question);
    if (pull !== undefined) course.pulls.push(pull);
  });
  for (const pull of course.pulls) {
    const { tenant } = pull.walk.list;
    course.report.pullsCompared += 1;
    if (hasLost(course, tenant, undefined)) continue;
    const found = pullDifferences(course.ledger(tenant), course.target.tenants[tenant]?.tenantId ?? '', pull);
    if (found.length > 0) course.differWalk('events at the end', tenant, found);
  }
}

/** The server counts its books again, and finds what the model's loans sum to. */
async function compareReconciliation(course: Course): Promise<void> {
  const random = new Random(`reconciliation:${course.report.seed}`);
  for (const [tenant, ledger] of course.ledgers.entries()) {
    if (hasLost(course, tenant, undefined)) continue;
    const { businessDate } = course.now(tenant);
    for (const asOfDate of [businessDate, addDays(businessDate, -random.below(700))]) {
      const request = getRequest(tenant, `/v1/reconciliation/status?as_of_date=${asOfDate}`);
      const answer = await course.read(request);
      const found = reconciliationDifferences(ledger, asOfDate, answerObject(answer.body));
      if (found.length > 0) course.differ('reconciliation', { request, answer, found });
    }
  }
}

async function compareEntries(course: Course, count: number): Promise<void> {
  const random = new Random(`entries:${course.report.seed}`);
  const requests = course.ledgers.flatMap((ledger, tenant) => {
    const entries = random.shuffled([...ledger.entries.values()]).slice(0, Math.ceil(count / course.ledgers.length));
    return entries.map(({ entryId }) => getRequest(tenant, `/v1/journal-entries/${entryId}`));
  });
  await forEach(requests, async (request) => {
    course.report.entriesCompared += 1;
    compare(course, { request, answer: await course.read(request), at: 'entry at the end' });
  });
}

/** A key that was posted under long ago still answers with the first body. */
async function compareReplays(course: Course, scenes: readonly Scene[], count: number): Promise<void> {
  const random = new Random(`replays:${course.report.seed}`);
  const posted = random.shuffled(scenes.flatMap((scene) => scene.posted)).slice(0, count);
  await forEach(posted, async (request) => {
    course.report.replaysCompared += 1;
    compare(course, { request, answer: await course.read(request), at: 'replay at the end' });
  });
}

function compare(
  course: Course,
  {
    request,
    answer,
    at,
  }: { readonly request: LedgerRequest; readonly answer: Awaited<ReturnType<Course['read']>>; readonly at: string },
): void {
  if (isLost(course, request)) return;
  const ledger = course.ledger(request.tenant);
  const found = differencesOf(ledger, expectAnswer(ledger, request, course.now(request.tenant)), answer);
  if (found.length > 0) course.differ(at, { request, answer, found });
}

function isLost(course: Course, request: LedgerRequest): boolean {
  const [, , kind, loanId] = request.path.split('/');
  if (kind === 'accounts') return hasLost(course, request.tenant, undefined);
  return kind === 'loans' && hasLost(course, request.tenant, loanId);
}

/** True when the model no longer knows the loan; without one, when there is any such loan of the tenant. */
function hasLost(course: Course, tenant: number, loanId: string | undefined): boolean {
  if (loanId !== undefined) return course.lostLoans.has(`${tenant} ${loanId}`);
  return course.lostLoans.values().some((lost) => lost.startsWith(`${tenant} `));
}

async function forEach<Value>(values: readonly Value[], act: (value: Value) => Promise<void>): Promise<void> {
  const left = values.values();
  const line = async () => {
    for (const value of left) await act(value);
  };
  await Promise.all(Array.from({ length: QUESTIONS_AT_ONCE }, line));
}
