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

/** Ways to write an address that a receiver must not have; PORT is one that something listens on. */
const FORMS = [
  'http://127.0.0.1:PORT/',
  'http://localhost:PORT/',
  'http://8.8.8.8/',
  'https://127.0.0.1:PORT/',
  'https://127.0.0.2:PORT/',
  'https://127.1:PORT/',
  'https://127.0.1:PORT/',
  'https://0:PORT/',
  'https://0.0.0.0:PORT/',
  'https://2130706433:PORT/',
  'https://0x7f000001:PORT/',
  'https://0x7F.0x0.0x0.0x1:PORT/',
  'https://0x7f.1:PORT/',
  'https://017700000001:PORT/',
  'https://0177.0.0.1:PORT/',
  'https://0177.0.0.01:PORT/',
  'https://127.0.0.1.:PORT/',
  'https://127。0。0。1:PORT/',
  'https://①②⑦.⓪.⓪.①:PORT/',
  'https://%31%32%37.0.0.1:PORT/',
  'https://localhost:PORT/',
  'https://LOCALHOST:PORT/',
  'https://localhost.:PORT/',
  'https://a.localhost:PORT/',
  'https://[::1]:PORT/',
  'https://[::]:PORT/',
  'https://[0:0:0:0:0:0:0:1]:PORT/',
  'https://[::127.0.0.1]:PORT/',
  'https://[::7f00:1]:PORT/',
  'https://[::ffff:127.0.0.1]:PORT/',
  'https://[::ffff:7f00:1]:PORT/',
  'https://[::ffff:0:7f00:1]:PORT/',
  'https://[64:ff9b::7f00:1]:PORT/',
  'https://[64:ff9b::127.0.0.1]:PORT/',
  'https://[64:ff9b:1::7f00:1]:PORT/',
  'https://[2002:7f00:1::]:PORT/',
  'https://[2001:0:7f00:1::]:PORT/',
  'https://[2a00::5efe:7f00:1]:PORT/',
  'https://[fe80::1]:PORT/',
  'https://[fe80::1%25lo]:PORT/',
  'https://[fec0::1]:PORT/',
  'https://[fc00::1]:PORT/',
  'https://[fd00:ec2::254]/latest/meta-data/',
  'https://[ff02::1]:PORT/',
  'https://169.254.169.254/latest/meta-data/',
  'https://0251.0376.0251.0376/',
  'https://2852039166/',
  'https://169.254.170.2/',
  'https://100.100.100.200/',
  'https://168.63.129.16/',
  'https://192.0.0.192/',
  'https://10.0.0.1/',
  'https://172.16.0.1/',
  'https://172.31.255.255/',
  'https://192.168.1.1/',
  'https://100.64.0.1/',
  'https://198.18.0.1/',
  'https://224.0.0.1/',
  'https://240.0.0.1/',
  'https://255.255.255.255/',
  'https://user@127.0.0.1:PORT/',
  'https://8.8.8.8@127.0.0.1:PORT/',
  'https://8.8.8.8:443@127.0.0.1:PORT/',
  'https://8.8.8.8#@127.0.0.1:PORT/',
  'https://8.8.8.8\\@127.0.0.1:PORT/',
  'https://127.0.0.1:PORT\\@8.8.8.8/',
  'https://127.0.0.1:22/',
  'https://8.8.8.8:25/',
  'https://inside.example/',
  'https://half-inside.example/',
  'https://mapped.example/',
  'https://metadata.example/',
  'https://nowhere.example/',
  'gopher://127.0.0.1:PORT/',
  'file:///etc/passwd',
  'unix:/run/socket',
] as const;

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
    expect(await targets.find('https://8.8.8.8:8443/')).toMatchObject({ addresses: ['8.8.8.8'] });
  });

  test.each(['https://2130706433:PORT/', 'https://[::ffff:7f00:1]:PORT/', 'http://127.0.0.1:PORT/'])(
    'is sent nothing although somebody with the database’s own keys wrote it there: %s',
    async (form) => {
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
