import { isCalendarDate } from './fields.ts';
import { type Entry, LAYERS, type TenantLedger } from './ledger.ts';
import { type AnyRefusal, expectAnswer as expectOfBooks } from './reference/expectation.ts';
import type { Posting } from './reference/posting.ts';
import { accountBody, balanceBody, loanBody } from './reference/reads.ts';
import { routeOf } from './reference/route.ts';
import type { RouteKind } from './reference/route-rules.ts';
import type { Now } from './reference/setting.ts';
import type { LedgerRequest } from './request.ts';

/** What the server must answer to a request, the books being as they are. */
export type Expectation =
  | { readonly kind: 'refused'; readonly refusal: AnyRefusal }
  /** 200, the body of the first answer byte for byte. */
  | { readonly kind: 'replayed'; readonly body: string }
  /** 201; `posting.answer` holds the parts that the model can know. Booking it is the caller's step. */
  | {
      readonly kind: 'posted';
      readonly route: RouteKind;
      readonly posting: Posting;
      readonly key: string;
      readonly fingerprint: string;
    }
  /** 200 with exactly this object. */
  | { readonly kind: 'balance'; readonly body: Readonly<Record<string, string | null>> }
  /** 200 with exactly this loan. */
  | { readonly kind: 'loan'; readonly body: Readonly<Record<string, unknown>> }
  /** 200 with exactly these loans, and more pages or none. */
  | { readonly kind: 'loans'; readonly items: readonly Readonly<Record<string, unknown>>[]; readonly hasMore: boolean }
  /** 200 with this entry. */
  | { readonly kind: 'entry'; readonly entry: Entry }
  /** 200 with a page of a list; what has to be on it is for whoever reads all pages. */
  | { readonly kind: 'page' };

function refused(code: AnyRefusal['code'], fields?: readonly string[]): Expectation {
  return { kind: 'refused', refusal: fields === undefined ? { code } : { code, fields } };
}

/** Foretells the answer to any request of the simulation, refusals in the order of CONTRACT.md section 2. */
export function expectAnswer(ledger: TenantLedger, request: LedgerRequest, now: Now): Expectation {
  const [path = '', query = ''] = request.path.split('?');
  const loanId = /^\/v1\/loans\/([^/]+)\/balance$/.exec(path)?.[1];
  const entryId = /^\/v1\/journal-entries\/([^/]+)$/.exec(path)?.[1];
  const accountCode = /^\/v1\/accounts\/([^/]+)\/balance$/.exec(path)?.[1];
  const ofLoans = request.method === 'GET' ? /^\/v1\/loans(?:\/([^/]+))?$/.exec(path) : null;
  if (ofLoans !== null)
    return expectLoans(ledger, { request, loanId: ofLoans[1], parameters: new URLSearchParams(query), now });
  const list = /^\/v1(?:\/loans\/([^/]+))?\/journal-entries$/.exec(path);
  if ((loanId ?? entryId ?? accountCode) === undefined && list === null) return expectWrite(ledger, request, now);
  if (request.method !== 'GET') return refused('method_not_allowed');
  if (request.token === 'absent' || request.token === 'forged') return refused('invalid_token');
  const parameters = new URLSearchParams(query);
  if (list !== null) return expectPage(ledger, { request, loanId: list[1], parameters });
  if (accountCode !== undefined) return expectAccount(ledger, { accountCode, parameters, now });
  if (entryId !== undefined) return expectEntry(ledger, { request, entryId, parameters });
  return expectBalance(ledger, { loanId: loanId ?? '', parameters, now });
}

function expectWrite(ledger: TenantLedger, request: LedgerRequest, now: Now): Expectation {
  const asked = request.token === 'colleague' ? { ...now, principal: 'another' } : now;
  const expected = expectOfBooks(ledger.books, request, asked);
  const route = routeOf(request.path)?.kind;
  if (expected.kind === 'posted' && route !== undefined) return { ...expected, route };
  if (expected.kind === 'refused' || expected.kind === 'replayed') return expected;
  throw new Error(`${request.path} was foretold as ${expected.kind}`);
}

interface EntryQuestion {
  readonly request: LedgerRequest;
  readonly entryId: string;
  readonly parameters: URLSearchParams;
}

function expectEntry(ledger: TenantLedger, { request, entryId, parameters }: EntryQuestion): Expectation {
  if (request.token === 'narrow') return refused('insufficient_scope');
  // The simulation never holds a token of a page, so each one it sends is made up.
  if (parameters.has('lines_page_token')) return refused('invalid_page_token');
  const entry = ledger.entries.get(entryId.toLowerCase());
  return entry === undefined ? refused('journal_entry_not_found') : { kind: 'entry', entry };
}

interface LoansQuestion {
  readonly request: LedgerRequest;
  /** undefined: the tenant's list. */
  readonly loanId: string | undefined;
  readonly parameters: URLSearchParams;
  readonly now: Now;
}

const STATUSES: readonly (string | null)[] = ['undisbursed', 'active', 'charged_off', null];

function expectLoans(ledger: TenantLedger, { request, loanId, parameters, now }: LoansQuestion): Expectation {
  if (request.token === 'absent' || request.token === 'forged') return refused('invalid_token');
  if (request.token === 'narrow') return refused('insufficient_scope');
  if (loanId !== undefined) {
    const known = ledger.loans.has(loanId.toLowerCase());
    return known ? { kind: 'loan', body: shownLoan(ledger, loanId.toLowerCase(), now) } : refused('loan_not_found');
  }
  const status = parameters.get('status');
  const pageSize = Number(parameters.get('page_size') ?? 50);
  const bad = STATUSES.includes(status) ? [] : ['status'];
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 500) bad.push('page_size');
  if (bad.length > 0) return refused('validation_failed', bad);
  if ((parameters.get('page_token')?.length ?? 99) < 10) return refused('invalid_page_token');
  // The simulation asks for what follows a page by the list without filters alone, which is read where nobody writes.
  if (parameters.has('page_token')) return { kind: 'page' };
  const wanted = { borrower_id: parameters.get('borrower_id'), program_id: parameters.get('program_id'), status };
  const all = [...ledger.loans.keys()].sort().map((id) => shownLoan(ledger, id, now));
  const items = all.filter((body) => {
    return Object.entries(wanted).every(([name, value]) => value === null || body[name] === value);
  });
  return { kind: 'loans', items: items.slice(0, pageSize), hasMore: items.length > pageSize };
}

function shownLoan(ledger: TenantLedger, loanId: string, { businessDate }: Now): Record<string, unknown> {
  const body = loanBody(ledger.books, loanId, businessDate);
  const opening = body['opening'] as Readonly<Record<string, string>> | null;
  if (opening === null) return body;
  const entry = ledger.byModelId.get(opening['journal_entry_id'] ?? '');
  return { ...body, opening: { ...opening, journal_entry_id: entry?.entryId } };
}

interface LoanQuestion {
  readonly loanId: string;
  readonly parameters: URLSearchParams;
  readonly now: Now;
}

function expectBalance(ledger: TenantLedger, { loanId, parameters, now }: LoanQuestion): Expectation {
  const asOfDate = parameters.get('as_of_date') ?? now.businessDate;
  const knownAt = parameters.get('known_at') ?? undefined;
  const layer = LAYERS.find((name) => name === (parameters.get('layer') ?? 'SETTLED'));
  const bad: string[] = [];
  if (!isCalendarDate(asOfDate)) bad.push('as_of_date');
  if (layer === undefined) bad.push('layer');
  // The simulation asks for no instant between the newest it has seen and the far future.
  if (knownAt !== undefined && knownAt > '2100') bad.push('known_at');
  if (bad.length > 0 || layer === undefined) return refused('validation_failed', bad);
  const loan = ledger.loans.get(loanId.toLowerCase());
  if (loan === undefined) return refused('loan_not_found');
  // As the ledger knew it then, there was no such loan; else this answer would change when the loan is made.
  const journal = ledger.books.journals.get(loan.loanId) ?? [];
  if (knownAt !== undefined && journal.every(({ postedAt }) => postedAt > knownAt)) return refused('loan_not_found');
  return { kind: 'balance', body: balanceBody(ledger.books, loan.loanId, { asOfDate, knownAt, layer }) };
}

interface AccountQuestion {
  readonly accountCode: string;
  readonly parameters: URLSearchParams;
  readonly now: Now;
}

function expectAccount(ledger: TenantLedger, { accountCode, parameters, now }: AccountQuestion): Expectation {
  const currency = parameters.get('currency');
  const asOfDate = parameters.get('as_of_date') ?? now.businessDate;
  const knownAt = parameters.get('known_at') ?? undefined;
  const layer = LAYERS.find((name) => name === (parameters.get('layer') ?? 'SETTLED'));
  const bad: string[] = [];
  if (currency === null || !/^[A-Z]{3}$/.test(currency)) bad.push('currency');
  if (!isCalendarDate(asOfDate)) bad.push('as_of_date');
  if (layer === undefined) bad.push('layer');
  if (bad.length > 0 || layer === undefined || currency === null) return refused('validation_failed', bad);
  const body = accountBody(ledger.books, { accountCode, currency }, { asOfDate, knownAt, layer });
  if (body === undefined) return refused('account_not_found');
  if (knownAt !== undefined && knownAt > '2100') return refused('validation_failed', ['known_at']);
  return { kind: 'balance', body };
}

interface PageQuestion {
  readonly request: LedgerRequest;
  /** undefined: the tenant's list. */
  readonly loanId: string | undefined;
  readonly parameters: URLSearchParams;
}

function expectPage(ledger: TenantLedger, { request, loanId, parameters }: PageQuestion): Expectation {
  if (request.token === 'narrow') return refused('insufficient_scope');
  const pageSize = Number(parameters.get('page_size') ?? 50);
  const order = parameters.get('order') ?? 'desc';
  const bad: string[] = [];
  for (const name of ['from_date', 'to_date'])
    if (!isCalendarDate(parameters.get(name) ?? '2026-01-01')) bad.push(name);
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 500) bad.push('page_size');
  if (order !== 'asc' && order !== 'desc') bad.push('order');
  if (bad.length > 0) return refused('validation_failed', bad);
  // Tokens that the simulation makes up are short; those that it was given are not.
  if ((parameters.get('page_token')?.length ?? 99) < 10) return refused('invalid_page_token');
  if (loanId !== undefined && !ledger.loans.has(loanId.toLowerCase())) return refused('loan_not_found');
  return { kind: 'page' };
}
