/** The claims of an access token in the profile of RFC 9068, with the custom claim tenant_id. */
import type { JsonObject, JsonValue } from '../json/strict-json.ts';

/** What a token says, once its claims are in order. Times in seconds since 1970. */
export type AccessClaims = {
  readonly subject: string;
  readonly clientId: string;
  readonly tenantId: string;
  /** The words of `scope`; not yet compared with what the client holds. */
  readonly scopes: readonly string[];
  readonly expiresAtSeconds: number;
};

/** What a token must say to be meant for this server now. */
export type ClaimsExpectation = {
  readonly issuer: string;
  readonly audience: string;
  readonly tokenLifeSeconds: number;
  readonly nowSeconds: number;
};

/** Two processes estimate the database's clock each with its own network delay. */
const CLOCK_DIFFERENCE_SECONDS_MAX = 5;
const TEXT_CHARACTERS_MAX = 255;
const TENANT_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Reads the claims. Undefined when one is missing, of another type, or not as expected (RFC 9068 section 4). */
export function readAccessClaims(claims: JsonObject, expected: ClaimsExpectation): AccessClaims | undefined {
  const { iss, aud, sub, client_id, tenant_id, scope, jti } = claims;
  if (iss !== expected.issuer || !isOnly(aud, expected.audience)) return undefined;
  if (!isText(sub) || !isText(client_id) || !isText(jti)) return undefined;
  if (typeof tenant_id !== 'string' || !TENANT_ID.test(tenant_id)) return undefined;
  if (typeof scope !== 'string') return undefined;
  // A token that is bound to a certificate (RFC 8705 section 3) must not pass as an unbound one.
  if (claims['cnf'] !== undefined) return undefined;
  const expiresAtSeconds = readLife(claims, expected);
  if (expiresAtSeconds === undefined) return undefined;
  return { subject: sub, clientId: client_id, tenantId: tenant_id, scopes: scope.split(' '), expiresAtSeconds };
}

/** The expiry, when the token is valid now and was not given a longer life than this server gives. */
function readLife(claims: JsonObject, expected: ClaimsExpectation): number | undefined {
  const { exp, nbf, iat } = claims;
  if (!isSeconds(exp) || !isSeconds(iat) || !isSeconds(nbf)) return undefined;
  const latestBeginning = expected.nowSeconds + CLOCK_DIFFERENCE_SECONDS_MAX;
  if (exp <= expected.nowSeconds || nbf > latestBeginning || iat > latestBeginning) return undefined;
  return exp > iat && exp - iat <= expected.tokenLifeSeconds ? exp : undefined;
}

/** RFC 7519 section 4.1.3 lets `aud` be a string or an array; a token meant for somebody else too is not taken. */
function isOnly(aud: JsonValue | undefined, audience: string): boolean {
  return aud === audience || (Array.isArray(aud) && aud.length === 1 && aud[0] === audience);
}

function isText(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= TEXT_CHARACTERS_MAX;
}

function isSeconds(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
