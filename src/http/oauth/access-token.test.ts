import { createSecretKey } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ACTOR, type AccessInstance, AUDIENCE, ISSUER, startAccessInstance } from '../../../test/access/instance.ts';
import { revokeClient } from '../../postgres/access/client.ts';
import { retireSigningKey, rotateSigningKey } from '../../postgres/access/signing-key.ts';
import { connect } from '../../postgres/connection.ts';
import { type AccessDirectory, startAccessDirectory } from './access-directory.ts';
import { createTokenVerifier, type TokenVerifier } from './access-token.ts';
import { issueToken } from './token-issuer.ts';

/** How verdicts follow changes to clients and keys: between two servers on one database, without waiting for a poll. */
let here: AccessInstance;

beforeEach(async () => {
  here = await startAccessInstance();
});

afterEach(() => here.close());

function verifierOf(directory: AccessDirectory, tokenLifeSeconds = 3_600): TokenVerifier {
  return createTokenVerifier({ directory, issuer: ISSUER, audience: AUDIENCE, tokenLifeSeconds });
}

async function authorize(
  credentials: { clientId: string; clientSecret: string },
  wish: { scope?: string; tokenLifeSeconds?: number; directory?: AccessDirectory } = {},
): Promise<string> {
  const outcome = await issueToken(
    {
      db: here.pool,
      directory: wish.directory ?? here.directory,
      issuer: ISSUER,
      audience: AUDIENCE,
      tokenLifeSeconds: wish.tokenLifeSeconds ?? 3_600,
    },
    { ...credentials, scope: wish.scope },
  );
  if (!outcome.ok) throw new Error(outcome.error.description);
  return `Bearer ${outcome.grant.access_token}`;
}

function anotherServer(times: { pollIntervalMs?: number; stateAgeMsMax?: number } = {}): Promise<AccessDirectory> {
  const quiet = { pollIntervalMs: 3_600_000, stateAgeMsMax: 3_600_000 };
  return startAccessDirectory({
    db: here.pool,
    masterKey: here.masterKey,
    onProblem: () => undefined,
    ...quiet,
    ...times,
  });
}

const INVALID = { ok: false, refusal: 'invalid' };

test('an issued token is accepted, at once from then on, with the scopes asked for', async () => {
  const verifier = verifierOf(here.directory);
  const authorization = await authorize(here.credentials, { scope: 'hpts:ledger:read hpts:balances:read' });
  const verdict = await verifier.verify(authorization);
  if (!verdict.ok) throw new Error(verdict.refusal);
  expect([...verdict.principal.scopes]).toEqual(['hpts:ledger:read', 'hpts:balances:read']);
  expect(verdict.principal.subject).toBe(here.credentials.clientId);
  expect(verifier.verify(authorization)).toBe(verdict);
});

test('a revoked client is refused as soon as the generation is seen to have moved', async () => {
  const verifier = verifierOf(here.directory);
  const authorization = await authorize(here.credentials);
  expect(await verifier.verify(authorization)).toMatchObject({ ok: true });
  await revokeClient(here.address, { clientId: here.credentials.clientId }, ACTOR);
  await here.directory.stateSince(performance.now());
  expect(await verifier.verify(authorization)).toEqual(INVALID);
});

test('the poll finds a revocation by itself', async () => {
  const directory = await anotherServer({ pollIntervalMs: 10 });
  const verifier = verifierOf(directory);
  const authorization = await authorize(here.credentials);
  expect(await verifier.verify(authorization)).toMatchObject({ ok: true });
  await revokeClient(here.address, { clientId: here.credentials.clientId }, ACTOR);
  await expect.poll(() => verifier.verify(authorization), { timeout: 5_000, interval: 5 }).toEqual(INVALID);
  await directory.stop();
});

test('scopes that a client no longer holds are gone from its tokens', async () => {
  const verifier = verifierOf(here.directory);
  const authorization = await authorize(here.credentials, { scope: 'hpts:ledger:read hpts:fees:write' });
  await verifier.verify(authorization);
  const owner = await connect(here.address, { role: 'owner', applicationName: 'test' });
  await owner.query("UPDATE hpts.client SET scopes = array_remove(scopes, 'hpts:fees:write')");
  await owner.query('UPDATE hpts.access_generation SET generation = generation + 1');
  await owner.end();
  await here.directory.stateSince(performance.now());
  const verdict = await verifier.verify(authorization);
  expect(verdict.ok && [...verdict.principal.scopes]).toEqual(['hpts:ledger:read']);
});

test('a client made a moment ago is known to a server that has not polled since', async () => {
  const elsewhere = await anotherServer();
  const credentials = await here.newClient(['hpts:ledger:read']);
  const authorization = await authorize(credentials);
  expect(await verifierOf(elsewhere).verify(authorization)).toMatchObject({ ok: true });
  await elsewhere.stop();
});

test('after a rotation the new key signs at once, every server finds it, and the old tokens live on', async () => {
  const elsewhere = await anotherServer();
  const before = await authorize(here.credentials);
  const { kid, retiring } = await rotateSigningKey(
    here.address,
    { masterKey: here.masterKey, overlapSeconds: 3_600 },
    ACTOR,
  );
  const after = await authorize(here.credentials);
  expect(kidOf(after)).toBe(kid);
  expect([kidOf(before)]).toEqual(retiring);
  const verifier = verifierOf(elsewhere);
  expect(await verifier.verify(after)).toMatchObject({ ok: true });
  expect(await verifier.verify(before)).toMatchObject({ ok: true });
  const published = elsewhere
    .stateAt(performance.now())
    ?.keys.publicKeySet(elsewhere.databaseTimeMs(performance.now()));
  expect(published?.keys.map((key) => key.kid)).toEqual([kid, ...retiring]);
  await elsewhere.stop();
});

test('tokens of a retired key are refused, and it is no longer published', async () => {
  const verifier = verifierOf(here.directory);
  const before = await authorize(here.credentials);
  expect(await verifier.verify(before)).toMatchObject({ ok: true });
  const wish = { masterKey: here.masterKey, overlapSeconds: 3_600 };
  const { kid, retiring } = await rotateSigningKey(here.address, wish, ACTOR);
  await retireSigningKey(here.address, { kid: retiring[0] ?? '' }, ACTOR);
  const state = await here.directory.stateSince(performance.now());
  expect(await verifier.verify(before)).toEqual(INVALID);
  const published = state?.keys.publicKeySet(here.directory.databaseTimeMs(performance.now()));
  expect(published?.keys.map((key) => key.kid)).toEqual([kid]);
});

test('a key that is retired while a signature is checked under it lets nobody in', async () => {
  const before = await authorize(here.credentials);
  const old = here.directory.stateAt(performance.now());
  await rotateSigningKey(here.address, { masterKey: here.masterKey, overlapSeconds: 0 }, ACTOR);
  await here.directory.stateSince(performance.now());
  let looks = 0;
  const stateAt: AccessDirectory['stateAt'] = (at) => (++looks <= 2 ? old : here.directory.stateAt(at));
  expect(await verifierOf({ ...here.directory, stateAt }).verify(before)).toEqual(INVALID);
  expect(looks).toBe(3);
});

test('a server does not start under another master key', async () => {
  const masterKey = createSecretKey(Buffer.alloc(32));
  const options = { db: here.pool, masterKey, onProblem: () => undefined };
  await expect(startAccessDirectory(options)).rejects.toThrow('no signing key opens under this master key');
});

test('the only key cannot be retired', async () => {
  const kid = kidOf(await authorize(here.credentials));
  await expect(retireSigningKey(here.address, { kid }, ACTOR)).rejects.toThrow('only key');
});

test('a remembered token is refused once it has ended', async () => {
  const verifier = verifierOf(here.directory, 2);
  const authorization = await authorize(here.credentials, { tokenLifeSeconds: 1 });
  expect(await verifier.verify(authorization)).toMatchObject({ ok: true });
  await expect.poll(() => verifier.verify(authorization), { timeout: 5_000, interval: 20 }).toEqual(INVALID);
});

test('a server that cannot learn about revocations any more lets nobody in, and recovers', async () => {
  let cutOff = false;
  const problems: unknown[] = [];
  const directory = await startAccessDirectory({
    // The one thing no real database does on demand: it stops answering this process alone.
    db: {
      query: ((...parameters: Parameters<typeof here.pool.query>) => {
        return cutOff ? Promise.reject(new Error('cut off')) : here.pool.query(...parameters);
      }) as typeof here.pool.query,
    },
    masterKey: here.masterKey,
    onProblem: (problem) => problems.push(problem),
    pollIntervalMs: 10,
    stateAgeMsMax: 200,
  });
  const verifier = verifierOf(directory);
  const authorization = await authorize(here.credentials);
  expect(await verifier.verify(authorization)).toMatchObject({ ok: true });
  cutOff = true;
  const unavailable = { ok: false, refusal: 'unavailable' };
  await expect.poll(() => verifier.verify(authorization), { timeout: 5_000, interval: 10 }).toEqual(unavailable);
  expect(problems).toHaveLength(1);
  cutOff = false;
  await expect.poll(() => verifier.verify(authorization), { timeout: 5_000, interval: 10 }).toMatchObject({ ok: true });
  await directory.stop();
});

test('a key written by somebody without the master key is left out and reported', async () => {
  const owner = await connect(here.address, { role: 'owner', applicationName: 'test' });
  await owner.query(`INSERT INTO hpts.signing_key (kid, algorithm, public_jwk, private_key_sealed)
    SELECT repeat('A', 43), algorithm, public_jwk, private_key_sealed FROM hpts.signing_key`);
  await owner.query('UPDATE hpts.access_generation SET generation = generation + 1');
  await owner.end();
  const state = await here.directory.stateSince(performance.now());
  expect(state?.keys.publicKeySet(here.directory.databaseTimeMs(performance.now())).keys).toHaveLength(1);
  expect(String(here.problems[0])).toContain('does not open under this master key');
});

function kidOf(authorization: string): string {
  const header = Buffer.from(authorization.slice('Bearer '.length).split('.')[0] ?? '', 'base64url').toString();
  return (JSON.parse(header) as { kid: string }).kid;
}
