import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;
const NO_SECRET = Buffer.alloc(32);

/** A fresh client secret: 256 random bits in base64url. It is shown once and kept only as its hash. */
export function makeClientSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/**
 * What the database keeps of a secret. One SHA-256 is enough: nobody can try out 2^256 secrets, so a slow hash would
 * only slow the server down.
 */
export function hashClientSecret(secret: string): Buffer {
  return createHash('sha256').update(secret, 'utf8').digest();
}

/**
 * Whether the secret is one of those kept. Takes the same time wherever they differ, and compares once also for a client
 * that has none or does not exist, so that timing does not tell which client ids there are.
 */
export function matchesClientSecret(secret: string, hashes: readonly Uint8Array[]): boolean {
  const presented = hashClientSecret(secret);
  let matches = false;
  for (const hash of hashes.length === 0 ? [NO_SECRET] : hashes) {
    matches = timingSafeEqual(presented, hash) || matches;
  }
  return matches && hashes.length > 0;
}
