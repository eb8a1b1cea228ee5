import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LIMITS } from '../../limits.ts';
import { readTrustedIssuers } from './trusted-issuer.ts';

const TENANT = '0a751de0-0000-4000-8000-000000000001';
const entry = (changes: object = {}): object => ({
  issuer: 'https://login.example',
  jwks_uri: 'https://login.example/keys',
  audience: 'https://ledger.example/v1',
  tenants: [TENANT],
  clients: [{ client_id: 'runner', scopes: ['hpts:balances:read'] }],
  ...changes,
});

function read(setting: string | readonly object[]): {
  issuers: ReturnType<typeof readTrustedIssuers>;
  wrong: string[];
} {
  const wrong: string[] = [];
  const issuers = readTrustedIssuers(typeof setting === 'string' ? setting : JSON.stringify(setting), wrong);
  return { issuers, wrong };
}

test('an entry of the least that is needed: RS256 alone, the claim tenant_id, an hour', () => {
  const { issuers, wrong } = read([entry()]);
  expect(wrong).toEqual([]);
  expect(issuers).toEqual([
    {
      issuer: 'https://login.example',
      jwksUri: 'https://login.example/keys',
      audience: 'https://ledger.example/v1',
      algorithms: new Set(['RS256']),
      tenants: new Set([TENANT]),
      tenantClaim: 'tenant_id',
      clients: new Map([['runner', new Set(['hpts:balances:read'])]]),
      tokenLifeSeconds: 3_600,
    },
  ]);
});

test('a file with the list reads as the list itself', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hpts-trust-'));
  const path = join(folder, 'issuers.json');
  await writeFile(
    path,
    JSON.stringify([entry({ algorithms: ['ES256', 'EdDSA'], tenant_claim: 'org', token_life_seconds: 60 })]),
  );
  const { issuers, wrong } = read(path);
  await rm(folder, { recursive: true });
  expect(wrong).toEqual([]);
  expect(issuers[0]).toMatchObject({
    algorithms: new Set(['ES256', 'EdDSA']),
    tenantClaim: 'org',
    tokenLifeSeconds: 60,
  });
});

test('http to a loopback host, where it is allowed in so many words', () => {
  const here = { issuer: 'http://127.0.0.1:9000', jwks_uri: 'http://localhost:9000/keys' };
  expect(read([entry({ ...here, allow_loopback_http: true })]).wrong).toEqual([]);
  expect(read([entry(here)]).wrong).toHaveLength(2);
  expect(read([entry({ ...here, allow_loopback_http: false })]).wrong).toHaveLength(2);
});

test.each<[string, string | readonly object[], string]>([
  ['no such file', '/no/such/file', 'ENOENT'],
  ['no JSON', '[', 'is not strict JSON'],
  ['an object', '{}', 'must be a JSON list or a file'],
  ['an empty list', [], 'must have 1 to'],
  [
    'too many',
    Array.from({ length: LIMITS.trustedIssuers + 1 }, (_, n) => entry({ issuer: `https://${n}.example` })),
    'must have 1 to',
  ],
  ['a name twice in an object', '[{"issuer":"https://a.example","issuer":"https://b.example"}]', 'is not strict JSON'],
  ['an unknown member', [entry({ jwks: {} })], '[0].jwks '],
  ['no tenants', [entry({ tenants: [] })], '[0].tenants'],
  ['a tenant that is no UUID', [entry({ tenants: ['*'] })], '[0].tenants[0]'],
  ['no clients', [entry({ clients: [] })], '[0].clients'],
  ['a client without scopes', [entry({ clients: [{ client_id: 'a', scopes: [] }] })], '[0].clients[0].scopes'],
  ['a scope that is none', [entry({ clients: [{ client_id: 'a', scopes: ['hpts:*'] }] })], '[0].clients[0].scopes[0]'],
  [
    'a client twice',
    [entry({ clients: ['a', 'a'].map((client_id) => ({ client_id, scopes: ['hpts:ledger:read'] })) })],
    '[0].clients must not name a client twice',
  ],
  ['HS256', [entry({ algorithms: ['RS256', 'HS256'] })], '[0].algorithms[1]'],
  ['none', [entry({ algorithms: ['none'] })], '[0].algorithms[0]'],
  ['no algorithm', [entry({ algorithms: [] })], '[0].algorithms'],
  ['keys over http', [entry({ jwks_uri: 'http://login.example/keys' })], '[0].jwks_uri must be an https URL'],
  [
    'http beyond the loopback',
    [entry({ jwks_uri: 'http://login.example/keys', allow_loopback_http: true })],
    '[0].jwks_uri',
  ],
  [
    'a host that only begins like the loopback',
    [entry({ jwks_uri: 'http://127.0.0.1.example/', allow_loopback_http: true })],
    '[0].jwks_uri',
  ],
  ['a file address', [entry({ jwks_uri: 'file:///etc/passwd' })], '[0].jwks_uri'],
  ['credentials in the address', [entry({ jwks_uri: 'https://u:p@login.example/keys' })], '[0].jwks_uri'],
  ['an issuer that is no address', [entry({ issuer: 'login' })], '[0].issuer'],
  ['an issuer twice', [entry(), entry()], '[1].issuer must not be named twice'],
  ['a claim that means something else', [entry({ tenant_claim: 'sub' })], '[0].tenant_claim'],
  ['a life of a week', [entry({ token_life_seconds: 604_800 })], '[0].token_life_seconds'],
  ['a life as text', [entry({ token_life_seconds: '60' })], '[0].token_life_seconds'],
  ['a switch as text', [entry({ allow_loopback_http: 'true' })], '[0].allow_loopback_http'],
])('refused with its place: %s', (_what, setting, reason) => {
  const { wrong } = read(setting);
  expect(wrong[0]).toMatch(/^HPTS_TRUSTED_ISSUERS /);
  expect(wrong.join('\n')).toContain(reason);
});
