import {
  answerObject,
  isRecord,
  lineDifferences,
  objectDifferences,
  postedDifferences,
  refusalDifferences,
  replayDifferences,
  statusDifferences,
} from './answer-differences.ts';
import type { Expectation } from './model/expectation.ts';
import { shownLines } from './model/journal.ts';
import { type Entry, type Line, loanOf, type TenantLedger } from './model/ledger.ts';
import { componentsOf } from './model/reference/reads.ts';
import type { LedgerAnswer } from './model/request.ts';

export { answerObject };

/** Every way in which an answer is not the one foretold, in words; none when it agrees. */
export function differencesOf(ledger: TenantLedger, expected: Expectation, answer: LedgerAnswer): string[] {
  switch (expected.kind) {
    case 'refused':
      return refusalDifferences(expected.refusal, answer);
    case 'replayed':
      return replayDifferences(expected.body, answer);
    case 'posted':
      return postedDifferences(expected.route, expected.posting, answer);
    case 'balance':
      return [...statusDifferences(answer, 200), ...objectDifferences(expected.body, answerObject(answer.body))];
    case 'loan':
      return [...statusDifferences(answer, 200), ...objectDifferences(expected.body, answerObject(answer.body))];
    case 'loans':
      return loansDifferences(expected, answer);
    case 'entry':
      return entryDifferences(ledger, expected.entry, answer);
    case 'page':
      return statusDifferences(answer, 200);
  }
}

/** A page of loans: each of them, in the order of their ids, and whether there is more. */
function loansDifferences({ items, hasMore }: Extract<Expectation, { kind: 'loans' }>, answer: LedgerAnswer): string[] {
  const found = statusDifferences(answer, 200);
  const body = answerObject(answer.body);
  const theirs: readonly unknown[] = Array.isArray(body?.['items']) ? body['items'] : [];
  if (theirs.length !== items.length) found.push(`${theirs.length} loans in place of ${items.length}`);
  // A full page promises another one, which may be empty.
  const isLast = body?.['next_page_token'] === null;
  if (hasMore && isLast) found.push('no more loans are promised');
  const differing = items.flatMap((one, at) =>
    objectDifferences(one, theirs[at]).map((text) => `loan ${at + 1}: ${text}`),
  );
  return [...found, ...differing];
}

function entryDifferences(ledger: TenantLedger, entry: Entry, answer: LedgerAnswer): string[] {
  const found = statusDifferences(answer, 200);
  const body = answerObject(answer.body);
  if (body === undefined || found.length > 0) return [...found, `answered ${answer.body}`];
  const reversedBy = entry.reversedByEntryId ?? null;
  const superseded_by_entry_id = entry.supersededByEntryId ?? null;
  const links = { reversed_by_entry_id: reversedBy, superseded_by_entry_id };
  found.push(...memberDifferences({ ...entryMembers(ledger, entry), ...links }, body));
  return [
    ...found,
    ...sequenceDifferences(body['lines']),
    ...shownLineDifferences(ledger, entry.plan.lines, body['lines']),
  ];
}

/** What every answer says of an entry, whenever it is asked; what it reverses once the id of that has been found out. */
function entryMembers(ledger: TenantLedger, entry: Entry): Record<string, unknown> {
  const { plan, postedAt, entryId, correlationId } = entry;
  const { reversesEntryId } = plan;
  const isUnnamed = reversesEntryId !== undefined && ledger.byModelId.has(reversesEntryId);
  return {
    journal_entry_id: entryId,
    event_type: plan.eventType,
    effective_at: plan.effectiveAt,
    posted_at: postedAt,
    ...(isUnnamed ? {} : { reverses_entry_id: reversesEntryId ?? null }),
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
  const found = memberDifferences(entryMembers(ledger, entry), item);
  const [theirs, ours] = [item['reversed_by_entry_id'] ?? null, entry.reversedByEntryId ?? null];
  // Where others write, a reversal may be on its way: then one of the two knows it already.
  const isOpen = !list.isSettled && (theirs === null || ours === null);
  if (theirs !== ours && !isOpen) found.push(`reversed by ${String(theirs)} in place of ${ours}`);
  found.push(...shownLineDifferences(ledger, shown, item['lines']));
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

/** The lines of an answer: sums as foretold, amounts well formed, each loan with its borrower. */
function shownLineDifferences(ledger: TenantLedger, expected: readonly Line[], actual: unknown): string[] {
  if (!Array.isArray(actual)) return ['the entry has no lines[]'];
  const lines = actual.filter(isRecord);
  const found = lineDifferences(expected, lines.map(readLine));
  for (const [at, line] of lines.entries()) {
    if (!/^[1-9][0-9]*$/.test(String(line['amount_minor'])))
      found.push(`line ${at + 1} has amount ${String(line['amount_minor'])}`);
    const { loanId } = readLine(line);
    if (loanId === null || !ledger.loans.has(loanId)) continue;
    if (line['borrower_id'] !== loanOf(ledger, loanId).borrowerId) found.push(`line ${at + 1} names another borrower`);
  }
  return found;
}

/** A line as an answer shows it. */
export function readLine(line: Readonly<Record<string, unknown>>) {
  const amount = String(line['amount_minor']);
  const loanId = line['loan_id'];
  return {
    accountCode: String(line['account_code']),
    direction: String(line['direction']),
    amountMinor: /^[0-9]+$/.test(amount) ? BigInt(amount) : 0n,
    currency: String(line['currency']),
    layer: String(line['layer']),
    loanId: typeof loanId === 'string' ? loanId : null,
  };
}

/** Reconciliation must find nothing, and the principal that the model's loans have, in every currency. */
export function reconciliationDifferences(
  ledger: TenantLedger,
  asOfDate: string,
  body: Readonly<Record<string, unknown>> | undefined,
): string[] {
  const principal = new Map<string, bigint>();
  for (const loan of ledger.loans.values()) {
    const past = { asOfDate, knownAt: undefined, layer: 'SETTLED' } as const;
    const own = componentsOf(ledger.books, loan.loanId, past).principal;
    principal.set(loan.currency, (principal.get(loan.currency) ?? 0n) + own);
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
