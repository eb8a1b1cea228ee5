import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { testDatabase } from '../database.ts';
import { HttpClient } from './http-client.ts';
import { type Loan, newLoan, payment, posted } from './loan-story.ts';
import { OpenBody } from './open-body.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';
import { TenantApi } from './tenant-api.ts';

const MIB = 1024 * 1024;
/** What a busy process has besides: garbage, and what its allocator keeps. */
const BESIDES_BYTES = 160 * MIB;
const WARMUP_PAYMENTS = 200;
/** Payments within which the server has read whatever was sent before the first of them. */
const TURNS = 20;

// A process of its own for each test: what one was made to take once it would only use again.
let server: ServerProcess;
let newTenant: () => Promise<TenantApi>;
const closers: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  const database = await testDatabase();
  closers.push(() => database.drop());
  const folder = await mkdtemp(join(tmpdir(), 'hpts-memory-'));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  const masterKeyFile = join(folder, 'master.key');
  await writeFile(masterKeyFile, randomBytes(32), { mode: 0o600 });
  const address = database.connection;
  server = await startServerProcess({ address, masterKeyFile, issuer: 'http://ledger.test' });
  closers.push(() => server.stop());
  const http = new HttpClient(server.url);
  closers.push(async () => http.close());
  newTenant = () => TenantApi.create(address, http);
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** The most that the server ever had resident. */
async function peakBytes(): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** By how much the peak grew over what `send` opened, once all of it was read. */
async function growth(send: (api: TenantApi) => Promise<readonly OpenBody[]>): Promise<number> {
  const api = await newTenant();
  const loan = await newLoan(api);
  for (let sent = 0; sent < WARMUP_PAYMENTS; sent += 1) await pay(api, loan);
  const before = await peakBytes();
  const bodies = await send(api);
  try {
    await Promise.all(bodies.map((body) => body.taken()));
    // Whoever is ready is read in turn, some 64 KiB at a time.
    for (let turn = 0; turn < TURNS; turn += 1) await pay(api, loan);
    return (await peakBytes()) - before;
  } finally {
    for (const body of bodies) body.cut();
  }
}

function pay(api: TenantApi, loan: Loan): Promise<unknown> {
  return posted(api.post('/v1/payments', payment(loan, { amount_minor: '1' })));
}

test('200 unfinished bodies of 4 MiB from five tenants take no more memory than large bodies may', {
  timeout: 120_000,
}, async () => {
  const grown = await growth(async () => {
    const tenants = await Promise.all(Array.from({ length: 5 }, newTenant));
    const tokens = await Promise.all(tenants.map((tenant) => tenant.token()));
    const [announcedBytes, url] = [LIMITS.accrualBatchBodyBytes, server.url];
    const most = Buffer.alloc(announcedBytes - 1, ' ');
    return Array.from({ length: 200 }, (_, at) =>
      new OpenBody({ url, token: tokens[at % tokens.length] ?? null, announcedBytes }).send(most),
    );
  });
  expect(grown).toBeLessThan(LIMITS.largeBodiesBytes + BESIDES_BYTES);
});

test('30 unfinished payments in chunks of one byte take as much memory as they have bytes', {
  timeout: 120_000,
}, async () => {
  const chunks = Buffer.from('1\r\n \r\n'.repeat(LIMITS.eventBodyBytes - 1));
  const grown = await growth(async (api) => {
    const token = await api.token();
    return Array.from({ length: 30 }, () =>
      new OpenBody({ url: server.url, token, path: '/v1/payments' }).sendRaw(chunks),
    );
  });
  expect(grown).toBeLessThan(30 * LIMITS.eventBodyBytes + BESIDES_BYTES);
});
