import { connect, type Socket } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { byName, DOCUMENTED } from '../openapi/api-document.ts';
import type { HttpAnswer } from './http-client.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { NOBODY } from './loan-story.ts';
import { expectProblem } from './problem.ts';

/** As many reads wait as may: a table that all of them read is held. */
const SOCKETS = 4;
const BALANCE = `/v1/loans/${NOBODY}/balance`;

let ledger: LedgerServer;
let waiting: readonly Promise<string>[];
let release: () => Promise<unknown>;
beforeAll(async () => {
  ledger = await startLedger();
  const holder = await ledger.connection();
  await holder.query('BEGIN');
  await holder.query('LOCK TABLE hpts.loan IN ACCESS EXCLUSIVE MODE');
  release = () => holder.query('ROLLBACK');
  const sockets = await Promise.all(Array.from({ length: SOCKETS }, pipeline));
  waiting = sockets.map((socket) => readText(socket));
});
afterAll(() => ledger.stop());

const late: Promise<HttpAnswer>[] = [];

/** Sends more reads until one is turned away. Those at the head that wait too long for the table leave places behind. */
async function fillPlaces(): Promise<void> {
  const more = Array.from({ length: 40 }, () => ledger.api.get(BALANCE));
  late.push(...more);
  expectProblem(await Promise.race(more), { status: 503, code: 'too_busy' });
}

const READING = DOCUMENTED.filter(({ method, path, responses }) => {
  // Counting the books again has a queue of its own: test/http/reconciliation-status.test.ts.
  const isElsewhere = path === '/v1/health/ready' || path === '/v1/reconciliation/status';
  return method === 'GET' && '503' in responses && path.startsWith('/v1/') && !isElsewhere;
});

describe('while as many reads wait as may', () => {
  test.each(byName(READING))('%s: 503 too_busy', async (_name, { path }) => {
    const query = path.startsWith('/v1/accounts/') ? '?currency=USD' : '';
    const address = path.replace('{account_code}', '1100').replaceAll(/\{\w+\}/g, NOBODY);
    await fillPlaces();
    expectProblem(await ledger.api.get(`${address}${query}`), { status: 503, code: 'too_busy' });
  });

  test('all are answered when there is nothing to wait for any more', async () => {
    await release();
    const answered = (await Promise.all(waiting)).join('').match(/HTTP\/1\.1 \d\d\d/g) ?? [];
    const statuses = [
      ...answered.map((line) => Number(line.slice(-3))),
      ...(await Promise.all(late)).map(({ status }) => status),
    ];
    expect(statuses.length).toBe(LIMITS.queuedReads + late.length);
    expect(new Set(statuses)).toEqual(new Set([404, 503]));
    expectProblem(await ledger.api.get(BALANCE), { status: 404, code: 'loan_not_found' });
  });
});

/** A part of what may wait, one request behind the other on one connection, without waiting for answers. */
async function pipeline(): Promise<Socket> {
  const { hostname, port } = new URL(ledger.url);
  const count = LIMITS.queuedReads / SOCKETS;
  const head = `GET ${BALANCE} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${await ledger.api.token()}\r\n`;
  const requests = Array.from(
    { length: count },
    (_, at) => `${head}${at === count - 1 ? 'Connection: close\r\n' : ''}\r\n`,
  );
  const socket = connect({ host: hostname, port: Number(port) });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.write(requests.join(''), () => resolve());
  });
  return socket;
}
