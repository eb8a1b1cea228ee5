/**
 * Who is calling. A token is taken apart, its signature checked, its claims and its client compared with what is known
 * now; the verdict is then remembered under the SHA-256 of the whole header until the token ends, its key retires, or
 * anything about clients and keys changes.
 */
import { hash } from 'node:crypto';
import { isScope, type Scope } from '../../domain/scope.ts';
import type { ActiveClient } from '../../postgres/access/access-snapshot.ts';
import { SIGNING_ALGORITHM } from '../../postgres/access/sealed-key.ts';
import { type AccessClaims, readAccessClaims } from './access-claims.ts';
import type { AccessDirectory, AccessState } from './access-directory.ts';
import { isSignedBy, type OutsideClaims, type OutsideIssuers } from './outside-token.ts';
import type { RingKey } from './signing-keys.ts';
import { readTokenText, TOKEN_CHARACTERS_MAX, type TokenText } from './token-text.ts';
import { VerifiedTokens } from './verified-tokens.ts';

/** Who a request is from. Everything it may do follows from this and from nothing in the request. */
export type Principal = {
  readonly tenantId: string;
  readonly clientId: string;
  /** What the token holds and its client still does. */
  readonly scopes: ReadonlySet<Scope>;
  readonly subject: string;
  readonly expiresAtSeconds: number;
  /** Thumbprints of the certificates of which the connection has to show one (RFC 8705); null: it needs none. */
  readonly certificates: ReadonlySet<string> | null;
};

/**
 * Why nobody was recognised. `missing`: no bearer token came along (401 without an error code); `invalid`: 401
 * invalid_token; `unavailable`, `issuer_unavailable`: it cannot be told at present, for want of the database or of the
 * issuer's keys (503).
 */
export type TokenRefusal = 'missing' | 'invalid' | 'unavailable' | 'issuer_unavailable';

export type TokenVerdict =
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly refusal: TokenRefusal };

export type TokenVerifier = {
  /**
   * Takes the Authorization header as it came, and the connection over which it came if there is one. Answers at once for a
   * token seen before. Never rejects for bad input.
   */
  readonly verify: (authorization: string | undefined, connection?: object) => TokenVerdict | Promise<TokenVerdict>;
};

export type TokenVerifierOptions = {
  readonly directory: AccessDirectory;
  readonly issuer: string;
  readonly audience: string;
  readonly tokenLifeSeconds: number;
  readonly cachedTokensMax?: number;
  /** Other issuers that are trusted; none when left out. */
  readonly outside?: OutsideIssuers;
};

/** Form of a kid of ours: the RFC 7638 thumbprint of a key in base64url. Anything else needs no look-up. */
const OWN_KID = /^[A-Za-z0-9_-]{43}$/;

const CACHED_TOKENS_MAX = 10_000;
/** Strangers can make up kids; so a kid that is not known makes this process ask its database so often at most. */
const UNKNOWN_KEY_SPACING_MS = 250;
const PREFIX = 'Bearer ';
const HEADER_CHARACTERS_MAX = PREFIX.length + TOKEN_CHARACTERS_MAX;

const MISSING: TokenVerdict = { ok: false, refusal: 'missing' };
const INVALID: TokenVerdict = { ok: false, refusal: 'invalid' };
const UNAVAILABLE: TokenVerdict = { ok: false, refusal: 'unavailable' };

/** `untilMs`: the moment of performance.now() from which the verdict no longer holds. */
type Remembered = { readonly verdict: TokenVerdict; readonly untilMs: number };

export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { directory } = options;
  const remembered = new VerifiedTokens<Remembered>(options.cachedTokensMax ?? CACHED_TOKENS_MAX);
  const underWay = new Map<string, Promise<TokenVerdict>>();
  let rememberedUnder: AccessState | undefined;
  const digestOf = rememberedDigests();

  function verify(authorization: string | undefined, connection?: object): TokenVerdict | Promise<TokenVerdict> {
    if (authorization === undefined) return MISSING;
    if (authorization.length > HEADER_CHARACTERS_MAX) return INVALID;
    const nowMs = performance.now();
    const state = directory.stateAt(nowMs);
    if (state !== rememberedUnder) {
      remembered.clear();
      rememberedUnder = state;
    }
    const digest = digestOf(authorization, connection);
    const known = remembered.get(digest);
    if (known !== undefined && nowMs < known.untilMs) return known.verdict;
    if (authorization.slice(0, PREFIX.length).toLowerCase() !== PREFIX.toLowerCase()) return MISSING;
    return examineOnce(digest, authorization.slice(PREFIX.length));
  }

  /** A client that sends a fresh token with a hundred requests at once has its signature checked once. */
  function examineOnce(digest: string, token: string): Promise<TokenVerdict> {
    const already = underWay.get(digest);
    if (already !== undefined) return already;
    const examining = examine(digest, token).finally(() => underWay.delete(digest));
    underWay.set(digest, examining);
    return examining;
  }

  async function examine(digest: string, token: string): Promise<TokenVerdict> {
    const beganMs = performance.now();
    const text = readTokenText(token);
    if (text === undefined) return INVALID;
    if (options.outside?.has(text.claims['iss']) === true) return examineOutside(digest, token, text);
    if (text.alg !== SIGNING_ALGORITHM || !OWN_KID.test(text.kid)) return INVALID;
    const state = directory.stateAt(beganMs) ?? (await directory.stateSince(beganMs));
    if (state === undefined) return UNAVAILABLE;
    const key = keyOf(state, text.kid) ?? (await keyMadeMeanwhile(text.kid, beganMs));
    if (key === 'unavailable') return UNAVAILABLE;
    if (key === undefined || !(await isSignedBy(token, key.publicKey, text.alg))) return INVALID;
    const claims = readAccessClaims(text.claims, { ...options, nowSeconds: nowSeconds() });
    if (claims === undefined) return INVALID;
    return admit(digest, { claims, kid: text.kid, beganMs });
  }

  /** The rest runs on the newest knowledge, for keys and clients may have changed while the signature was checked. */
  async function admit(
    digest: string,
    examined: { readonly claims: AccessClaims; readonly kid: string; readonly beganMs: number },
  ): Promise<TokenVerdict> {
    const { claims, kid, beganMs } = examined;
    let state = directory.stateAt(performance.now());
    // The signature is good, so a client that is not known was made a moment ago, or is revoked.
    if (state?.clients.has(claims.clientId) !== true) {
      state = await directory.stateSince(beganMs, UNKNOWN_KEY_SPACING_MS);
    }
    if (state === undefined) return UNAVAILABLE;
    const client = state.clients.get(claims.clientId);
    const key = keyOf(state, kid);
    if (client === undefined || client.tenantId !== claims.tenantId || key === undefined) return INVALID;
    const certificates = certificatesOf(claims, client);
    if (certificates === undefined) return INVALID;
    const verdict: TokenVerdict = { ok: true, principal: principalOf(claims, client.scopes, certificates) };
    const endMs = Math.min(claims.expiresAtSeconds * 1_000, key.retiresAtMs);
    return remember(digest, verdict, { state, untilMs: monotonicMs(endMs) });
  }

  /** A token that names another issuer is that issuer's or nobody's; our keys and clients have no part in it. */
  async function examineOutside(digest: string, token: string, text: TokenText): Promise<TokenVerdict> {
    const beganMs = performance.now();
    const examined = await options.outside?.examine(token, text, { nowSeconds });
    if (examined?.ok !== true) return examined === undefined ? INVALID : examined;
    let state = directory.stateAt(performance.now());
    // A tenant that is not known was made a moment ago, or is none of this ledger.
    if (state?.tenants.has(examined.claims.tenantId) !== true) {
      state = await directory.stateSince(beganMs, UNKNOWN_KEY_SPACING_MS);
    }
    if (state === undefined) return UNAVAILABLE;
    if (!state.tenants.has(examined.claims.tenantId)) return INVALID;
    const verdict: TokenVerdict = { ok: true, principal: outsidePrincipal(examined) };
    const untilMs = Math.min(monotonicMs(examined.claims.expiresAtSeconds * 1_000), examined.knownUntilMs);
    return remember(digest, verdict, { state, untilMs });
  }

  function remember(
    digest: string,
    verdict: TokenVerdict,
    basis: { readonly state: AccessState; readonly untilMs: number },
  ): TokenVerdict {
    if (basis.state === rememberedUnder) remembered.set(digest, { verdict, untilMs: basis.untilMs });
    return verdict;
  }

  function nowSeconds(): number {
    return Math.floor(directory.databaseTimeMs(performance.now()) / 1_000);
  }

  /** The moment of performance.now() at which the database's clock shows that time. */
  function monotonicMs(databaseMs: number): number {
    const nowMs = performance.now();
    return nowMs + databaseMs - directory.databaseTimeMs(nowMs);
  }

  function keyOf(state: AccessState, kid: string): RingKey | undefined {
    return state.keys.find(kid, directory.databaseTimeMs(performance.now()));
  }

  /** Another process may have rotated the keys since the last poll. */
  async function keyMadeMeanwhile(kid: string, beganMs: number): Promise<RingKey | 'unavailable' | undefined> {
    const state = await directory.stateSince(beganMs, UNKNOWN_KEY_SPACING_MS);
    return state === undefined ? 'unavailable' : keyOf(state, kid);
  }

  return { verify };
}

/** Hashes a header, but not again while a connection goes on sending the same one: a token is over a thousand characters. */
function rememberedDigests(): (authorization: string, connection: object | undefined) => string {
  const last = new WeakMap<object, { readonly authorization: string; readonly digest: string }>();
  return (authorization, connection) => {
    const known = connection === undefined ? undefined : last.get(connection);
    if (known !== undefined && known.authorization === authorization) return known.digest;
    const digest = hash('sha256', authorization, 'base64url');
    if (connection !== undefined) last.set(connection, { authorization, digest });
    return digest;
  };
}

/**
 * The certificates that a token of ours may be used with: the one that it is bound to, as long as its client has that one;
 * an unbound token of a client that shows certificates is of no use to anybody. Undefined for a token that is refused.
 */
function certificatesOf(claims: AccessClaims, client: ActiveClient): ReadonlySet<string> | null | undefined {
  if (claims.boundTo === null) return client.certificates === null ? null : undefined;
  return client.certificates?.has(claims.boundTo) === true ? new Set([claims.boundTo]) : undefined;
}

function outsidePrincipal({ claims, scopes, actor }: OutsideClaims): Principal {
  return {
    tenantId: claims.tenantId,
    clientId: actor,
    scopes,
    subject: claims.subject,
    expiresAtSeconds: claims.expiresAtSeconds,
    certificates: claims.boundTo === null ? null : new Set([claims.boundTo]),
  };
}

function principalOf(
  claims: AccessClaims,
  granted: ReadonlySet<Scope>,
  certificates: ReadonlySet<string> | null,
): Principal {
  const held = claims.scopes.filter(isScope).filter((scope) => granted.has(scope));
  return {
    tenantId: claims.tenantId,
    clientId: claims.clientId,
    scopes: new Set(held),
    subject: claims.subject,
    expiresAtSeconds: claims.expiresAtSeconds,
    certificates,
  };
}
