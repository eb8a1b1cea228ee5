import { readFileSync } from 'node:fs';
import type { JsonSchema } from '../../src/http/openapi/json-schema.ts';

/** The document as it is checked in, byte for byte. */
export const DOCUMENT_TEXT = readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8');

export type Documented = {
  /** `GET /v1/loans/{loan_id}/balance` */
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  /** Ways to say who calls, as OpenAPI has them; none is open to everybody. */
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly responses: Readonly<Record<string, JsonSchema>>;
};

type Parsed = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Pick<Documented, 'responses' | 'security'>>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>>;
};

const DOCUMENT = JSON.parse(DOCUMENT_TEXT) as Parsed;

/** Every operation of the document. */
export const DOCUMENTED: readonly Documented[] = Object.entries(DOCUMENT.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([name, { responses, security }]) => {
    const method = name.toUpperCase();
    return { operation: `${method} ${path}`, method, path, security, responses };
  }),
);

/** Operations with their names in front, for titles: those of properties are cut short. */
export function byName(operations: readonly Documented[]): (readonly [string, Documented])[] {
  return operations.map((one) => [one.operation, one] as const);
}

/** The thing itself where a reference to a component stands for it. */
export function resolved(thing: JsonSchema): JsonSchema {
  const { $ref } = thing;
  if (typeof $ref !== 'string') return thing;
  const [, , kind = '', name = ''] = $ref.split('/');
  const component = DOCUMENT.components[kind]?.[name];
  if (component === undefined) throw new Error(`${$ref} refers to nothing`);
  return component;
}

/** Every schema that the document lists by name. */
export function namedSchemas(): Readonly<Record<string, JsonSchema>> {
  return DOCUMENT.components['schemas'] ?? {};
}

const TEMPLATES = Object.keys(DOCUMENT.paths).map((path) => ({
  path,
  parts: path.split('/'),
}));

/** The documented path that an address falls under; undefined when there is none, or when it cannot be decoded. */
export function templateOf(address: string): string | undefined {
  const [path = ''] = address.split('?', 1);
  const parts = path.split('/');
  if (!parts.every(isDecodable)) return undefined;
  const fits = TEMPLATES.filter(
    (one) =>
      one.parts.length === parts.length &&
      one.parts.every((part, at) => (part.startsWith('{') ? parts[at] !== '' : part === parts[at])),
  );
  // Of two that fit, the one with fewer parameters is served.
  return fits.toSorted((a, b) => parameterCount(a.path) - parameterCount(b.path))[0]?.path;
}

function parameterCount(path: string): number {
  return path.split('{').length;
}

function isDecodable(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    // What cannot be decoded names nothing, which is an answer and no failure.
    return false;
  }
}
