import { afterAll, expect, test } from 'vitest';
import { testDatabase } from '../database.ts';
import { startDemoInstances } from './demo-instances.ts';
import { serveLedger } from './ledger-server.ts';
import { type RawAnswer, sendRawOnce } from './raw-http.ts';

/** Which host a request names: in its Host header, or in an address that is given in full (RFC 9112 section 3.2). */
const ledger = await serveLedger();
const database = await testDatabase();
const demo = await startDemoInstances(database.connection);
afterAll(async () => {
  await demo.stop();
  await database.drop();
});

const ask = (url: string, target: string, ...headers: readonly string[]): Promise<RawAnswer> =>
  sendRawOnce(url, [`GET ${target} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n'));

function expectProblem(answer: RawAnswer, status: number, code: string): void {
  expect([answer.status, answer.headers['content-type']]).toEqual([status, 'application/problem+json']);
  expect(JSON.parse(answer.body)).toMatchObject({ status, code, type: `/docs/errors/${code}` });
}

const LIVE = '/v1/health/live';
const LOOPBACK = ['localhost', 'LOCALHOST:8080', '127.0.0.1', '127.0.0.1:1', '127.8.8.8:8080', '[::1]', '[::1]:8080'];
const FOREIGN = [
  'ledger.example',
  'localhost.ledger.example',
  'ledger.example:8080',
  '127.0.0.1.ledger.example',
  '128.0.0.1',
  '[::2]:8080',
  '[::ffff:127.0.0.1]',
  '0.0.0.0',
  'localhost.',
  'localhost,ledger.example',
  '',
  ':8080',
];
const NO_HOST = [
  'localhost ledger.example',
  'localhost/ledger.example',
  'user@localhost',
  'localhost:80:80',
  'localhost:http',
  '[::1',
  '::1',
  'localhost#',
  'localhost\\',
  'höst',
  '"localhost"',
  'http://localhost',
  'localhost?',
];

test.each(LOOPBACK)('a demo instance answers 200 to Host: %s', async (host) => {
  expect((await ask(demo.urls[0], LIVE, `Host: ${host}`)).status).toBe(200);
  expect((await ask(demo.urls[0], `http://${host}${LIVE}`, 'Host: ledger.example')).status).toBe(200);
});

test.each(FOREIGN)('a demo instance answers 404 not_found to Host: %s, with a token or without', async (host) => {
  for (const target of [LIVE, '/v1/journal-entries', '/v1/nowhere'])
    expectProblem(await ask(demo.urls[0], target, `Host: ${host}`), 404, 'not_found');
  if (!host.startsWith(':') && host !== '')
    expectProblem(await ask(demo.urls[0], `http://${host}${LIVE}`, 'Host: localhost'), 404, 'not_found');
});

test('a demo instance answers 404 not_found to HTTP/1.0 without Host', async () => {
  expectProblem(await sendRawOnce(demo.urls[0], `GET ${LIVE} HTTP/1.0\r\n\r\n`), 404, 'not_found');
});

test.each([...LOOPBACK, ...FOREIGN])('any other instance answers 200 to Host: %s', async (host) => {
  expect((await ask(ledger.url, LIVE, `Host: ${host}`)).status).toBe(200);
});

test.each(NO_HOST)('400 malformed_request: Host: %s', async (host) => {
  for (const url of [ledger.url, demo.urls[0]])
    expectProblem(await ask(url, LIVE, `Host: ${host}`), 400, 'malformed_request');
});

test.each([
  'ftp://localhost/v1/health/live',
  'http://localhost',
  'http://localhost?/v1/health/live',
  'http:///v1/health/live',
  '//v1/health/live',
  '/v1/health/live/',
  '/v1/health/live/..',
  '/v1/./health/live',
  '/v1/health/../health/live',
  '/v1/health%2Flive',
  '/v1/health/live;a=b',
  '/v1\\health\\live',
  '*',
])('404 not_found: GET %s', async (target) => {
  expectProblem(await ask(ledger.url, target, 'Host: localhost'), 404, 'not_found');
});
