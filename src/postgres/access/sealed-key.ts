/**
 * Signing keys as they lie in the database: PKCS #8 under AES-256-GCM (NIST SP 800-38D), the kid as additional data so
 * that no sealed key passes for another. Layout: version (1 byte), nonce (12), tag (16), ciphertext.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, type JWK } from 'jose';

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
const SEAL_VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

const generate = promisify(generateKeyPair);

/** Makes a key pair; off the event loop, some 100 ms of one core. */
export async function makeSigningKey(): Promise<SigningKey> {
  const { privateKey } = await generate('rsa', { modulusLength: RSA_MODULUS_BITS, publicExponent: 0x10001 });
  return describeKey(privateKey);
}

/** Seals the private key. A nonce is random and a master key seals a handful of keys a year: no nonce comes twice. */
export function sealSigningKey(key: SigningKey, masterKey: KeyObject): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', masterKey, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(key.kid, 'utf8'));
  const plain = key.privateKey.export({ type: 'pkcs8', format: 'der' });
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.of(SEAL_VERSION), nonce, cipher.getAuthTag(), sealed]);
}

/**
 * Opens a sealed key. The public half is derived from it, not read from the database: somebody who can write there but
 * does not hold the master key cannot add a key of their own. Throws when the seal, the kid or the key does not fit.
 */
export async function openSigningKey(
  sealed: { readonly kid: string; readonly sealed: Uint8Array },
  masterKey: KeyObject,
): Promise<SigningKey> {
  const bytes = sealed.sealed;
  if (bytes.length <= HEADER_BYTES || bytes[0] !== SEAL_VERSION)
    throw new Error(`signing key ${sealed.kid} is damaged`);
  const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
  const opening = createDecipheriv('aes-256-gcm', masterKey, nonce, { authTagLength: TAG_BYTES });
  opening.setAAD(Buffer.from(sealed.kid, 'utf8'));
  opening.setAuthTag(bytes.subarray(1 + NONCE_BYTES, HEADER_BYTES));
  let der: Buffer;
  try {
    der = Buffer.concat([opening.update(bytes.subarray(HEADER_BYTES)), opening.final()]);
  } catch (cause) {
    throw new Error(`signing key ${sealed.kid} does not open under this master key`, { cause });
  }
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
