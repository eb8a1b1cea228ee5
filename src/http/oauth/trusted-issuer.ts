/** Issuers besides this server whose access tokens are taken, as HPTS_TRUSTED_ISSUERS names them (docs/authentication.md). */
import { readFileSync } from 'node:fs';
import type { FieldProblem } from '../../domain/refusal.ts';
import { SCOPES, type Scope } from '../../domain/scope.ts';
import { LIMITS } from '../../limits.ts';
import { type FieldReader, freeTextField, listField, objectField, uuidField, wordField } from '../field-reader.ts';
import { parseStrictJson } from '../json/strict-json.ts';
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from './token-text.ts';

/** What one outside issuer is trusted with. Nothing in a token of it can reach further. */
export type TrustedIssuer = {
  readonly issuer: string;
  readonly jwksUri: string;
  readonly audience: string;
  readonly algorithms: ReadonlySet<SignatureAlgorithm>;
  /** The tenants it may speak for. */
  readonly tenants: ReadonlySet<string>;
  /** The claim that names the tenant. */
  readonly tenantClaim: string;
  /** What tokens of each of its clients may hold at most. */
  readonly clients: ReadonlyMap<string, ReadonlySet<Scope>>;
  readonly tokenLifeSeconds: number;
};

/** RFC 9068 section 2.1 obliges everybody to know RS256, and one algorithm leaves nothing to confuse. */
const DEFAULT_ALGORITHMS: readonly SignatureAlgorithm[] = ['RS256'];
const DEFAULT_TOKEN_LIFE_SECONDS = 3_600;
const TOKEN_LIFE_SECONDS_MAX = 86_400;
const TEXT_CHARS = 255;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
/** Claims that mean something else already. */
const TAKEN_CLAIMS: ReadonlySet<string> = new Set([
  ...['iss', 'aud', 'sub', 'client_id', 'scope', 'exp', 'nbf', 'iat', 'jti', 'cnf'],
]);

const textField = freeTextField(TEXT_CHARS);
const lifeField: FieldReader<number> = {
  schema: { type: 'integer', minimum: 1, maximum: TOKEN_LIFE_SECONDS_MAX },
  read(value, field, errors) {
    const isLife =
      typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= TOKEN_LIFE_SECONDS_MAX;
    if (isLife) return value;
    errors.push({ field, code: 'invalid', message: `must be a whole number from 1 to ${TOKEN_LIFE_SECONDS_MAX}` });
    return undefined;
  },
};
const switchField: FieldReader<boolean> = {
  schema: { type: 'boolean' },
  read(value, field, errors) {
    if (typeof value === 'boolean') return value;
    errors.push({ field, code: 'invalid', message: 'must be true or false' });
    return undefined;
  },
};

const some = { itemsMin: 1, itemsMax: 1_000 };
const clientForm = objectField({ client_id: textField, scopes: listField(wordField(SCOPES), some) }, {});
const form = listField(
  objectField(
    {
      issuer: textField,
      jwks_uri: freeTextField(2_048),
      audience: textField,
      tenants: listField(uuidField, some),
      clients: listField(clientForm, some),
    },
    {
      algorithms: listField(wordField(SIGNATURE_ALGORITHMS), some),
      tenant_claim: textField,
      token_life_seconds: lifeField,
      allow_loopback_http: switchField,
    },
  ),
  { itemsMin: 1, itemsMax: LIMITS.trustedIssuers },
);

type Entry = NonNullable<ReturnType<typeof form.read>>[number];

/**
 * Reads the setting: the JSON itself, or the path of a file that holds it. What is wrong is pushed to `wrong`, one text
 * for each; the answer then means nothing.
 */
export function readTrustedIssuers(setting: string, wrong: string[]): readonly TrustedIssuer[] {
  const bytes = /^\s*\[/.test(setting) ? Buffer.from(setting, 'utf8') : readIssuersFile(setting, wrong);
  if (bytes === undefined) return [];
  const reading = parseStrictJson(bytes);
  if (!reading.ok) {
    wrong.push(`HPTS_TRUSTED_ISSUERS is not strict JSON: ${reading.error.message}, at byte ${reading.error.offset}`);
    return [];
  }
  const problems: FieldProblem[] = [];
  const entries = form.read(reading.value, '', problems) ?? [];
  const seen = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    problems.push(...problemsOf(entry, `[${index}]`));
    if (seen.has(entry.issuer)) problems.push(problem(`[${index}].issuer`, 'must not be named twice'));
    seen.add(entry.issuer);
  }
  for (const { field, message } of problems) wrong.push(`HPTS_TRUSTED_ISSUERS ${field} ${message}`.replace('  ', ' '));
  return entries.map(trustedIssuerOf);
}

function readIssuersFile(path: string, wrong: string[]): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    wrong.push(`HPTS_TRUSTED_ISSUERS must be a JSON list or a file that holds one: ${String(error)}`);
    return undefined;
  }
}

/** What the form of single fields cannot say. */
function problemsOf(entry: Entry, field: string): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  const loopbackHttp = entry.allow_loopback_http === true;
  for (const [name, text] of [
    ['issuer', entry.issuer],
    ['jwks_uri', entry.jwks_uri],
  ] as const) {
    if (!isReachable(text, loopbackHttp)) {
      const message =
        'must be an https URL without credentials or fragment; http only to a loopback host, with allow_loopback_http';
      problems.push(problem(`${field}.${name}`, message));
    }
  }
  if (TAKEN_CLAIMS.has(entry.tenant_claim ?? 'tenant_id')) {
    problems.push(problem(`${field}.tenant_claim`, 'must not be a claim that means something else'));
  }
  const clients = entry.clients.map(({ client_id }) => client_id);
  if (new Set(clients).size < clients.length)
    problems.push(problem(`${field}.clients`, 'must not name a client twice'));
  return problems;
}

function problem(field: string, message: string): FieldProblem {
  return { field, code: 'invalid', message };
}

function isReachable(text: string, loopbackHttp: boolean): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hash !== '' || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopbackHttp && LOOPBACK.test(url.hostname));
}

function trustedIssuerOf(entry: Entry): TrustedIssuer {
  return {
    issuer: entry.issuer,
    jwksUri: entry.jwks_uri,
    audience: entry.audience,
    algorithms: new Set(entry.algorithms ?? DEFAULT_ALGORITHMS),
    tenants: new Set(entry.tenants),
    tenantClaim: entry.tenant_claim ?? 'tenant_id',
    clients: new Map(entry.clients.map(({ client_id, scopes }) => [client_id, new Set(scopes)])),
    tokenLifeSeconds: entry.token_life_seconds ?? DEFAULT_TOKEN_LIFE_SECONDS,
  };
}
