/**
 * What lies in the database and must not be read there: under AES-256-GCM (NIST SP 800-38D) with the master key, and with
 * its name as additional data, so that nothing sealed passes for anything else. Layout: version (1 byte), nonce (12),
 * tag (16), ciphertext.
 */
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

const SEAL_VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

/** Seals. Nonces are random: far fewer than 2^32 things are sealed under one master key, so that none comes twice. */
export function seal(plain: Uint8Array, name: string, masterKey: KeyObject): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', masterKey, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(name, 'utf8'));
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.of(SEAL_VERSION), nonce, cipher.getAuthTag(), sealed]);
}

/** Opens. Throws an error that names the thing when it is damaged, another thing, or sealed under another master key. */
export function openSeal(sealed: Uint8Array, name: string, masterKey: KeyObject): Buffer {
  if (sealed.length <= HEADER_BYTES || sealed[0] !== SEAL_VERSION)
    throw new Error(`what is sealed as ${name} is damaged`);
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const opening = createDecipheriv('aes-256-gcm', masterKey, nonce, { authTagLength: TAG_BYTES });
  opening.setAAD(Buffer.from(name, 'utf8'));
  opening.setAuthTag(sealed.subarray(1 + NONCE_BYTES, HEADER_BYTES));
  try {
    return Buffer.concat([opening.update(sealed.subarray(HEADER_BYTES)), opening.final()]);
  } catch (cause) {
    throw new Error(`what is sealed as ${name} does not open under this master key`, { cause });
  }
}
