import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type LedgerServer, startLedger } from '../http/ledger-server.ts';
import { fee, newLoan, payment, posted } from '../http/loan-story.ts';
import { type TenantApi, textAt } from '../http/tenant-api.ts';
import { QUICK, register } from './endpoints.ts';
import { answering, type Delivery, Receiver } from './receiver.ts';

let ledger: LedgerServer;
let api: TenantApi;
let receiver: Receiver;
beforeAll(async () => {
  ledger = await startLedger({ webhookPace: QUICK });
});
afterAll(() => ledger.stop());
beforeEach(async () => {
  api = await ledger.newTenant();
  receiver = await Receiver.start();
});
afterEach(() => receiver.stop());

const MANY = 150;

/** A header that begins a trace, and what is told of in that trace begins with. */
function newTrace(): { readonly headers: readonly string[]; readonly prefix: string } {
  const prefix = `00-${randomBytes(16).toString('hex')}-`;
  return { headers: ['traceparent', `${prefix}00f067aa0ba902b7-01`], prefix };
}

/** The traceparents under which an entry was told of so far. */
function toldOf(entryId: string): readonly (string | undefined)[] {
  return receiver.deliveries.filter(isAbout(entryId)).map(({ headers }) => String(headers['traceparent']));
}

function isAbout(entryId: string): (delivery: Delivery) => boolean {
  return ({ event }) => event.journal_entry_id === entryId;
}

describe('the trace of a request', () => {
  test('an entry that was posted in a trace is told of in that trace, under spans of its own, with its tracestate', async () => {
    const loan = await newLoan(api);
    await register(api, receiver.url());
    receiver.behaviour = (answer, delivery, number) => answering(number < 2 ? 500 : 200)(answer, delivery, number);
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traced = ['traceparent', `cc-${trace}-00f067aa0ba902b7-05-later`, 'tracestate', 'a=1', 'tracestate', 'b=2'];
    // What is posted before the process knows of the endpoint is told of in a trace of its own.
    const sent = async () => {
      await posted(api.post('/v1/payments', payment(loan, { amount_minor: '1' }), { headers: traced }));
      return receiver.deliveries.filter(({ headers }) => headers['tracestate'] === 'a=1,b=2').length;
    };
    await expect.poll(sent).toBeGreaterThan(1);
    const told = receiver.deliveries.filter(({ headers }) => headers['tracestate'] !== undefined);
    for (const { headers } of told) {
      expect(headers['tracestate']).toBe('a=1,b=2');
      expect(headers['traceparent']).toMatch(new RegExp(`^00-${trace}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
    }
    expect(new Set(told.map(({ headers }) => headers['traceparent'])).size).toBe(told.length);
  });

  test('reaches an endpoint that only wants the last of many entries of one batch', async () => {
    const loan = await newLoan(api);
    await register(api, receiver.url(), { event_types: ['fee_assessed'] });
    await untilFollowed(loan);
    for (let round = 0; round < 5; round += 1) {
      const many = Array.from({ length: MANY }, () =>
        api.post('/v1/payments', payment(loan, { amount_minor: '1' }), { headers: newTrace().headers }),
      );
      const { headers, prefix } = newTrace();
      const one = posted(api.post('/v1/fees', fee(loan, { amount_minor: '1' }), { headers }));
      await Promise.all(many.map(posted));
      const id = textAt(await one, 'journal_entry_id');
      await receiver.until(() => receiver.deliveries.some(isAbout(id)));
      expect(toldOf(id)).toEqual([expect.stringContaining(prefix)]);
    }
  });

  test('stays that of the request that posted, whoever sends its key again', async () => {
    const loan = await newLoan(api);
    await register(api, receiver.url());
    await untilFollowed(loan);
    receiver.behaviour = answering(500);
    const [first, again] = [newTrace(), newTrace()];
    const key = `test:${randomUUID()}`;
    const send = ({ headers }: { readonly headers: readonly string[] }) =>
      api.post('/v1/fees', fee(loan, { amount_minor: '7' }), { headers, key });
    const id = textAt(await posted(send(first)), 'journal_entry_id');
    await receiver.until(() => toldOf(id).length > 0);
    expect(await send(again)).toMatchObject({ status: 200 });
    const before = toldOf(id).length;
    receiver.behaviour = answering(204);
    await receiver.until(() => toldOf(id).length > before);
    for (const told of toldOf(id)) expect(told).toContain(first.prefix);
  });

  test('that posted nothing is forgotten: the next request with its key gives its own', async () => {
    const loan = await newLoan(api);
    await register(api, receiver.url());
    await untilFollowed(loan);
    const [refused, later] = [newTrace(), newTrace()];
    const key = `test:${randomUUID()}`;
    const send = (changes: object, { headers }: { readonly headers: readonly string[] }) =>
      api.post('/v1/fees', fee(loan, changes), { headers, key });
    expect(await send({ currency: 'EUR' }, refused)).toMatchObject({ status: 422 });
    const id = textAt(await posted(send({}, later)), 'journal_entry_id');
    await receiver.until(() => toldOf(id).length > 0);
    expect(toldOf(id)).toEqual([expect.stringContaining(later.prefix)]);
  });
});

/** Resolves when the process knows of the endpoint: what is posted in a trace is told of in it. */
async function untilFollowed(loan: Awaited<ReturnType<typeof newLoan>>): Promise<void> {
  const sent = async () => {
    const { headers, prefix } = newTrace();
    const id = textAt(
      await posted(api.post('/v1/fees', fee(loan, { amount_minor: '1' }), { headers })),
      'journal_entry_id',
    );
    await receiver.until(() => toldOf(id).length > 0);
    return toldOf(id)[0]?.startsWith(prefix);
  };
  await expect.poll(sent).toBe(true);
}
