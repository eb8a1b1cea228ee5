import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { figureIn, readExposition } from './exposition-text.ts';
import { freePort } from './free-port.ts';
import { HttpClient } from './http-client.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { holdLoan } from './loan-lock.ts';
import { accrual, DAY, type Loan, newLoan, payment, posted } from './loan-story.ts';
import { OpenBody, type OpenBodyOptions } from './open-body.ts';
import type { TenantApi } from './tenant-api.ts';

const PATH = '/v1/accruals/batch';
const LARGEST = LIMITS.accrualBatchBodyBytes;
let ledger: LedgerServer;
let metrics: HttpClient;
const open: OpenBody[] = [];
beforeAll(async () => {
  const port = String(await freePort());
  ledger = await startLedger({ settings: { HPTS_METRICS_PORT: port } });
  metrics = new HttpClient(`http://127.0.0.1:${port}`);
});
afterEach(async () => {
  for (const body of open.splice(0)) body.cut();
  await untilHeld(0);
});
afterAll(async () => {
  metrics.close();
  await ledger.stop();
});

/** Bytes of large bodies that the process counts. */
async function held(): Promise<number | undefined> {
  const { text } = await metrics.send({ method: 'GET', path: '/metrics', headers: [] });
  return figureIn(readExposition(text), 'hpts_large_body_bytes');
}

function untilHeld(bytes: number): Promise<void> {
  return expect.poll(held, { timeout: 20_000 }).toBe(bytes);
}

async function opened(api: TenantApi, options: Partial<OpenBodyOptions> = {}): Promise<OpenBody> {
  const body = new OpenBody({ url: ledger.url, token: await api.token(), ...options });
  open.push(body);
  return body;
}

/** As many unfinished bodies of the largest size as one tenant may have; answers their bytes. */
async function fillShare(api: TenantApi): Promise<number> {
  const bodies = LIMITS.tenantLargeBodiesBytes / LARGEST;
  for (let sent = 0; sent < bodies; sent += 1) {
    (await opened(api, { announcedBytes: LARGEST })).send(spaces(LARGEST - 1));
  }
  return bodies * (LARGEST - 1);
}

/** A batch that is in order, in a body larger than the serving thread reads. */
function largeBatch(api: TenantApi, loan: Loan, changes: object = {}): string {
  return JSON.stringify(accrual(api, [[loan, '1']], changes)).padEnd(2 * LIMITS.eventBodyBytes, ' ');
}

/** Waits for the answer and the end of the connection. Nothing may be on its way by then: it could cut the answer off. */
async function expectBusy(body: OpenBody): Promise<void> {
  await body.closed;
  const [head = '', problem = ''] = body.answer.split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 503 /);
  expect(head.toLowerCase().split('\r\n')).toEqual(expect.arrayContaining(['retry-after: 1', 'connection: close']));
  expect(JSON.parse(problem)).toMatchObject({ status: 503, code: 'too_busy' });
}

async function expectNoRoom(api: TenantApi, announcedBytes = LIMITS.eventBodyBytes + 1): Promise<void> {
  await expectBusy(await opened(api, { announcedBytes }));
}

function spaces(bytes: number): Buffer {
  return Buffer.alloc(bytes, ' ');
}

describe('503 too_busy: a tenant holds as much in large bodies as one may', () => {
  test('at once for what is announced; payments and small batches of all, and large ones of others, are posted', async () => {
    const [full, other] = [await ledger.newTenant(), await ledger.newTenant()];
    const [loan, others] = [await newLoan(full), await newLoan(other)];
    await untilHeld(0);
    const bytes = await fillShare(full);
    await untilHeld(bytes);
    for (const size of [LIMITS.eventBodyBytes + 1, LARGEST]) await expectNoRoom(full, size);
    for (const tenant of [full, other]) {
      const own = tenant === full ? loan : others;
      await posted(tenant.post('/v1/payments', payment(own, { amount_minor: '1' })));
      const small = accrual(tenant, [[own, '1']], { accrual_date: DAY.between });
      await posted(tenant.post(PATH, JSON.stringify(small).padEnd(LIMITS.eventBodyBytes, ' ')));
    }
    await posted(other.post(PATH, largeBatch(other, others)));
    for (const body of open.splice(0)) body.cut();
    await untilHeld(0);
    await posted(full.post(PATH, largeBatch(full, loan)));
  });

  test('as soon as it would be more, for a body in chunks, which gives back what it had', async () => {
    const api = await ledger.newTenant();
    (await opened(api, { announcedBytes: LARGEST })).send(spaces(LARGEST - 100_000));
    (await opened(api)).send(spaces(LARGEST));
    await untilHeld(2 * LARGEST - 100_000);
    const refused = await opened(api);
    refused.send(spaces(90_000));
    await untilHeld(2 * LARGEST - 10_000);
    refused.send(spaces(10_001));
    await expectBusy(refused);
    await untilHeld(2 * LARGEST - 100_000);
  });

  test('and no more where all tenants together do, however little its own tenant has', async () => {
    const tenants = LIMITS.largeBodiesBytes / LIMITS.tenantLargeBodiesBytes;
    let bytes = 0;
    for (let full = 0; full < tenants; full += 1) bytes += await fillShare(await ledger.newTenant());
    await untilHeld(bytes);
    const api = await ledger.newTenant();
    const loan = await newLoan(api);
    await expectNoRoom(api);
    await posted(api.post('/v1/payments', payment(loan)));
    open.shift()?.cut();
    await untilHeld(bytes - LARGEST + 1);
    await posted(api.post(PATH, largeBatch(api, loan)));
  });
});

test('a length that was announced takes nothing from anybody until the body comes', async () => {
  const api = await ledger.newTenant();
  const loan = await newLoan(api);
  const announced = await Promise.all(Array.from({ length: 50 }, () => opened(api, { announcedBytes: LARGEST })));
  for (const body of announced) body.send(spaces(1_000));
  await posted(api.post(PATH, largeBatch(api, loan)));
  expect(announced.filter(({ answer }) => answer !== '')).toEqual([]);
});

test('401 before a byte of the body is counted', async () => {
  const stranger = new OpenBody({ url: ledger.url, token: null, announcedBytes: LARGEST });
  open.push(stranger);
  stranger.send(spaces(1024 * 1024));
  await expect.poll(() => stranger.answer, { timeout: 20_000 }).toMatch(/^HTTP\/1\.1 401 /);
  expect(await held()).toBe(0);
});

describe('a share is given back once, whatever becomes of the request', () => {
  test('posted, replayed, refused for its content, its key, its encoding or its size', async () => {
    const api = await ledger.newTenant();
    const loan = await newLoan(api);
    const key = 'share:given-back';
    const body = largeBatch(api, loan);
    expect((await api.post(PATH, body, { key })).status).toBe(201);
    expect((await api.post(PATH, body, { key })).status).toBe(200);
    expect((await api.post(PATH, body.replace('{', '['), {})).status).toBe(400);
    expect((await api.post(PATH, body, { key: null })).status).toBe(400);
    expect((await api.post(PATH, body, { headers: ['content-encoding', 'gzip'] })).status).toBe(415);
    const endless = await opened(api);
    endless.send(spaces(LARGEST)).send(' ');
    await endless.closed;
    expect(endless.answer).toMatch(/^HTTP\/1\.1 413 /);
    await untilHeld(0);
    // Given back twice, the tenant would now have room for more than one may.
    await untilHeld(await fillShare(api));
    await expectNoRoom(api);
  });

  test('not before the heavy thread has answered, although whoever sent it went away', async () => {
    const api = await ledger.newTenant();
    const loan = await newLoan(api);
    const row = await holdLoan(ledger, loan.loanId, api.tenantId);
    const bytes = 2 * LIMITS.eventBodyBytes;
    const whole = await opened(api, { announcedBytes: bytes });
    whole.send(largeBatch(api, loan));
    await row.untilWaiting();
    whole.cut();
    // A payment of another tenant goes all the way after the cut was heard of.
    await posted(ledger.api.post('/v1/payments', payment(await newLoan(ledger.api))));
    expect(await held()).toBe(bytes);
    await row.release();
    await untilHeld(0);
  });

  test('408 request_timeout, of a client that leaves its connection open', { timeout: 90_000 }, async () => {
    const api = await ledger.newTenant();
    await untilHeld(await fillShare(api));
    const stalled = [...open];
    await Promise.all(stalled.map(({ closed }) => closed));
    for (const { answer } of stalled) expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    await untilHeld(0);
  });
});

test('large batches that come together are posted one after the other', async () => {
  const api = await ledger.newTenant();
  const loan = await newLoan(api);
  const days = ['2026-04-10', '2026-04-11', '2026-04-12', '2026-04-13', '2026-04-14', '2026-04-15', '2026-04-16'];
  await Promise.all(days.map((day) => posted(api.post(PATH, largeBatch(api, loan, { accrual_date: day })))));
  await untilHeld(0);
});
