import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { newLoan, payment } from './loan-story.ts';

let ledger: LedgerServer;
beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(() => ledger.stop());

test('a stop ends within LIMITS.drainMs although a client holds an unfinished body open', async () => {
  const loan = await newLoan(ledger.api);
  const { hostname, port } = new URL(ledger.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const token = await ledger.api.token();
  socket.write(
    `POST /v1/payments HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nIdempotency-Key: unfinished-1\r\nContent-Length: 500\r\n\r\n{`,
  );
  // A request after it on another connection is answered, so the unfinished one has arrived.
  expect((await ledger.api.post('/v1/payments', payment(loan))).status).toBe(201);
  const beganMs = performance.now();
  await ledger.stop();
  expect(performance.now() - beganMs).toBeLessThan(LIMITS.drainMs + 4_000);
  socket.destroy();
});
