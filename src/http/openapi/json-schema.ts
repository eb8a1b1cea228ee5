/** A schema of JSON Schema 2020-12, as OpenAPI 3.1 takes it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A schema that the document lists by name. */
export type NamedSchema = { readonly name: string; readonly schema: JsonSchema };

/** A reference to a schema that the document lists; `description` says what it is in this place. */
export function schemaRef(name: string, description?: string): JsonSchema {
  const $ref = `#/components/schemas/${name}`;
  return description === undefined ? { $ref } : { $ref, description };
}

/** The object of an answer: every member is always there, but for those that `optional` names. */
export function objectOf(
  properties: Readonly<Record<string, JsonSchema>>,
  optional: readonly string[] = [],
): JsonSchema {
  return { type: 'object', properties, required: Object.keys(properties).filter((name) => !optional.includes(name)) };
}

/** A list of an answer. */
export function listOf(items: JsonSchema, description: string): JsonSchema {
  return { type: 'array', items, description };
}

export function orNull(schema: JsonSchema): JsonSchema {
  const { description, ...rest } = schema;
  return { anyOf: [rest, { type: 'null' }], ...(description === undefined ? {} : { description }) };
}
