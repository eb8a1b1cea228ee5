import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { type TestDatabase, testDatabase } from '../database.ts';
import { HttpClient } from '../http/http-client.ts';
import { newLoan } from '../http/loan-story.ts';
import { type ServerProcess, startServerProcess } from '../http/server-process.ts';
import { TenantApi } from '../http/tenant-api.ts';
import { at, postEvents, register } from './endpoints.ts';
import { ACCEPT, HANG, Receiver } from './receiver.ts';

let database: TestDatabase;
let receiver: Receiver;
let folder: string;
const closers: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  database = await testDatabase();
  receiver = await Receiver.start();
  folder = await mkdtemp(join(tmpdir(), 'hpts-takeover-'));
  await writeFile(join(folder, 'master.key'), randomBytes(32), { mode: 0o600 });
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await receiver.stop();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function startProcess(): Promise<ServerProcess> {
  const masterKeyFile = join(folder, 'master.key');
  const issuer = 'http://ledger.test';
  const server = await startServerProcess({ address: database.connection, masterKeyFile, issuer });
  closers.push(() => server.stop());
  return server;
}

async function apiOf(server: ServerProcess): Promise<TenantApi> {
  const http = new HttpClient(server.url);
  closers.push(async () => http.close());
  return TenantApi.create(database.connection, http);
}

test('kill -9 of the process that serves an endpoint, in the middle of an attempt: another takes over, nothing is lost', async () => {
  const first = await startProcess();
  const api = await apiOf(first);
  const loan = await newLoan(api);
  await register(api, receiver.url());
  const before = await postEvents(api, 20, loan);
  await receiver.until(() => receiver.receivedIds.length === 20);
  receiver.behaviour = HANG;
  const after = await postEvents(api, 5, loan);
  await receiver.until(() => receiver.deliveries.some(({ received }) => !received));
  await startProcess();
  receiver.behaviour = ACCEPT;
  const killedAtMs = performance.now();
  await first.kill();
  await receiver.until(() => receiver.receivedIds.length === 25);
  expect(performance.now() - killedAtMs).toBeLessThan(LIMITS.webhookLeaseMs + 5_000);
  expect(receiver.receivedIds).toEqual([...before, ...after]);
});

test('SIGTERM: the attempt under way ends, the lease is given back, and another process goes on at once without repeating', async () => {
  const first = await startProcess();
  const api = await apiOf(first);
  const loan = await newLoan(api);
  await register(api, receiver.url());
  const held = Promise.withResolvers<() => void>();
  receiver.behaviour = (answer, _delivery, number) => {
    if (number === 10) held.resolve(() => answer.writeHead(204).end());
    else answer.writeHead(204).end();
    return true;
  };
  const ids = await postEvents(api, 30, loan);
  const answerHeld = await held.promise;
  await startProcess();
  const stopping = first.stop();
  const stoppedAtMs = performance.now();
  answerHeld();
  expect(await stopping).toBe(0);
  await receiver.until(() => receiver.receivedIds.length === 30);
  expect(performance.now() - stoppedAtMs).toBeLessThan(LIMITS.webhookLeaseMs);
  expect(receiver.deliveries.map(({ event }) => event.journal_entry_id)).toEqual(ids);
});

test('SIGTERM while a receiver hangs: the attempt is cut, the process ends in time, and another sends the event again', async () => {
  const first = await startProcess();
  const api = await apiOf(first);
  const loan = await newLoan(api);
  await register(api, receiver.url());
  receiver.behaviour = HANG;
  const ids = await postEvents(api, 3, loan);
  await receiver.until(() => receiver.deliveries.length === 1);
  const stoppedAtMs = performance.now();
  expect(await first.stop()).toBe(0);
  expect(performance.now() - stoppedAtMs).toBeLessThan(LIMITS.webhookDrainMs + 2_000);
  receiver.behaviour = ACCEPT;
  await startProcess();
  await receiver.until(() => receiver.receivedIds.length === 3);
  expect(receiver.receivedIds).toEqual(ids);
  expect(receiver.deliveries.map(({ event }) => event.journal_entry_id)).toEqual([ids[0], ...ids]);
});

test('one key at two processes at once registers one endpoint: 201 for one, 200 with the same body for the other', async () => {
  const [first, second] = [await startProcess(), await startProcess()];
  const api = await apiOf(first);
  const http = new HttpClient(second.url);
  closers.push(async () => http.close());
  const authorization = `Bearer ${await api.token()}`;
  for (let turn = 0; turn < 15; turn += 1) {
    const key = `both:${randomBytes(8).toString('hex')}`;
    const body = JSON.stringify({ url: receiver.url(`/${turn}`) });
    const headers = ['authorization', authorization, 'content-type', 'application/json', 'idempotency-key', key];
    const [one, other] = await Promise.all([
      api.post('/v1/webhook-endpoints', body, { key }),
      http.send({ method: 'POST', path: '/v1/webhook-endpoints', headers, body }),
    ]);
    expect([one.status, other.status].sort()).toEqual([200, 201]);
    expect(one.text).toBe(other.text);
  }
  const endpoints = await api.get('/v1/webhook-endpoints');
  expect(at(endpoints, 'items')).toHaveLength(15);
});
