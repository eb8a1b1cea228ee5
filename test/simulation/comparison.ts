import { INSTANT_PATTERN } from './instant.ts';
import { balanceOf } from './model/balance.ts';
import type { Expectation } from './model/expectation.ts';
import { shownLines } from './model/journal.ts';
import { type Entry, type Line, loanOf, type Plan, type TenantLedger } from './model/ledger.ts';
import { REFUSAL_STATUS, type Refusal } from './model/refusal.ts';
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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every way in which an answer is not the one foretold, in words; none when it agrees. */
export function differencesOf(ledger: TenantLedger, expected: Expectation, answer: LedgerAnswer): string[] {
  switch (expected.kind) {
    case 'refused':
      return refusalDifferences(expected.refusal, answer);
    case 'replayed':
      return replayDifferences(expected.body, answer);
    case 'posted':
      return postedDifferences(expected, answer);
    case 'balance':
      return [...statusDifferences(answer, 200), ...objectDifferences(expected.body, answerObject(answer.body))];
    case 'entry':
      return entryDifferences(ledger, expected.entry, answer);
    case 'page':
      return statusDifferences(answer, 200);
  }
}

function statusDifferences(answer: LedgerAnswer, status: number): string[] {
  return answer.status === status ? [] : [`status ${answer.status} in place of ${status}`];
}

function refusalDifferences({ code, fields }: Refusal, answer: LedgerAnswer): string[] {
  const status = REFUSAL_STATUS[code];
  const problem = answerObject(answer.body);
  if (answer.status !== status || problem?.['code'] !== code) {
    return [`${answer.status} ${String(problem?.['code'])} in place of ${status} ${code}`];
  }
  const found: string[] = [];
  if (!answer.contentType.startsWith('application/problem+json')) found.push(`content type ${answer.contentType}`);
  if (problem['status'] !== status) found.push(`status ${String(problem['status'])} in the problem`);
  if (!String(problem['type']).endsWith(`/${code}`))
    found.push(`type ${String(problem['type'])} does not end with ${code}`);
  for (const name of ['title', 'detail', 'instance', 'trace_id']) {
    if (typeof problem[name] !== 'string') found.push(`the problem has no ${name}`);
  }
  if (status === 401 && !answer.wwwAuthenticate?.startsWith('Bearer')) found.push('no WWW-Authenticate: Bearer');
  if (fields !== undefined) found.push(...fieldDifferences(fields, problem['errors']));
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

function replayDifferences(body: string, answer: LedgerAnswer): string[] {
  const found = statusDifferences(answer, 200);
  if (answer.idempotentReplayed !== 'true') found.push('no Idempotent-Replayed: true');
  if (answer.body !== body) found.push(`replayed ${answer.body} in place of ${body}`);
  return found;
}

/** The fields of each 201 that the server chooses: ids and the time. */
const CHOSEN_FIELDS: Readonly<Record<Plan['eventType'], readonly string[]>> = {
  disbursement: ['disbursement_event_id', 'journal_entry_id', 'posted_at'],
  payment_received: ['payment_event_id', 'journal_entry_id', 'posted_at'],
  fee_assessed: ['fee_event_id', 'journal_entry_id', 'posted_at', 'correlation_id'],
  accrual: ['accrual_event_id', 'journal_entry_id', 'posted_at'],
  reversal: ['journal_entry_id', 'posted_at', 'correlation_id'],
};

function postedDifferences(expected: Extract<Expectation, { kind: 'posted' }>, answer: LedgerAnswer): string[] {
  const found = statusDifferences(answer, 201);
  const body = answerObject(answer.body);
  if (body === undefined || found.length > 0) return [...found, `answered ${answer.body}`];
  if (answer.idempotentReplayed !== undefined) found.push('a first answer says that it is a replay');
  const chosen: Record<string, unknown> = {};
  for (const name of CHOSEN_FIELDS[expected.plan.eventType]) {
    chosen[name] = body[name];
    const pattern = name === 'posted_at' ? INSTANT_PATTERN : UUID_PATTERN;
    if (!pattern.test(String(body[name]))) found.push(`${name} is ${String(body[name])}`);
  }
  return [...found, ...objectDifferences({ ...chosen, ...expected.answer }, body)];
}

function objectDifferences(expected: Readonly<Record<string, unknown>>, actual: unknown): string[] {
  if (!isRecord(actual)) return ['the answer is no object'];
  const names = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  return [...names].flatMap((name) => {
    const [left, right] = [expected[name], actual[name]];
    if (isRecord(left) && isRecord(right)) return objectDifferences(left, right).map((text) => `${name}.${text}`);
    return left === right ? [] : [`${name} is ${JSON.stringify(right)} in place of ${JSON.stringify(left)}`];
  });
}

function entryDifferences(ledger: TenantLedger, entry: Entry, answer: LedgerAnswer): string[] {
  const found = statusDifferences(answer, 200);
  const body = answerObject(answer.body);
  if (body === undefined || found.length > 0) return [...found, `answered ${answer.body}`];
  const reversedBy = entry.reversedByEntryId ?? null;
  found.push(...memberDifferences({ ...entryMembers(entry), reversed_by_entry_id: reversedBy }, body));
  return [...found, ...sequenceDifferences(body['lines']), ...lineDifferences(ledger, entry.plan.lines, body['lines'])];
}

/** What every answer says of an entry, whenever it is asked. */
function entryMembers({ plan, postedAt, entryId, correlationId }: Entry): Record<string, unknown> {
  return {
    journal_entry_id: entryId,
    event_type: plan.eventType,
    effective_at: plan.effectiveAt,
    posted_at: postedAt,
    reverses_entry_id: plan.reversesEntryId ?? null,
    superseded_by_entry_id: null,
    ...(correlationId === undefined ? {} : { correlation_id: correlationId }),
  };
}

function memberDifferences(
  expected: Readonly<Record<string, unknown>>,
  actual: Readonly<Record<string, unknown>>,
): string[] {
  return Object.entries(expected).flatMap(([name, value]) => {
    const found = actual[name] ?? null;
    return found === value ? [] : [`${name} is ${JSON.stringify(found)} in place of ${JSON.stringify(value)}`];
  });
}

/** An entry on a page of a list: of a loan, or without one of the tenant. */
interface ListedEntry {
  readonly entry: Entry;
  readonly list: { readonly loanId: string | undefined; readonly isSettled: boolean };
  readonly item: Readonly<Record<string, unknown>>;
}

/** Every way in which an entry of a list is not the one that the books have. */
export function listedDifferences(ledger: TenantLedger, { entry, list, item }: ListedEntry): string[] {
  const shown = shownLines(entry, list.loanId);
  const found = memberDifferences(entryMembers(entry), item);
  const [theirs, ours] = [item['reversed_by_entry_id'] ?? null, entry.reversedByEntryId ?? null];
  // Where others write, a reversal may be on its way: then one of the two knows it already.
  const isOpen = !list.isSettled && (theirs === null || ours === null);
  if (theirs !== ours && !isOpen) found.push(`reversed by ${String(theirs)} in place of ${ours}`);
  found.push(...lineDifferences(ledger, shown, item['lines']));
  const count = Array.isArray(item['lines']) ? item['lines'].length : 0;
  if (shown.length === entry.plan.lines.length) found.push(...sequenceDifferences(item['lines']));
  const total = shown.length === entry.plan.lines.length ? count : entry.plan.lines.length;
  if (item['lines_total'] !== total) found.push(`lines_total is ${String(item['lines_total'])} in place of ${total}`);
  return found.map((text) => `${entry.entryId}: ${text}`);
}

function sequenceDifferences(lines: unknown): string[] {
  if (!Array.isArray(lines)) return [];
  return lines.filter(isRecord).flatMap((line, at) => {
    return line['sequence'] === at + 1 ? [] : [`line ${at + 1} has sequence ${String(line['sequence'])}`];
  });
}

/**
 * Lines are compared as sums by account, side, currency, layer and loan: the contract leaves open
 * whether two fees withheld share a line. On accounts that are no control account it also leaves
 * open whether a line names the loan.
 */
function lineDifferences(ledger: TenantLedger, expected: readonly Line[], actual: unknown): string[] {
  if (!Array.isArray(actual)) return ['the entry has no lines[]'];
  const lines = actual.filter(isRecord);
  const found: string[] = [];
  const ours = sums(expected.map((line) => ({ ...line, loanId: line.loanId ?? '' })));
  const theirs = sums(lines.map(readLine));
  for (const place of new Set([...ours.keys(), ...theirs.keys()])) {
    if (ours.get(place) !== theirs.get(place))
      found.push(`${place}: ${theirs.get(place)} in place of ${ours.get(place)}`);
  }
  for (const [at, line] of lines.entries()) {
    if (!/^[1-9][0-9]*$/.test(String(line['amount_minor'])))
      found.push(`line ${at + 1} has amount ${String(line['amount_minor'])}`);
    const { loanId } = readLine(line);
    if (loanId === '' || !ledger.loans.has(loanId)) continue;
    if (line['borrower_id'] !== loanOf(ledger, loanId).borrowerId) found.push(`line ${at + 1} names another borrower`);
  }
  return found;
}

const CONTROL_ACCOUNTS = new Set(['1100', '1200', '1300', '2100']);

function readLine(line: Readonly<Record<string, unknown>>) {
  const accountCode = String(line['account_code']);
  const amount = String(line['amount_minor']);
  return {
    accountCode,
    direction: String(line['direction']),
    amountMinor: /^[0-9]+$/.test(amount) ? BigInt(amount) : 0n,
    currency: String(line['currency']),
    layer: String(line['layer']),
    loanId: CONTROL_ACCOUNTS.has(accountCode) ? String(line['loan_id']) : '',
  };
}

function sums(lines: readonly ReturnType<typeof readLine>[]): Map<string, bigint> {
  const total = new Map<string, bigint>();
  for (const { accountCode, direction, amountMinor, currency, layer, loanId } of lines) {
    const place = [accountCode, direction, currency, layer, loanId].join(' ');
    total.set(place, (total.get(place) ?? 0n) + amountMinor);
  }
  return total;
}

/** Reconciliation must find nothing, and the principal that the model's loans have, in every currency. */
export function reconciliationDifferences(
  ledger: TenantLedger,
  asOfDate: string,
  body: Readonly<Record<string, unknown>> | undefined,
): string[] {
  const principal = new Map<string, bigint>();
  for (const loan of ledger.loans.values()) {
    const { components } = balanceOf(loan, { asOfDate, knownAt: undefined, layer: 'SETTLED' });
    principal.set(loan.currency, (principal.get(loan.currency) ?? 0n) + components.principal);
  }
  const currencies = Array.isArray(body?.['by_currency']) ? body['by_currency'].filter(isRecord) : [];
  const found: string[] = [];
  for (const [currency, sum] of principal) {
    const one = currencies.find((item) => item['currency'] === currency);
    // A currency of which nothing is effective by then may be left out.
    if (one === undefined && sum === 0n) continue;
    const expected = { status: 'ok', gl_principal_minor: `${sum}`, sum_of_loan_balances_minor: `${sum}` };
    const rollup = { ...expected, mismatched_accounts: '[]' };
    const actual = isRecord(one?.['portfolio_rollup']) ? one['portfolio_rollup'] : {};
    const named = JSON.stringify(actual['mismatched_accounts']);
    found.push(
      ...objectDifferences(rollup, { ...actual, mismatched_accounts: named }).map((text) => `${currency}: ${text}`),
    );
  }
  const integrity = body?.['ledger_integrity'];
  if (!isRecord(integrity) || integrity['status'] !== 'ok')
    found.push(`ledger_integrity is ${JSON.stringify(integrity)}`);
  return found;
}
