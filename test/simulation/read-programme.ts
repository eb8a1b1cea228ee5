import { addDays, addMicroseconds } from './instant.ts';
import { ACCOUNTS } from './model/reference/accounts.ts';
import type { LedgerRequest } from './model/request.ts';
import type { Random } from './random.ts';
import { knownLoans, type Scene } from './scene.ts';

/** A read, and whether its answer may never change again. */
export interface Read {
  readonly request: LedgerRequest;
  /** It names a `known_at` and a date, so it must be answered the same for ever. */
  readonly fixed: boolean;
}

/** A GET with a good token. */
export function getRequest(tenant: number, path: string): LedgerRequest {
  return { tenant, method: 'GET', path, token: 'full', contentType: '', keyHeaders: [], body: '' };
}

/** The path of a loan's balance. */
export function balancePath(loanId: string, parameters: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(parameters).toString();
  return `/v1/loans/${loanId}/balance${query === '' ? '' : `?${query}`}`;
}

/** A balance at a random date, as known at a random instant: one that an entry was posted at, or 1 µs beside it. */
export function balanceRead(scene: Scene, seenPostedAt: readonly string[]): Read | undefined {
  const { readRandom: random, tenant, businessDate } = scene;
  const known = knownLoans(scene);
  if (known.length === 0) return undefined;
  const { loanId } = random.pick(known).slot;
  const parameters: Record<string, string> = {};
  const knownAt = random.chance(0.9) ? someInstant(random, seenPostedAt) : undefined;
  if (knownAt !== undefined) parameters['known_at'] = knownAt;
  if (knownAt !== undefined || random.chance(0.7)) parameters['as_of_date'] = someDay(random, businessDate);
  if (random.chance(0.2)) parameters['layer'] = random.weighted({ SETTLED: 4, PENDING: 14, ENCUMBRANCE: 2 });
  return { request: getRequest(tenant, balancePath(loanId, parameters)), fixed: knownAt !== undefined };
}

function someDay(random: Random, businessDate: string): string {
  return random.chance(0.4) ? businessDate : addDays(businessDate, -random.below(800));
}

/** Late instants more often: there the answers are still in the making. */
function someInstant(random: Random, seen: readonly string[]): string | undefined {
  if (seen.length === 0) return undefined;
  const late = random.chance(0.5) ? seen.slice(-50) : seen;
  return addMicroseconds(random.pick(late), BigInt(random.below(3) - 1));
}

/** The path of an account's balance. */
export function accountPath(accountCode: string, parameters: Readonly<Record<string, string>>): string {
  return `/v1/accounts/${accountCode}/balance?${new URLSearchParams(parameters)}`;
}

/**
 * An account at a random date, as known at a random instant. Others write to it all the time, so what the answer has to be
 * is known at the end only.
 */
export function accountRead(scene: Scene, seenPostedAt: readonly string[]): Read | undefined {
  const { readRandom: random, tenant, businessDate } = scene;
  const knownAt = someInstant(random, seenPostedAt);
  if (knownAt === undefined) return undefined;
  const request = getRequest(tenant, accountPath(...someAccount(random, businessDate, knownAt)));
  return { request, fixed: true };
}

/** An account's code and the parameters of its balance, at random. */
export function someAccount(
  random: Random,
  businessDate: string,
  knownAt?: string,
): [accountCode: string, parameters: Record<string, string>] {
  const parameters = {
    currency: random.weighted({ USD: 5, EUR: 3, JPY: 3, CHF: 1 }),
    as_of_date: someDay(random, businessDate),
    ...(random.chance(0.3) ? { layer: random.weighted({ SETTLED: 2, PENDING: 5, ENCUMBRANCE: 1 }) } : {}),
    ...(knownAt === undefined ? {} : { known_at: knownAt }),
  };
  return [random.pick(Object.keys(ACCOUNTS)), parameters];
}

/** An entry of one of the scene's loans. */
export function entryRead(scene: Scene): Read | undefined {
  const { readRandom: random, tenant } = scene;
  const recent = knownLoans(scene).flatMap(({ loan }) => loan.entries.slice(-40));
  // One that another request has just written may have no id of the server's yet.
  const entries = recent.filter(({ entryId, modelId }) => entryId !== modelId);
  if (entries.length === 0) return undefined;
  const { entryId } = random.pick(entries);
  return { request: getRequest(tenant, `/v1/journal-entries/${entryId}`), fixed: false };
}

/** A loan as it stands; or the loans of its borrower, whom nobody else knows, in one of several ways. */
export function loanRead(scene: Scene): Read | undefined {
  const { readRandom: random, tenant } = scene;
  const known = knownLoans(scene);
  if (known.length === 0) return undefined;
  const { loan } = random.pick(known);
  if (random.chance(0.6)) return { request: getRequest(tenant, `/v1/loans/${loan.loanId}`), fixed: false };
  const query = new URLSearchParams({ borrower_id: loan.borrowerId });
  if (random.chance(0.4)) query.set('status', random.pick(['undisbursed', 'active', 'charged_off']));
  if (random.chance(0.3)) query.set('program_id', loan.programId);
  if (random.chance(0.3)) query.set('page_size', random.pick(['1', '2', '500']));
  return { request: getRequest(tenant, `/v1/loans?${query}`), fixed: false };
}

/** A read that must be refused. */
export function refusedRead(scene: Scene): Read | undefined {
  const { readRandom: random, tenant, foreign, narrowTokens } = scene;
  const known = knownLoans(scene);
  const entry = known.flatMap(({ loan }) => loan.entries.slice(-5)).at(-1);
  if (known.length === 0 || entry === undefined) return undefined;
  const { loanId } = random.pick(known).slot;
  const entryPath = `/v1/journal-entries/${entry.entryId}`;
  const kind = random.weighted({
    loan: 20,
    entry: 20,
    parameter: 20,
    page: 30,
    token: 5,
    scope: 5,
    account: 60,
    loans: 30,
    list: 30,
  });
  const paths = {
    loan: balancePath(foreign.loanId() ?? random.uuid(), {}),
    entry: `/v1/journal-entries/${foreign.entryId() ?? random.uuid()}`,
    parameter: balancePath(loanId, random.pick(BAD_PARAMETERS)),
    page: `${entryPath}?lines_page_token=${random.pick(['made-up', 'AAAA', 'eyJhIjoxfQ'])}`,
    token: entryPath,
    scope: random.chance(0.5) ? entryPath : '/v1/journal-entries',
    account: random.chance(0.7)
      ? accountPath('7777', { currency: 'USD' })
      : accountPath('1100', random.pick(BAD_ACCOUNTS)),
    loans: random.pick(BAD_LOANS)(foreign.loanId() ?? random.uuid()),
    list: random.pick(BAD_LISTS)(loanId, foreign.loanId() ?? random.uuid()),
  };
  const request = getRequest(tenant, paths[kind]);
  const token =
    kind === 'token' || (kind === 'scope' && !narrowTokens) ? 'forged' : kind === 'scope' ? 'narrow' : 'full';
  return { request: { ...request, token }, fixed: false };
}

const BAD_PARAMETERS: readonly Readonly<Record<string, string>>[] = [
  { known_at: '2999-01-01T00:00:00.000000Z' },
  { as_of_date: '2026-02-30' },
  { as_of_date: 'yesterday' },
  { layer: 'settled' },
];

const BAD_ACCOUNTS: readonly Readonly<Record<string, string>>[] = [
  {},
  { currency: 'usd' },
  { currency: 'USD', as_of_date: '2026-02-30' },
  { currency: 'USD', layer: 'settled' },
  { currency: 'USD', known_at: '2999-01-01T00:00:00.000000Z' },
];

const BAD_LOANS: readonly ((foreignLoanId: string) => string)[] = [
  (foreignLoanId) => `/v1/loans/${foreignLoanId}`,
  () => '/v1/loans?status=lost',
  () => '/v1/loans?page_size=0&status=active',
  () => '/v1/loans?page_token=made-up',
];

const BAD_LISTS: readonly ((loanId: string, foreignLoanId: string) => string)[] = [
  () => '/v1/journal-entries?page_size=501',
  () => '/v1/journal-entries?order=up&from_date=yesterday',
  () => '/v1/journal-entries?page_token=made-up',
  (loanId) => `/v1/loans/${loanId}/journal-entries?page_token=AAAA`,
  (loanId) => `/v1/loans/${loanId}/journal-entries?to_date=2026-02-30`,
  (_loanId, foreignLoanId) => `/v1/loans/${foreignLoanId}/journal-entries`,
  (_loanId, foreignLoanId) => `/v1/loans/${foreignLoanId}/journal-entries?order=asc&event_type=reversal`,
];
