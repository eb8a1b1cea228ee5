import { type CalendarDate, parseCalendarDate } from '../domain/calendar-date.ts';
import { isCurrency } from '../domain/currency.ts';
import { parseUuid } from '../domain/identifier.ts';
import { parseMinor } from '../domain/money.ts';
import type { FieldProblem } from '../domain/refusal.ts';
import { LIMITS } from '../limits.ts';
import type { JsonObject, JsonValue } from './json/strict-json.ts';
import { type JsonSchema, schemaRef } from './openapi/json-schema.ts';

/**
 * Reads one value of a request: answers it in the domain's form, or puts what is wrong on `errors` and answers undefined.
 * `field` is the value's path in the body. `schema` is the same rule as JSON Schema, for the API's description.
 */
export type FieldReader<T> = {
  readonly schema: JsonSchema;
  readonly read: (value: JsonValue, field: string, errors: FieldProblem[]) => T | undefined;
};

/** What an object reader yields: required fields as they are, optional ones null when absent. */
export type ObjectOf<Required, Optional> = {
  readonly [Name in keyof Required]: Required[Name] extends FieldReader<infer T> ? T : never;
} & {
  readonly [Name in keyof Optional]: (Optional[Name] extends FieldReader<infer T> ? T : never) | null;
};

/** How much of an unknown name is shown. */
const SHOWN_NAME_CHARS = 64;

/** No control characters, and something besides blanks. */
const NAME = /^(?=.*\S)\P{Cc}+$/u;

type Readers = Readonly<Record<string, FieldReader<unknown>>>;

/** Texts that `parse` decides; `wanted` completes the sentence "must be …". */
export function textField<T>(
  wanted: string,
  schema: JsonSchema,
  parse: (text: string) => T | undefined,
): FieldReader<T> {
  return {
    schema,
    read(value, field, errors) {
      const parsed = typeof value === 'string' ? parse(value) : undefined;
      if (parsed !== undefined) return parsed;
      const code = typeof value === 'string' ? 'invalid_format' : 'invalid_type';
      errors.push({ field, code, message: `must be ${wanted}` });
      return undefined;
    },
  };
}

export const uuidField = textField<string>('a UUID, as a string', schemaRef('Uuid'), parseUuid);

export const dateField: FieldReader<CalendarDate> = textField(
  'a calendar date YYYY-MM-DD, as a string',
  schemaRef('CalendarDate'),
  parseCalendarDate,
);

export const currencyField = textField<string>(
  'a live ISO 4217 code in capitals, such as "USD"',
  schemaRef('Currency'),
  (text) => (isCurrency(text) ? text : undefined),
);

/** An amount that may be zero. */
export const amountField = textField<bigint>(
  'a string of up to 18 digits in the minor unit, without sign or leading zero',
  schemaRef('Money'),
  parseMinor,
);

/** An event's amount: at least 1. */
export const positiveAmountField = textField<bigint>(
  'a string of up to 18 digits in the minor unit, at least "1", without sign or leading zero',
  schemaRef('PositiveMoney'),
  (text) => {
    const amountMinor = parseMinor(text);
    return amountMinor === undefined || amountMinor < 1n ? undefined : amountMinor;
  },
);

/** A name for people: on one line, not blank. */
export const nameField: FieldReader<string> = textField(
  `a string of 1 to ${LIMITS.nameChars} characters, no control characters, not blank`,
  { type: 'string', minLength: 1, maxLength: LIMITS.nameChars, description: 'On one line, and not blank.' },
  (text) => ([...text].length <= LIMITS.nameChars && NAME.test(text) ? text : undefined),
);

/** Free text of bounded length, not empty. Lengths count Unicode characters, as JSON Schema's maxLength does. */
export function freeTextField(charsMax: number): FieldReader<string> {
  const schema = { type: 'string', minLength: 1, maxLength: charsMax };
  return textField(`a string of 1 to ${charsMax} characters`, schema, (text) =>
    text.length >= 1 && isAtMost(text, charsMax) ? text : undefined,
  );
}

/** Nearly every text is short enough by its UTF-16 units, of which a character has one or two. */
function isAtMost(text: string, charsMax: number): boolean {
  return text.length <= charsMax || (text.length <= 2 * charsMax && [...text].length <= charsMax);
}

export function patternField(pattern: RegExp): FieldReader<string> {
  return textField(`a string that matches ${pattern.source}`, { type: 'string', pattern: pattern.source }, (text) =>
    pattern.test(text) ? text : undefined,
  );
}

/** One of some words; `name` is that of their schema in the API's description, where it has one. */
export function wordField<Word extends string>(words: readonly Word[], name?: string): FieldReader<Word> {
  const known = new Map<string, Word>(words.map((word) => [word, word]));
  const schema = name === undefined ? { type: 'string', enum: words } : schemaRef(name);
  return textField(`one of ${words.join(', ')}`, schema, (text) => known.get(text));
}

/** A whole number in bounds, as a JSON number. Never for money. */
export function wholeNumberField({ min, max }: { readonly min: number; readonly max: number }): FieldReader<number> {
  return {
    schema: { type: 'integer', minimum: min, maximum: max },
    read(value, field, errors) {
      if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
      const code = typeof value === 'number' ? 'out_of_range' : 'invalid_type';
      errors.push({ field, code, message: `must be a whole number from ${min} to ${max}` });
      return undefined;
    },
  };
}

/** Any JSON object; its text is kept as it came, by whoever read the body. */
export const metadataField: FieldReader<true> = {
  schema: schemaRef('Metadata'),
  read(value, field, errors) {
    if (isObject(value)) return true;
    errors.push({ field, code: 'invalid_type', message: 'must be a JSON object' });
    return undefined;
  },
};

/** The same field; `description` says what it is in this place. */
export function described<T>(field: FieldReader<T>, description: string): FieldReader<T> {
  return { ...field, schema: { ...field.schema, description } };
}

/** A list of 1 to `itemsMax` values, or of none when `itemsMin` is 0. */
export function listField<T>(
  item: FieldReader<T>,
  bounds: { readonly itemsMin: number; readonly itemsMax: number },
): FieldReader<T[]> {
  const { itemsMin, itemsMax } = bounds;
  return {
    schema: { type: 'array', items: item.schema, minItems: itemsMin, maxItems: itemsMax },
    read(value, field, errors) {
      if (!Array.isArray(value)) {
        errors.push({ field, code: 'invalid_type', message: 'must be a list' });
        return undefined;
      }
      if (value.length < itemsMin || value.length > itemsMax) {
        errors.push({
          field,
          code: 'out_of_range',
          message: `must have ${itemsMin} to ${itemsMax} items, has ${value.length}`,
        });
        return undefined;
      }
      const items: T[] = [];
      for (const [index, element] of value.entries()) {
        const read = item.read(element, `${field}[${index}]`, errors);
        if (read !== undefined) items.push(read);
        if (errors.length > LIMITS.fieldProblems) {
          errors.push({
            field,
            code: 'too_many_problems',
            message: `items after ${field}[${index}] were not looked at`,
          });
          break;
        }
      }
      return items;
    },
  };
}

/** An object with exactly these fields; an unknown one is refused, so that a misspelt option is not lost in silence. */
export function objectField<R extends Readers, O extends Readers>(
  required: R,
  optional: O,
): FieldReader<ObjectOf<R, O>> {
  const fields = [
    ...Object.entries(required).map(([name, reader]) => ({ name, reader, isRequired: true })),
    ...Object.entries(optional).map(([name, reader]) => ({ name, reader, isRequired: false })),
  ];
  const names = new Set(fields.map(({ name }) => name));
  return {
    schema: objectSchema(required, optional),
    read(value, field, errors) {
      if (!isObject(value)) {
        errors.push({ field: field === '' ? 'body' : field, code: 'invalid_type', message: 'must be a JSON object' });
        return undefined;
      }
      const before = errors.length;
      const prefix = field === '' ? '' : `${field}.`;
      const result: Record<string, unknown> = {};
      for (const { name, reader, isRequired } of fields) {
        const member = value[name];
        if (member !== undefined) result[name] = reader.read(member, prefix + name, errors);
        else if (isRequired) errors.push({ field: prefix + name, code: 'required', message: 'is required' });
        else result[name] = null;
      }
      nameUnknownFields(value, { names, prefix, errors });
      return errors.length === before ? (result as ObjectOf<R, O>) : undefined;
    },
  };
}

type KnownFields = {
  readonly names: ReadonlySet<string>;
  readonly prefix: string;
  readonly errors: FieldProblem[];
};

/** Names the first unknown fields and counts the rest: a body of nothing else must not become an answer many times as long. */
function nameUnknownFields(value: JsonObject, { names, prefix, errors }: KnownFields): void {
  let unknown = 0;
  for (const name in value) {
    if (names.has(name)) continue;
    unknown += 1;
    if (unknown > LIMITS.unknownFields) continue;
    const shown = name.length > SHOWN_NAME_CHARS ? `${name.slice(0, SHOWN_NAME_CHARS)}…` : name;
    const message = unknown === 1 ? `is not a field here; known are ${[...names].join(', ')}` : 'is not a field here';
    errors.push({ field: prefix + shown, code: 'unknown_field', message });
  }
  const rest = unknown - LIMITS.unknownFields;
  if (rest > 0) errors.push({ field: `${prefix}…`, code: 'unknown_field', message: `and ${rest} more unknown fields` });
}

function objectSchema(required: Readers, optional: Readers): Record<string, unknown> {
  const properties = Object.fromEntries(
    Object.entries({ ...required, ...optional }).map(([name, reader]) => [name, reader.schema]),
  );
  return { type: 'object', properties, required: Object.keys(required), additionalProperties: false };
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
