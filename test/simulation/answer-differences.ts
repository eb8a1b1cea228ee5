import { INSTANT_PATTERN } from './instant.ts';
import type { AnyRefusal } from './model/reference/expectation.ts';
import type { Posting } from './model/reference/posting.ts';
import { STATUS } from './model/reference/refusal.ts';
import type { RouteKind } from './model/reference/route-rules.ts';
import { REFUSAL_STATUS } from './model/refusal.ts';
import type { LedgerAnswer } from './model/request.ts';

const UUID_PATTERN = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** An object of a JSON answer, or undefined when it is something else. */
export function answerObject(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** True for what JSON calls an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every way in which an answer is not the refusal foretold. */
export function refusalDifferences({ code, fields, blockingEntryId }: AnyRefusal, answer: LedgerAnswer): string[] {
  const status: number = { ...REFUSAL_STATUS, ...STATUS }[code];
  const problem = answerObject(answer.body);
  if (answer.status !== status || problem?.['code'] !== code) {
    return [`${answer.status} ${String(problem?.['code'])} in place of ${status} ${code}`];
  }
  const found: string[] = [];
  if (!answer.contentType.startsWith('application/problem+json')) found.push(`content type ${answer.contentType}`);
  if (problem['status'] !== status) found.push(`status ${String(problem['status'])} in the problem`);
  if (!String(problem['type']).endsWith(`/${code}`)) {
    found.push(`type ${String(problem['type'])} does not end with ${code}`);
  }
  for (const name of ['title', 'detail', 'instance', 'trace_id']) {
    if (typeof problem[name] !== 'string') found.push(`the problem has no ${name}`);
  }
  if (status === 401 && !answer.wwwAuthenticate?.startsWith('Bearer')) found.push('no WWW-Authenticate: Bearer');
  if (fields !== undefined) found.push(...fieldDifferences(fields, problem['errors']));
  if (blockingEntryId !== undefined && typeof problem['blocking_entry_id'] !== 'string') {
    found.push('the problem has no blocking_entry_id');
  }
  return found;
}

/** Each field expected must be named, and nothing beside them and what lies below them. */
function fieldDifferences(fields: readonly string[], errors: unknown): string[] {
  if (!Array.isArray(errors)) return ['the problem has no errors[]'];
  const named = errors.filter(isRecord).map((error) => String(error['field']));
  const below = (field: string, name: string) =>
    name === field || name.startsWith(`${field}.`) || name.startsWith(`${field}[`);
  const missing = fields.filter((field) => !named.some((name) => below(field, name)));
  const extra = named.filter((name) => !fields.some((field) => below(field, name)));
  return [...missing.map((field) => `errors[] lacks ${field}`), ...extra.map((name) => `errors[] names ${name}`)];
}

/** The status, when it is another. */
export function statusDifferences(answer: LedgerAnswer, status: number): string[] {
  return answer.status === status ? [] : [`status ${answer.status} in place of ${status}`];
}

/** A replay: 200 and the first answer byte for byte. */
export function replayDifferences(body: string, answer: LedgerAnswer): string[] {
  const found = statusDifferences(answer, 200);
  if (answer.idempotentReplayed !== 'true') found.push('no Idempotent-Replayed: true');
  if (answer.body !== body) found.push(`replayed ${answer.body} in place of ${body}`);
  return found;
}

/** The names of the ids that the server chooses, by the call; every answer of a later call also has the correlation id. */
export const EVENT_IDS: Readonly<Record<RouteKind, string | undefined>> = {
  disbursement: 'disbursement_event_id',
  payment: 'payment_event_id',
  accrual: 'accrual_event_id',
  reversal: undefined,
  recovery: 'payment_event_id',
  goodwill: 'goodwill_event_id',
  fee: 'fee_event_id',
  waiver: 'waiver_event_id',
  allocation: 'allocation_event_id',
  refund: 'refund_event_id',
  return: 'payment_return_event_id',
  settle_payment: 'settlement_event_id',
  settle_disbursement: 'settlement_event_id',
  cancel_payment: undefined,
  cancel_disbursement: undefined,
  clearing: 'settlement_event_id',
  run: 'accrual_run_id',
  correction: 'correction_event_id',
  chargeoff: 'chargeoff_event_id',
  refinance: 'refinance_event_id',
  restructure: 'restructure_event_id',
  non_accrual: 'non_accrual_event_id',
  proposal: 'adjustment_id',
  approval: 'adjustment_event_id',
  rejection: 'adjustment_id',
  registration: 'loan_id',
  program: 'program_id',
  version: 'program_id',
  close: 'period_event_id',
  reopen: 'period_event_id',
};

/** Answers of the published system, which have no correlation id. */
const GIVEN: readonly RouteKind[] = ['disbursement', 'payment', 'accrual'];

/** Every way in which a 201 is not the one that the posting foretells. */
export function postedDifferences(kind: RouteKind, posting: Posting, answer: LedgerAnswer): string[] {
  const body = answerObject(answer.body);
  if (answer.status !== 201 || body === undefined) {
    return [`${answer.status} in place of 201: ${answer.body}`];
  }
  const found: string[] = [];
  if (answer.idempotentReplayed !== undefined) found.push('a first answer says that it is a replay');
  const eventId = EVENT_IDS[kind];
  const when = { proposal: 'proposed_at', rejection: 'judged_at' }[kind as string] ?? 'posted_at';
  const ofEntry = when === 'posted_at' ? ['journal_entry_id', GIVEN.includes(kind) ? [] : 'correlation_id'].flat() : [];
  const names = [eventId ?? [], when, ofEntry].flat();
  if (kind === 'approval') names.push('adjustment_id');
  if (kind === 'return' && posting.facts.length > 1) names.push('fee_journal_entry_id');
  if (kind === 'refinance' && typeof body['disbursement_event_id'] === 'string') names.push('disbursement_event_id');
  if (kind.startsWith('cancel_')) names.push('reverses_entry_id');
  const chosen: Record<string, unknown> = {};
  for (const name of names) {
    chosen[name] = body[name];
    const pattern = name === when ? INSTANT_PATTERN : UUID_PATTERN;
    if (!pattern.test(String(body[name]))) found.push(`${name} is ${String(body[name])}`);
  }
  if (kind === 'close' || kind === 'reopen') {
    const ids = body['journal_entry_ids'];
    chosen['journal_entry_ids'] = ids;
    found.push(...idsDifferences(ids, { first: body['journal_entry_id'], count: posting.entries.length }));
  }
  // A cancellation answers the id of an entry that its request did not name: the model calls it otherwise.
  const expected = kind.startsWith('cancel_') ? { ...posting.answer, ...chosen } : { ...chosen, ...posting.answer };
  return [...found, ...objectDifferences(expected, body)];
}

/** Every entry of a close has its id in the answer, the first one first. */
function idsDifferences(ids: unknown, { first, count }: { readonly first: unknown; readonly count: number }): string[] {
  const all: readonly unknown[] = Array.isArray(ids) ? ids : [];
  const areWhole = all.every((id) => UUID_PATTERN.test(String(id))) && new Set(all).size === count;
  return areWhole && all.length === count && all[0] === first ? [] : [`journal_entry_ids is ${JSON.stringify(ids)}`];
}

/** The members of two objects that differ; a correlation id of the model's own stands for any. */
export function objectDifferences(expected: Readonly<Record<string, unknown>>, actual: unknown): string[] {
  if (!isRecord(actual)) return ['the answer is no object'];
  const names = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  return [...names].flatMap((name) => {
    const [left, right] = [expected[name], actual[name]];
    if (isRecord(left) && isRecord(right)) return objectDifferences(left, right).map((text) => `${name}.${text}`);
    if (left === right || (name === 'correlation_id' && typeof right === 'string')) return [];
    return JSON.stringify(left) === JSON.stringify(right)
      ? []
      : [`${name} is ${JSON.stringify(right)} in place of ${JSON.stringify(left)}`];
  });
}

/** A line of either side, as far as both say it. */
export interface ComparedLine {
  readonly accountCode: string;
  readonly direction: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly layer: string;
  readonly loanId: string | null | undefined;
}

const CONTROL_ACCOUNTS = new Set(['1100', '1200', '1300', '2100', '9100']);

/**
 * Lines are compared as sums by account, side, currency, layer and loan: the contract leaves open whether two fees withheld
 * share a line. On accounts that are no control account it also leaves open whether a line names the loan.
 */
export function lineDifferences(expected: readonly ComparedLine[], actual: readonly ComparedLine[]): string[] {
  const found: string[] = [];
  const [ours, theirs] = [sums(expected), sums(actual)];
  for (const place of new Set([...ours.keys(), ...theirs.keys()])) {
    if (ours.get(place) === theirs.get(place)) continue;
    found.push(`${place}: ${theirs.get(place)} in place of ${ours.get(place)}`);
  }
  return found;
}

function sums(lines: readonly ComparedLine[]): Map<string, bigint> {
  const total = new Map<string, bigint>();
  for (const { accountCode, direction, amountMinor, currency, layer, loanId } of lines) {
    const loan = CONTROL_ACCOUNTS.has(accountCode) ? loanId : '';
    const place = `${accountCode} ${direction} ${currency} ${layer} ${loan}`;
    total.set(place, (total.get(place) ?? 0n) + amountMinor);
  }
  return total;
}
