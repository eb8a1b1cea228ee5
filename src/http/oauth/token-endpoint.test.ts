import { connect as connectTcp } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACTOR, type AccessInstance, AUDIENCE, ISSUER, startAccessInstance } from '../../../test/access/instance.ts';
import { injected } from '../../../test/openapi/injected.ts';
import { SCOPES, type Scope } from '../../domain/scope.ts';
import { revokeClient, rotateClientSecret } from '../../postgres/access/client.ts';
import { RequestWatch } from '../request-watch.ts';
import { createTokenVerifier } from './access-token.ts';
import { issuerMetadata } from './metadata.ts';
import { tokenEndpoint } from './token-endpoint.ts';

let instance: AccessInstance;
/** An application with what the plugins under test expect of the server that they are part of. */
function plainApp(): FastifyInstance {
  const watch = new RequestWatch({ log: pino({ enabled: false }), accessLog: false, metrics: false });
  return fastify().decorate('watch', watch).decorateRequest('principal', null).decorateRequest('arrivedMs', 0);
}

let app: FastifyInstance;
const NO_CERTIFICATES = { thumbprintOf: () => undefined };

beforeAll(async () => {
  instance = await startAccessInstance();
  app = plainApp();
  const { pool: db, directory } = instance;
  const issuing = { db, directory, issuer: ISSUER, audience: AUDIENCE, tokenLifeSeconds: 3_600 };
  await app.register(tokenEndpoint({ ...issuing, certificates: NO_CERTIFICATES, onProblem: () => undefined }));
  await app.register(issuerMetadata({ issuer: ISSUER, mtlsUrl: null, directory }));
  app.get('/other', async () => ({ ok: true }));
});

afterAll(async () => {
  await app.close();
  await instance.close();
});

type Form = Record<string, string>;
type Request = { form?: Form | string | Buffer; basic?: [string, string]; headers?: Form; url?: string };

function ask(request: Request): Promise<LightMyRequestResponse> {
  const { form = { grant_type: 'client_credentials' }, basic, headers = {}, url = '/oauth2/token' } = request;
  const authorization = basic === undefined ? {} : { authorization: `Basic ${btoa(basic.join(':'))}` };
  return injected(app, {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...authorization, ...headers },
    payload: typeof form === 'string' || Buffer.isBuffer(form) ? form : new URLSearchParams(form).toString(),
  });
}

/** The whole form of the quickstart, with what a test changes. */
function form(changes: Form = {}): Form {
  const { clientId, clientSecret } = instance.credentials;
  return { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret, ...changes };
}

function expectRefusal(response: LightMyRequestResponse, status: number, error: string): void {
  expect([response.statusCode, response.json<{ error: string }>().error]).toEqual([status, error]);
  expect(response.headers['content-type']).toMatch(/^application\/json/);
  expect(response.headers['cache-control']).toBe('no-store');
  expect(response.headers['pragma']).toBe('no-cache');
  expect(response.headers['www-authenticate'] !== undefined).toBe(error === 'invalid_client');
}

test('POST /oauth2/token: 200 with credentials in the form: exactly the promised members, and a token that is accepted', async () => {
  const response = await ask({ form: form({ scope: 'hpts:payments:write hpts:balances:read' }) });
  expect(response.statusCode).toBe(200);
  expect(response.headers['cache-control']).toBe('no-store');
  expect(response.headers['pragma']).toBe('no-cache');
  const body = response.json<{ access_token: string }>();
  expect(body).toEqual({
    access_token: expect.any(String),
    token_type: 'Bearer',
    expires_in: 3600,
    scope: 'hpts:payments:write hpts:balances:read',
  });
  const { directory } = instance;
  const verifier = createTokenVerifier({ directory, issuer: ISSUER, audience: AUDIENCE, tokenLifeSeconds: 3_600 });
  expect(await verifier.verify(`Bearer ${body.access_token}`)).toMatchObject({
    ok: true,
    principal: { tenantId: instance.tenantId, clientId: instance.credentials.clientId },
  });
});

test('200 with HTTP Basic, form-encoded or not, client_id repeated or not', async () => {
  const { clientId, clientSecret } = instance.credentials;
  const grant = { grant_type: 'client_credentials' };
  expect((await ask({ basic: [clientId, clientSecret] })).statusCode).toBe(200);
  expect((await ask({ basic: [clientId.replace('_', '%5F'), clientSecret] })).statusCode).toBe(200);
  expect((await ask({ form: { ...grant, client_id: clientId }, basic: [clientId, clientSecret] })).statusCode).toBe(
    200,
  );
});

test('200 with more than one blank behind the name of the scheme, which may be in any case', async () => {
  const { clientId, clientSecret } = instance.credentials;
  const headers = { authorization: `bAsIc   ${btoa(`${clientId}:${clientSecret}`)}` };
  expect((await ask({ headers })).statusCode).toBe(200);
});

test.each(['; charset=utf-8', ';charset=UTF-8', '; charset="utf-8"', '; boundary=x; charset=utf-8; q=1'])(
  '200 with a form of the type application/x-www-form-urlencoded%s',
  async (parameters) => {
    const headers = { 'content-type': `application/x-www-form-urlencoded${parameters}` };
    expect((await ask({ form: form(), headers })).statusCode).toBe(200);
  },
);

test('200 without scope: every scope of the client; an empty one counts as left out', async () => {
  for (const changes of [{}, { scope: '' }] as Form[]) {
    expect((await ask({ form: form(changes) })).json<{ scope: string }>().scope).toBe(SCOPES.join(' '));
  }
});

test('200 with a scope named twice: it is granted once', async () => {
  const response = await ask({ form: form({ scope: 'hpts:ledger:read hpts:ledger:read' }) });
  expect(response.json<{ scope: string }>().scope).toBe('hpts:ledger:read');
});

test('200 with a parameter that nobody knows and a charset beside the media type', async () => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' };
  expect((await ask({ form: form({ resource: 'x' }), headers })).statusCode).toBe(200);
});

test.each<[string, (good: Form) => Request]>([
  ['an unknown client', (good) => ({ form: { ...good, client_id: 'nobody' } })],
  ['a wrong secret', (good) => ({ form: { ...good, client_secret: 'wrong' } })],
  ['a secret with one more character', (good) => ({ form: { ...good, client_secret: `${good['client_secret']}=` } })],
  ['a client id with U+0000', (good) => ({ form: { ...good, client_id: 'a\0b' } })],
  ['a client id with SQL', (good) => ({ form: { ...good, client_id: "x' OR '1'='1" } })],
  ['a client id too long', (good) => ({ form: { ...good, client_id: 'x'.repeat(65) } })],
  ['no credentials', () => ({})],
  ['no secret', (good) => ({ form: { grant_type: 'client_credentials', client_id: good['client_id'] ?? '' } })],
  ['an empty secret', (good) => ({ form: { ...good, client_secret: '' } })],
  ['a wrong secret by HTTP Basic', (good) => ({ basic: [good['client_id'] ?? '', 'wrong'] })],
  ['HTTP Basic without a colon', () => ({ headers: { authorization: `Basic ${btoa('client')}` } })],
  ['HTTP Basic that is no base64', () => ({ headers: { authorization: 'Basic ?' } })],
  ['HTTP Basic with a broken escape', (good) => ({ basic: [good['client_id'] ?? '', '%zz'] })],
  [
    'HTTP Basic in base64url',
    () => ({ headers: { authorization: `Basic ${btoa('c?:~~~').replace('+', '-').replace('/', '_')}` } }),
  ],
  ['another way to authenticate', () => ({ headers: { authorization: 'Bearer abc' } })],
])('401 invalid_client: %s', async (_name, make) => {
  expectRefusal(await ask(make(form())), 401, 'invalid_client');
});

test.each<[string, string | undefined]>([
  ['unknown', 'hpts:everything:write'],
  ['not granted', 'hpts:payments:write'],
  ['granted and not granted', 'hpts:ledger:read hpts:payments:write'],
  ['in other case', 'HPTS:LEDGER:READ'],
  ['a prefix', 'hpts:ledger'],
  ['two spaces between', 'hpts:ledger:read  hpts:ledger:read'],
  ['a comma between', 'hpts:ledger:read,hpts:balances:read'],
])('400 invalid_scope: %s', async (_name, scope = '') => {
  const granted: Scope[] = ['hpts:ledger:read', 'hpts:balances:read'];
  const { clientId, clientSecret } = await instance.newClient(granted);
  const response = await ask({ form: form({ client_id: clientId, client_secret: clientSecret, scope }) });
  expectRefusal(response, 400, 'invalid_scope');
});

test.each(['authorization_code', 'password', 'CLIENT_CREDENTIALS', 'client_credentials '])(
  '400 unsupported_grant_type: %s',
  async (grantType) => {
    expectRefusal(await ask({ form: form({ grant_type: grantType }) }), 400, 'unsupported_grant_type');
  },
);

const pair = (good: Form): string => new URLSearchParams(good).toString();

test.each<[string, (good: Form) => Request]>([
  ['no grant_type', (good) => ({ form: { ...good, grant_type: '' } })],
  ['an empty body', () => ({ form: '' })],
  ['grant_type twice', (good) => ({ form: `${pair(good)}&grant_type=client_credentials` })],
  ['client_id twice', (good) => ({ form: `${pair(good)}&client_id=x` })],
  ['scope twice, once empty', (good) => ({ form: `${pair(good)}&scope=&scope=hpts%3Aledger%3Aread` })],
  [
    'two ways to authenticate',
    (good) => ({ form: good, basic: [good['client_id'] ?? '', good['client_secret'] ?? ''] }),
  ],
  [
    'client_id that is not the one of HTTP Basic',
    (good) => ({
      form: { grant_type: 'client_credentials', client_id: 'other' },
      basic: [good['client_id'] ?? '', good['client_secret'] ?? ''],
    }),
  ],
  ['parameters in the URI', (good) => ({ form: good, url: `/oauth2/token?${pair(good)}` })],
  ['JSON', (good) => ({ form: JSON.stringify(good), headers: { 'content-type': 'application/json' } })],
  ['text', (good) => ({ form: pair(good), headers: { 'content-type': 'text/plain' } })],
  [
    'a form in ISO-8859-1',
    (good) => ({
      form: pair(good),
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=ISO-8859-1' },
    }),
  ],
  ['a compressed form', (good) => ({ form: pair(good), headers: { 'content-encoding': 'gzip' } })],
  ['no UTF-8', () => ({ form: Buffer.from([0x61, 0x3d, 0xff]) })],
])('400 invalid_request: %s', async (_name, make) => {
  expectRefusal(await ask(make(form())), 400, 'invalid_request');
});

test('400 invalid_request: two Authorization headers', async () => {
  const { clientId, clientSecret } = instance.credentials;
  const basic = `Basic ${btoa(`${clientId}:${clientSecret}`)}`;
  const payload = 'grant_type=client_credentials';
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  const socket = connectTcp({ host: '127.0.0.1', port: Number(port) });
  socket.end(
    `POST /oauth2/token HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: ${basic}\r\nauthorization: ${basic}\r\n` +
      `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${payload.length}\r\n\r\n${payload}`,
  );
  const answer = await readText(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer).toContain('the Authorization header is given twice');
});

test('POST /oauth2/token: 413 invalid_request: a body over 16 KiB', async () => {
  expectRefusal(await ask({ form: form({ scope: 'x'.repeat(20_000) }) }), 413, 'invalid_request');
});

test.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const)('405 for %s, with what is allowed', async (method) => {
  const response = await injected(app, { method, url: '/oauth2/token' });
  expectRefusal(response, 405, 'invalid_request');
  expect(response.headers['allow']).toBe('POST');
});

test('every error_description is of the characters that RFC 6749 section 5.2 allows', async () => {
  const { client_id: id = '', client_secret: secret = '' } = form();
  const responses = await Promise.all([
    ask({}),
    ask({ form: '' }),
    ask({ form: form({ client_secret: 'wrong' }) }),
    ask({ form: form({ scope: '"\\ü' }) }),
    ask({ form: form({ grant_type: '"\\' }) }),
    ask({ form: form(), basic: [id, secret] }),
    ask({ form: form({ client_id: 'other', client_secret: '' }), basic: [id, secret] }),
    ask({ form: form({ scope: 'x'.repeat(20_000) }) }),
    ask({ form: Buffer.from([0xff]) }),
    ask({ form: '{}', headers: { 'content-type': 'application/json' } }),
    injected(app, { method: 'GET', url: '/oauth2/token' }),
  ]);
  for (const response of responses) {
    const { error_description: description } = response.json<{ error_description: string }>();
    expect(description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
  }
});

test('a refusal repeats nothing that was sent', async () => {
  const canary = 'canary-7c1f';
  const responses = await Promise.all([
    ask({ form: form({ client_secret: canary }) }),
    ask({ form: form({ client_id: canary }) }),
    ask({ form: form({ scope: canary }) }),
    ask({ form: form({ grant_type: canary }) }),
    ask({ form: `${canary}=1&${canary}=2` }),
  ]);
  for (const response of responses) expect(JSON.stringify([response.body, response.headers])).not.toContain(canary);
});

test('a revoked client gets no further token, at once', async () => {
  const { clientId, clientSecret } = await instance.newClient(['hpts:ledger:read']);
  const credentials = form({ client_id: clientId, client_secret: clientSecret });
  expect((await ask({ form: credentials })).statusCode).toBe(200);
  await revokeClient(instance.address, { clientId }, ACTOR);
  expectRefusal(await ask({ form: credentials }), 401, 'invalid_client');
});

test.each([
  [3_600, 200],
  [0, 401],
])('after a rotation with an overlap of %i s the old secret answers %i, the new one 200', async (overlap, status) => {
  const before = await instance.newClient(['hpts:ledger:read']);
  const wish = { clientId: before.clientId, overlapSeconds: overlap };
  const after = await rotateClientSecret(instance.address, wish, ACTOR);
  const old = form({ client_id: before.clientId, client_secret: before.clientSecret });
  expect((await ask({ form: old })).statusCode).toBe(status);
  expect((await ask({ form: { ...old, client_secret: after.clientSecret } })).statusCode).toBe(200);
});

test('POST /oauth2/token: 503 with Retry-After while the database does not answer, and for more requests at once than there is room', async () => {
  const lonely = plainApp();
  const failing = { query: () => Promise.reject(new Error('no database')) } as never;
  const problems: unknown[] = [];
  const { directory } = instance;
  const issuing = { db: failing, directory, issuer: ISSUER, audience: AUDIENCE, tokenLifeSeconds: 3_600 };
  await lonely.register(
    tokenEndpoint({ ...issuing, certificates: NO_CERTIFICATES, onProblem: (problem) => problems.push(problem) }),
  );
  const url = '/oauth2/token';
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const response = await injected(lonely, { method: 'POST', url, headers, payload: pair(form()) });
  expectRefusal(response, 503, 'temporarily_unavailable');
  expect(response.headers['retry-after']).toBe('1');
  expect(problems).toHaveLength(1);
  await lonely.close();
  const crowd = await Promise.all(Array.from({ length: 65 }, () => ask({ form: form() })));
  expect(new Set(crowd.map(({ statusCode }) => statusCode))).toEqual(new Set([200, 503]));
});

test('routes beside it keep their own parsers and headers', async () => {
  const response = await app.inject({ url: '/other' });
  expect([response.statusCode, response.headers['cache-control']]).toEqual([200, undefined]);
});

test('the metadata name the endpoints, the scopes and the two ways to authenticate', async () => {
  const response = await injected(app, { url: '/.well-known/oauth-authorization-server' });
  expect(response.json()).toEqual({
    issuer: ISSUER,
    token_endpoint: `${ISSUER}/oauth2/token`,
    jwks_uri: `${ISSUER}/.well-known/jwks.json`,
    scopes_supported: [...SCOPES],
    response_types_supported: [],
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
  });
});

test('GET /.well-known/oauth-authorization-server: 200 under the path of an issuer that has one (RFC 8414 section 3.1)', async () => {
  const elsewhere = plainApp();
  const issuer = 'https://ledger.example/books/';
  await elsewhere.register(issuerMetadata({ issuer, mtlsUrl: 'https://mtls.example/', directory: instance.directory }));
  for (const url of ['/.well-known/oauth-authorization-server', '/.well-known/oauth-authorization-server/books']) {
    expect((await elsewhere.inject({ url })).json()).toMatchObject({
      issuer,
      token_endpoint: 'https://ledger.example/books/oauth2/token',
      jwks_uri: 'https://ledger.example/books/.well-known/jwks.json',
      tls_client_certificate_bound_access_tokens: true,
      mtls_endpoint_aliases: { token_endpoint: 'https://mtls.example/oauth2/token' },
    });
  }
  await elsewhere.close();
});

test.each<[string, RegExp]>([
  ['/.well-known/oauth-authorization-server', /^application\/json/],
  ['/.well-known/jwks.json', /^application\/jwk-set\+json/],
])('GET %s: 200 for HEAD as well, 405 method_not_allowed for the rest', async (url, type) => {
  for (const method of ['GET', 'HEAD'] as const) {
    const response = await injected(app, { method, url });
    expect([response.statusCode, response.headers['cache-control']]).toEqual([200, 'public, max-age=60']);
    expect(response.headers['content-type']).toMatch(type);
  }
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const) {
    const response = await injected(app, { method, url });
    expect([response.statusCode, response.headers['allow']]).toEqual([405, 'GET, HEAD']);
    expect(response.json()).toMatchObject({ code: 'method_not_allowed' });
  }
});

test('GET /.well-known/jwks.json: 503 unavailable while the keys are not known', async () => {
  const lonely = plainApp();
  const directory = { ...instance.directory, stateAt: () => undefined, stateSince: async () => undefined };
  await lonely.register(issuerMetadata({ issuer: ISSUER, mtlsUrl: null, directory }));
  const response = await injected(lonely, { url: '/.well-known/jwks.json' });
  expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '1']);
  expect(response.json()).toMatchObject({ code: 'unavailable' });
  await lonely.close();
});

test('GET /.well-known/jwks.json: 200 with public members only', async () => {
  const response = await injected(app, { url: '/.well-known/jwks.json' });
  const { keys } = response.json<{ keys: Record<string, string>[] }>();
  expect(keys).toHaveLength(1);
  expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
});
