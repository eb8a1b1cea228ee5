/**
 * The text of an access token, taken apart without yet believing any of it. Narrower than RFC 7515 wherever the standard
 * leaves room: one spelling per token, and a header of exactly the three members that this issuer writes.
 */
import { type JsonObject, parseStrictJson } from '../json/strict-json.ts';

/** A token whose form is right. The signature is not checked yet, the claims are not read. */
export type TokenText = { readonly kid: string; readonly claims: JsonObject };

/** Longest token that is looked at; one with every scope has about 1,100 characters. */
export const TOKEN_CHARACTERS_MAX = 8_192;

/** Form of a kid: the RFC 7638 thumbprint of a key in base64url. Anything else needs no look-up. */
const KID = /^[A-Za-z0-9_-]{43}$/;
const BASE64URL = /^[A-Za-z0-9_-]+$/;
const HEADER_MEMBERS: ReadonlySet<string> = new Set(['alg', 'typ', 'kid']);
// RFC 9068 section 2.1; media types are compared without regard to case (RFC 7515 section 4.1.9).
const ACCESS_TOKEN_TYPES: ReadonlySet<string> = new Set(['at+jwt', 'application/at+jwt']);

/** Takes a compact JWS (RFC 7515 section 7.1) apart. Undefined for whatever cannot be a token of this issuer. */
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
  const { alg, typ, kid } = header;
  if (alg !== 'RS256') return undefined;
  if (typeof typ !== 'string' || !ACCESS_TOKEN_TYPES.has(typ.toLowerCase())) return undefined;
  if (typeof kid !== 'string' || !KID.test(kid)) return undefined;
  return { kid, claims };
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
