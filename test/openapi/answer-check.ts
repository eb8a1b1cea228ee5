import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { JsonSchema } from '../../src/http/openapi/json-schema.ts';
import { DOCUMENTED, type Documented, namedSchemas, resolved, templateOf } from './api-document.ts';

/** An answer as it came. Names of headers are in lower case. */
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
};

/** What HTTP itself has, whatever the operation. */
const TRANSPORT_HEADERS = new Set([
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'transfer-encoding',
]);

const validators = new Map<string, ValidateFunction>();
const ajv = makeAjv();

/**
 * Compares an answer with what openapi.json promises: its status, the headers that it has to and may have, and its body
 * by its schema, in which no member may stand that is not listed. Answers the operation, undefined when the document says
 * nothing of the request; throws when the answer breaks the document.
 */
export function checkAnswer(request: { method: string; path: string }, answer: Answer): string | undefined {
  const path = templateOf(request.path);
  if (path === undefined) return undefined;
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const documented = DOCUMENTED.find((one) => one.path === path && one.method === method);
  if (documented === undefined) {
    // A path that is documented refuses every other method; bytes that are no request are refused before.
    if (answer.status === 405 && answer.headers['allow'] !== undefined) return undefined;
    if (answer.status === 400 && answer.text.includes('"malformed_request"')) return undefined;
    return fail(`${request.method} ${path}`, answer, 'is not documented, and not refused with 405 and Allow');
  }
  checkDocumented(documented, answer, request.method === 'HEAD');
  return documented.operation;
}

function checkDocumented({ operation, responses }: Documented, answer: Answer, isHead: boolean): void {
  const listed = responses[String(answer.status)];
  if (listed === undefined) fail(operation, answer, 'the status is not documented');
  const response = resolved(listed);
  checkHeaders(operation, answer, response);
  const contents = Object(response['content']) as Readonly<Record<string, { schema: JsonSchema }>>;
  const [mediaType = ''] = String(answer.headers['content-type']).split(';', 1);
  const content = contents[mediaType];
  if (content === undefined) fail(operation, answer, `the content type ${mediaType} is not documented`);
  if (isHead) return;
  const body: unknown = /[/+]json$/.test(mediaType) ? JSON.parse(answer.text) : answer.text;
  const validate = validatorOf(`${operation} ${answer.status} ${mediaType}`, content.schema);
  if (!validate(body)) fail(operation, answer, ajv.errorsText(validate.errors));
}

function checkHeaders(operation: string, answer: Answer, response: JsonSchema): void {
  const documented = Object.entries(Object(response['headers']) as Readonly<Record<string, JsonSchema>>);
  const known = new Set(documented.map(([name]) => name.toLowerCase()));
  for (const name of Object.keys(answer.headers)) {
    if (!TRANSPORT_HEADERS.has(name) && !known.has(name))
      fail(operation, answer, `the header ${name} is not documented`);
  }
  for (const [name, listed] of documented) {
    const header = resolved(listed);
    const value = answer.headers[name.toLowerCase()];
    if (value === undefined) {
      if (header['required'] === true) fail(operation, answer, `the header ${name} is missing`);
      continue;
    }
    const schema = header['schema'] as JsonSchema;
    const read = schema['type'] === 'integer' ? Number(value) : value;
    const validate = validatorOf(`header ${JSON.stringify(schema)}`, schema);
    if (!validate(read)) fail(operation, answer, `the header ${name} is ${value}: ${ajv.errorsText(validate.errors)}`);
  }
}

/** Whether a value is as a schema of the document wants it: null, or what is wrong. */
export function wrongBy(schema: JsonSchema, value: unknown): string | null {
  const validate = validatorOf(JSON.stringify(schema), schema);
  return validate(value) ? null : ajv.errorsText(validate.errors);
}

function validatorOf(key: string, schema: JsonSchema): ValidateFunction {
  const known = validators.get(key);
  if (known !== undefined) return known;
  const made = ajv.compile(closed(schema));
  validators.set(key, made);
  return made;
}

function makeAjv(): Ajv2020 {
  const made = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true });
  addFormats.default(made);
  for (const [name, schema] of Object.entries(namedSchemas())) made.addSchema(closed(schema), idOf(name));
  return made;
}

function idOf(name: string): string {
  return `hpts:/${name}`;
}

/**
 * A schema in which objects have the members that it lists and no others. The document does not say so, since a client
 * must bear with members that come later; a test must not.
 */
function closed(schema: JsonSchema): JsonSchema {
  return closedPart(schema, true) as JsonSchema;
}

function closedPart(part: unknown, closes: boolean): unknown {
  if (Array.isArray(part)) return part.map((one) => closedPart(one, closes));
  if (typeof part !== 'object' || part === null) return part;
  const entries = Object.entries(part).map(([name, value]): [string, unknown] => {
    if (name === '$ref') return [name, String(value).replace('#/components/schemas/', 'hpts:/')];
    if (name === 'example') return ['examples', [value]];
    // What stands in allOf adds to the others, so it does not know all members.
    return [name, closedPart(value, name !== 'allOf')];
  });
  const whole = Object.fromEntries(entries);
  const isOpen = !closes || !('properties' in whole) || 'additionalProperties' in whole;
  return isOpen ? whole : { ...whole, additionalProperties: false };
}

function fail(operation: string, { status, headers, text }: Answer, reason: string): never {
  const shown = `${status} ${JSON.stringify(headers)} ${text.slice(0, 2_000)}`;
  throw new Error(`openapi.json does not describe this answer of ${operation}: ${reason}\n${shown}`);
}
