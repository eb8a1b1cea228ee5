import { EVENT_IDS } from './answer-differences.ts';
import { answerObject, differencesOf } from './comparison.ts';
import { type Expectation, expectAnswer } from './model/expectation.ts';
import { book, type TenantLedger } from './model/ledger.ts';
import type { Now } from './model/reference/setting.ts';
import type { LedgerAnswer, LedgerRequest } from './model/request.ts';

/** One request of a race with what came back. */
export interface RaceMember {
  readonly request: LedgerRequest;
  readonly answer: LedgerAnswer;
}

/** What a race must be explained by. */
interface RaceQuestion {
  readonly ledger: TenantLedger;
  readonly members: readonly RaceMember[];
  readonly now: Now;
  /** Successes must follow one another by `posted_at`, and those of one instant as they stand in the journal. */
  readonly byPostedAt: boolean;
  /** Ids of entries, in the order of the journal; of entries that are not among them nothing is known. */
  readonly journal: readonly string[];
}

/** A bound on the search, far above what eight members need when the ledger is right. */
const TRIES_MAX = 100_000;

/** Books a success as the server answered it. Answers how to take it back. */
export function bookAnswer(
  ledger: TenantLedger,
  expected: Extract<Expectation, { kind: 'posted' }>,
  answer: LedgerAnswer,
): () => void {
  const body = answerObject(answer.body) ?? {};
  const text = (name: string) => (typeof body[name] === 'string' ? [body[name]] : []);
  // Closing entries are named one by one; of any other answer the first, and the fee of a return.
  const all = body['journal_entry_ids'];
  const entryIds = Array.isArray(all)
    ? all.map(String)
    : [...text('journal_entry_id'), ...text('fee_journal_entry_id')];
  return book(ledger, expected, {
    postedAt: String(body['posted_at']),
    entryIds,
    eventIds: text(EVENT_IDS[expected.route] ?? ''),
    body: answer.body,
  });
}

/**
 * Finds an order in which the model, taking one request at a time, gives every answer that came
 * back: the race is then linearizable, and the order found stays booked. Undefined when no order does.
 */
export function explainRace(question: RaceQuestion): readonly RaceMember[] | undefined {
  const order: RaceMember[] = [];
  const tries = { left: TRIES_MAX };
  return search(question, [...question.members], order, tries) ? order : undefined;
}

function search(question: RaceQuestion, left: RaceMember[], order: RaceMember[], tries: { left: number }): boolean {
  const { ledger, now } = question;
  const length = order.length;
  // What changes nothing may be taken as soon as it fits: no later choice depends on it.
  const rest = left.filter((member) => {
    const settled = member.answer.status !== 201 && fitsWithoutEffect(question, member);
    if (settled) order.push(member);
    return !settled;
  });
  if (rest.length === 0) return true;
  for (const member of nextSuccesses(rest, question)) {
    tries.left -= 1;
    if (tries.left < 0) break;
    const expected = expectAnswer(ledger, member.request, now);
    if (expected.kind !== 'posted' || differencesOf(ledger, expected, member.answer).length > 0) continue;
    const undo = bookAnswer(ledger, expected, member.answer);
    order.push(member);
    const others = rest.filter((other) => other !== member);
    if (search(question, others, order, tries)) return true;
    order.pop();
    undo();
  }
  order.length = length;
  return false;
}

function fitsWithoutEffect({ ledger, now, members }: RaceQuestion, member: RaceMember): boolean {
  const { request, answer } = member;
  if (isInProgress(answer)) return members.some((other) => other !== member && sharesKey(other.request, request));
  return differencesOf(ledger, expectAnswer(ledger, request, now), answer).length === 0;
}

/** True for 409 `idempotency_in_progress`: allowed while another request with that key is on its way. */
export function isInProgress(answer: LedgerAnswer): boolean {
  return answer.status === 409 && answerObject(answer.body)?.['code'] === 'idempotency_in_progress';
}

function sharesKey(left: LedgerRequest, right: LedgerRequest): boolean {
  const bare = (request: LedgerRequest) => request.keyHeaders[0]?.replaceAll('"', '');
  return left.tenant === right.tenant && bare(left) === bare(right);
}

function nextSuccesses(
  members: readonly RaceMember[],
  { byPostedAt, journal }: Pick<RaceQuestion, 'byPostedAt' | 'journal'>,
): readonly RaceMember[] {
  const successes = members.filter(({ answer }) => answer.status === 201);
  if (!byPostedAt) return successes;
  const earliest = successes.map(postedAtOf).sort()[0];
  const next = successes.filter((member) => postedAtOf(member) === earliest);
  const first = Math.min(...next.map((member) => journal.indexOf(entryIdOf(member))));
  return first < 0 ? next : next.filter((member) => journal.indexOf(entryIdOf(member)) === first);
}

/** True when some successes of a race have one `posted_at`: their answers do not always tell which came first. */
export function haveTies(members: readonly RaceMember[]): boolean {
  const times = members.filter(({ answer }) => answer.status === 201).map(postedAtOf);
  return new Set(times).size < times.length;
}

function entryIdOf({ answer }: RaceMember): string {
  return String(answerObject(answer.body)?.['journal_entry_id']);
}

function postedAtOf({ answer }: RaceMember): string {
  return String(answerObject(answer.body)?.['posted_at']);
}
