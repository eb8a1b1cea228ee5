import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { CompactEncrypt, importJWK } from 'jose';
import {
  encode,
  forgeToken,
  goodClaims,
  goodHeader,
  type Members,
  now,
  signTexts,
  type TokenForge,
} from './token-forge.ts';

/** Where an attack is made: against tokens of `forge`. */
export type AttackScene = {
  readonly forge: TokenForge;
  /** A key of another trusted issuer, which has the same kid. */
  readonly otherIssuerKey: KeyObject;
  /** A tenant of the ledger that this client or issuer does not speak for. */
  readonly foreignTenantId: string;
};

/** The name of an attack, and the token that it sends. */
export type TokenAttack = readonly [string, (scene: AttackScene) => string | Promise<string>];

/** Longest life that is taken. */
const TOKEN_LIFE_SECONDS = 3_600;
const thief = generateKeyPairSync('rsa', { modulusLength: 2048 });
const thiefJwk = thief.publicKey.export({ format: 'jwk' });

function unsigned({ forge }: AttackScene, alg: string): string {
  return `${encode(JSON.stringify({ ...goodHeader(forge), alg }))}.${encode(JSON.stringify(goodClaims(forge)))}.`;
}

/** The public key's text used as the secret of a MAC: the classic confusion of algorithms. */
function macToken({ forge }: AttackScene, secret: string | Buffer, alg = 'HS256'): string {
  const input = `${encode(JSON.stringify({ ...goodHeader(forge), alg }))}.${encode(JSON.stringify(goodClaims(forge)))}`;
  return `${input}.${createHmac(alg.replace('HS', 'sha'), secret).update(input).digest('base64url')}`;
}

function signedBy({ forge }: AttackScene, privateKey: KeyObject, header: Members = {}): string {
  return signTexts(JSON.stringify({ ...goodHeader(forge), ...header }), JSON.stringify(goodClaims(forge)), privateKey);
}

function withPayload({ forge }: AttackScene, payload: string): string {
  return signTexts(JSON.stringify(goodHeader(forge)), payload, forge.privateKey);
}

function doubled(scene: AttackScene, name: string, first: unknown): string {
  return withPayload(scene, `{"${name}":${JSON.stringify(first)},${JSON.stringify(goodClaims(scene.forge)).slice(1)}`);
}

function rawClaim(scene: AttackScene, name: string, source: string): string {
  return withPayload(scene, JSON.stringify({ ...goodClaims(scene.forge), [name]: '@' }).replace('"@"', source));
}

/** The last character of the signature with a spare bit set: the same bytes to a lenient decoder. */
function spareBits(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return text.slice(0, -1) + (alphabet[alphabet.indexOf(text.at(-1) ?? '') + 1] ?? '');
}

/** An attack that consists of a header or claims changed before signing. */
function changed(name: string, changes: (scene: AttackScene) => Parameters<typeof forgeToken>[1]): TokenAttack {
  return [name, (scene) => forgeToken(scene.forge, changes(scene))];
}

const ALGORITHMS: readonly TokenAttack[] = [
  ...['none', 'None', 'NONE', 'nOnE'].map((alg): TokenAttack => [`alg ${alg}`, (scene) => unsigned(scene, alg)]),
  changed('alg none with a signature', () => ({ header: { alg: 'none' } })),
  changed('alg missing', () => ({ header: { alg: undefined } })),
  [
    'HS256 with the public key in PEM',
    (scene) => macToken(scene, scene.forge.publicKey.export({ type: 'spki', format: 'pem' })),
  ],
  [
    'HS512 with the public key in PEM',
    (scene) => macToken(scene, scene.forge.publicKey.export({ type: 'spki', format: 'pem' }), 'HS512'),
  ],
  [
    'HS256 with the public key in DER',
    (scene) => macToken(scene, scene.forge.publicKey.export({ type: 'spki', format: 'der' })),
  ],
  [
    'HS256 with the public modulus',
    (scene) => macToken(scene, Buffer.from(scene.forge.publicKey.export({ format: 'jwk' }).n ?? '', 'base64url')),
  ],
  ...['RS512', 'PS256', 'rs256', 'ES256', 'EdDSA'].map((alg) => changed(`alg ${alg}`, () => ({ header: { alg } }))),
];

const KEYS: readonly TokenAttack[] = [
  ['key brought along by jwk', (scene) => signedBy(scene, thief.privateKey, { jwk: thiefJwk })],
  ['key brought along by jku', (scene) => signedBy(scene, thief.privateKey, { jku: 'http://127.0.0.1:9/jwks.json' })],
  ['key brought along by x5u', (scene) => signedBy(scene, thief.privateKey, { x5u: 'http://127.0.0.1:9/cert.pem' })],
  ['key brought along by x5c', (scene) => signedBy(scene, thief.privateKey, { x5c: ['MIIB'] })],
  changed('jwk beside a good signature', () => ({ header: { jwk: thiefJwk } })),
  ['a stranger who took the kid', (scene) => signedBy(scene, thief.privateKey)],
  ['another trusted issuer with the same kid', (scene) => signedBy(scene, scene.otherIssuerKey)],
  ...['../../etc/passwd', "x' OR '1'='1", 'a\0b', '', '__proto__', 'A'.repeat(43)].map((kid) =>
    changed(`kid ${JSON.stringify(kid)}`, () => ({ header: { kid } })),
  ),
  changed('kid a number', () => ({ header: { kid: 1 } })),
  changed('kid an array', ({ forge }) => ({ header: { kid: [forge.kid] } })),
  changed('kid missing', () => ({ header: { kid: undefined } })),
];

const MEANT_FOR: readonly TokenAttack[] = [
  changed('an iss that nobody trusts', () => ({ claims: { iss: 'https://login.example' } })),
  changed('iss with a slash', ({ forge }) => ({ claims: { iss: `${forge.issuer}/` } })),
  changed('iss an array', ({ forge }) => ({ claims: { iss: [forge.issuer] } })),
  changed('wrong aud', () => ({ claims: { aud: 'other' } })),
  changed('aud by prefix', ({ forge }) => ({ claims: { aud: `${forge.audience}-admin` } })),
  changed('an extra aud', ({ forge }) => ({ claims: { aud: [forge.audience, 'other'] } })),
  changed('no aud in an array', () => ({ claims: { aud: [] } })),
  changed('aud an object', ({ forge }) => ({ claims: { aud: { 0: forge.audience, length: 1 } } })),
];

const TIMES: readonly TokenAttack[] = [
  changed('exp as string', () => ({ claims: { exp: String(now() + 600) } })),
  changed('exp as float', () => ({ claims: { exp: now() + 600.5 } })),
  changed('exp negative', () => ({ claims: { exp: -1 } })),
  ['exp 1e400', (scene) => rawClaim(scene, 'exp', '1e400')],
  changed('exp null', () => ({ claims: { exp: null } })),
  changed('exp past', () => ({ claims: { iat: now() - 700, nbf: now() - 700, exp: now() - 1 } })),
  changed('exp this very second', () => ({ claims: { iat: now() - 700, nbf: now() - 700, exp: now() } })),
  changed('exp far away', () => ({ claims: { exp: now() + TOKEN_LIFE_SECONDS + 1 } })),
  changed('exp before iat', () => ({ claims: { iat: now() + 4, exp: now() + 3 } })),
  changed('future nbf', () => ({ claims: { nbf: now() + 60 } })),
  changed('future iat', () => ({ claims: { iat: now() + 60 } })),
  changed('nbf as string', () => ({ claims: { nbf: String(now()) } })),
];

const PAYLOADS: readonly TokenAttack[] = [
  ['payload an array', (scene) => withPayload(scene, JSON.stringify([goodClaims(scene.forge)]))],
  ['payload null', (scene) => withPayload(scene, 'null')],
  ['payload no JSON', (scene) => withPayload(scene, 'hello')],
  ['payload with a byte order mark', (scene) => withPayload(scene, `\ufeff${JSON.stringify(goodClaims(scene.forge))}`)],
  ['payload with a NUL behind it', (scene) => withPayload(scene, `${JSON.stringify(goodClaims(scene.forge))}\0`)],
  [
    'header an array',
    ({ forge }) => signTexts(JSON.stringify([goodHeader(forge)]), JSON.stringify(goodClaims(forge)), forge.privateKey),
  ],
  ...['iss', 'aud', 'sub', 'client_id', 'tenant_id', 'scope', 'iat', 'exp', 'jti'].map((without) =>
    changed(`${without} missing`, () => ({ without })),
  ),
  ['duplicate tenant_id', (scene) => doubled(scene, 'tenant_id', scene.foreignTenantId)],
  ['duplicate exp', (scene) => doubled(scene, 'exp', 1)],
  ['duplicate scope, spelled with an escape', (scene) => doubled(scene, '\\u0073cope', 'hpts:ledger:read')],
  [
    'duplicate alg',
    ({ forge }) =>
      signTexts(
        JSON.stringify(goodHeader(forge)).replace('{', '{"alg":"none",'),
        JSON.stringify(goodClaims(forge)),
        forge.privateKey,
      ),
  ],
  changed('a jti that is no text', () => ({ claims: { jti: 7 } })),
  changed('over 8 KB', () => ({ claims: { padding: 'x'.repeat(8_192) } })),
];

const RIGHTS: readonly TokenAttack[] = [
  changed('tenant_id an array', ({ forge }) => ({ claims: { tenant_id: [forge.tenantId] } })),
  changed('tenant_id an object', ({ forge }) => ({ claims: { tenant_id: { id: forge.tenantId } } })),
  changed('tenant_id a number', () => ({ claims: { tenant_id: 1 } })),
  changed('tenant_id empty', () => ({ claims: { tenant_id: '' } })),
  changed('tenant_id two tenants', ({ forge, foreignTenantId }) => ({
    claims: { tenant_id: `${forge.tenantId},${foreignTenantId}` },
  })),
  changed('tenant_id foreign', ({ foreignTenantId }) => ({ claims: { tenant_id: foreignTenantId } })),
  changed('tenant_id in upper case', ({ forge }) => ({ claims: { tenant_id: forge.tenantId.toUpperCase() } })),
  changed('scope an array', () => ({ claims: { scope: ['hpts:balances:read'] } })),
  changed('client_id unknown', () => ({ claims: { client_id: 'somebody', sub: 'somebody' } })),
  changed('bound to a DPoP key', () => ({ claims: { cnf: { jkt: 'A'.repeat(43) } } })),
  changed('bound to a certificate and to something else', () => ({
    claims: { cnf: { 'x5t#S256': 'A'.repeat(43), jkt: 'A'.repeat(43) } },
  })),
  changed('bound to nothing', () => ({ claims: { cnf: {} } })),
  changed('cnf a text', () => ({ claims: { cnf: 'A'.repeat(43) } })),
  changed('cnf null', () => ({ claims: { cnf: null } })),
];

const FORMS: readonly TokenAttack[] = [
  changed('typ of an ID token', () => ({ header: { typ: 'JWT' } })),
  changed('typ missing', () => ({ header: { typ: undefined } })),
  changed('unknown crit', () => ({ header: { crit: ['exp'], exp: 1 } })),
  changed('b64 false', () => ({ header: { b64: false, crit: ['b64'] } })),
  changed('zip', () => ({ header: { zip: 'DEF' } })),
  [
    'a JWE',
    async ({ forge }) =>
      new CompactEncrypt(Buffer.from(JSON.stringify(goodClaims(forge))))
        .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', typ: 'at+jwt', kid: forge.kid })
        .encrypt(await importJWK(forge.publicKey.export({ format: 'jwk' }), 'RSA-OAEP-256')),
  ],
  ['padding', ({ forge }) => `${forgeToken(forge)}==`],
  ['spare bits in the last character', ({ forge }) => spareBits(forgeToken(forge))],
  ['white space inside', ({ forge }) => forgeToken(forge).replace('.', '. ')],
  ['a tabulator inside', ({ forge }) => forgeToken(forge).replace('.', '.\t')],
  ['two spaces before', ({ forge }) => ` ${forgeToken(forge)}`],
  ['an extra dot', ({ forge }) => `${forgeToken(forge)}.`],
  ['a dot too many in front', ({ forge }) => `.${forgeToken(forge)}`],
  ['a segment too few', ({ forge }) => forgeToken(forge).split('.').slice(0, 2).join('.')],
  ['no signature', ({ forge }) => `${forgeToken(forge).split('.').slice(0, 2).join('.')}.`],
  ['base64 instead of base64url', ({ forge }) => forgeToken(forge).replace(/^./, '+')],
  [
    'a claim changed after signing',
    ({ forge, foreignTenantId }) => {
      const [header, , signature] = forgeToken(forge).split('.');
      return `${header}.${encode(JSON.stringify({ ...goodClaims(forge), tenant_id: foreignTenantId }))}.${signature}`;
    },
  ],
  ['a text that is no token', () => 'hello'],
];

/** The table of TRUST.md section 5, "Tokens". */
export const TOKEN_ATTACKS: readonly TokenAttack[] = [
  ...[ALGORITHMS, KEYS, MEANT_FOR, TIMES, PAYLOADS, RIGHTS, FORMS].flat(),
];
