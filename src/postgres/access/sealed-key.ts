/** Signing keys as they lie in the database: PKCS #8, sealed under the kid's name. */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { openSeal, seal } from './seal.ts';

/** The one algorithm: RFC 9068 section 4 obliges every resource server to know RS256, and one leaves nothing to confuse. */
export const SIGNING_ALGORITHM = 'RS256';

/** A key pair that may sign. `kid` is the public key's thumbprint (RFC 7638), so it can name no other key. */
export type SigningKey = {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly publicJwk: JWK;
};

const RSA_MODULUS_BITS = 2048;

const generate = promisify(generateKeyPair);

/** Makes a key pair; off the event loop, some 100 ms of one core. */
export async function makeSigningKey(): Promise<SigningKey> {
  const { privateKey } = await generate('rsa', { modulusLength: RSA_MODULUS_BITS, publicExponent: 0x10001 });
  return describeKey(privateKey);
}

/** Seals the private key. */
export function sealSigningKey(key: SigningKey, masterKey: KeyObject): Buffer {
  return seal(key.privateKey.export({ type: 'pkcs8', format: 'der' }), key.kid, masterKey);
}

/**
 * Opens a sealed key. The public half is derived from it, not read from the database: somebody who can write there but
 * does not hold the master key cannot add a key of their own. Throws when the seal, the kid or the key does not fit.
 */
export async function openSigningKey(
  sealed: { readonly kid: string; readonly sealed: Uint8Array },
  masterKey: KeyObject,
): Promise<SigningKey> {
  const der = openSeal(sealed.sealed, sealed.kid, masterKey);
  const key = await describeKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  if (key.kid !== sealed.kid) throw new Error(`signing key ${sealed.kid} is another key than its name says`);
  return key;
}

async function describeKey(privateKey: KeyObject): Promise<SigningKey> {
  const publicKey = createPublicKey(privateKey);
  const { kty, n, e } = publicKey.export({ format: 'jwk' });
  if (kty !== 'RSA' || n === undefined || e === undefined) throw new Error('a signing key is not an RSA key');
  const kid = await calculateJwkThumbprint({ kty, n, e }, 'sha256');
  return { kid, privateKey, publicKey, publicJwk: { kty, n, e, kid, alg: SIGNING_ALGORITHM, use: 'sig' } };
}
