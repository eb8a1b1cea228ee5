import { createHmac, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { CompactEncrypt, importJWK } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  ACTOR,
  type AccessInstance,
  AUDIENCE,
  ISSUER,
  startAccessInstance,
  TOKEN_LIFE_SECONDS,
} from '../../../test/access/instance.ts';
import { createTenant } from '../../postgres/access/tenant.ts';
import { createTokenVerifier, type TokenVerdict, type TokenVerifier } from './access-token.ts';
import type { RingKey } from './signing-keys.ts';

/**
 * The table of TRUST.md section 5, "Tokens". Most tokens here are signed with the server's own key: so it is the check
 * under test that refuses them and not the signature.
 */
let instance: AccessInstance;
let verifier: TokenVerifier;
let key: RingKey;
let otherTenantId: string;

beforeAll(async () => {
  instance = await startAccessInstance();
  verifier = createTokenVerifier({
    directory: instance.directory,
    issuer: ISSUER,
    audience: AUDIENCE,
    tokenLifeSeconds: TOKEN_LIFE_SECONDS,
  });
  const other = await createTenant(instance.address, { name: 'Other', timezone: 'UTC', currency: 'USD' }, ACTOR);
  otherTenantId = other.tenantId;
  const signer = instance.directory.stateAt(performance.now())?.keys.signer();
  if (signer === undefined) throw new Error('the instance has no key');
  key = signer;
});

afterAll(() => instance.close());

type Members = Record<string, unknown>;

function now(): number {
  return Math.floor(instance.directory.databaseTimeMs(performance.now()) / 1_000);
}

function goodHeader(): Members {
  return { alg: 'RS256', typ: 'at+jwt', kid: key.kid };
}

function goodClaims(): Members {
  const { clientId } = instance.credentials;
  return {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: clientId,
    client_id: clientId,
    tenant_id: instance.tenantId,
    scope: 'hpts:payments:write hpts:ledger:read',
    iat: now(),
    nbf: now(),
    exp: now() + 600,
    jti: randomUUID(),
  };
}

const encode = (text: string | Buffer): string => Buffer.from(text).toString('base64url');

/** Signs two texts as they stand, whatever they hold. */
function signTexts(header: string, claims: string, privateKey: KeyObject = key.privateKey): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${encode(sign('sha256', Buffer.from(input), privateKey))}`;
}

function token(changes: { header?: Members; claims?: Members; without?: string } = {}): string {
  const claims = { ...goodClaims(), ...changes.claims };
  if (changes.without !== undefined) delete claims[changes.without];
  return signTexts(JSON.stringify({ ...goodHeader(), ...changes.header }), JSON.stringify(claims));
}

const verify = async (authorization: string): Promise<TokenVerdict> => verifier.verify(authorization);

test('the token that the attacks start from is accepted, twice', async () => {
  const authorization = `Bearer ${token()}`;
  const first = await verify(authorization);
  expect(first).toMatchObject({
    ok: true,
    principal: { tenantId: instance.tenantId, clientId: instance.credentials.clientId },
  });
  expect(verifier.verify(authorization)).toBe(first);
});

test.each<[string, () => string]>([
  ['typ application/at+jwt', () => token({ header: { typ: 'application/at+jwt' } })],
  ['aud as an array of the one audience', () => token({ claims: { aud: [AUDIENCE] } })],
  ['a claim nobody asked for', () => token({ claims: { amr: ['x'] } })],
])('accepted: %s', async (_name, make) => {
  expect(await verify(`Bearer ${make()}`)).toMatchObject({ ok: true });
});

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const foreignJwk = rsa.publicKey.export({ format: 'jwk' });

function unsigned(alg: string): string {
  return `${encode(JSON.stringify({ ...goodHeader(), alg }))}.${encode(JSON.stringify(goodClaims()))}.`;
}

/** The public key's text used as the secret of a MAC: the classic confusion of algorithms. */
function macToken(secret: string | Buffer): string {
  const input = `${encode(JSON.stringify({ ...goodHeader(), alg: 'HS256' }))}.${encode(JSON.stringify(goodClaims()))}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

function selfSigned(header: Members): string {
  return signTexts(JSON.stringify({ ...goodHeader(), ...header }), JSON.stringify(goodClaims()), rsa.privateKey);
}

function doubled(name: string, first: unknown): string {
  const claims = JSON.stringify(goodClaims());
  return signTexts(JSON.stringify(goodHeader()), `{"${name}":${JSON.stringify(first)},${claims.slice(1)}`);
}

function rawClaim(name: string, source: string): string {
  const claims = JSON.stringify({ ...goodClaims(), [name]: '@' });
  return signTexts(JSON.stringify(goodHeader()), claims.replace('"@"', source));
}

/** The last character of the signature with a spare bit set: the same bytes to a lenient decoder. */
function spareBits(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return text.slice(0, -1) + (alphabet[alphabet.indexOf(text.at(-1) ?? '') + 1] ?? '');
}

const ATTACKS: readonly [string, () => string | Promise<string>][] = [
  ...['none', 'None', 'NONE', 'nOnE'].map((alg): [string, () => string] => [`alg ${alg}`, () => unsigned(alg)]),
  ['alg none with a signature', () => token({ header: { alg: 'none' } })],
  ['HS256 with the public key in PEM', () => macToken(key.publicKey.export({ type: 'spki', format: 'pem' }))],
  ['HS256 with the public key in DER', () => macToken(key.publicKey.export({ type: 'spki', format: 'der' }))],
  ['HS256 with the public modulus', () => macToken(Buffer.from(key.publicJwk.n ?? '', 'base64url'))],
  ...['RS512', 'PS256', 'rs256', 'ES256'].map((alg): [string, () => string] => [
    `alg ${alg}`,
    () => token({ header: { alg } }),
  ]),
  ['key brought along by jwk', () => selfSigned({ jwk: foreignJwk })],
  ['key brought along by jku', () => selfSigned({ jku: 'http://127.0.0.1:9/jwks.json' })],
  ['key brought along by x5u', () => selfSigned({ x5u: 'http://127.0.0.1:9/cert.pem' })],
  ['key brought along by x5c', () => selfSigned({ x5c: ['MIIB'] })],
  ['jwk beside a good signature', () => token({ header: { jwk: foreignJwk } })],
  ['another issuer with the same kid', () => selfSigned({})],
  ...['../../etc/passwd', "x' OR '1'='1", 'a\0b', '', '__proto__', 'A'.repeat(43)].map(
    (kid): [string, () => string] => [`kid ${JSON.stringify(kid)}`, () => token({ header: { kid } })],
  ),
  ['kid a number', () => token({ header: { kid: 1 } })],
  ['kid an array', () => token({ header: { kid: [key.kid] } })],
  ['kid missing', () => token({ header: { kid: undefined } })],
  ['another iss', () => token({ claims: { iss: 'http://127.0.0.1:8081' } })],
  ['iss with a slash', () => token({ claims: { iss: `${ISSUER}/` } })],
  ['iss an array', () => token({ claims: { iss: [ISSUER] } })],
  ['wrong aud', () => token({ claims: { aud: 'other' } })],
  ['aud by prefix', () => token({ claims: { aud: `${AUDIENCE}-admin` } })],
  ['an extra aud', () => token({ claims: { aud: [AUDIENCE, 'other'] } })],
  ['no aud in an array', () => token({ claims: { aud: [] } })],
  ['aud an object', () => token({ claims: { aud: { 0: AUDIENCE, length: 1 } } })],
  ...['iss', 'aud', 'sub', 'client_id', 'tenant_id', 'scope', 'iat', 'nbf', 'exp', 'jti'].map(
    (without): [string, () => string] => [`${without} missing`, () => token({ without })],
  ),
  ['exp as string', () => token({ claims: { exp: String(now() + 600) } })],
  ['exp as float', () => token({ claims: { exp: now() + 600.5 } })],
  ['exp negative', () => token({ claims: { exp: -1 } })],
  ['exp 1e400', () => rawClaim('exp', '1e400')],
  ['exp null', () => token({ claims: { exp: null } })],
  ['exp past', () => token({ claims: { iat: now() - 700, nbf: now() - 700, exp: now() - 1 } })],
  ['exp this very second', () => token({ claims: { iat: now() - 700, nbf: now() - 700, exp: now() } })],
  ['exp far away', () => token({ claims: { exp: now() + TOKEN_LIFE_SECONDS + 1 } })],
  ['exp before iat', () => token({ claims: { iat: now() + 4, exp: now() + 3 } })],
  ['future nbf', () => token({ claims: { nbf: now() + 60 } })],
  ['future iat', () => token({ claims: { iat: now() + 60 } })],
  ['nbf as string', () => token({ claims: { nbf: String(now()) } })],
  ['payload an array', () => signTexts(JSON.stringify(goodHeader()), JSON.stringify([goodClaims()]))],
  ['payload null', () => signTexts(JSON.stringify(goodHeader()), 'null')],
  ['payload no JSON', () => signTexts(JSON.stringify(goodHeader()), 'hello')],
  [
    'payload with a byte order mark',
    () => signTexts(JSON.stringify(goodHeader()), `\ufeff${JSON.stringify(goodClaims())}`),
  ],
  ['header an array', () => signTexts(JSON.stringify([goodHeader()]), JSON.stringify(goodClaims()))],
  ['tenant_id an array', () => token({ claims: { tenant_id: [instance.tenantId] } })],
  ['tenant_id an object', () => token({ claims: { tenant_id: { id: instance.tenantId } } })],
  ['tenant_id a number', () => token({ claims: { tenant_id: 1 } })],
  ['tenant_id empty', () => token({ claims: { tenant_id: '' } })],
  ['tenant_id two tenants', () => token({ claims: { tenant_id: `${instance.tenantId},${otherTenantId}` } })],
  ['tenant_id foreign', () => token({ claims: { tenant_id: otherTenantId } })],
  ['tenant_id in upper case', () => token({ claims: { tenant_id: instance.tenantId.toUpperCase() } })],
  ['scope an array', () => token({ claims: { scope: ['hpts:payments:write'] } })],
  ['client_id unknown', () => token({ claims: { client_id: 'somebody', sub: 'somebody' } })],
  ['typ of an ID token', () => token({ header: { typ: 'JWT' } })],
  ['typ missing', () => token({ header: { typ: undefined } })],
  ['unknown crit', () => token({ header: { crit: ['exp'], exp: 1 } })],
  ['b64 false', () => token({ header: { b64: false, crit: ['b64'] } })],
  ['zip', () => token({ header: { zip: 'DEF' } })],
  [
    'a JWE',
    async () =>
      new CompactEncrypt(Buffer.from(JSON.stringify(goodClaims())))
        .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', typ: 'at+jwt', kid: key.kid })
        .encrypt(await importJWK({ ...key.publicJwk, alg: 'RSA-OAEP-256', use: 'enc' }, 'RSA-OAEP-256')),
  ],
  ['padding', () => `${token()}==`],
  ['spare bits in the last character', () => spareBits(token())],
  ['white space inside', () => token().replace('.', '. ')],
  ['white space at the end', () => `${token()} `],
  ['a line break inside', () => token().replace('.', '.\n')],
  ['two spaces before', () => ` ${token()}`],
  ['an extra dot', () => `${token()}.`],
  ['a dot too many in front', () => `.${token()}`],
  ['a segment too few', () => token().split('.').slice(0, 2).join('.')],
  ['no signature', () => `${token().split('.').slice(0, 2).join('.')}.`],
  ['base64 instead of base64url', () => token().replace(/^./, '+')],
  [
    'a claim changed after signing',
    () => {
      const [header, , signature] = token().split('.');
      return `${header}.${encode(JSON.stringify({ ...goodClaims(), tenant_id: otherTenantId }))}.${signature}`;
    },
  ],
  ['duplicate tenant_id', () => doubled('tenant_id', 'x')],
  ['duplicate exp', () => doubled('exp', 1)],
  ['duplicate scope, spelled with an escape', () => doubled('\\u0073cope', 'hpts:ledger:read')],
  [
    'duplicate alg',
    () => signTexts(JSON.stringify(goodHeader()).replace('{', '{"alg":"none",'), JSON.stringify(goodClaims())),
  ],
  ['over 8 KB', () => token({ claims: { padding: 'x'.repeat(8_192) } })],
  ['a bound token without its certificate', () => token({ claims: { cnf: { 'x5t#S256': 'A'.repeat(43) } } })],
  ['a jti that is no text', () => token({ claims: { jti: 7 } })],
  ['nothing at all', () => ''],
];

test.each(ATTACKS)('refused: %s', async (_name, make) => {
  expect(await verify(`Bearer ${await make()}`)).toEqual({ ok: false, refusal: 'invalid' });
});

test('a scope by prefix, in other case or unknown gives no right', async () => {
  const scope = 'hpts:payments HPTS:payments:write hpts:payments:write:x hpts:* hpts:audit:read';
  const verdict = await verify(`Bearer ${token({ claims: { scope } })}`);
  expect(verdict.ok && [...verdict.principal.scopes]).toEqual(['hpts:audit:read']);
});

test.each(['', 'Basic ZGVtbzpkZW1v', 'Bearer', 'BearerX', 'Token abc'])('%j brings no bearer token', async (text) => {
  expect(await verify(text)).toEqual({ ok: false, refusal: 'missing' });
});

test('without a header there is no token, and the name of the scheme may be written in any case', async () => {
  expect(verifier.verify(undefined)).toEqual({ ok: false, refusal: 'missing' });
  expect(await verify(`bEARER ${token()}`)).toMatchObject({ ok: true });
});
