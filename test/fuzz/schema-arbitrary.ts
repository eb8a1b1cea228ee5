import fc from 'fast-check';
import type { ApiDocument, Schema } from './api-document.ts';

/** Values that the ledger knows, by the name of the field or parameter that takes them. */
export type KnownValues = Readonly<Record<string, readonly string[]>>;

/** How long texts and lists get where the document allows more. */
const LENGTH_MAX = 40;
const ITEMS_MAX = 4;
const DAY_MS = 86_400_000;

/** Values that a schema of the document allows; where the ledger knows values for a name, mostly those. */
export class SchemaArbitraries {
  readonly #document: ApiDocument;
  readonly #known: KnownValues;

  constructor(document: ApiDocument, known: KnownValues) {
    this.#document = document;
    this.#known = known;
  }

  /** `name` is that of the field or parameter; null inside a list. Throws for a form of schema that it does not know. */
  of(referring: Schema, name: string | null): fc.Arbitrary<unknown> {
    const schema = this.#document.schema(referring);
    const fitting = this.#bySchema(schema, name);
    const known = name === null ? undefined : this.#known[name];
    if (known === undefined || known.length === 0) return fitting;
    return fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: fitting });
  }

  #bySchema(schema: Schema, name: string | null): fc.Arbitrary<unknown> {
    if ('const' in schema) return fc.constant(schema.const);
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices !== undefined) return fc.oneof(...choices.map((choice) => this.of(choice, name)));
    switch (Array.isArray(schema.type) ? schema.type.find((type) => type !== 'null') : schema.type) {
      case 'string':
        return textOf(schema);
      case 'integer':
        return fc.integer({ min: schema.minimum ?? 0, max: schema.maximum ?? 1_000 });
      case 'boolean':
        return fc.boolean();
      case 'array':
        return fc.array(this.of(schema.items ?? {}, name), {
          minLength: schema.minItems ?? 0,
          maxLength: Math.min(schema.maxItems ?? ITEMS_MAX, ITEMS_MAX),
        });
      case 'object':
        return this.#objectOf(schema);
      default:
        throw new Error(`a schema of a form that is not known here: ${JSON.stringify(schema)}`);
    }
  }

  #objectOf({ properties = {}, required = [], additionalProperties }: Schema): fc.Arbitrary<unknown> {
    if (additionalProperties === true && Object.keys(properties).length === 0) {
      return fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), freeValue(), { maxKeys: 4 });
    }
    const members = Object.entries(properties).map(([name, member]) => [name, this.of(member, name)] as const);
    return fc.record(Object.fromEntries(members), { requiredKeys: [...required] });
  }
}

function textOf(schema: Schema): fc.Arbitrary<string> {
  if (schema.pattern !== undefined)
    return fc.stringMatching(new RegExp(schema.pattern)).filter((text) => fits(text, schema));
  if (schema.format === 'uuid') return fc.uuid();
  if (schema.format === 'date') return pastDate();
  if (schema.format === 'date-time') return pastDate().map((date) => `${date}T12:34:56.789012Z`);
  if (schema.format === 'uri') return fc.constantFrom('http://127.0.0.1:1025/a', 'http://127.0.0.1:1025/b?c=d');
  return fc.string({
    unit: 'grapheme',
    minLength: schema.minLength ?? 0,
    maxLength: Math.min(schema.maxLength ?? LENGTH_MAX, LENGTH_MAX),
  });
}

function fits(text: string, { minLength = 0, maxLength = Number.MAX_SAFE_INTEGER }: Schema): boolean {
  return text.length >= minLength && text.length <= maxLength;
}

/** A day of the last two years, mostly of the last weeks. */
function pastDate(): fc.Arbitrary<string> {
  const today = Date.now();
  return fc
    .oneof({ weight: 4, arbitrary: fc.nat(30) }, { weight: 1, arbitrary: fc.nat(700) })
    .map((days) => new Date(today - days * DAY_MS).toISOString().slice(0, 10));
}

function freeValue(): fc.Arbitrary<unknown> {
  const text = fc
    .string({ unit: 'grapheme', maxLength: 12 })
    .filter((one) => one.isWellFormed() && !one.includes('\0'));
  return fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(text, { maxLength: 3 }));
}
