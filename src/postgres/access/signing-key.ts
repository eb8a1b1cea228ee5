import type { KeyObject } from 'node:crypto';
import type pg from 'pg';
import { connect, type DatabaseAddress } from '../connection.ts';
import { AdministrationRefused, type AdministrativeAct, administer } from './administration.ts';
import { makeSigningKey, openSigningKey, SIGNING_ALGORITHM, type SigningKey, sealSigningKey } from './sealed-key.ts';

// Whoever makes or retires keys holds this; the number is arbitrary but must never change.
const KEY_LOCK = 4_873_311_903;

/** What is wished for. `abandonSealed` ends keys that do not open under the master key; without it they are a refusal. */
export type RotationWish = {
  readonly masterKey: KeyObject;
  readonly overlapSeconds: number;
  readonly abandonSealed?: boolean;
};

/** What rotation answers: the key that signs from now on, those whose end is set, and those that were given up. */
export type KeyRotation = {
  readonly kid: string;
  readonly retiring: readonly string[];
  readonly abandoned: readonly string[];
};

/**
 * Makes the first signing key when there is none that may sign. Of several servers that start at once one makes it.
 * Answers the kid of the key it made.
 */
export async function ensureSigningKey(address: DatabaseAddress, masterKey: KeyObject): Promise<string | undefined> {
  // Making a key takes long, so it is not done under the lock, nor for nothing at every start.
  if (await signingKeyExists(address)) return undefined;
  const key = await makeSigningKey();
  return administer(address, async (owner) => {
    await lockKeys(owner);
    if ((await selectActiveKeys(owner)).length > 0) return { outcome: undefined, acts: [] };
    await insertSigningKey(owner, key, masterKey);
    return { outcome: key.kid, acts: [keyCreated('server', key.kid)] };
  });
}

/** Whether anything was ever sealed under a master key here: signing keys are the first, and none is ever deleted. */
export async function wasEverSealed(address: DatabaseAddress): Promise<boolean> {
  const reader = await connect(address, { role: 'hpts_access', applicationName: 'hpts access' });
  try {
    return (await reader.query('SELECT FROM hpts.signing_key LIMIT 1')).rowCount !== 0;
  } finally {
    await reader.end();
  }
}

/**
 * Makes a key that signs from now on. The keys before it still verify for `overlapSeconds`: the life of a token, so that
 * none is cut off; 0 when a key has leaked. Throws AdministrationRefused when the master key is not the one under which
 * the present keys lie, since running servers could not open the new one. With `abandonSealed` keys that do not open end
 * at once, whatever the overlap: nobody who holds this master key can verify what they signed.
 */
export async function rotateSigningKey(
  address: DatabaseAddress,
  wish: RotationWish,
  by: { readonly actor: string },
): Promise<KeyRotation> {
  const key = await makeSigningKey();
  return administer(address, async (owner) => {
    await lockKeys(owner);
    const abandoned: string[] = [];
    if (wish.abandonSealed === true) abandoned.push(...(await retireUnopenedKeys(owner, wish.masterKey)));
    for (const active of await selectActiveKeys(owner)) await refuseOtherMasterKey(active, wish.masterKey);
    const retiring = await retireKeys(owner, { kid: null, inSeconds: wish.overlapSeconds });
    await insertSigningKey(owner, key, wish.masterKey);
    return {
      outcome: { kid: key.kid, retiring, abandoned },
      acts: [
        keyCreated(by.actor, key.kid),
        ...abandoned.map((kid) => keyRetired({ actor: by.actor, kid, inSeconds: 0, abandoned: true })),
        ...retiring.map((kid) => keyRetired({ actor: by.actor, kid, inSeconds: wish.overlapSeconds })),
      ],
    };
  });
}

/**
 * Ends a key at once: every token it signed is refused by every server within 10 s. Throws AdministrationRefused when it
 * is unknown or retired before, and for the last key that may sign, which has to be rotated instead.
 */
export async function retireSigningKey(
  address: DatabaseAddress,
  wish: { readonly kid: string },
  by: { readonly actor: string },
): Promise<void> {
  return administer(address, async (owner) => {
    await lockKeys(owner);
    const active = await selectActiveKeys(owner);
    if (active.length === 1 && active[0]?.kid === wish.kid) {
      throw new AdministrationRefused(`${wish.kid} is the only key that may sign: rotate it, with --overlap 0`);
    }
    const retired = await retireKeys(owner, { kid: wish.kid, inSeconds: 0 });
    if (retired.length === 0) {
      throw new AdministrationRefused(`there is no signing key ${JSON.stringify(wish.kid)}, or it is retired`);
    }
    return { outcome: undefined, acts: [keyRetired({ actor: by.actor, kid: wish.kid, inSeconds: 0 })] };
  });
}

type SealedKeyRow = { readonly kid: string; readonly private_key_sealed: Buffer };

async function refuseOtherMasterKey(row: SealedKeyRow, masterKey: KeyObject): Promise<void> {
  const cause = await whyNotOpened(row, masterKey);
  if (cause === undefined) return;
  throw new AdministrationRefused(
    `signing key ${row.kid} does not open under this master key; HPTS_MASTER_KEY_FILE has to name the file that the ` +
      'keys were made with. If that is lost: npx hpts key rotate --abandon-sealed, see docs/operations.md, "A lost master key"',
    { cause },
  );
}

/** Ends at once every key not yet ended that does not open, those before the present one included. Answers their kids. */
async function retireUnopenedKeys(owner: pg.ClientBase, masterKey: KeyObject): Promise<readonly string[]> {
  const retired: string[] = [];
  for (const row of await selectLivingKeys(owner)) {
    if ((await whyNotOpened(row, masterKey)) === undefined) continue;
    retired.push(...(await retireKeys(owner, { kid: row.kid, inSeconds: 0 })));
  }
  return retired;
}

async function whyNotOpened(row: SealedKeyRow, masterKey: KeyObject): Promise<unknown> {
  try {
    await openSigningKey({ kid: row.kid, sealed: row.private_key_sealed }, masterKey);
    return undefined;
  } catch (cause) {
    return cause;
  }
}

function keyCreated(actor: string, kid: string): AdministrativeAct {
  return { actor, action: 'key.create', tenantId: null, subject: kid, detail: { algorithm: SIGNING_ALGORITHM } };
}

function keyRetired(retired: { actor: string; kid: string; inSeconds: number; abandoned?: true }): AdministrativeAct {
  const detail = { in_seconds: retired.inSeconds, ...(retired.abandoned ? { abandoned: true } : {}) };
  return { actor: retired.actor, action: 'key.retire', tenantId: null, subject: retired.kid, detail };
}

async function signingKeyExists(address: DatabaseAddress): Promise<boolean> {
  const reader = await connect(address, { role: 'hpts_access', applicationName: 'hpts access' });
  try {
    return (await selectActiveKeys(reader)).length > 0;
  } finally {
    await reader.end();
  }
}

async function lockKeys(owner: pg.ClientBase): Promise<void> {
  await owner.query('SELECT pg_advisory_xact_lock($1)', [KEY_LOCK]);
}

/** Keys that may sign: those whose end is not set. */
async function selectActiveKeys(db: pg.ClientBase): Promise<readonly SealedKeyRow[]> {
  const { rows } = await db.query<SealedKeyRow>(
    'SELECT kid, private_key_sealed FROM hpts.signing_key WHERE retired_at IS NULL',
  );
  return rows;
}

/** Keys that verify: those that may sign, and those whose end is still to come. */
async function selectLivingKeys(db: pg.ClientBase): Promise<readonly SealedKeyRow[]> {
  const { rows } = await db.query<SealedKeyRow>(
    `SELECT kid, private_key_sealed FROM hpts.signing_key
     WHERE retired_at IS NULL OR retired_at > clock_timestamp() ORDER BY activated_at, kid`,
  );
  return rows;
}

async function insertSigningKey(owner: pg.ClientBase, key: SigningKey, masterKey: KeyObject): Promise<void> {
  await owner.query(
    'INSERT INTO hpts.signing_key (kid, algorithm, public_jwk, private_key_sealed) VALUES ($1, $2, $3, $4)',
    [key.kid, SIGNING_ALGORITHM, JSON.stringify(key.publicJwk), sealSigningKey(key, masterKey)],
  );
}

/** Sets the end of one key, or of all (kid null), never later than it was set before. Answers the kids it changed. */
async function retireKeys(
  owner: pg.ClientBase,
  wish: { readonly kid: string | null; readonly inSeconds: number },
): Promise<readonly string[]> {
  const { rows } = await owner.query<{ kid: string }>(
    `UPDATE hpts.signing_key SET retired_at = clock_timestamp() + make_interval(secs => $2)
     WHERE ($1::text IS NULL OR kid = $1)
       AND (retired_at IS NULL OR retired_at > clock_timestamp() + make_interval(secs => $2))
     RETURNING kid`,
    [wish.kid, wish.inSeconds],
  );
  return rows.map(({ kid }) => kid);
}
