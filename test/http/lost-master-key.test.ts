import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keyRotate } from '../../src/cli/key-rotate.ts';
import { readConfig } from '../../src/config.ts';
import { type RunningServer, startServer } from '../../src/main.ts';
import { type DatabaseAddress, nameOfDatabase } from '../../src/postgres/connection.ts';
import { testDatabase } from '../database.ts';
import { at, QUICK, register } from '../webhooks/endpoints.ts';
import { Receiver, verifySignature } from '../webhooks/receiver.ts';
import { freePort } from './free-port.ts';
import { startLedger } from './ledger-server.ts';
import { fee, newLoan, posted } from './loan-story.ts';
import { expectProblem } from './problem.ts';
import { textAt } from './tenant-api.ts';

let folder: string;
const closers: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hpts-lost-key-'));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await rm(folder, { recursive: true, force: true });
});

type Ran = { readonly code: number; readonly out: readonly string[]; readonly err: string };

/** `hpts key rotate` with these options, on this database and master key. */
async function rotate(address: DatabaseAddress, masterKeyFile: string, ...argv: string[]): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const opened = { address, name: nameOfDatabase(address), masterKeyFile, close: async () => undefined };
  const code = await keyRotate.run(argv, {
    openDatabase: async () => opened,
    openLedger: async () => opened,
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    env: {},
  });
  return { code, out, err: err.join('\n') };
}

async function newMasterKey(name: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, randomBytes(32), { mode: 0o600 });
  return file;
}

test('the ledger outlives its master key: sealed keys are given up by name, tokens end, webhooks go on once rotated', async () => {
  const database = await testDatabase();
  closers.push(() => database.drop());
  const receiver = await Receiver.start();
  closers.push(() => receiver.stop());
  const settings = { HPTS_PORT: String(await freePort()) };
  const start = async (more: Readonly<Record<string, string>> = {}) => {
    const address = database.connection;
    const ledger = await startLedger({ address, webhookPace: QUICK, settings: { ...settings, ...more } });
    closers.push(ledger.stop);
    return ledger;
  };
  const first = await start();
  const { api } = first;
  const loan = await newLoan(api);
  const key = `endpoint:${randomUUID()}`;
  const registration = { url: receiver.url() };
  const registered = await posted(api.post('/v1/webhook-endpoints', registration, { key }));
  const endpointId = textAt(registered, 'webhook_endpoint_id');
  const silent = await register(api, receiver.url('/other'), { event_types: ['reversal'] });
  const oldToken = await api.token();
  const [old] = await first.sql<{ kid: string }>('SELECT kid FROM hpts.signing_key');
  await first.stopServing();

  // The old file is gone for good, and another stands in its place.
  const masterKeyFile = await newMasterKey('new.key');
  await expect(start({ HPTS_MASTER_KEY_FILE: masterKeyFile })).rejects.toThrow('--abandon-sealed');
  const refused = await rotate(database.connection, masterKeyFile);
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('npx hpts key rotate --abandon-sealed')]);
  const rotated = await rotate(database.connection, masterKeyFile, '--abandon-sealed', '--json');
  expect([rotated.code, rotated.err]).toEqual([0, '']);
  const told = JSON.parse(rotated.out.join('')) as Record<string, unknown>;
  const ends = (id: string) => ({ tenant_id: api.tenantId, webhook_endpoint_id: id, status: 'active' });
  expect(told).toEqual({
    kid: expect.any(String),
    retiring: [],
    abandoned: [old?.kid],
    webhook_endpoints: [endpointId, silent.id].sort().map(ends),
  });

  const second = await start({ HPTS_MASTER_KEY_FILE: masterKeyFile });
  const ended = await api.get('/v1/webhook-endpoints', { token: oldToken });
  expectProblem(ended, { status: 401, code: 'invalid_token' });
  const token = await api.freshToken();
  expect(
    await second.sql(`SELECT action, subject, detail FROM hpts.audit_event WHERE actor LIKE 'cli:%' ORDER BY audit_id`),
  ).toEqual([
    { action: 'key.create', subject: told['kid'], detail: { algorithm: 'RS256' } },
    { action: 'key.retire', subject: old?.kid, detail: { in_seconds: 0, abandoned: true } },
  ]);

  // The answer that was kept cannot be read, and nothing is done a second time.
  const repeat = await api.post('/v1/webhook-endpoints', registration, { key, token });
  expectProblem(repeat, { status: 503, code: 'unavailable' });
  expect(at(await api.get('/v1/webhook-endpoints', { token }), 'items')).toHaveLength(2);

  // The usual overlap: the secret before signs no more, and does not keep the new one from signing.
  const path = `/v1/webhook-endpoints/${endpointId}`;
  const secret = textAt(await posted(api.post(`${path}/rotate-secret`, {}, { token })), 'secret');
  await posted(api.post(`${path}/enable`, {}, { token }));
  const event = textAt(await posted(api.post('/v1/fees', fee(loan), { token })), 'journal_entry_id');
  await receiver.until(() => receiver.receivedIds.includes(event));
  for (const delivery of receiver.deliveries.slice(-1)) verifySignature(delivery, secret);
  const again = await rotate(database.connection, masterKeyFile, '--abandon-sealed');
  expect(again.out.join('\n')).toContain(`webhook endpoint ${silent.id} of tenant ${api.tenantId} (active)`);
  expect(again.out.join('\n')).not.toContain(endpointId);
});

/** A demo instance as `npm start` makes it, but for the embedded PostgreSQL. */
async function startDemo(address: DatabaseAddress): Promise<RunningServer> {
  const config = readConfig({ HPTS_PORT: String(await freePort()), HPTS_LOG_LEVEL: 'silent' });
  return startServer({ config, address, demoFolder: folder });
}

test('a demo instance makes no master key for a ledger that had one: it says what is missing, and takes it back', async () => {
  const database = await testDatabase();
  closers.push(() => database.drop());
  const file = join(folder, 'master.key');
  await (await startDemo(database.connection)).stop();
  await rename(file, join(folder, 'copy'));
  const starting = startDemo(database.connection).then((server) => server.stop());
  await expect(starting).rejects.toThrow(`the master key file ${file} is missing`);
  expect(existsSync(file)).toBe(false);
  const missing = await rotate(database.connection, file, '--abandon-sealed');
  expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('openssl rand')]);
  await rename(join(folder, 'copy'), file);
  await (await startDemo(database.connection)).stop();
  // And without a copy.
  await newMasterKey('master.key');
  expect((await rotate(database.connection, file, '--abandon-sealed')).code).toBe(0);
  await (await startDemo(database.connection)).stop();
});

test('several processes of a demo instance start at once on a new ledger, with one master key', async () => {
  const database = await testDatabase();
  closers.push(() => database.drop());
  const starting = [1, 2, 3].map(() => startDemo(database.connection));
  const started = await Promise.allSettled(starting);
  for (const one of started) if (one.status === 'fulfilled') closers.push(one.value.stop);
  expect(started.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
});

test('nothing is lost with the master key of a ledger that has nothing sealed', async () => {
  const database = await testDatabase();
  closers.push(() => database.drop());
  const file = join(folder, 'none.key');
  const { code, err } = await rotate(database.connection, file);
  expect([code, err]).toEqual([1, expect.stringContaining(`the master key file ${file} cannot be read (ENOENT)`)]);
  expect(err).not.toContain('--abandon-sealed');
});
