import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { startLedger } from './ledger-server.ts';
import { newLoan, payment, posted } from './loan-story.ts';

/** Of each kind. TRUST.md section 5 has 1,000 for 60 s; this is as long as the server's own limits, and no longer. */
const SLOW = 500;
const DRIP_MS = 500;
const GOOD_REQUESTS = 400;
/** A p99 of a few milliseconds on a shared machine moves by itself. */
const NOISE_MS = 25;

/** A connection that sends its beginning, then a byte now and then; `answer` is all that comes back. */
class SlowConnection {
  readonly #socket: Socket;
  readonly ended: Promise<unknown>;
  answer = '';

  constructor(url: URL, beginning: string) {
    this.#socket = connect({ host: url.hostname, port: Number(url.port) });
    // The server may cut it while we send.
    this.#socket.on('error', () => undefined);
    this.#socket.setEncoding('utf8').on('data', (text: string) => {
      this.answer += text;
    });
    this.ended = once(this.#socket, 'close');
    this.#socket.write(beginning);
  }

  drip(): void {
    if (this.#socket.writable) this.#socket.write('x');
  }
}

test('408 request_timeout for headers and bodies that trickle in, and good traffic is served meanwhile as without them', {
  timeout: 90_000,
}, async () => {
  const ledger = await startLedger();
  try {
    const { api } = ledger;
    const url = new URL(ledger.url);
    const loan = await newLoan(api);
    const goodTraffic = async (): Promise<number> => {
      const times: number[] = [];
      for (let sent = 0; sent < GOOD_REQUESTS; sent += 1) {
        const beganMs = performance.now();
        await posted(api.post('/v1/payments', payment(loan, { amount_minor: '1' })));
        times.push(performance.now() - beganMs);
      }
      return times.toSorted((a, b) => a - b)[Math.floor(GOOD_REQUESTS * 0.99)] ?? Number.NaN;
    };
    await goodTraffic();
    const alone = await goodTraffic();
    const token = await api.token();
    const head = ['POST /v1/payments HTTP/1.1', `Host: ${url.host}`, `Authorization: Bearer ${token}`].join('\r\n');
    const body = 'Idempotency-Key: slow:0001\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n{';
    const open = (beginning: string) => Array.from({ length: SLOW }, () => new SlowConnection(url, beginning));
    const beganMs = performance.now();
    const [headers, bodies] = [open(`${head}\r\nX-Slow: `), open(`${head}\r\n${body}`)];
    const drip = setInterval(() => {
      for (const slow of headers) slow.drip();
      for (const slow of bodies) slow.drip();
    }, DRIP_MS);
    const beside = await goodTraffic();
    expect(headers.concat(bodies).filter(({ answer }) => answer !== '')).toEqual([]);
    expect(beside).toBeLessThanOrEqual(2 * alone + NOISE_MS);
    await Promise.all(headers.map(({ ended }) => ended));
    const headersMs = performance.now() - beganMs;
    await Promise.all(bodies.map(({ ended }) => ended));
    const bodiesMs = performance.now() - beganMs;
    clearInterval(drip);
    for (const { answer } of headers.concat(bodies)) {
      expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\nContent-Type: application\/problem\+json\r\n/);
      expect(answer).toContain('"code":"request_timeout"');
    }
    // Looked for once a second; the rest is what a busy machine may add.
    const late = LIMITS.slowRequestCheckMs + 5_000;
    expect(headersMs).toBeGreaterThan(LIMITS.headersTimeoutMs - 100);
    expect(headersMs).toBeLessThan(LIMITS.headersTimeoutMs + late);
    expect(bodiesMs).toBeLessThan(LIMITS.requestTimeoutMs + late);
    await posted(api.post('/v1/payments', payment(loan, { amount_minor: '1' })));
  } finally {
    await ledger.stop();
  }
});
