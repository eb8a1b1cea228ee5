import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type IssuerServer, makeIssuerKey, publicJwk, startIssuer } from '../../../test/access/issuer-server.ts';
import { LIMITS } from '../../limits.ts';
import { IssuerKeys, type IssuerKeysTimes } from './issuer-keys.ts';
import type { SignatureAlgorithm } from './token-text.ts';

/** The keys of an outside issuer, from a real address that answers well, badly, late, or not at all. */
const key = makeIssuerKey('k1');
const another = makeIssuerKey('k2');
let issuer: IssuerServer;
let problems: string[];

beforeEach(async () => {
  issuer = await startIssuer([publicJwk(key)]);
  problems = [];
});
afterEach(() => issuer.stop());

function keysOf(
  times: Partial<IssuerKeysTimes> = {},
  algorithms: readonly SignatureAlgorithm[] = ['RS256'],
): IssuerKeys {
  const hear = (problem: unknown): void => {
    problems.push(inspect(problem));
  };
  return new IssuerKeys({ jwksUri: issuer.jwksUri, algorithms: new Set(algorithms) }, hear, times);
}

const found = async (keys: IssuerKeys, kid: string): Promise<string> => (await keys.find(kid)).found;

test('a set is fetched once, when a token needs it, however many ask', async () => {
  const keys = keysOf();
  expect(issuer.fetches()).toBe(0);
  expect(await Promise.all(Array.from({ length: 50 }, () => found(keys, 'k1')))).toEqual(Array(50).fill('key'));
  expect(await found(keys, 'k1')).toBe('key');
  expect(issuer.fetches()).toBe(1);
});

test('1,000 unknown kids cause one fetch', async () => {
  const keys = keysOf();
  await found(keys, 'k1');
  for (let index = 0; index < 1_000; index += 1) expect(await found(keys, `stranger-${index}`)).toBe('none');
  expect(issuer.fetches()).toBe(1);
});

test('a key that was published since is found, once fetches may follow again', async () => {
  const keys = keysOf({ fetchSpacingMs: 0 });
  expect(await found(keys, 'k2')).toBe('none');
  issuer.publish([publicJwk(key), publicJwk(another)]);
  expect(await found(keys, 'k2')).toBe('key');
});

test('a key that was withdrawn is gone when the set is no longer fresh', async () => {
  const keys = keysOf({ freshMs: 50, fetchSpacingMs: 0 });
  expect(await found(keys, 'k1')).toBe('key');
  issuer.publish([publicJwk(another)]);
  await expect.poll(() => found(keys, 'k1'), { interval: 5 }).toBe('none');
});

test('what is found may be remembered as long as the set is fresh, and during an outage until the next try', async () => {
  const keys = keysOf({ freshMs: 40, fetchSpacingMs: 30 });
  const first = await keys.find('k1');
  if (first.found !== 'key') throw new Error(first.found);
  expect(first.knownUntilMs - performance.now()).toBeLessThanOrEqual(40);
  issuer.behave((response) => response.writeHead(500).end());
  await expect.poll(async () => [await found(keys, 'k1'), problems.length > 0], { interval: 5 }).toEqual(['key', true]);
  const later = await keys.find('k1');
  if (later.found !== 'key') throw new Error(later.found);
  expect(later.knownUntilMs - performance.now()).toBeLessThanOrEqual(30);
});

test('an outage is survived with the last set, up to its bound; then nothing can be told; then it heals', async () => {
  const keys = keysOf({ freshMs: 20, outageMs: 400, fetchSpacingMs: 10 });
  expect(await found(keys, 'k1')).toBe('key');
  issuer.behave((response) => response.destroy());
  await expect.poll(async () => [await found(keys, 'k1'), problems.length > 0], { interval: 5 }).toEqual(['key', true]);
  await expect.poll(() => found(keys, 'k1'), { interval: 10, timeout: 5_000 }).toBe('unavailable');
  expect(await found(keys, 'stranger')).toBe('unavailable');
  issuer.behave(null);
  await expect.poll(() => found(keys, 'k1'), { interval: 10, timeout: 5_000 }).toBe('key');
});

test.each<[string, Parameters<IssuerServer['behave']>[0], string]>([
  ['503', (response) => response.writeHead(503).end('[]'), 'it answered 503'],
  ['204', (response) => response.writeHead(204).end(), 'it answered 204'],
  ['a redirect', (response) => response.writeHead(302, { location: '/keys' }).end(), 'redirect'],
  ['HTML', (response) => response.end('<html>'), 'not strict JSON'],
  ['a list', (response) => response.end('[]'), 'no list of keys'],
  ['keys that are no list', (response) => response.end('{"keys":{}}'), 'no list of keys'],
  ['the keys twice', (response) => response.end('{"keys":[],"keys":[]}'), 'not strict JSON'],
  [
    'more keys than the bound',
    (response) => response.end(`{"keys":[${Array(LIMITS.jwksKeys + 1).fill('{}')}]}`),
    'more than',
  ],
  ['more bytes than the bound', (response) => response.end(`{"keys":[]}${' '.repeat(LIMITS.jwksBytes)}`), 'more than'],
  [
    'bytes without end',
    (response) => void setInterval(() => response.write('x'.repeat(65_536)), 1).unref(),
    'more than',
  ],
  ['nothing', () => undefined, 'timeout'],
  ['headers and then nothing', (response) => void response.write('{"keys":'), 'timeout'],
])('an address that answers %s gives no key, and says why', async (_what, behaviour, reason) => {
  issuer.behave(behaviour);
  const beganMs = performance.now();
  expect(await found(keysOf({ fetchTimeoutMs: 300 }), 'k1')).toBe('unavailable');
  expect(performance.now() - beganMs).toBeLessThan(3_000);
  expect(problems.join().toLowerCase()).toContain(reason.toLowerCase());
});

const small = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey.export({ format: 'jwk' });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const k256 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ format: 'jwk' });
const ed = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
const x = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });

test.each<[string, object]>([
  ['a secret for a MAC', { kid: 'k1', kty: 'oct', k: 'AAAA', alg: 'HS256', use: 'sig' }],
  ['a key for encryption', publicJwk(key, { use: 'enc' })],
  ['a key with another use', publicJwk(key, { use: ['sig'] })],
  ['a key for other operations', publicJwk(key, { key_ops: ['encrypt'] })],
  ['a key with an algorithm that is not trusted', publicJwk(key, { alg: 'RS512' })],
  ['a key for HS256', publicJwk(key, { alg: 'HS256' })],
  ['a key for none', publicJwk(key, { alg: 'none' })],
  ['a private key', { ...key.privateKey.export({ format: 'jwk' }), kid: 'k1' }],
  ['an RSA key of 1,024 bits', { ...small, kid: 'k1' }],
  ['a key on P-256, where only RS256 is trusted', { ...ec, kid: 'k1' }],
  ['a key on secp256k1', { ...k256, kid: 'k1' }],
  ['a key on Ed25519, where only RS256 is trusted', { ...ed, kid: 'k1' }],
  ['a key on X25519', { ...x, kid: 'k1' }],
  ['a broken key', { kty: 'RSA', n: 'AA', e: '?', kid: 'k1' }],
  ['a key without a kid', publicJwk(key, { kid: undefined })],
  ['a kid that is a number', publicJwk(key, { kid: 1 })],
])('a set with %s gives no key, and its other keys are used', async (_what, jwk) => {
  issuer.publish([jwk, publicJwk(another)]);
  expect([await found(keysOf(), 'k1'), await found(keysOf(), 'k2')]).toEqual(['none', 'key']);
});

test('two keys of one name are both of no use', async () => {
  issuer.publish([publicJwk(key), publicJwk({ ...another, kid: 'k1' }), publicJwk(another)]);
  expect([await found(keysOf(), 'k1'), await found(keysOf(), 'k2')]).toEqual(['none', 'key']);
});

test.each<[string, object, readonly SignatureAlgorithm[], readonly SignatureAlgorithm[]]>([
  ['RSA that names no algorithm', publicJwk(key, { alg: undefined }), ['RS256', 'PS256', 'ES256'], ['RS256', 'PS256']],
  ['RSA that names one', publicJwk(key, { alg: 'PS256' }), ['RS256', 'PS256'], ['PS256']],
  ['P-256', { ...ec, kid: 'k1' }, ['RS256', 'ES256', 'ES384'], ['ES256']],
  ['Ed25519', { ...ed, kid: 'k1' }, ['RS256', 'EdDSA'], ['EdDSA']],
])('a key on %s is used with the trusted algorithms that fit it', async (_what, jwk, trusted, usable) => {
  issuer.publish([jwk]);
  const finding = await keysOf({}, trusted).find('k1');
  expect(finding.found === 'key' && [...finding.key.algorithms]).toEqual(usable);
});
