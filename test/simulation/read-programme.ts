import { addDays, addMicroseconds } from './instant.ts';
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

/** An entry of one of the scene's loans. */
export function entryRead(scene: Scene): Read | undefined {
  const { readRandom: random, tenant } = scene;
  const entries = knownLoans(scene).flatMap(({ loan }) => loan.entries.slice(-40));
  if (entries.length === 0) return undefined;
  const { entryId } = random.pick(entries);
  return { request: getRequest(tenant, `/v1/journal-entries/${entryId}`), fixed: false };
}

/** A read that must be refused. */
export function refusedRead(scene: Scene): Read | undefined {
  const { readRandom: random, tenant, foreign, narrowTokens } = scene;
  const known = knownLoans(scene);
  const entry = known.flatMap(({ loan }) => loan.entries.slice(-5)).at(-1);
  if (known.length === 0 || entry === undefined) return undefined;
  const { loanId } = random.pick(known).slot;
  const entryPath = `/v1/journal-entries/${entry.entryId}`;
  const kind = random.weighted({ loan: 20, entry: 20, parameter: 20, page: 30, token: 5, scope: 5 });
  const paths = {
    loan: balancePath(foreign.loanId() ?? random.uuid(), {}),
    entry: `/v1/journal-entries/${foreign.entryId() ?? random.uuid()}`,
    parameter: balancePath(loanId, random.pick(BAD_PARAMETERS)),
    page: `${entryPath}?lines_page_token=${random.pick(['made-up', 'AAAA', 'eyJhIjoxfQ'])}`,
    token: entryPath,
    scope: entryPath,
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
