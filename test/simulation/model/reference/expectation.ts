import { canonicalJson } from '../canonical.ts';
import { isCalendarDate } from '../fields.ts';
import type { RefusalCode } from '../refusal.ts';
import type { LedgerRequest } from '../request.ts';
import type { Books, Entry } from './books.ts';
import { decide } from './decide.ts';
import type { Posting } from './posting.ts';
import { accountBody, balanceBody, type LoanStanding, standingOf } from './reads.ts';
import type { Code, Refusal } from './refusal.ts';
import { readCommand, routeOf } from './route.ts';
import type { Now } from './setting.ts';
import { LAYERS } from './terms.ts';

/** A refusal of any kind: of the request's form, or of the books. */
export type AnyRefusal = Omit<Refusal, 'code'> & { readonly code: RefusalCode | Code };

/** What the server must answer to a request, the books being as they are. */
export type Expectation =
  | { readonly kind: 'refused'; readonly refusal: AnyRefusal }
  /** 200, the body of the first answer byte for byte. */
  | { readonly kind: 'replayed'; readonly body: string }
  /** 201; `posting.answer` holds the parts that the model can know. Booking it is the caller's step. */
  | { readonly kind: 'posted'; readonly posting: Posting; readonly key: string; readonly fingerprint: string }
  /** 200 of `?preview=true`: the first entry's lines and what would be restated; nothing is to be booked. */
  | { readonly kind: 'preview'; readonly posting: Posting }
  /** 200 with exactly this object. */
  | { readonly kind: 'balance'; readonly body: Readonly<Record<string, string | null>> }
  /** 200 with this of the loan. */
  | { readonly kind: 'loan'; readonly standing: LoanStanding }
  /** 200 with this entry. */
  | { readonly kind: 'entry'; readonly entry: Entry };

function refused(code: AnyRefusal['code'], fields?: readonly string[]): Expectation {
  return { kind: 'refused', refusal: fields === undefined ? { code } : { code, fields } };
}

/** Foretells the answer to a request, refusals in the order of CONTRACT.md section 2. */
export function expectAnswer(books: Books, request: LedgerRequest, now: Now): Expectation {
  const [path = '', query = ''] = request.path.split('?');
  const parameters = new URLSearchParams(query);
  const isRead = /^\/v1\/(loans\/[^/]+(\/balance)?|accounts\/[^/]+\/balance|journal-entries\/[^/]+)$/.test(path);
  if (routeOf(path) === undefined && !isRead) return refused('not_found');
  if (request.method !== (isRead ? 'GET' : 'POST')) return refused('method_not_allowed');
  if (request.token === 'absent' || request.token === 'forged') return refused('invalid_token');
  return isRead
    ? expectRead(books, { path, parameters, request }, now)
    : expectWrite(books, { path, parameters, request }, now);
}

interface Asked {
  readonly path: string;
  readonly parameters: URLSearchParams;
  readonly request: LedgerRequest;
}

function expectWrite(books: Books, { path, parameters, request }: Asked, now: Now): Expectation {
  const route = routeOf(path);
  if (route === undefined) return refused('not_found');
  if (request.token === 'narrow') return refused('insufficient_scope');
  if (request.contentType !== 'application/json') return refused('unsupported_media_type');
  if (request.declaredBytes !== undefined) return refused('payload_too_large');
  const isPreview = parameters.get('preview') === 'true';
  const key = isPreview ? { text: '' } : keyOf(request.keyHeaders);
  if ('code' in key) return refused(key.code);
  const body = parseJson(request.body);
  if (body === undefined) return refused('malformed_json');
  const read = readCommand(route, body.value);
  if ('badFields' in read) return refused('validation_failed', read.badFields);
  const fingerprint = `POST ${path} ${canonicalJson(body.value)}`;
  // A key of an event is found wherever it is sent; a key of an act is not looked for by events (decisions/0011-webhooks.md).
  const isAct = ACTS.includes(route.kind);
  const name = isAct ? `act ${key.text}` : key.text;
  const used = isPreview ? undefined : (books.keys.get(name) ?? books.keys.get(key.text));
  if (used !== undefined) {
    return used.fingerprint === fingerprint ? { kind: 'replayed', body: used.body } : refused('idempotency_mismatch');
  }
  const decision = decide(books, read.command, now);
  if ('refusal' in decision) return { kind: 'refused', refusal: decision.refusal };
  const { posting } = decision;
  return isPreview ? { kind: 'preview', posting } : { kind: 'posted', posting, key: name, fingerprint };
}

/** Calls that write no entry themselves: they keep their keys apart. */
const ACTS: readonly string[] = ['proposal', 'rejection', 'run', 'program', 'version'];

/** The key as sent, quoted or not, or what is wrong with it. */
function keyOf(headers: readonly string[]): { readonly text: string } | { readonly code: RefusalCode } {
  const [only, ...more] = headers;
  if (more.length > 0) return { code: 'duplicate_header' };
  if (only === undefined) return { code: 'missing_idempotency_key' };
  const text = /^"(.*)"$/.exec(only)?.[1] ?? only;
  return /^[A-Za-z0-9][A-Za-z0-9._:-]{7,254}$/.test(text) ? { text } : { code: 'invalid_idempotency_key' };
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function expectRead(books: Books, { path, parameters, request }: Asked, now: Now): Expectation {
  const [, , what = '', name = '', balance] = path.split('/');
  const id = name.toLowerCase();
  const isLedger = what === 'journal-entries' || (what === 'loans' && balance === undefined);
  if (request.token === 'narrow' && isLedger) return refused('insufficient_scope');
  if (what === 'journal-entries') {
    const entry = books.entries.get(books.entryNames.get(id) ?? id);
    return entry === undefined ? refused('journal_entry_not_found') : { kind: 'entry', entry };
  }
  const asOfDate = parameters.get('as_of_date') ?? now.businessDate;
  const knownAt = parameters.get('known_at') ?? undefined;
  const layer = LAYERS.find((known) => known === (parameters.get('layer') ?? 'SETTLED'));
  const currency = parameters.get('currency') ?? '';
  const bad: string[] = [];
  if (what === 'accounts' && !/^[A-Z]{3}$/.test(currency)) bad.push('currency');
  if (!isCalendarDate(asOfDate)) bad.push('as_of_date');
  if (layer === undefined) bad.push('layer');
  // No instant is asked for between the newest seen and the far future.
  if (knownAt !== undefined && knownAt > '2100') bad.push('known_at');
  if (bad.length > 0 || layer === undefined) return refused('validation_failed', bad);
  const past = { asOfDate, knownAt, layer };
  if (what === 'accounts') {
    const body = accountBody(books, { accountCode: name, currency }, past);
    return body === undefined ? refused('account_not_found') : { kind: 'balance', body };
  }
  if (!isKnown(books, id, knownAt)) return refused('loan_not_found');
  return balance === undefined
    ? { kind: 'loan', standing: standingOf(books, id) }
    : { kind: 'balance', body: balanceBody(books, id, past) };
}

/** As the ledger knew it then: a loan that was made later was none. */
function isKnown(books: Books, loanId: string, knownAt: string | undefined): boolean {
  if (!books.loans.has(loanId)) return false;
  if (knownAt === undefined) return true;
  return (books.journals.get(loanId) ?? []).some(({ postedAt }) => postedAt <= knownAt);
}
