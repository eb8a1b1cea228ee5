/** The claims of an access token in the profile of RFC 9068, with the custom claim tenant_id. */
import type { JsonObject, JsonValue } from '../json/strict-json.ts';

/** What a token says, once its claims are in order. Times in seconds since 1970. */
export type AccessClaims = {
  readonly subject: string;
  readonly clientId: string;
  readonly tenantId: string;
  /** The words of `scope`; not yet compared with what the client holds. */
  readonly scopes: readonly string[];
  /** The certificate that the token is bound to (RFC 8705 section 3.1); null for a bearer token. */
  readonly boundTo: string | null;
  readonly expiresAtSeconds: number;
};

/** What a token must say to be meant for this server now. */
export type ClaimsExpectation = {
  readonly issuer: string;
  readonly audience: string;
  readonly tokenLifeSeconds: number;
  readonly nowSeconds: number;
  /** Another issuer may name the tenant in a claim of its own choice, and need not write nbf (RFC 9068 section 2.2). */
  readonly tenantClaim?: string;
  readonly nbfOptional?: boolean;
};

/** Two processes estimate the database's clock each with its own network delay. */
const CLOCK_DIFFERENCE_SECONDS_MAX = 5;
const TEXT_CHARACTERS_MAX = 255;
const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;
const TENANT_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Reads the claims. Undefined when one is missing, of another type, or not as expected (RFC 9068 section 4). */
export function readAccessClaims(claims: JsonObject, expected: ClaimsExpectation): AccessClaims | undefined {
  const { iss, aud, sub, client_id, scope, jti, cnf } = claims;
  const tenantId = claims[expected.tenantClaim ?? 'tenant_id'];
  if (iss !== expected.issuer || !isOnly(aud, expected.audience)) return undefined;
  if (!isText(sub) || !isText(client_id) || !isText(jti)) return undefined;
  if (typeof tenantId !== 'string' || !TENANT_ID.test(tenantId)) return undefined;
  if (typeof scope !== 'string') return undefined;
  // A token that is bound to something (RFC 7800) must not pass as an unbound one.
  const boundTo = cnf === undefined ? null : readBinding(cnf);
  if (boundTo === undefined) return undefined;
  const expiresAtSeconds = readLife(claims, expected);
  if (expiresAtSeconds === undefined) return undefined;
  return { subject: sub, clientId: client_id, tenantId, scopes: scope.split(' '), boundTo, expiresAtSeconds };
}

/** The thumbprint of a `cnf` that binds to a certificate and to nothing else; undefined for every other one. */
function readBinding(cnf: JsonValue): string | undefined {
  if (typeof cnf !== 'object' || cnf === null || Array.isArray(cnf)) return undefined;
  const [[method, thumbprint] = []] = Object.entries(cnf);
  if (Object.keys(cnf).length !== 1 || method !== 'x5t#S256' || typeof thumbprint !== 'string') return undefined;
  return THUMBPRINT.test(thumbprint) ? thumbprint : undefined;
}

/** The expiry, when the token is valid now and was not given a longer life than this server gives. */
function readLife(claims: JsonObject, expected: ClaimsExpectation): number | undefined {
  const { exp, iat } = claims;
  const nbf = claims['nbf'] === undefined && expected.nbfOptional === true ? iat : claims['nbf'];
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
