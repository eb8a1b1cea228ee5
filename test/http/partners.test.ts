import { once } from 'node:events';
import { text as readText } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readCertificate } from '../../src/postgres/access/certificate.ts';
import type { ClientCredentials } from '../../src/postgres/access/client.ts';
import { addClientCertificate, removeClientCertificate } from '../../src/postgres/access/client-certificate.ts';
import { type MadeCertificate, makeCertificate } from '../access/certificate-maker.ts';
import { askForToken, clientCert, type PartnerLedger, startPartnerLedger, tokenOf } from '../access/partner-ledger.ts';
import { forgeToken, ownForge } from '../access/token-forge.ts';
import type { HttpAnswer, HttpClient } from './http-client.ts';
import { NOBODY, newLoan, payment } from './loan-story.ts';
import { booksOf, expectProblem } from './problem.ts';

/** Partners: certificates registered per client, tokens bound to them (RFC 8705), Client-Cert (RFC 9440). */
const PROXY = '127.0.0.2';
const ACTOR = { actor: 'test' };
const CHALLENGE = 'Bearer realm="hpts", error="invalid_token"';
const first = makeCertificate({ name: 'partner' });
const second = makeCertificate({ name: 'partner, the year after' });
const strangers = makeCertificate({ name: 'stranger' });
let partners: PartnerLedger;
let client: ClientCredentials;
let token: string;

beforeAll(async () => {
  partners = await startPartnerLedger({ settings: { HPTS_TRUSTED_PROXIES: `10.0.0.0/8, ${PROXY}, fd00::/8` } });
  client = await partners.newClient(first);
  token = await tokenOf(partners.caller(first), client);
});
afterAll(() => partners.stop());

function balance(http: HttpClient, bearer: string, headers: readonly string[] = []): Promise<HttpAnswer> {
  const path = `/v1/loans/${NOBODY}/balance`;
  return http.send({ method: 'GET', path, headers: ['authorization', `Bearer ${bearer}`, ...headers] });
}

const expectAccepted = (answer: HttpAnswer): void => expectProblem(answer, { status: 404, code: 'loan_not_found' });
function expectForbidden(answer: HttpAnswer, code: 'certificate_required' | 'certificate_mismatch'): void {
  expectProblem(answer, { status: 403, code });
  expect(answer.headers['www-authenticate']).toBe(CHALLENGE);
}
function expectInvalidClient(answer: HttpAnswer): void {
  expect([answer.status, answer.json]).toMatchObject([401, { error: 'invalid_client' }]);
  expect(answer.headers['www-authenticate']).toBe('Basic realm="hpts", charset="UTF-8"');
  expect(answer.headers['cache-control']).toBe('no-store');
}
function register(certificate: MadeCertificate, clientId: string): Promise<void> {
  const identity = readCertificate(certificate.der);
  if (identity === undefined) throw new Error('the certificate cannot be read');
  return addClientCertificate(partners.ledger.address, { clientId, certificate: identity }, ACTOR);
}

describe('POST /oauth2/token of a client with a certificate', () => {
  test('200 over mutual TLS with it: the token is bound to it', () => {
    expect(decodeJwt(token)['cnf']).toEqual({ 'x5t#S256': first.thumbprint });
  });

  test('401 invalid_client over plain HTTP, whatever header comes along', async () => {
    expectInvalidClient(await askForToken(partners.plainCaller(), client));
    expectInvalidClient(await askForToken(partners.plainCaller(), client, ['client-cert', clientCert(first)]));
  });

  test('401 invalid_client over TLS without a certificate, or with one that is not registered', async () => {
    expectInvalidClient(await askForToken(partners.caller(), client));
    expectInvalidClient(await askForToken(partners.caller(strangers), client));
    const headers = ['client-cert', clientCert(first)];
    expectInvalidClient(await askForToken(partners.caller(strangers), client, headers));
  });

  test('401 invalid_client with the certificate and a wrong secret, or of another client', async () => {
    expectInvalidClient(await askForToken(partners.caller(first), { ...client, clientSecret: 'wrong' }));
    const other = await partners.newClient(strangers);
    expectInvalidClient(await askForToken(partners.caller(first), other));
  });

  test('200 by a trusted proxy that passes the certificate on', async () => {
    const headers = ['client-cert', clientCert(first)];
    const bound = await tokenOf(partners.plainCaller(PROXY), client, headers);
    expect(decodeJwt(bound)['cnf']).toEqual({ 'x5t#S256': first.thumbprint });
    expectAccepted(await balance(partners.caller(first), bound));
  });
});

describe('GET /v1/loans/{loan_id}/balance with a bound token', () => {
  test('404 loan_not_found over mutual TLS with its certificate: it is accepted, on a kept connection too', async () => {
    const caller = partners.caller(first);
    for (let time = 0; time < 3; time += 1) expectAccepted(await balance(caller, token));
  });

  test('403 certificate_required: a bound token without its certificate', async () => {
    expectForbidden(await balance(partners.plainCaller(), token), 'certificate_required');
    expectForbidden(await balance(partners.caller(), token), 'certificate_required');
  });

  test("403 certificate_mismatch: a bound token with another's certificate", async () => {
    expectForbidden(await balance(partners.caller(strangers), token), 'certificate_mismatch');
    await register(strangers, (await partners.newClient()).clientId);
    expectForbidden(await balance(partners.caller(strangers), token), 'certificate_mismatch');
  });

  test('403 certificate_required: Client-Cert of somebody who is no trusted proxy', async () => {
    const headers = ['client-cert', clientCert(first)];
    expectForbidden(await balance(partners.plainCaller(), token, headers), 'certificate_required');
    expectForbidden(await balance(partners.plainCaller('127.0.0.3'), token, headers), 'certificate_required');
  });

  test('403: Client-Cert over TLS is not looked at, not even that of a trusted proxy', async () => {
    const headers = ['client-cert', clientCert(first)];
    expectForbidden(await balance(partners.caller(), token, headers), 'certificate_required');
    expectForbidden(await balance(partners.caller(strangers), token, headers), 'certificate_mismatch');
    expectForbidden(await balance(partners.caller(undefined, PROXY), token, headers), 'certificate_required');
  });

  test('404 loan_not_found: Client-Cert of a trusted proxy', async () => {
    expectAccepted(await balance(partners.plainCaller(PROXY), token, ['client-cert', clientCert(first)]));
    const other = ['client-cert', clientCert(strangers)];
    expectForbidden(await balance(partners.plainCaller(PROXY), token, other), 'certificate_mismatch');
  });

  test.each<[string, () => string[]]>([
    ['none', () => []],
    ['twice', () => ['client-cert', clientCert(first), 'client-cert', clientCert(first)]],
    ['two in one', () => ['client-cert', `${clientCert(first)}, ${clientCert(first)}`]],
    ['as a list', () => ['client-cert', `(${clientCert(first)})`]],
    ['with a parameter', () => ['client-cert', `${clientCert(first)};a=1`]],
    ['without colons', () => ['client-cert', first.der.toString('base64')]],
    ['in base64url', () => ['client-cert', `:${first.der.toString('base64url')}-_:`]],
    ['PEM', () => ['client-cert', encodeURIComponent(first.pem)]],
    ['PEM in base64', () => ['client-cert', `:${Buffer.from(first.pem).toString('base64')}:`]],
    [
      'bytes behind the certificate',
      () => ['client-cert', `:${Buffer.concat([first.der, first.der]).toString('base64')}:`],
    ],
    ['half a certificate', () => ['client-cert', `:${first.der.subarray(0, 100).toString('base64')}:`]],
    ['empty', () => ['client-cert', '::']],
    ['a thumbprint', () => ['client-cert', `:${first.thumbprint}=:`]],
    ['in another header', () => ['x-client-cert', clientCert(first), 'ssl-client-cert', encodeURIComponent(first.pem)]],
    ['in the chain', () => ['client-cert-chain', clientCert(first)]],
  ])('403 certificate_required: the proxy passes on %s', async (_what, headers) => {
    expectForbidden(await balance(partners.plainCaller(PROXY), token, headers()), 'certificate_required');
  });

  test('403 certificate_required goes before 403 insufficient_scope', async () => {
    const poor = await partners.newClient(first, ['hpts:audit:read']);
    const bound = await tokenOf(partners.caller(first), poor);
    expectForbidden(await balance(partners.plainCaller(), bound), 'certificate_required');
    expectProblem(await balance(partners.caller(first), bound), { status: 403, code: 'insufficient_scope' });
  });
});

test('POST /v1/payments: 403 certificate_required, 403 certificate_mismatch: nothing is posted; 201 with the certificate', async () => {
  const { ledger } = partners;
  const loan = await newLoan(ledger.api);
  const before = await booksOf(ledger);
  const post = (http: HttpClient) =>
    http.send({
      method: 'POST',
      path: '/v1/payments',
      headers: [
        'authorization',
        `Bearer ${token}`,
        'content-type',
        'application/json',
        'idempotency-key',
        'partner:pays-1',
      ],
      body: JSON.stringify(payment(loan)),
    });
  expectForbidden(await post(partners.plainCaller()), 'certificate_required');
  expectForbidden(await post(partners.caller(strangers)), 'certificate_mismatch');
  expect(await booksOf(ledger)).toBe(before);
  expect((await post(partners.caller(first))).status).toBe(201);
  const [entry] = await ledger.sql<{ actor: string }>(
    `SELECT actor FROM hpts.journal_entry WHERE idempotency_key = 'partner:pays-1'`,
  );
  expect(entry?.actor).toBe(client.clientId);
});

describe('GET /v1/loans/{loan_id}/balance: 401 invalid_token', () => {
  test('a token of ours that names a certificate which its client does not have', async () => {
    const forge = await ownForge(partners.ledger);
    const cnf = { 'x5t#S256': strangers.thumbprint };
    const notBound = forgeToken(forge, { claims: { cnf } });
    const others = forgeToken({ ...forge, clientId: client.clientId }, { claims: { cnf } });
    for (const forged of [notBound, others]) {
      expectProblem(await balance(partners.caller(strangers), forged), { status: 401, code: 'invalid_token' });
    }
  });

  test('an unbound token of a client with a certificate, even over mutual TLS with it', async () => {
    const forged = forgeToken({ ...(await ownForge(partners.ledger)), clientId: client.clientId });
    expectProblem(await balance(partners.caller(first), forged), { status: 401, code: 'invalid_token' });
  });
});

test('a client without a certificate is served on both listeners, whatever certificate comes along', async () => {
  const plain = await partners.newClient();
  for (const caller of [partners.plainCaller(), partners.caller(), partners.caller(strangers)]) {
    const unbound = await tokenOf(caller, plain);
    expect(decodeJwt(unbound)['cnf']).toBeUndefined();
    expectAccepted(await balance(partners.plainCaller(), unbound));
    expectAccepted(await balance(caller, unbound));
  }
});

test('one certificate follows another: each token with its own; what is removed is refused, and the last shuts out', async () => {
  const { address } = partners.ledger;
  const { clientId, clientSecret } = await partners.newClient();
  const credentials = { clientId, clientSecret };
  const unbound = await tokenOf(partners.plainCaller(), credentials);
  await register(first, clientId);
  expectInvalidClient(await askForToken(partners.plainCaller(), credentials));
  await untilRefused(() => balance(partners.plainCaller(), unbound));
  const old = await tokenOf(partners.caller(first), credentials);
  await register(second, clientId);
  const next = await tokenOf(partners.caller(second), credentials);
  expectAccepted(await balance(partners.caller(first), old));
  expectAccepted(await balance(partners.caller(second), next));
  expectForbidden(await balance(partners.caller(second), old), 'certificate_mismatch');
  const removed = { clientId, thumbprint: first.thumbprint };
  expect(await removeClientCertificate(address, removed, ACTOR)).toEqual({ certificatesLeft: 1 });
  expectInvalidClient(await askForToken(partners.caller(first), credentials));
  await untilRefused(() => balance(partners.caller(first), old));
  expectAccepted(await balance(partners.caller(second), next));
  await removeClientCertificate(address, { clientId, thumbprint: second.thumbprint }, ACTOR);
  for (const caller of [partners.plainCaller(), partners.caller(), partners.caller(second)]) {
    expectInvalidClient(await askForToken(caller, credentials));
  }
  await untilRefused(() => balance(partners.caller(second), next));
});

async function untilRefused(ask: () => Promise<HttpAnswer>): Promise<void> {
  await expect.poll(async () => (await ask()).status, { timeout: 10_000, interval: 50 }).toBe(401);
}

test('a certificate counts until it expires', async () => {
  const brief = makeCertificate({ name: 'brief', validTo: new Date(Date.now() + 4_000) });
  const credentials = await partners.newClient(brief);
  const caller = partners.caller(brief);
  const bound = await tokenOf(caller, credentials);
  expectAccepted(await balance(caller, bound));
  await expect.poll(async () => (await balance(caller, bound)).status, { timeout: 10_000, interval: 50 }).toBe(403);
  expectForbidden(await balance(caller, bound), 'certificate_required');
  expectInvalidClient(await askForToken(caller, credentials));
});

test('a certificate does not count before its time', async () => {
  const early = makeCertificate({ name: 'early', validFrom: new Date(Date.now() + 3_600_000) });
  expectInvalidClient(await askForToken(partners.caller(early), await partners.newClient(early)));
});

test('GET /.well-known/oauth-authorization-server: 200 with the address for mutual TLS', async () => {
  const answer = await partners.ledger.api.get('/.well-known/oauth-authorization-server', { token: null });
  expect(answer.json).toMatchObject({
    tls_client_certificate_bound_access_tokens: true,
    mtls_endpoint_aliases: { token_endpoint: `${partners.mtlsUrl}/oauth2/token` },
  });
});

test('GET /v1/loans/{loan_id}/balance: a resumed TLS session has the certificate of its first handshake, and no other', async () => {
  for (const [certificate, status] of [
    [first, 404],
    [strangers, 403],
  ] as const) {
    const session = await sessionOf(certificate);
    const socket = connectTls({ ...tlsOptions(certificate), session });
    await once(socket, 'secureConnect');
    expect(socket.isSessionReused()).toBe(true);
    socket.write(
      `GET /v1/loans/${NOBODY}/balance HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    expect(await readText(socket)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  }
});

function tlsOptions({ pem, keyPem }: MadeCertificate) {
  const port = Number(new URL(partners.mtlsUrl).port);
  return { host: '127.0.0.1', port, ca: partners.serverAuthority.pem, cert: pem, key: keyPem };
}

async function sessionOf(certificate: MadeCertificate): Promise<Buffer> {
  const socket = connectTls(tlsOptions(certificate));
  const [session] = (await once(socket, 'session')) as [Buffer];
  socket.destroy();
  return session;
}

describe('where the authorities of partners are set', () => {
  const authority = makeCertificate({ name: 'authority', isAuthority: true });
  let strict: PartnerLedger;
  beforeAll(async () => {
    strict = await startPartnerLedger({ clientAuthority: authority });
  });
  afterAll(() => strict.stop());

  test('POST /oauth2/token: 200 with a registered certificate that they signed', async () => {
    const signed = makeCertificate({ name: 'signed', authority });
    const credentials = await strict.newClient(signed);
    const bound = await tokenOf(strict.caller(signed), credentials);
    expectAccepted(await balance(strict.caller(signed), bound));
    expectForbidden(await balance(strict.caller(first), bound), 'certificate_required');
  });

  test.each<[string, MadeCertificate]>([
    ['self-signed', first],
    [
      'signed by an authority of the same name',
      makeCertificate({ name: 'x', authority: makeCertificate({ name: 'authority', isAuthority: true }) }),
    ],
    [
      'signed by a certificate that is no authority',
      makeCertificate({ name: 'x', authority: makeCertificate({ name: 'signed', authority }) }),
    ],
  ])('POST /oauth2/token: 401 invalid_client with a registered certificate that is %s', async (_what, made) => {
    expectInvalidClient(await askForToken(strict.caller(made), await strict.newClient(made)));
  });
});
