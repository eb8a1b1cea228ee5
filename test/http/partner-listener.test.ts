import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { makeCertificate } from '../access/certificate-maker.ts';
import { startPartnerLedger, tokenOf } from '../access/partner-ledger.ts';
import { startLedger } from './ledger-server.ts';
import { holdLoan } from './loan-lock.ts';
import { newLoan, payment } from './loan-story.ts';

/** The partners' listener as a process sees it: opened with the other, closed with the other, refused with its reason. */
let folder: string;
const made = makeCertificate({ name: 'ledger' });
const other = makeCertificate({ name: 'other' });
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hpts-listener-'));
  await writeFile(file('cert.pem'), made.pem);
  await writeFile(file('key.pem'), made.keyPem);
  await writeFile(file('other.pem'), other.keyPem);
  await writeFile(file('empty.pem'), '');
});
afterAll(() => rm(folder, { recursive: true }));

test("POST /v1/payments: 201 on the partners' listener although the server was told to end meanwhile; then nobody is served", async () => {
  const partners = await startPartnerLedger();
  const { ledger, mtlsUrl } = partners;
  const partner = makeCertificate({ name: 'partner' });
  const caller = partners.caller(partner);
  const token = await tokenOf(caller, await partners.newClient(partner));
  const loan = await newLoan(ledger.api);
  const held = await holdLoan(ledger, loan.loanId);
  const paying = caller.send({
    method: 'POST',
    path: '/v1/payments',
    headers: [
      'authorization',
      `Bearer ${token}`,
      'content-type',
      'application/json',
      'idempotency-key',
      'drain:partner-1',
    ],
    body: JSON.stringify(payment(loan)),
  });
  await held.untilWaiting();
  const stopped = ledger.stopServing();
  await held.release();
  expect((await paying).status).toBe(201);
  await stopped;
  const socket = connectTls({
    host: '127.0.0.1',
    port: Number(new URL(mtlsUrl).port),
    ca: partners.serverAuthority.pem,
  });
  await expect(once(socket, 'secureConnect')).rejects.toThrow('ECONNREFUSED');
  await partners.stop();
});

test('a stop ends within LIMITS.drainMs although a partner holds an unfinished body, and another an unfinished handshake', async () => {
  const partners = await startPartnerLedger();
  const { ledger, mtlsUrl } = partners;
  const port = Number(new URL(mtlsUrl).port);
  const socket = connectTls({ host: '127.0.0.1', port, ca: partners.serverAuthority.pem });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  socket.write(
    `POST /v1/payments HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${await ledger.api.token()}\r\nContent-Type: application/json\r\nIdempotency-Key: unfinished-1\r\nContent-Length: 500\r\n\r\n{`,
  );
  const silent = connect(port, '127.0.0.1');
  silent.on('error', () => undefined);
  await once(silent, 'connect');
  const beganMs = performance.now();
  await partners.stop();
  expect(performance.now() - beganMs).toBeLessThan(LIMITS.drainMs + 4_000);
  socket.destroy();
  silent.destroy();
});

test('a stop waits neither for a handshake that does not come nor for a partner who asked for nothing', async () => {
  const partners = await startPartnerLedger();
  const port = Number(new URL(partners.mtlsUrl).port);
  const silent = connect(port, '127.0.0.1');
  const idle = connectTls({ host: '127.0.0.1', port, ca: partners.serverAuthority.pem });
  for (const socket of [silent, idle]) socket.on('error', () => undefined);
  await Promise.all([once(silent, 'connect'), once(idle, 'secureConnect')]);
  const beganMs = performance.now();
  await partners.ledger.stopServing();
  expect(performance.now() - beganMs).toBeLessThan(3_000);
  silent.destroy();
  idle.destroy();
  await partners.stop();
});

test('a client that only speaks TLS 1.1, or none, gets no answer', async () => {
  const partners = await startPartnerLedger();
  const port = Number(new URL(partners.mtlsUrl).port);
  const tls = { host: '127.0.0.1', port, ca: partners.serverAuthority.pem };
  const old = connectTls({ ...tls, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
  await expect(once(old, 'secureConnect')).rejects.toThrow();
  await expect(fetch(`http://127.0.0.1:${port}/v1/health/live`)).rejects.toThrow();
  await partners.stop();
});

test.each<[string, (port: number) => Record<string, string>, string]>([
  ['a port without a certificate', () => ({ HPTS_MTLS_PORT: '1' }), 'only of use together'],
  ['a certificate without a port', () => ({ HPTS_MTLS_CERT_FILE: file('cert.pem') }), 'only of use together'],
  ['authorities without a port', () => ({ HPTS_MTLS_CLIENT_CA_FILE: file('cert.pem') }), 'only of use together'],
  ['no port', () => listener({ HPTS_MTLS_PORT: '0' }), 'HPTS_MTLS_PORT=0 must be a whole number'],
  [
    'the port of the other listener',
    () => listener({ HPTS_PORT: '9', HPTS_MTLS_PORT: '9' }),
    'another port than HPTS_PORT',
  ],
  ['a missing file', () => listener({ HPTS_MTLS_KEY_FILE: file('none.pem') }), 'HPTS_MTLS_KEY_FILE='],
  [
    'a key of another certificate',
    () => listener({ HPTS_MTLS_KEY_FILE: file('other.pem') }),
    'must hold PEM that belongs together',
  ],
  [
    'an empty certificate',
    () => listener({ HPTS_MTLS_CERT_FILE: file('empty.pem') }),
    'must hold PEM that belongs together',
  ],
  ['a port that is taken', (port) => listener({ HPTS_MTLS_PORT: String(port) }), '(HPTS_MTLS_PORT) is taken'],
  [
    'an address over http',
    () => ({ HPTS_MTLS_URL: 'http://ledger.example' }),
    'HPTS_MTLS_URL=http://ledger.example must be',
  ],
  ['a name as proxy', () => ({ HPTS_TRUSTED_PROXIES: '10.0.0.1, proxy.example' }), 'proxy.example must be an address'],
  ['a network too narrow', () => ({ HPTS_TRUSTED_PROXIES: '10.0.0.1/33' }), '10.0.0.1/33 must be an address'],
  ['an empty place among proxies', () => ({ HPTS_TRUSTED_PROXIES: '10.0.0.1,,10.0.0.2' }), 'must be an address'],
])('the server does not start with %s, and names the setting', async (_what, settings, reason) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  await expect(startLedger({ settings: settings(port) })).rejects.toThrow(reason);
  taken.close();
});

function listener(changes: Record<string, string>): Record<string, string> {
  return {
    HPTS_MTLS_PORT: '9',
    HPTS_MTLS_CERT_FILE: file('cert.pem'),
    HPTS_MTLS_KEY_FILE: file('key.pem'),
    ...changes,
  };
}
