import type { KeyObject } from 'node:crypto';
import type { JSONWebKeySet } from 'jose';
import type { StoredSigningKey } from '../../postgres/access/access-snapshot.ts';
import { openSigningKey, type SigningKey } from '../../postgres/access/sealed-key.ts';

/** A key of the ring. `retiresAtMs`: milliseconds since 1970 on the database's clock; infinite while it may sign. */
export type RingKey = SigningKey & { readonly retiresAtMs: number };

/** The keys of one generation that are not retired yet. */
export class KeyRing {
  private readonly keys: ReadonlyMap<string, RingKey>;

  /** Keys the newest first. */
  constructor(keys: readonly RingKey[]) {
    this.keys = new Map(keys.map((key) => [key.kid, key]));
  }

  /** The newest key that may sign; undefined when there is none. */
  signer(): RingKey | undefined {
    for (const key of this.keys.values()) if (key.retiresAtMs === Number.POSITIVE_INFINITY) return key;
    return undefined;
  }

  /** The key that verifies signatures made under this kid, unless it is retired by now. */
  find(kid: string, nowMs: number): RingKey | undefined {
    const key = this.keys.get(kid);
    return key !== undefined && key.retiresAtMs > nowMs ? key : undefined;
  }

  /** The set that others verify with (RFC 7517): each key that may sign, and those whose tokens may still live. */
  publicKeySet(nowMs: number): JSONWebKeySet {
    const keys = [...this.keys.values()].filter((key) => key.retiresAtMs > nowMs);
    return { keys: keys.map(({ publicJwk }) => publicJwk) };
  }
}

/**
 * Opens stored keys under the master key. One that does not open is left out and reported: it is damaged, or somebody
 * wrote it who does not hold the master key, and neither may stop the others.
 */
export async function openKeyRing(
  stored: readonly StoredSigningKey[],
  masterKey: KeyObject,
  onProblem: (problem: unknown) => void,
): Promise<KeyRing> {
  const opened: RingKey[] = [];
  for (const { kid, sealed, retiresAtMs } of stored) {
    try {
      opened.push({ ...(await openSigningKey({ kid, sealed }, masterKey)), retiresAtMs: retiresAtMs ?? Infinity });
    } catch (problem) {
      onProblem(problem);
    }
  }
  return new KeyRing(opened);
}
