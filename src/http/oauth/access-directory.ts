/**
 * What this process knows of clients and keys, and how old that knowledge is. A poll asks the database every 2 s whether
 * the generation moved, and reads everything again when it did. Knowledge older than 10 s is no longer used: a process
 * that is cut off from its database would let in clients that were revoked meanwhile. So a revocation holds everywhere
 * within 10 s of its commit (TRUST.md section 2).
 *
 * Time is the database's: its clock as last read, carried on by this process's monotonic one. A step of the local clock
 * ends no token and revives none.
 */
import type { KeyObject } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type AccessReader,
  type ActiveClient,
  readAccessGeneration,
  readAccessSnapshot,
} from '../../postgres/access/access-snapshot.ts';
import { MasterKeyUnusable } from '../../postgres/access/master-key.ts';
import { type KeyRing, openKeyRing } from './signing-keys.ts';

/** Clients and keys of one generation; a new object whenever the generation moved. */
export type AccessState = {
  readonly generation: bigint;
  readonly clients: ReadonlyMap<string, ActiveClient>;
  readonly tenants: ReadonlySet<string>;
  readonly keys: KeyRing;
};

export type AccessDirectory = {
  /** What is known at a moment of performance.now(); undefined when that is too old to rely on. */
  readonly stateAt: (monotonicMs: number) => AccessState | undefined;
  /**
   * What a read that began at or after a moment of performance.now() found; undefined when the database did not answer.
   * Reads are shared by all who wait, and begin at least `spacingMs` apart.
   */
  readonly stateSince: (monotonicMs: number, spacingMs?: number) => Promise<AccessState | undefined>;
  /** The database's clock in milliseconds since 1970, at a moment of performance.now(). */
  readonly databaseTimeMs: (monotonicMs: number) => number;
  /** Ends the poll, and waits for a read under way. */
  readonly stop: () => Promise<void>;
};

export type AccessDirectoryOptions = {
  readonly db: AccessReader;
  readonly masterKey: KeyObject;
  /** Hears of a key that does not open, and once of each time that the database stops answering. */
  readonly onProblem: (problem: unknown) => void;
  /** Only tests shorten these. */
  readonly pollIntervalMs?: number;
  readonly stateAgeMsMax?: number;
};

const POLL_INTERVAL_MS = 2_000;
const STATE_AGE_MS_MAX = 10_000;

/**
 * Reads clients and keys and keeps them up to date until stop(). Throws when the database does not answer; throws
 * MasterKeyUnusable when it holds no key that opens under the master key and may sign.
 */
export async function startAccessDirectory(options: AccessDirectoryOptions): Promise<AccessDirectory> {
  const { db, masterKey, onProblem } = options;
  const stateAgeMsMax = options.stateAgeMsMax ?? STATE_AGE_MS_MAX;
  let state = await load(db, masterKey, onProblem);
  if (state.keys.signer() === undefined) {
    throw new MasterKeyUnusable(
      'no signing key opens under this master key: is HPTS_MASTER_KEY_FILE the one the keys were made with? If that ' +
        'is lost: npx hpts key rotate --abandon-sealed, see docs/operations.md, "A lost master key"',
    );
  }
  // Nothing older than this moment is known, for the generation is read again before the first use.
  let knownSinceMs = Number.NEGATIVE_INFINITY;
  let lastReadBeganMs = Number.NEGATIVE_INFINITY;
  let clockOffsetMs = 0;
  let failing = false;
  let reading: Promise<void> | undefined;

  async function readOnce(): Promise<void> {
    const beganMs = performance.now();
    lastReadBeganMs = beganMs;
    const { generation, databaseNowMs } = await readAccessGeneration(db);
    const offsetMs = databaseNowMs - (beganMs + performance.now()) / 2;
    if (generation !== state.generation) state = await load(db, masterKey, onProblem);
    clockOffsetMs = offsetMs;
    knownSinceMs = beganMs;
    failing = false;
  }

  function read(): Promise<void> {
    reading ??= readOnce()
      .catch((problem: unknown) => {
        if (!failing) onProblem(problem);
        failing = true;
      })
      .finally(() => {
        reading = undefined;
      });
    return reading;
  }

  await readOnce();
  let timer: NodeJS.Timeout | undefined;
  function pollLater(): void {
    timer = setTimeout(() => void read().then(pollUnlessStopped), options.pollIntervalMs ?? POLL_INTERVAL_MS);
    timer.unref();
  }
  let stopped = false;
  function pollUnlessStopped(): void {
    if (!stopped) pollLater();
  }
  pollLater();

  return {
    stateAt: (monotonicMs) => (monotonicMs - knownSinceMs <= stateAgeMsMax ? state : undefined),
    stateSince: async (monotonicMs, spacingMs = 0) => {
      while (knownSinceMs < monotonicMs) {
        if (failing || stopped) return undefined;
        const waitMs = lastReadBeganMs + spacingMs - performance.now();
        if (waitMs > 0) await delay(waitMs);
        if (knownSinceMs < monotonicMs) await read();
      }
      return state;
    },
    databaseTimeMs: (monotonicMs) => monotonicMs + clockOffsetMs,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await reading;
    },
  };
}

async function load(
  db: AccessReader,
  masterKey: KeyObject,
  onProblem: (problem: unknown) => void,
): Promise<AccessState> {
  const { generation, clients, tenants, signingKeys } = await readAccessSnapshot(db);
  return { generation, clients, tenants, keys: await openKeyRing(signingKeys, masterKey, onProblem) };
}
