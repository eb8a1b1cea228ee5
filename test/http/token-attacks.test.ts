import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readMasterKey } from '../../src/postgres/access/master-key.ts';
import { rotateSigningKey } from '../../src/postgres/access/signing-key.ts';
import { type IssuerServer, makeIssuerKey, outsideForge, publicJwk, startIssuer } from '../access/issuer-server.ts';
import { TOKEN_ATTACKS } from '../access/token-attacks.ts';
import { forgeToken, ownForge, type TokenForge } from '../access/token-forge.ts';
import { addTenantWithId, OUTSIDE_AUDIENCE, OUTSIDE_CLIENT, OUTSIDE_TENANT, trustSetting } from '../access/trust.ts';
import type { HttpAnswer } from './http-client.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { NOBODY } from './loan-story.ts';
import { expectProblem } from './problem.ts';

/**
 * TRUST.md section 5, "Tokens", over HTTP: against tokens of this server and of an outside issuer that it trusts. Most
 * attacks are signed with the issuer's own key: so it is the check under test that refuses them and not the signature.
 */
let ledger: LedgerServer;
let issuer: IssuerServer;
let own: TokenForge;
let outside: TokenForge;

beforeAll(async () => {
  issuer = await startIssuer([]);
  ledger = await startLedger({ settings: { HPTS_TRUSTED_ISSUERS: trustSetting(issuer) } });
  await addTenantWithId(ledger.address, OUTSIDE_TENANT);
  own = await ownForge(ledger);
  // Both issuers have a key of the same name.
  const key = makeIssuerKey(own.kid);
  issuer.publish([publicJwk(key)]);
  outside = outsideForge(key, {
    issuer: issuer.issuer,
    audience: OUTSIDE_AUDIENCE,
    tenantId: OUTSIDE_TENANT.tenantId,
    clientId: OUTSIDE_CLIENT,
    scope: own.scope,
  });
});
afterAll(async () => {
  await ledger.stop();
  await issuer.stop();
});

const path = `/v1/loans/${NOBODY}/balance`;
const call = (token: string): Promise<HttpAnswer> => ledger.api.get(path, { token });
const expectRefused = (answer: HttpAnswer): void => {
  expectProblem(answer, { status: 401, code: 'invalid_token' });
  expect(answer.headers['www-authenticate']).toBe('Bearer realm="hpts", error="invalid_token"');
};
const expectAccepted = (answer: HttpAnswer): void => expectProblem(answer, { status: 404, code: 'loan_not_found' });

describe.each([
  ['of this server', () => own, () => outside],
  ['of a trusted outside issuer', () => outside, () => own],
])('GET /v1/loans/{loan_id}/balance with a token %s', (_whose, forgeOf, otherOf) => {
  const scene = () => ({
    forge: forgeOf(),
    otherIssuerKey: otherOf().privateKey,
    foreignTenantId: otherOf().tenantId,
  });

  test('404 loan_not_found: the token that the attacks start from is accepted, twice', async () => {
    const token = forgeToken(forgeOf());
    expectAccepted(await call(token));
    expectAccepted(await call(token));
  });

  test.each<[string, () => string]>([
    ['typ application/at+jwt', () => forgeToken(forgeOf(), { header: { typ: 'application/at+jwt' } })],
    ['aud as an array of the one audience', () => forgeToken(forgeOf(), { claims: { aud: [forgeOf().audience] } })],
    ['a claim nobody asked for', () => forgeToken(forgeOf(), { claims: { amr: ['x'] } })],
  ])('404 loan_not_found: accepted with %s', async (_name, make) => {
    expectAccepted(await call(make()));
  });

  test.each(TOKEN_ATTACKS)('401 invalid_token: %s', async (_attack, make) => {
    const token = await make(scene());
    expectRefused(await call(token));
    expectRefused(await call(token));
  });

  test.each(['hpts:balances', 'HPTS:balances:read', 'hpts:balances:read:x', 'hpts:*', 'hpts:balances:write', ''])(
    '403 insufficient_scope: a scope by prefix, in other case or unknown gives no right: %j',
    async (scope) => {
      const answer = await call(forgeToken(forgeOf(), { claims: { scope } }));
      expectProblem(answer, { status: 403, code: 'insufficient_scope' });
    },
  );

  test('401 invalid_token: no attack made the good token any worse', async () => {
    expectAccepted(await call(forgeToken(forgeOf())));
  });
});

test('GET /v1/loans/{loan_id}/balance: 401 invalid_token: an address of keys in a token is never asked', async () => {
  const thief = makeIssuerKey('thief');
  const keys = await startIssuer([publicJwk(thief), publicJwk({ ...thief, kid: own.kid })]);
  try {
    for (const forge of [own, outside])
      for (const kid of [forge.kid, thief.kid])
        for (const address of ['jku', 'x5u'])
          expectRefused(
            await call(
              forgeToken({ ...forge, privateKey: thief.privateKey }, { header: { kid, [address]: keys.jwksUri } }),
            ),
          );
    expect(keys.fetches()).toBe(0);
  } finally {
    await keys.stop();
  }
});

test.each(['Basic ZGVtbzpkZW1v', 'Bearer', 'BearerX', 'Token abc'])(
  'GET /v1/loans/{loan_id}/balance: 401 invalid_token without an error in the challenge: %s brings no token',
  async (header) => {
    const answer = await ledger.api.get(path, { token: null, headers: ['authorization', header] });
    expectProblem(answer, { status: 401, code: 'invalid_token' });
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="hpts"');
  },
);

test('GET /v1/loans/{loan_id}/balance: 404: the name of the scheme may be written in any case', async () => {
  expectAccepted(await ledger.api.get(path, { token: null, headers: ['authorization', `bEARER ${forgeToken(own)}`] }));
});

test('GET /v1/loans/{loan_id}/balance: 401 invalid_token: a token in the query or the body brings no token', async () => {
  expectRefusedWithoutToken(await ledger.api.get(`${path}?access_token=${forgeToken(own)}`, { token: null }));
  const form = `access_token=${forgeToken(own)}`;
  const headers = ['content-type', 'application/x-www-form-urlencoded'];
  expectRefusedWithoutToken(await ledger.api.post('/v1/payments', form, { token: null, headers }));
});

test('GET /v1/loans/{loan_id}/balance: 401 invalid_token: a retired key', async () => {
  const token = forgeToken(own);
  expectAccepted(await call(token));
  const masterKey = await readMasterKey(ledger.masterKeyFile);
  await rotateSigningKey(ledger.address, { masterKey, overlapSeconds: 0 }, { actor: 'test' });
  await expect.poll(async () => (await call(token)).status, { timeout: 10_000, interval: 50 }).toBe(401);
  expectRefused(await call(forgeToken(own)));
});

test('GET /v1/loans/{loan_id}/balance: 401 invalid_token: a key that the outside issuer never published', async () => {
  const other = makeIssuerKey('never-published');
  expectRefused(await call(forgeToken({ ...outside, kid: other.kid, privateKey: other.privateKey })));
});

function expectRefusedWithoutToken(answer: HttpAnswer): void {
  expectProblem(answer, { status: 401, code: 'invalid_token' });
  expect(answer.headers['www-authenticate']).toBe('Bearer realm="hpts"');
}
