import { channel } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ReceiverTargets } from '../../src/jobs/webhooks/receiver-target.ts';
import { type LedgerServer, startLedger } from '../http/ledger-server.ts';
import { newLoan } from '../http/loan-story.ts';
import type { TenantApi } from '../http/tenant-api.ts';
import { at, eventually, postEvents, QUICK, register } from './endpoints.ts';
import { Receiver } from './receiver.ts';

let ledger: LedgerServer;
let api: TenantApi;
let receiver: Receiver;
/** What a name leads to now; a test may turn it. */
let names: Record<string, readonly string[]> = {};
/** Requests that this process began to send as a webhook. */
let begun = 0;

function countWebhooks(message: unknown): void {
  if ((message as { readonly request: ClientRequest }).request.hasHeader('webhook-id')) begun += 1;
}

beforeAll(async () => {
  channel('http.client.request.start').subscribe(countWebhooks);
  ledger = await startLedger({
    webhookReceivers: 'public',
    webhookPace: { ...QUICK, resolve: async (host) => names[host] ?? [] },
  });
});
afterAll(async () => {
  channel('http.client.request.start').unsubscribe(countWebhooks);
  await ledger.stop();
});
beforeEach(async () => {
  api = await ledger.newTenant();
  receiver = await Receiver.start();
  begun = 0;
});
afterEach(() => receiver.stop());

/** Ways to write an address that a receiver must not have, behind the scheme; PORT is one that something listens on. */
const OVER_HTTPS = [
  '127.0.0.1:PORT/',
  '127.0.0.2:PORT/',
  '127.1:PORT/',
  '127.0.1:PORT/',
  '0:PORT/',
  '0.0.0.0:PORT/',
  '2130706433:PORT/',
  '0x7f000001:PORT/',
  '0x7F.0x0.0x0.0x1:PORT/',
  '0x7f.1:PORT/',
  '017700000001:PORT/',
  '0177.0.0.1:PORT/',
  '0177.0.0.01:PORT/',
  '127.0.0.1.:PORT/',
  '127。0。0。1:PORT/',
  '①②⑦.⓪.⓪.①:PORT/',
  '%31%32%37.0.0.1:PORT/',
  'localhost:PORT/',
  'LOCALHOST:PORT/',
  'localhost.:PORT/',
  'a.localhost:PORT/',
  '[::1]:PORT/',
  '[::]:PORT/',
  '[0:0:0:0:0:0:0:1]:PORT/',
  '[::127.0.0.1]:PORT/',
  '[::7f00:1]:PORT/',
  '[::ffff:127.0.0.1]:PORT/',
  '[::ffff:7f00:1]:PORT/',
  '[::ffff:0:7f00:1]:PORT/',
  '[64:ff9b::7f00:1]:PORT/',
  '[64:ff9b::127.0.0.1]:PORT/',
  '[64:ff9b:1::7f00:1]:PORT/',
  '[2002:7f00:1::]:PORT/',
  '[2001:0:7f00:1::]:PORT/',
  '[2a00::5efe:7f00:1]:PORT/',
  '[fe80::1]:PORT/',
  '[fe80::1%25lo]:PORT/',
  '[fec0::1]:PORT/',
  '[fc00::1]:PORT/',
  '[fd00:ec2::254]/latest/meta-data/',
  '[ff02::1]:PORT/',
  '169.254.169.254/latest/meta-data/',
  '0251.0376.0251.0376/',
  '2852039166/',
  '169.254.170.2/',
  '100.100.100.200/',
  '168.63.129.16/',
  '192.0.0.192/',
  '10.0.0.1/',
  '172.16.0.1/',
  '172.31.255.255/',
  '192.168.1.1/',
  '100.64.0.1/',
  '198.18.0.1/',
  '224.0.0.1/',
  '240.0.0.1/',
  '255.255.255.255/',
  'user@127.0.0.1:PORT/',
  '8.8.8.8@127.0.0.1:PORT/',
  '8.8.8.8:443@127.0.0.1:PORT/',
  '8.8.8.8#@127.0.0.1:PORT/',
  '8.8.8.8\\@127.0.0.1:PORT/',
  '127.0.0.1:PORT\\@8.8.8.8/',
  '127.0.0.1:22/',
  '8.8.8.8:25/',
  'inside.example/',
  'half-inside.example/',
  'mapped.example/',
  'metadata.example/',
  'nowhere.example/',
];
const FORMS = [
  ...OVER_HTTPS.map((rest) => `https://${rest}`),
  ...['127.0.0.1:PORT/', 'localhost:PORT/', '8.8.8.8/'].map((rest) => `http://${rest}`),
  'gopher://127.0.0.1:PORT/',
  'file:///etc/passwd',
  'unix:/run/socket',
];

describe('a receiver that is not on the public internet', () => {
  beforeEach(() => {
    names = {
      'inside.example': ['192.168.7.7'],
      'half-inside.example': ['8.8.8.8', '::1'],
      'mapped.example': ['::ffff:127.0.0.1'],
      'metadata.example': ['169.254.169.254'],
      'a.localhost': ['127.0.0.1'],
    };
  });

  test.each(FORMS)('is not registered: %s', async (form) => {
    const url = form.replace('PORT', String(receiver.port));
    const answer = await api.post('/v1/webhook-endpoints', { url });
    expect([answer.status, at(answer, 'code')]).toSatisfy(
      ([status, code]) =>
        (status === 400 && code === 'validation_failed') || (status === 422 && code === 'webhook_receiver_forbidden'),
    );
    expect([begun, receiver.connections]).toEqual([0, 0]);
  });

  test('has no target in any form, whatever is asked for it', async () => {
    const targets = new ReceiverTargets({ places: 'public', resolve: async (host) => names[host] ?? [] });
    for (const form of FORMS) expect(await targets.find(form.replace('PORT', '8443'))).toMatch(/^malformed|forbidden$/);
    expect(await targets.find('https://[2606::1]:8443/')).toMatchObject({ addresses: ['2606::1'] });
  });

  test.each(['2130706433:PORT/', '[::ffff:7f00:1]:PORT/', '127.0.0.1:PORT/'])(
    'is sent nothing although somebody with the database’s own keys wrote it there: %s',
    async (rest) => {
      const form = `https://${rest}`;
      const loan = await newLoan(api);
      names['hooks.example'] = ['8.8.8.8'];
      const endpoint = await register(api, 'https://hooks.example/');
      await ledger.sql('UPDATE hpts.webhook_endpoint SET url = $2 WHERE endpoint_id = $1', [
        endpoint.id,
        form.replace('PORT', String(receiver.port)),
      ]);
      await postEvents(api, 1, loan);
      const dead = await eventually(
        () => api.get(`${endpoint.path}/deliveries`),
        (answer) => answer.text.includes('dead_letter'),
      );
      expect(dead.text).toContain('address_forbidden');
      expect([begun, receiver.connections]).toEqual([0, 0]);
    },
  );

  test('is sent nothing when its name led elsewhere at registration: what is resolved is judged at each attempt', async () => {
    names['turning.example'] = ['8.8.8.8'];
    const loan = await newLoan(api);
    const endpoint = await register(api, `https://turning.example:${receiver.port}/`);
    for (const inside of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '169.254.169.254', '0.0.0.0']) {
      names['turning.example'] = [inside];
      const [entryId] = await postEvents(api, 1, loan);
      const dead = await eventually(
        () => api.get(`${endpoint.path}/deliveries?page_size=1`),
        (answer) => answer.text.includes(`${entryId}`) && answer.text.includes('dead_letter'),
      );
      const failure = { error: 'address_forbidden', http_status: null };
      expect(at(dead, 'items')).toMatchObject([{ attempts: [failure, failure, failure, failure, failure] }]);
    }
    expect([begun, receiver.connections]).toEqual([0, 0]);
  });
});
