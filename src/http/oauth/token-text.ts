/**
 * The text of an access token, taken apart without yet believing any of it. Narrower than RFC 7515 wherever the standard
 * leaves room: one spelling per token, and a header of exactly the three members that RFC 9068 has use for.
 */
import { type JsonObject, parseStrictJson } from '../json/strict-json.ts';

/** A token whose form is right. The signature is not checked yet, the claims are not read. */
export type TokenText = { readonly alg: SignatureAlgorithm; readonly kid: string; readonly claims: JsonObject };

/** Every algorithm that any issuer can be trusted with: by key pairs. A MAC is none, and neither is `none`. */
export const SIGNATURE_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

/** Longest token that is looked at; one with every scope has about 1,100 characters. */
export const TOKEN_CHARACTERS_MAX = 8_192;

const ALGORITHMS: ReadonlyMap<unknown, SignatureAlgorithm> = new Map(SIGNATURE_ALGORITHMS.map((alg) => [alg, alg]));
/** Issuers choose kids freely; this much of them is worth a look-up. */
const KID = /^[\x21-\x7e]{1,255}$/;
const BASE64URL = /^[A-Za-z0-9_-]+$/;
const HEADER_MEMBERS: ReadonlySet<string> = new Set(['alg', 'typ', 'kid']);
// RFC 9068 section 2.1; media types are compared without regard to case (RFC 7515 section 4.1.9).
const ACCESS_TOKEN_TYPES: ReadonlySet<string> = new Set(['at+jwt', 'application/at+jwt']);

/** Takes a compact JWS (RFC 7515 section 7.1) apart. Undefined for whatever cannot be an access token of any issuer. */
export function readTokenText(token: string): TokenText | undefined {
  if (token.length > TOKEN_CHARACTERS_MAX) return undefined;
  const segments = token.split('.');
  // Three segments: a JWE has five.
  if (segments.length !== 3) return undefined;
  const [headerBytes, claimsBytes, signature] = segments.map(decodeCanonical);
  if (headerBytes === undefined || claimsBytes === undefined || signature === undefined) return undefined;
  const header = readObject(headerBytes);
  const claims = readObject(claimsBytes);
  if (header === undefined || claims === undefined) return undefined;
  // A closed list refuses at once crit, b64, zip, and every way to bring a key along: jwk, jku, x5c, x5u, x5t.
  if (Object.keys(header).some((name) => !HEADER_MEMBERS.has(name))) return undefined;
  const { typ, kid } = header;
  const alg = ALGORITHMS.get(header['alg']);
  if (alg === undefined) return undefined;
  if (typeof typ !== 'string' || !ACCESS_TOKEN_TYPES.has(typ.toLowerCase())) return undefined;
  if (typeof kid !== 'string' || !KID.test(kid)) return undefined;
  return { alg, kid, claims };
}

/** Base64url decoders skip what they do not know and ignore spare bits: only the one canonical spelling is taken. */
function decodeCanonical(segment: string): Buffer | undefined {
  if (!BASE64URL.test(segment)) return undefined;
  const bytes = Buffer.from(segment, 'base64url');
  return bytes.toString('base64url') === segment ? bytes : undefined;
}

function readObject(bytes: Buffer): JsonObject | undefined {
  const reading = parseStrictJson(bytes);
  if (!reading.ok) return undefined;
  const { value } = reading;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
}
