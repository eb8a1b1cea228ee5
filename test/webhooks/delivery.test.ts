import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type LedgerServer, startLedger } from '../http/ledger-server.ts';
import { newLoan } from '../http/loan-story.ts';
import type { TenantApi } from '../http/tenant-api.ts';
import { at, eventually, postEvents, QUICK, register, untilAtRest } from './endpoints.ts';
import { ACCEPT, answering, CUT, Receiver, verifySignature } from './receiver.ts';

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

describe('journalEntryPosted', () => {
  test('each entry is sent once, in the order of the journal, with exactly the fields of the contract', async () => {
    const loan = await newLoan(api);
    await register(api, receiver.url('/a/b?c=d'));
    const ids = await postEvents(api, 12, loan);
    await receiver.until(() => receiver.deliveries.length === ids.length);
    expect(receiver.deliveries.map(({ event }) => event.journal_entry_id)).toEqual(ids);
    const entry = await api.get(`/v1/journal-entries/${ids[0]}`);
    expect(receiver.deliveries[0]?.text).toBe(
      `{"journal_entry_id":"${ids[0]}","tenant_id":"${api.tenantId}","event_type":"fee_assessed","occurred_at":"${at(entry, 'posted_at')}","correlation_id":"${at(entry, 'correlation_id')}"}`,
    );
    expect(receiver.deliveries[0]).toMatchObject({
      path: '/a/b?c=d',
      headers: {
        host: `127.0.0.1:${receiver.port}`,
        'content-type': 'application/json',
        'user-agent': expect.stringMatching(/^HPTS\/\d/),
        traceparent: `00-${String(at(entry, 'correlation_id')).replaceAll('-', '')}-${receiver.deliveries[0]?.headers['traceparent']?.slice(36, 52)}-01`,
      },
    });
    expect(receiver.deliveries[0]?.headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  test('each delivery is signed as Standard Webhooks has it; a changed byte, id or time is found', async () => {
    const endpoint = await register(api, receiver.url());
    await postEvents(api, 2);
    await receiver.until(() => receiver.deliveries.length === 3);
    for (const delivery of receiver.deliveries) {
      expect(verifySignature(delivery, endpoint.secret)).toEqual(delivery.event);
      const otherText = { ...delivery, text: delivery.text.replace('fee', 'few').replace('dis', 'des') };
      expect(() => verifySignature(otherText, endpoint.secret)).toThrow('No matching signature');
      for (const header of ['webhook-id', 'webhook-timestamp']) {
        const headers = {
          ...delivery.headers,
          [header]: `${delivery.headers[header]}`.replace(/.$/, (c) => (c === '1' ? '2' : '1')),
        };
        expect(() => verifySignature({ ...delivery, headers }, endpoint.secret)).toThrow();
      }
    }
    const ids = receiver.deliveries.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(3);
  });

  test('webhook-id stays the same from attempt to attempt, and differs between endpoints', async () => {
    const other = await Receiver.start();
    receiver.behaviour = (answer, delivery, number) => answering(number < 2 ? 500 : 200)(answer, delivery, number);
    await register(api, receiver.url());
    await register(api, other.url());
    const loan = await newLoan(api);
    expect(loan.currency).toBe('USD');
    await receiver.until(() => receiver.deliveries.length === 3);
    await other.until(() => other.deliveries.length === 1);
    const ids = receiver.deliveries.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(1);
    expect(other.deliveries[0]?.headers['webhook-id']).not.toBe(ids[0]);
    await other.stop();
  });

  test('both secrets sign while a rotation overlaps, and the new one alone after it', async () => {
    const loan = await newLoan(api);
    const endpoint = await register(api, receiver.url());
    const rotated = await api.post(`${endpoint.path}/rotate-secret`, { overlap_seconds: 600 });
    const secret = String(at(rotated, 'secret'));
    await postEvents(api, 1, loan);
    await receiver.until(() => receiver.deliveries.length === 1);
    const [both] = receiver.deliveries;
    if (both === undefined) throw new Error('nothing was delivered');
    expect(`${both.headers['webhook-signature']}`.split(' ')).toHaveLength(2);
    expect(verifySignature(both, endpoint.secret)).toEqual(verifySignature(both, secret));
    const again = await api.post(`${endpoint.path}/rotate-secret`, { overlap_seconds: 0 });
    // An endpoint that is being served learns of it when its cursor is written down.
    const newest = await eventually(
      async () => {
        const before = receiver.deliveries.length;
        await postEvents(api, 1, loan);
        await receiver.until(() => receiver.deliveries.length > before);
        return receiver.deliveries.at(-1);
      },
      (delivery) => `${delivery?.headers['webhook-signature']}`.split(' ').length === 1,
    );
    if (newest === undefined) throw new Error('nothing was delivered');
    expect(verifySignature(newest, String(at(again, 'secret')))).toEqual(newest.event);
    expect(() => verifySignature(newest, secret)).toThrow();
  });

  test.each([200, 201, 202, 204, 299])('any 2xx is a receipt: %i', async (status) => {
    receiver.behaviour = answering(status);
    await register(api, receiver.url());
    const ids = await postEvents(api, 2);
    await receiver.until(() => receiver.deliveries.length >= 3);
    expect(receiver.receivedIds.slice(1)).toEqual(ids);
  });

  test.each([199, 301, 302, 307, 308, 400, 404, 410, 429, 500, 503])(
    'what is no 2xx is none, no redirect is followed, and the event comes again before any later one: %i',
    async (status) => {
      const elsewhere = await Receiver.start();
      receiver.behaviour = (answer, delivery, number) => {
        if (number > 0) return ACCEPT(answer, delivery, number);
        if (status < 200) answer.destroy();
        else answer.writeHead(status, { location: elsewhere.url() }).end();
        return false;
      };
      await register(api, receiver.url());
      const ids = await postEvents(api, 2);
      await receiver.until(() => receiver.receivedIds.length === 3);
      expect(receiver.receivedIds.slice(1)).toEqual(ids);
      expect(receiver.deliveries[1]?.event.journal_entry_id).toBe(receiver.deliveries[0]?.event.journal_entry_id);
      expect(elsewhere.connections).toBe(0);
      await elsewhere.stop();
    },
  );

  test('event_types chooses; the others move the cursor all the same', async () => {
    const endpoint = await register(api, receiver.url(), { event_types: ['disbursement'] });
    const loan = await newLoan(api);
    await postEvents(api, 3, loan);
    await eventually(
      () => api.get(endpoint.path),
      (answer) => at(answer, 'events_behind') === 0,
    );
    expect(receiver.deliveries.map(({ event }) => event.event_type)).toEqual(['disbursement']);
  });

  test('after: an endpoint begins behind the event it names, in the past', async () => {
    const ids = await postEvents(api, 5);
    await register(api, receiver.url(), { after: ids[1] });
    await receiver.until(() => receiver.deliveries.length === 3);
    expect(receiver.receivedIds).toEqual(ids.slice(2));
  });

  test('a disabled endpoint is sent nothing; enabled, it is sent everything since', async () => {
    const loan = await newLoan(api);
    const endpoint = await register(api, receiver.url());
    const before = await postEvents(api, 2, loan);
    await receiver.until(() => receiver.receivedIds.length === 2);
    await api.post(`${endpoint.path}/disable`, {});
    await untilAtRest(ledger, endpoint);
    const sentBefore = receiver.deliveries.length;
    const later = await postEvents(api, 3, loan);
    const other = await Receiver.start();
    await register(api, other.url(), { after: later[0] });
    await other.until(() => other.receivedIds.length === 2);
    expect(receiver.deliveries.length).toBe(sentBefore);
    await api.post(`${endpoint.path}/enable`, {});
    await receiver.until(() => receiver.receivedIds.length === 5);
    expect(receiver.receivedIds).toEqual([...before, ...later]);
    await other.stop();
  });

  test('an answer of megabytes is cut off and is a receipt all the same; so is one that never ends', async () => {
    receiver.behaviour = (answer, _delivery, number) => {
      answer.writeHead(200);
      if (number % 2 === 0) answer.write('x');
      else for (let part = 0; part < 64; part += 1) answer.write('x'.repeat(65_536));
      return true;
    };
    await register(api, receiver.url());
    const ids = await postEvents(api, 2);
    await receiver.until(() => receiver.deliveries.length === 3);
    expect(receiver.receivedIds.slice(1)).toEqual(ids);
  });

  test('no tenant is sent an event of another, whoever posts at the same time', async () => {
    const stranger = await ledger.newTenant();
    const theirs = await Receiver.start();
    const [mine, other] = [await newLoan(api), await newLoan(stranger)];
    await register(api, receiver.url());
    await register(stranger, theirs.url());
    const [ids, otherIds] = await Promise.all([postEvents(api, 25, mine), postEvents(stranger, 25, other)]);
    await receiver.until(() => receiver.deliveries.length === 25);
    await theirs.until(() => theirs.deliveries.length === 25);
    expect(receiver.deliveries.map(({ event }) => event.journal_entry_id)).toEqual(ids);
    expect(theirs.deliveries.map(({ event }) => event.journal_entry_id)).toEqual(otherIds);
    expect(new Set(theirs.deliveries.map(({ event }) => event['tenant_id']))).toEqual(new Set([stranger.tenantId]));
    await theirs.stop();
  });

  test('one endpoint that fails holds up no other', async () => {
    receiver.behaviour = CUT;
    const good = await Receiver.start();
    await register(api, receiver.url());
    await register(api, good.url());
    const ids = await postEvents(api, 5);
    await good.until(() => good.receivedIds.length === 6);
    expect(good.receivedIds.slice(1)).toEqual(ids);
    await good.stop();
  });
});

describe('dead letters', () => {
  test('after the last attempt an event is a visible dead letter, the next one goes on, and a re-sent one arrives', async () => {
    const loan = await newLoan(api);
    const endpoint = await register(api, receiver.url());
    let poison = '';
    receiver.behaviour = (answer, delivery, number) => {
      if (poison === '') poison = delivery.event.journal_entry_id;
      return delivery.event.journal_entry_id === poison
        ? answering(500)(answer, delivery, number)
        : ACCEPT(answer, delivery, number);
    };
    const ids = await postEvents(api, 3, loan);
    await receiver.until(() => receiver.receivedIds.length === 2);
    expect(poison).toBe(ids[0]);
    expect(receiver.receivedIds).toEqual(ids.slice(1));
    expect(receiver.deliveries.filter(({ event }) => event.journal_entry_id === poison)).toHaveLength(5);
    const dead = await api.get(`${endpoint.path}/deliveries?status=dead_letter`);
    const failure = {
      at: expect.any(String),
      error: 'not_accepted',
      http_status: 500,
      duration_ms: expect.any(Number),
    };
    expect(dead.json).toEqual({
      items: [
        {
          journal_entry_id: poison,
          event_type: 'fee_assessed',
          occurred_at: expect.any(String),
          status: 'dead_letter',
          attempts: [failure, failure, failure, failure, failure],
        },
      ],
      next_page_token: null,
    });
    receiver.behaviour = ACCEPT;
    const resend = await api.post(`${endpoint.path}/deliveries/${poison}/resend`, {});
    expect([resend.status, at(resend, 'status')]).toEqual([201, 'queued']);
    await receiver.until(() => receiver.receivedIds.includes(poison));
    const shown = await eventually(
      () => api.get(`${endpoint.path}/deliveries`),
      (answer) => answer.text.includes('"error":null'),
    );
    expect(at(shown, 'items')).toMatchObject([
      { journal_entry_id: ids[2], status: 'received', attempts: [] },
      { journal_entry_id: ids[1], status: 'received', attempts: [] },
      {
        journal_entry_id: ids[0],
        status: 'received',
        attempts: [{}, {}, {}, {}, {}, { error: null, http_status: 204 }],
      },
    ]);
    expect((await api.get(`${endpoint.path}/deliveries?status=dead_letter`)).json).toEqual({
      items: [],
      next_page_token: null,
    });
  });

  test('a re-sent letter that fails again in every attempt is dead again', async () => {
    receiver.behaviour = answering(500);
    const loan = await newLoan(api);
    const endpoint = await register(api, receiver.url());
    const [id] = await postEvents(api, 1, loan);
    const isDead = (attempts: number) => (answer: { readonly text: string }) =>
      answer.text.includes('"dead_letter"') && answer.text.split('"at"').length === attempts + 1;
    const deliveries = () => api.get(`${endpoint.path}/deliveries`);
    await eventually(deliveries, isDead(5));
    await api.post(`${endpoint.path}/deliveries/${id}/resend`, {});
    await eventually(deliveries, isDead(10));
    expect(receiver.deliveries).toHaveLength(10);
  });
});
