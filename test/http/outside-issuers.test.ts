import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../access/certificate-maker.ts';
import { type IssuerServer, makeIssuerKey, outsideForge, publicJwk, startIssuer } from '../access/issuer-server.ts';
import { forgeToken, goodClaims, signTexts, type TokenForge } from '../access/token-forge.ts';
import { addTenantWithId, OUTSIDE_AUDIENCE, OUTSIDE_CLIENT, OUTSIDE_TENANT, trustEntry } from '../access/trust.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { DAY, disbursement, NOBODY, payment, unmadeLoan } from './loan-story.ts';
import { expectProblem } from './problem.ts';
import { textAt } from './tenant-api.ts';

/** What a trusted outside issuer can do, and what it cannot: the bounds that HPTS_TRUSTED_ISSUERS sets it. */
const LATE_TENANT = {
  tenantId: '0a751de0-0000-4000-8000-00000000000a',
  defaultProgramId: '0a751de0-0000-4000-8000-00000000000b',
};
const OTHER_CLIENT = 'reader';
let ledger: LedgerServer;
let issuer: IssuerServer;
let second: IssuerServer;
let silent: IssuerServer;
let many: IssuerServer;
let runner: TokenForge;

const key = makeIssuerKey('outside-1');
const secondKey = makeIssuerKey('outside-1');
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');

beforeAll(async () => {
  [issuer, second, silent, many] = await Promise.all([
    startIssuer([publicJwk(key)]),
    startIssuer([publicJwk(secondKey)]),
    startIssuer([]),
    startIssuer([
      publicJwk(key),
      { ...ec.publicKey.export({ format: 'jwk' }), kid: 'ec' },
      { ...ed.publicKey.export({ format: 'jwk' }), kid: 'ed' },
    ]),
  ]);
  silent.behave((response) => response.destroy());
  const clients = [
    { client_id: OUTSIDE_CLIENT, scopes: ['hpts:balances:read', 'hpts:payments:write', 'hpts:disbursements:write'] },
    { client_id: OTHER_CLIENT, scopes: ['hpts:balances:read'] },
  ];
  const settings = {
    HPTS_TRUSTED_ISSUERS: JSON.stringify([
      trustEntry(issuer, { clients, tenants: [OUTSIDE_TENANT.tenantId, LATE_TENANT.tenantId] }),
      trustEntry(second, { tenants: [LATE_TENANT.tenantId], tenant_claim: 'https://ledger.example/tenant' }),
      trustEntry(many, { algorithms: ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'] }),
      trustEntry(silent),
    ]),
  };
  ledger = await startLedger({ settings });
  await addTenantWithId(ledger.address, OUTSIDE_TENANT);
  runner = forgeOf(issuer, OUTSIDE_CLIENT);
});
afterAll(async () => {
  await ledger.stop();
  await Promise.all([issuer.stop(), second.stop(), silent.stop(), many.stop()]);
});

function forgeOf(from: IssuerServer, clientId: string, tenantId = OUTSIDE_TENANT.tenantId): TokenForge {
  const scope = 'hpts:balances:read hpts:payments:write hpts:disbursements:write hpts:audit:read';
  const trust = { issuer: from.issuer, audience: OUTSIDE_AUDIENCE, tenantId, clientId, scope };
  return outsideForge(from === second ? secondKey : key, trust);
}

const balance = (token: string, loanId = NOBODY) => ledger.api.get(`/v1/loans/${loanId}/balance`, { token });

test('POST /v1/disbursements, POST /v1/payments: 201 for an outside client, whom the journal names by issuer and client', async () => {
  const loan = unmadeLoan();
  const token = forgeToken(runner);
  expect((await ledger.api.post('/v1/disbursements', disbursement(loan), { token })).status).toBe(201);
  const paid = await ledger.api.post('/v1/payments', payment(loan, { effective_at: DAY.paid }), { token });
  expect(paid.status).toBe(201);
  const [row] = await ledger.sql<{ actor: string; tenant_id: string }>(
    'SELECT actor, tenant_id FROM hpts.journal_entry WHERE entry_id = $1',
    [textAt(paid, 'journal_entry_id')],
  );
  expect(row).toEqual({ actor: `${issuer.issuer}#${OUTSIDE_CLIENT}`, tenant_id: OUTSIDE_TENANT.tenantId });
  expect((await balance(token, loan.loanId)).status).toBe(200);
  expectProblem(await ledger.api.get(`/v1/loans/${loan.loanId}/balance`), { status: 404, code: 'loan_not_found' });
});

test('POST /v1/payments: 403 insufficient_scope: a scope in the token that its client was not given', async () => {
  const token = forgeToken(forgeOf(issuer, OTHER_CLIENT));
  expectProblem(await balance(token), { status: 404, code: 'loan_not_found' });
  const answer = await ledger.api.post('/v1/payments', payment(unmadeLoan()), { token });
  expectProblem(answer, { status: 403, code: 'insufficient_scope' });
});

test.each<[string, () => string]>([
  [
    'a tenant that the issuer is not trusted for',
    () => forgeToken(forgeOf(issuer, OUTSIDE_CLIENT, ledger.api.tenantId)),
  ],
  ['a tenant that only another issuer is trusted for', () => forgeToken(forgeOf(second, OUTSIDE_CLIENT))],
  [
    'the tenant in the usual claim, where another was agreed',
    () => forgeToken(forgeOf(second, OUTSIDE_CLIENT, LATE_TENANT.tenantId)),
  ],
  ['a client of this server', () => forgeToken(forgeOf(issuer, ledger.api.clientId))],
  ['a client that only another issuer has', () => forgeToken(forgeOf(second, OTHER_CLIENT, LATE_TENANT.tenantId))],
  [
    "another trusted issuer's key under the same kid",
    () => forgeToken({ ...runner, privateKey: secondKey.privateKey }),
  ],
  ["this server's audience, where another was agreed", () => forgeToken({ ...runner, audience: `${ledger.url}/v1` })],
  ["this server's issuer", () => forgeToken({ ...runner, issuer: ledger.url, audience: `${ledger.url}/v1` })],
])('GET /v1/loans/{loan_id}/balance: 401 invalid_token: %s', async (_what, make) => {
  expectProblem(await balance(make()), { status: 401, code: 'invalid_token' });
});

describe('GET /v1/loans/{loan_id}/balance, of an issuer with several algorithms', () => {
  const signed = (alg: string, kid: string, privateKey: KeyObject): Promise<string> => {
    const claims = goodClaims(forgeOf(many, OUTSIDE_CLIENT)) as JWTPayload;
    return new SignJWT(claims).setProtectedHeader({ alg, typ: 'at+jwt', kid }).sign(privateKey);
  };

  test.each<[string, string, KeyObject]>([
    ['RS256', 'outside-1', key.privateKey],
    ['ES256', 'ec', ec.privateKey],
    ['EdDSA', 'ed', ed.privateKey],
  ])('404 loan_not_found: %s by its key is accepted', async (alg, kid, privateKey) => {
    expectProblem(await balance(await signed(alg, kid, privateKey)), { status: 404, code: 'loan_not_found' });
  });

  test.each<[string, string, KeyObject]>([
    ['PS256', 'outside-1', key.privateKey],
    ['ES256', 'outside-1', ec.privateKey],
    ['EdDSA', 'outside-1', ed.privateKey],
    ['RS256', 'ec', key.privateKey],
    ['EdDSA', 'ec', ed.privateKey],
    ['ES256', 'ed', ec.privateKey],
  ])('401 invalid_token: %s under the key %s, which is for another algorithm', async (alg, kid, privateKey) => {
    expectProblem(await balance(await signed(alg, kid, privateKey)), { status: 401, code: 'invalid_token' });
  });

  test('401 invalid_token: ES384 in the header over a key on P-256', async () => {
    const claims = JSON.stringify(goodClaims(forgeOf(many, OUTSIDE_CLIENT)));
    const token = signTexts(JSON.stringify({ alg: 'ES384', typ: 'at+jwt', kid: 'ec' }), claims, ec.privateKey);
    expectProblem(await balance(token), { status: 401, code: 'invalid_token' });
  });
});

test('GET /v1/loans/{loan_id}/balance: 401 invalid_token for a tenant that is not there, 404 as soon as it is', async () => {
  const token = forgeToken(forgeOf(issuer, OUTSIDE_CLIENT, LATE_TENANT.tenantId));
  expectProblem(await balance(token), { status: 401, code: 'invalid_token' });
  await addTenantWithId(ledger.address, LATE_TENANT);
  expectProblem(await balance(token), { status: 404, code: 'loan_not_found' });
  const claims = { tenant_id: undefined, 'https://ledger.example/tenant': LATE_TENANT.tenantId };
  const agreed = forgeToken(forgeOf(second, OUTSIDE_CLIENT), { claims });
  expectProblem(await balance(agreed), { status: 404, code: 'loan_not_found' });
});

test('GET /v1/loans/{loan_id}/balance: 404: without nbf, which RFC 9068 does not ask for', async () => {
  expectProblem(await balance(forgeToken(runner, { without: 'nbf' })), { status: 404, code: 'loan_not_found' });
});

test('GET /v1/loans/{loan_id}/balance: 503 unavailable while an issuer has never answered; others are not kept waiting', async () => {
  const answer = await balance(forgeToken(forgeOf(silent, OUTSIDE_CLIENT)));
  expectProblem(answer, { status: 503, code: 'unavailable' });
  expectProblem(await balance(forgeToken(runner)), { status: 404, code: 'loan_not_found' });
});

test('GET /v1/loans/{loan_id}/balance: 403 certificate_required: a token that the issuer bound to a certificate', async () => {
  const { thumbprint } = makeCertificate({ name: 'partner' });
  const answer = await balance(forgeToken(runner, { claims: { cnf: { 'x5t#S256': thumbprint } } }));
  expectProblem(answer, { status: 403, code: 'certificate_required' });
  expect(answer.headers['www-authenticate']).toBe('Bearer realm="hpts", error="invalid_token"');
});

test('an issuer cannot be this server itself', async () => {
  const itself = trustEntry({ issuer: 'https://ledger.test', jwksUri: issuer.jwksUri });
  const settings = { HPTS_ISSUER: 'https://ledger.test', HPTS_TRUSTED_ISSUERS: JSON.stringify([itself]) };
  const starting = startLedger({ settings });
  await expect(starting).rejects.toThrow('which is this server itself');
});
