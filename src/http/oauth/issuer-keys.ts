/**
 * The public keys of another issuer, fetched from its JWKS URL and remembered (RFC 7517). What comes from there is bounded
 * in time, size and number, and how often it is asked for does not depend on what strangers send.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { LIMITS } from '../../limits.ts';
import { type JsonObject, type JsonValue, parseStrictJson } from '../json/strict-json.ts';
import type { SignatureAlgorithm } from './token-text.ts';

/** A key of an issuer, with the algorithms that may be used with it: of those the issuer is trusted with. */
export type IssuerKey = { readonly publicKey: KeyObject; readonly algorithms: ReadonlySet<SignatureAlgorithm> };

/** `knownUntilMs`: the moment of performance.now() until which the answer may be remembered. */
export type KeyFinding =
  | { readonly found: 'key'; readonly key: IssuerKey; readonly knownUntilMs: number }
  | { readonly found: 'none' }
  | { readonly found: 'unavailable' };

/** Times in milliseconds. Only tests shorten these. */
export type IssuerKeysTimes = {
  readonly fetchTimeoutMs: number;
  readonly freshMs: number;
  readonly outageMs: number;
  readonly fetchSpacingMs: number;
};

const TIMES: IssuerKeysTimes = {
  fetchTimeoutMs: LIMITS.jwksFetchTimeoutMs,
  freshMs: LIMITS.jwksFreshMs,
  outageMs: LIMITS.jwksOutageMs,
  fetchSpacingMs: LIMITS.jwksFetchSpacingMs,
};
const RSA_MODULUS_BITS_MIN = 2_048;
const RSA_MODULUS_BITS_MAX = 8_192;
const RSA_ALGORITHMS: readonly SignatureAlgorithm[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const CURVE_ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map([
  ['prime256v1', 'ES256'],
  ['secp384r1', 'ES384'],
  ['secp521r1', 'ES512'],
]);

export class IssuerKeys {
  readonly #jwksUri: string;
  readonly #trusted: ReadonlySet<SignatureAlgorithm>;
  readonly #onProblem: (problem: unknown) => void;
  readonly #times: IssuerKeysTimes;
  #keys: ReadonlyMap<string, IssuerKey> = new Map();
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #lastFetchBeganMs = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;

  constructor(
    source: { readonly jwksUri: string; readonly algorithms: ReadonlySet<SignatureAlgorithm> },
    onProblem: (problem: unknown) => void,
    times: Partial<IssuerKeysTimes> = {},
  ) {
    this.#jwksUri = source.jwksUri;
    this.#trusted = source.algorithms;
    this.#onProblem = onProblem;
    this.#times = { ...TIMES, ...times };
  }

  /**
   * The key of that name, fetching the set first when it is old or lacks it. `unavailable` when the issuer has not
   * answered for so long that a key it has withdrawn could still be among those known.
   */
  async find(kid: string): Promise<KeyFinding> {
    const { freshMs, outageMs, fetchSpacingMs } = this.#times;
    if (performance.now() - this.#fetchedAtMs >= freshMs || !this.#keys.has(kid)) await this.#fetchSpaced();
    const ageMs = performance.now() - this.#fetchedAtMs;
    if (ageMs >= outageMs) return { found: 'unavailable' };
    const key = this.#keys.get(kid);
    if (key === undefined) return { found: 'none' };
    const freshUntilMs = this.#fetchedAtMs + freshMs;
    return {
      found: 'key',
      key,
      knownUntilMs: ageMs < freshMs ? freshUntilMs : this.#lastFetchBeganMs + fetchSpacingMs,
    };
  }

  /** One fetch at a time, and none too soon after the last: whoever comes meanwhile shares it, or does with what is known. */
  async #fetchSpaced(): Promise<void> {
    if (this.#fetching === undefined) {
      const beganMs = performance.now();
      if (beganMs - this.#lastFetchBeganMs < this.#times.fetchSpacingMs) return;
      this.#lastFetchBeganMs = beganMs;
      this.#fetching = this.#fetch(beganMs).finally(() => {
        this.#fetching = undefined;
      });
    }
    await this.#fetching;
  }

  async #fetch(beganMs: number): Promise<void> {
    try {
      this.#keys = readKeySet(await this.#download(), this.#trusted);
      this.#fetchedAtMs = beganMs;
    } catch (cause) {
      this.#onProblem(new Error(`the keys at ${this.#jwksUri} cannot be used`, { cause }));
    }
  }

  async #download(): Promise<Uint8Array> {
    const answer = await fetch(this.#jwksUri, {
      headers: { accept: 'application/jwk-set+json, application/json' },
      // A redirect would lead where the operator did not point.
      redirect: 'error',
      // Counts for the body as well.
      signal: AbortSignal.timeout(this.#times.fetchTimeoutMs),
    });
    if (answer.status !== 200 || answer.body === null) {
      await answer.body?.cancel();
      throw new Error(`it answered ${answer.status}`);
    }
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    // Leaving the loop early cancels the rest.
    for await (const chunk of answer.body) {
      bytes += chunk.length;
      if (bytes > LIMITS.jwksBytes) throw new Error(`it answered more than ${LIMITS.jwksBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }
}

/** Reads a JWK set. Throws for what is none; leaves out keys that may not check signatures here. */
function readKeySet(bytes: Uint8Array, trusted: ReadonlySet<SignatureAlgorithm>): ReadonlyMap<string, IssuerKey> {
  const reading = parseStrictJson(bytes);
  if (!reading.ok) throw new Error(`it is not strict JSON: ${reading.error.message}`);
  const jwks = isObject(reading.value) ? reading.value['keys'] : undefined;
  if (!Array.isArray(jwks)) throw new Error('it has no list of keys');
  if (jwks.length > LIMITS.jwksKeys) throw new Error(`it has more than ${LIMITS.jwksKeys} keys`);
  const kids = jwks.map((jwk) => (isObject(jwk) ? jwk['kid'] : undefined));
  const keys = new Map<string, IssuerKey>();
  for (const [index, jwk] of jwks.entries()) {
    const kid = kids[index];
    // Two keys under one name: nobody can tell which one is meant.
    if (typeof kid !== 'string' || kids.indexOf(kid) !== index || kids.lastIndexOf(kid) !== index) continue;
    const key = isObject(jwk) ? readKey(jwk, trusted) : undefined;
    if (key !== undefined) keys.set(kid, key);
  }
  return keys;
}

/** A key for signatures (RFC 7517 section 4), public, by a trusted algorithm, strong enough; undefined for any other. */
function readKey(jwk: JsonObject, trusted: ReadonlySet<SignatureAlgorithm>): IssuerKey | undefined {
  const { kty, use, key_ops: operations, alg, d } = jwk;
  // `oct` is a secret for a MAC, and a private key in public is anybody's.
  if (typeof kty !== 'string' || !['RSA', 'EC', 'OKP'].includes(kty) || d !== undefined) return undefined;
  if (use !== undefined && use !== 'sig') return undefined;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return undefined;
  const publicKey = openPublicKey(jwk);
  if (publicKey === undefined) return undefined;
  const algorithms = algorithmsOf(publicKey).filter((one) => trusted.has(one) && (alg === undefined || alg === one));
  return algorithms.length === 0 ? undefined : { publicKey, algorithms: new Set(algorithms) };
}

function openPublicKey(jwk: JsonObject): KeyObject | undefined {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' });
  } catch (error) {
    // Whatever is wrong inside a stranger's key, it is left out.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function algorithmsOf(key: KeyObject): readonly SignatureAlgorithm[] {
  const { asymmetricKeyType, asymmetricKeyDetails } = key;
  if (asymmetricKeyType === 'rsa') {
    const bits = asymmetricKeyDetails?.modulusLength ?? 0;
    return bits >= RSA_MODULUS_BITS_MIN && bits <= RSA_MODULUS_BITS_MAX ? RSA_ALGORITHMS : [];
  }
  if (asymmetricKeyType === 'ed25519') return ['EdDSA'];
  const curve = asymmetricKeyType === 'ec' ? CURVE_ALGORITHMS.get(asymmetricKeyDetails?.namedCurve ?? '') : undefined;
  return curve === undefined ? [] : [curve];
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
