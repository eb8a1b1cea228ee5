import type { DatabaseAddress } from '../../src/postgres/connection.ts';
import { HttpClient } from '../http/http-client.ts';
import { newLoan, payment, posted } from '../http/loan-story.ts';
import { startTwoProcesses } from '../http/server-process.ts';
import { TenantApi, textAt } from '../http/tenant-api.ts';
import { at, type Endpoint, eventually, register } from './endpoints.ts';
import { ACCEPT, answering, type Behaviour, CUT, HANG, Receiver, verifySignature } from './receiver.ts';

/** What a run is made of. Events are spread over two server processes; the receiver fails as often as is said here. */
export type RoughRun = {
  readonly events: number;
  /** Every so many requests one is answered 500, and one cut. */
  readonly failEvery: number;
  readonly cutEvery: number;
  /** Requests that are never answered, and restarts of the receiver, spread over the run. */
  readonly hangs: number;
  readonly restarts: number;
};

/** What came of it. Latencies are from `occurred_at` to the first arrival, of events that came one at a time. */
export type RoughOutcome = {
  readonly events: number;
  readonly requests: number;
  readonly answered: Readonly<Record<'receipts' | 'failures' | 'cuts' | 'hangs' | 'restarts', number>>;
  readonly missing: number;
  readonly repeatedReceipts: number;
  readonly inOrder: boolean;
  readonly unverified: number;
  readonly requestsOpenMax: number;
  readonly postedMs: number;
  readonly deliveredMs: number;
  readonly latencyMs: { readonly p25: number; readonly p75: number; readonly longest: number };
};

const LONE_EVENTS = 40;
const LINES_OF_WORK = 16;

/** Posts events to two processes over one database, with one endpoint whose receiver fails, hangs and restarts. */
export async function runRoughly(address: DatabaseAddress, run: RoughRun): Promise<RoughOutcome> {
  const two = await startTwoProcesses(address);
  const clients = two.urls.map((url) => new HttpClient(url));
  const receiver = await Receiver.start();
  try {
    const [first, second] = clients;
    if (first === undefined || second === undefined) throw new Error('two processes are needed');
    const api = await TenantApi.create(address, first);
    return await new Course({ run, api, receiver, second, token: await api.token() }).go();
  } finally {
    for (const client of clients) client.close();
    await two.stop();
    await receiver.stop();
  }
}

class Course {
  readonly #run: RoughRun;
  readonly #api: TenantApi;
  readonly #second: HttpClient;
  readonly #token: string;
  readonly #receiver: Receiver;
  readonly #answered = { receipts: 0, failures: 0, cuts: 0, hangs: 0, restarts: 0 };
  readonly #posted: string[] = [];

  constructor(parts: { run: RoughRun; api: TenantApi; receiver: Receiver; second: HttpClient; token: string }) {
    this.#run = parts.run;
    this.#api = parts.api;
    this.#second = parts.second;
    this.#token = parts.token;
    this.#receiver = parts.receiver;
  }

  async go(): Promise<RoughOutcome> {
    const loan = await newLoan(this.#api, { principal: '900000000000' });
    const endpoint = await register(this.#api, this.#receiver.url());
    const body = JSON.stringify(payment(loan, { amount_minor: '1' }));
    const latencyMs = await this.#alone(body);
    const beganMs = performance.now();
    this.#receiver.behaviour = this.#roughly;
    const restarts = this.#restarts(endpoint);
    let next = LONE_EVENTS;
    const work = async (): Promise<void> => {
      while (next < this.#run.events) {
        next += 1;
        await this.#post(body, next);
      }
    };
    await Promise.all(Array.from({ length: LINES_OF_WORK }, work));
    const postedMs = performance.now() - beganMs;
    await restarts;
    await this.#receiver.until(() => this.#receivedCount() >= this.#run.events);
    const deliveredMs = performance.now() - beganMs;
    return { ...(await this.#compare(endpoint)), postedMs, deliveredMs, latencyMs };
  }

  /** To the one process and the other in turn. */
  async #post(body: string, number: number): Promise<void> {
    if (number % 2 === 0) {
      this.#posted.push(textAt(await posted(this.#api.post('/v1/payments', body)), 'journal_entry_id'));
      return;
    }
    const headers = ['authorization', `Bearer ${this.#token}`, 'content-type', 'application/json'];
    const keyed = [...headers, 'idempotency-key', `rough:${number}:${this.#api.tenantId}`];
    const answer = await posted(this.#second.send({ method: 'POST', path: '/v1/payments', headers: keyed, body }));
    this.#posted.push(textAt(answer, 'journal_entry_id'));
  }

  async #alone(body: string): Promise<RoughOutcome['latencyMs']> {
    const tookMs: number[] = [];
    for (let sent = 1; sent <= LONE_EVENTS; sent += 1) {
      await this.#post(body, sent);
      await this.#receiver.until(() => this.#receiver.deliveries.length === sent);
      const delivery = this.#receiver.deliveries[sent - 1];
      if (delivery !== undefined) tookMs.push(delivery.atMs - Date.parse(String(delivery.event['occurred_at'])));
    }
    this.#answered.receipts += LONE_EVENTS;
    tookMs.sort((one, other) => one - other);
    const at = (part: number) => tookMs[Math.floor(LONE_EVENTS * part)] ?? 0;
    return { p25: at(0.25), p75: at(0.75), longest: tookMs.at(-1) ?? 0 };
  }

  readonly #roughly: Behaviour = (answer, delivery, number) => {
    const { events, failEvery, cutEvery, hangs } = this.#run;
    if (this.#answered.hangs < hangs && number > ((this.#answered.hangs + 0.5) * events) / hangs) {
      this.#answered.hangs += 1;
      return HANG(answer, delivery, number);
    }
    if (number % failEvery === failEvery - 1) {
      this.#answered.failures += 1;
      return answering(500)(answer, delivery, number);
    }
    if (number % cutEvery === cutEvery - 1) {
      this.#answered.cuts += 1;
      return CUT(answer, delivery, number);
    }
    this.#answered.receipts += 1;
    return ACCEPT(answer, delivery, number);
  };

  /** Stops the receiver, lets an attempt meet nobody, and starts it again; as often as the run wants. */
  async #restarts(endpoint: Endpoint): Promise<void> {
    for (let turn = 1; turn <= this.#run.restarts; turn += 1) {
      const place = (turn * this.#run.events) / (this.#run.restarts + 1);
      await this.#receiver.until(() => this.#receiver.deliveries.length >= place);
      await this.#receiver.stop();
      await eventually(
        () => this.#api.get(endpoint.path),
        (answer) => Number(at(answer, 'failed_attempts')) > 0,
      );
      await this.#receiver.restart();
      this.#answered.restarts += 1;
    }
  }

  /** Receipts alone are cheap to count; which events they are of matters at the end. */
  #receivedCount(): number {
    const { receipts } = this.#answered;
    return receipts < this.#run.events ? receipts : this.#receiver.receivedIds.length;
  }

  async #compare(endpoint: Endpoint): Promise<Omit<RoughOutcome, 'postedMs' | 'deliveredMs' | 'latencyMs'>> {
    const journal: string[] = [];
    let after = '';
    for (let more = true; more; ) {
      const page = await this.#api.get(`/v1/events?page_size=500${after}`);
      journal.push(...(at(page, 'items') as { journal_entry_id: string }[]).map((item) => item.journal_entry_id));
      after = `&after=${at(page, 'next_after')}`;
      more = at(page, 'has_more') === true;
    }
    // The loan's disbursement was posted before the endpoint was registered.
    const expected = journal.slice(1);
    const received = this.#receiver.receivedIds;
    const arrived = new Set(received);
    const receipts = this.#receiver.deliveries.filter((delivery) => delivery.received).length;
    return {
      events: this.#posted.length,
      requests: this.#receiver.deliveries.length,
      answered: this.#answered,
      missing: this.#posted.filter((id) => !arrived.has(id)).length,
      repeatedReceipts: receipts - received.length,
      inOrder: expected.length === received.length && expected.every((id, index) => received[index] === id),
      unverified: this.#receiver.deliveries.filter((delivery) => !isVerified(delivery, endpoint)).length,
      requestsOpenMax: this.#receiver.openMax,
    };
  }
}

function isVerified(delivery: Parameters<typeof verifySignature>[0], endpoint: Endpoint): boolean {
  try {
    verifySignature(delivery, endpoint.secret);
    return true;
  } catch {
    // The count of these is what the run reports.
    return false;
  }
}
