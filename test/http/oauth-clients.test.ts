import { request as tlsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SCOPES } from '../../src/domain/scope.ts';
import type { ClientCredentials } from '../../src/postgres/access/client.ts';
import { type MadeCertificate, makeCertificate } from '../access/certificate-maker.ts';
import { type PartnerLedger, startPartnerLedger } from '../access/partner-ledger.ts';
import { NOBODY } from './loan-story.ts';

/**
 * Strict clients of others, used unchanged: what they do not like they refuse. They are only told that plain HTTP to the
 * loopback is meant, and how to bring a certificate along.
 */
let partners: PartnerLedger;
let credentials: ClientCredentials;
let partnerCredentials: ClientCredentials;
const certificate = makeCertificate({ name: 'partner' });
const SCOPE = 'hpts:balances:read hpts:ledger:read';
const insecure = { [oauth.allowInsecureRequests]: true };

beforeAll(async () => {
  partners = await startPartnerLedger();
  credentials = await partners.newClient();
  partnerCredentials = await partners.newClient(certificate);
});
afterAll(() => partners.stop());

const balanceUrl = (origin: string): URL => new URL(`${origin}/v1/loans/${NOBODY}/balance`);

describe('oauth4webapi', () => {
  async function discover(): Promise<oauth.AuthorizationServer> {
    const issuer = new URL(partners.ledger.url);
    const answer = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
    return oauth.processDiscoveryResponse(new URL(partners.ledger.url), answer);
  }

  test.each<[string, (secret: string) => oauth.ClientAuth]>([
    ['client_secret_basic', oauth.ClientSecretBasic],
    ['client_secret_post', oauth.ClientSecretPost],
  ])('discovery, token by %s, call', async (_method, authenticate) => {
    const server = await discover();
    const own: oauth.Client = { client_id: credentials.clientId };
    const answer = await oauth.clientCredentialsGrantRequest(
      server,
      own,
      authenticate(credentials.clientSecret),
      new URLSearchParams({ scope: SCOPE }),
      insecure,
    );
    const grant = await oauth.processClientCredentialsResponse(server, own, answer);
    expect(grant).toMatchObject({ token_type: 'bearer', expires_in: 3_600, scope: SCOPE });
    const call = await oauth.protectedResourceRequest(
      grant.access_token,
      'GET',
      balanceUrl(partners.ledger.url),
      new Headers(),
      null,
      insecure,
    );
    expect([call.status, await call.json()]).toMatchObject([404, { code: 'loan_not_found' }]);
  });

  test('its check of access tokens by RFC 9068 takes ours, for our audience alone', async () => {
    const server = await discover();
    const { access_token: token } = await grantOf(server);
    const request = () =>
      new Request(balanceUrl(partners.ledger.url), { headers: { authorization: `Bearer ${token}` } });
    const claims = await oauth.validateJwtAccessToken(server, request(), `${partners.ledger.url}/v1`, insecure);
    expect(claims).toMatchObject({ client_id: credentials.clientId, sub: credentials.clientId, scope: SCOPE });
    await expect(oauth.validateJwtAccessToken(server, request(), 'https://other.example', insecure)).rejects.toThrow();
  });

  async function grantOf(server: oauth.AuthorizationServer): Promise<oauth.TokenEndpointResponse> {
    const own: oauth.Client = { client_id: credentials.clientId };
    const authenticate = oauth.ClientSecretBasic(credentials.clientSecret);
    const form = new URLSearchParams({ scope: SCOPE });
    const answer = await oauth.clientCredentialsGrantRequest(server, own, authenticate, form, insecure);
    return oauth.processClientCredentialsResponse(server, own, answer);
  }

  test.each<[string, string, string, number]>([
    ['invalid_client', 'wrong', SCOPE, 401],
    ['invalid_scope', '', 'hpts:everything:write', 400],
  ])('%s is an error that it understands', async (error, secret, scope, status) => {
    const server = await discover();
    const own: oauth.Client = { client_id: credentials.clientId };
    const authenticate = oauth.ClientSecretPost(secret === '' ? credentials.clientSecret : secret);
    const form = new URLSearchParams({ scope });
    const answer = await oauth.clientCredentialsGrantRequest(server, own, authenticate, form, insecure);
    const refused = await oauth
      .processClientCredentialsResponse(server, own, answer)
      .catch((caught: unknown) => caught);
    // With a challenge in the header it reports the challenge, which RFC 6749 section 5.2 asks for.
    if (error === 'invalid_client') {
      expect(refused).toBeInstanceOf(oauth.WWWAuthenticateChallengeError);
      expect(refused).toMatchObject({
        status,
        cause: [{ scheme: 'basic', parameters: { realm: 'hpts', charset: 'UTF-8' } }],
      });
    } else expect(refused).toMatchObject({ name: 'ResponseBodyError', error, status });
  });

  test.each<[string, string | undefined, object]>([
    ['a token that is none', 'none.at.all', { realm: 'hpts', error: 'invalid_token' }],
    [
      'a token without the scope',
      undefined,
      { realm: 'hpts', error: 'insufficient_scope', scope: 'hpts:payments:write' },
    ],
  ])('the challenge for %s is one that it can read', async (_what, text, parameters) => {
    const token = text ?? (await grantOf(await discover())).access_token;
    const url = new URL(`${partners.ledger.url}/v1/payments`);
    const calling = oauth.protectedResourceRequest(token, 'POST', url, new Headers(), null, insecure);
    const refused = await calling.catch((caught: unknown) => caught);
    expect(refused).toBeInstanceOf(oauth.WWWAuthenticateChallengeError);
    expect(refused).toMatchObject({ cause: [{ scheme: 'bearer', parameters }] });
  });

  test('a partner: the alias for mutual TLS is found and used, and the token is bound', async () => {
    const server = await discover();
    const own = { client_id: partnerCredentials.clientId, use_mtls_endpoint_aliases: true };
    const overTls = { [oauth.customFetch]: fetchWith(certificate, partners.serverAuthority) };
    const authenticate = oauth.ClientSecretBasic(partnerCredentials.clientSecret);
    const form = new URLSearchParams({ scope: SCOPE });
    const answer = await oauth.clientCredentialsGrantRequest(server, own, authenticate, form, overTls);
    const grant = await oauth.processClientCredentialsResponse(server, own, answer);
    const url = balanceUrl(partners.mtlsUrl);
    const call = await oauth.protectedResourceRequest(grant.access_token, 'GET', url, new Headers(), null, overTls);
    expect(call.status).toBe(404);
    const keys = createRemoteJWKSet(new URL(server.jwks_uri ?? ''));
    const { payload } = await jwtVerify(grant.access_token, keys, { issuer: server.issuer, typ: 'at+jwt' });
    expect(payload['cnf']).toEqual({ 'x5t#S256': certificate.thumbprint });
  });
});

describe('openid-client', () => {
  test.each<[string, (secret: string) => client.ClientAuth]>([
    ['client_secret_basic', client.ClientSecretBasic],
    ['client_secret_post', client.ClientSecretPost],
  ])('discovery, token by %s, call', async (_method, authenticate) => {
    const config = await client.discovery(
      new URL(partners.ledger.url),
      credentials.clientId,
      undefined,
      authenticate(credentials.clientSecret),
      { algorithm: 'oauth2', execute: [client.allowInsecureRequests] },
    );
    expect(config.serverMetadata().supportsPKCE()).toBe(false);
    const grant = await client.clientCredentialsGrant(config, { scope: SCOPE });
    expect([grant.scope, grant.expiresIn()]).toEqual([SCOPE, expect.any(Number)]);
    const url = balanceUrl(partners.ledger.url);
    const call = await client.fetchProtectedResource(config, grant.access_token, url, 'GET');
    expect([call.status, await call.json()]).toMatchObject([404, { code: 'loan_not_found' }]);
  });
});

describe('jose', () => {
  test('a token verifies by the published keys, with every claim of RFC 9068', async () => {
    const { api, url } = partners.ledger;
    const keys = createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`));
    const { payload, protectedHeader } = await jwtVerify(await api.token(), keys, {
      issuer: url,
      audience: `${url}/v1`,
      typ: 'at+jwt',
      algorithms: ['RS256'],
      requiredClaims: ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti', 'nbf', 'scope', 'tenant_id'],
    });
    expect(payload).toMatchObject({ sub: api.clientId, client_id: api.clientId, tenant_id: api.tenantId });
    expect(payload['scope']).toBe(SCOPES.join(' '));
    expect(Object.keys(protectedHeader).sort()).toEqual(['alg', 'kid', 'typ']);
  });
});

/** fetch() as a partner has it: over TLS with a certificate, which the built-in one cannot bring along. */
function fetchWith(own: MadeCertificate, authority: MadeCertificate) {
  return async (
    url: string,
    { method, headers, body }: oauth.CustomFetchOptions<string, unknown>,
  ): Promise<Response> => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const tls = { cert: own.pem, key: own.keyPem, ca: authority.pem, agent: false as const };
    const outgoing = tlsRequest(url, { method, headers, ...tls }, (answer) => {
      buffer(answer).then((bytes) => {
        const entries = Object.entries(answer.headers).map(([name, value]) => [name, String(value)] as const);
        resolve(
          new Response(bytes, { status: answer.statusCode ?? 0, headers: new Headers(entries as [string, string][]) }),
        );
      }, reject);
    });
    outgoing.once('error', reject);
    outgoing.end(body instanceof URLSearchParams ? body.toString() : undefined);
    return promise;
  };
}
