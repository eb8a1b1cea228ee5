import fc from 'fast-check';
import type { Operation, Parameter, Schema } from './api-document.ts';
import type { SchemaArbitraries } from './schema-arbitrary.ts';

/** What a fuzzed request breaks on purpose. */
export type Spoiling =
  | 'nothing'
  | 'token'
  | 'field'
  | 'missing_field'
  | 'extra_field'
  | 'parameter'
  | 'unknown_parameter'
  | 'json'
  | 'media_type'
  | 'key'
  | 'header';

/** A request before a token is put to it. */
export type FuzzedRequest = {
  readonly operation: Operation;
  readonly spoiling: Spoiling;
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: string | null;
  /** The JSON of the body, undefined when it has none or is broken. */
  readonly json: unknown;
};

type Parts = {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly json: unknown;
};

/** What nobody should send, as a value of any field. */
const HOSTILE: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 60,
  '',
  ' ',
  '0',
  '-1',
  '01',
  '1e3',
  '9'.repeat(19),
  '999999999999999999',
  'x'.repeat(2_000),
  "'; DROP TABLE hpts.loan; --",
  '\u202e\u0007',
  '2026-02-30',
  '0000-00-00',
  '9999-12-31',
  '00000000-0000-0000-0000-000000000000',
  [],
  {},
  [[]],
  { a: { b: { c: [] } } },
];

const BROKEN_JSON = ['', '{', '{"a":1,}', '[]', 'null', '"x"', '{"a":1}{"b":2}', '{"a":\u0000}', '{"__proto__":{}}'];

const SPOILINGS: readonly (readonly [Spoiling, number])[] = [
  ['nothing', 60],
  ['token', 5],
  ['field', 8],
  ['missing_field', 4],
  ['extra_field', 3],
  ['parameter', 6],
  ['unknown_parameter', 3],
  ['json', 3],
  ['media_type', 3],
  ['key', 3],
  ['header', 2],
];

/** Requests to an operation: in order, or with one thing spoilt. */
export function fuzzedRequests(operation: Operation, schemas: SchemaArbitraries): fc.Arbitrary<FuzzedRequest> {
  const spoilings = SPOILINGS.filter(([spoiling]) => isPossible(spoiling, operation));
  return fc
    .tuple(
      fc.oneof(...spoilings.map(([spoiling, weight]) => ({ weight, arbitrary: fc.constant(spoiling) }))),
      partsOf(operation, schemas),
      fc.constantFrom(...HOSTILE),
      fc.nat(1_000),
      fc.uuid(),
    )
    .map(([spoiling, parts, hostile, pick, key]) => requestOf({ operation, spoiling, parts, hostile, pick, key }));
}

function isPossible(spoiling: Spoiling, { guarded, body, parameters }: Operation): boolean {
  switch (spoiling) {
    case 'token':
      return guarded;
    case 'field':
    case 'missing_field':
    case 'extra_field':
    case 'json':
    case 'media_type':
      return jsonSchemaOf(body) !== undefined;
    case 'key':
      return takesKey(parameters);
    case 'parameter':
      return parameters.some(isAsked);
    default:
      return true;
  }
}

function takesKey(parameters: readonly Parameter[]): boolean {
  return parameters.some(({ name }) => name === 'Idempotency-Key');
}

/** Headers are not made from their schemas: those that matter are put there by hand. */
function isAsked(parameter: Parameter): boolean {
  return parameter.in !== 'header';
}

function jsonSchemaOf(body: Operation['body']): Schema | undefined {
  return body?.['application/json']?.schema;
}

function partsOf({ parameters, body }: Operation, schemas: SchemaArbitraries): fc.Arbitrary<Parts> {
  const asked = parameters.filter(isAsked);
  const values = Object.fromEntries(asked.map(({ name, schema }) => [name, rarely(name, schemas.of(schema, name))]));
  const schema = jsonSchemaOf(body);
  return fc.record({
    parameters: fc.record(values, {
      requiredKeys: asked.filter((one) => one.required === true || one.in === 'path').map(({ name }) => name),
    }),
    json: schema === undefined ? fc.constant(undefined) : schemas.of(schema, null),
  });
}

/** A made-up place in a list is refused, so that few requests have one. */
function rarely(name: string, values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return name.endsWith('page_token') ? fc.oneof({ weight: 15, arbitrary: fc.constant(undefined) }, values) : values;
}

type Making = {
  readonly operation: Operation;
  readonly spoiling: Spoiling;
  readonly parts: Parts;
  readonly hostile: unknown;
  readonly pick: number;
  readonly key: string;
};

function requestOf(making: Making): FuzzedRequest {
  const { operation, spoiling, pick, key } = making;
  const json = spoiltBody(making);
  const body =
    json === undefined ? formBody(operation) : spoiling === 'json' ? at(BROKEN_JSON, pick) : JSON.stringify(json);
  const headers = ['traceparent', `00-${key.replaceAll('-', '')}-00f067aa0ba902b7-01`];
  if (json !== undefined) headers.push('content-type', spoiling === 'media_type' ? 'text/plain' : 'application/json');
  else if (body !== null) headers.push('content-type', 'application/x-www-form-urlencoded');
  if (takesKey(operation.parameters)) headers.push(...keyHeaders(spoiling, key, pick));
  if (spoiling === 'header') headers.push('x-trace-id', 'abcdefgh', 'accept-language', '\u00ff'.repeat(pick));
  return {
    operation,
    spoiling,
    path: pathOf(operation, spoiltParameters(making), spoiling),
    headers,
    body,
    json: spoiling === 'json' ? undefined : json,
  };
}

function keyHeaders(spoiling: Spoiling, key: string, pick: number): string[] {
  if (spoiling !== 'key') return ['idempotency-key', `fuzz:${key}`];
  return at(
    [
      [],
      ['idempotency-key', 'short'],
      ['idempotency-key', `a${key} b`],
      ['idempotency-key', key, 'idempotency-key', key],
    ],
    pick,
  );
}

/** The token endpoint takes a form; what it answers to a stranger is enough here. */
function formBody({ body }: Operation): string | null {
  return body === null ? null : 'grant_type=client_credentials&client_id=nobody&client_secret=nothing';
}

function spoiltBody({ spoiling, parts, hostile, pick }: Making): unknown {
  const { json } = parts;
  if (typeof json !== 'object' || json === null) return json;
  const names = Object.keys(json);
  const name = names.length === 0 ? 'a' : at(names, pick);
  if (spoiling === 'field') return { ...json, [name]: hostile };
  if (spoiling === 'extra_field') return { ...json, [`${name}_`]: hostile };
  if (spoiling === 'missing_field') return Object.fromEntries(Object.entries(json).filter(([one]) => one !== name));
  return json;
}

function spoiltParameters({ operation, spoiling, parts, hostile, pick }: Making): Readonly<Record<string, unknown>> {
  if (spoiling !== 'parameter') return parts.parameters;
  const { name } = at(operation.parameters.filter(isAsked), pick);
  return { ...parts.parameters, [name]: hostile };
}

function pathOf(
  { path, parameters }: Operation,
  values: Readonly<Record<string, unknown>>,
  spoiling: Spoiling,
): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(textOf(values[name])) || '%20');
  const query = parameters
    .filter((one) => one.in === 'query' && values[one.name] !== undefined)
    .map(({ name }) => `${name}=${encodeURIComponent(textOf(values[name]))}`);
  if (spoiling === 'unknown_parameter') query.push('surprise=1');
  return query.length === 0 ? filled : `${filled}?${query.join('&')}`;
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.toWellFormed();
}

function at<T>(list: readonly T[], pick: number): T {
  return list[pick % list.length] as T;
}
