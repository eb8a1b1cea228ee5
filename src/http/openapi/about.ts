import type { Scope } from '../../domain/scope.ts';
import type { ProblemCode } from '../problem-table.ts';
import type { QueryParameter } from '../query-reader.ts';
import type { HeaderName } from './headers.ts';
import type { JsonSchema, NamedSchema } from './json-schema.ts';
import type { Tag } from './tags.ts';

/** What an answer that is no problem looks like. */
export type AnswerAbout = {
  readonly description: string;
  readonly schema: NamedSchema;
  readonly example: unknown;
  /** `application/json` when left out. */
  readonly mediaType?: string;
  /** `NoStore` alone when left out. */
  readonly headers?: readonly HeaderName[];
};

/** What a request brings along. */
export type BodyAbout = {
  readonly mediaType: string;
  readonly schema: NamedSchema;
  readonly examples: Readonly<Record<string, { readonly summary: string; readonly value: unknown }>>;
};

/** What an operation says of itself; the document of the whole API is made from nothing else. */
export type About = {
  /** A verb and what it is done to; clients that are generated name their methods after it. */
  readonly id: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description: string;
  readonly query?: Readonly<Record<string, QueryParameter>>;
  readonly body?: BodyAbout;
  readonly keyRequired?: boolean;
  /** By status. */
  readonly answers: Readonly<Record<number, AnswerAbout>>;
  /** Its problems, but for those that every operation with a scope, or every operation at all, has. */
  readonly problems: readonly ProblemCode[];
  /** In place of the scope: other ways to say who calls. */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
};

/** An operation as far as it can be told apart and described without being run. */
export type DescribedOperation = {
  readonly method: 'GET' | 'POST';
  /** With fastify's parameters: `/v1/loans/:loan_id/balance`. */
  readonly path: string;
  /** null: open to everybody. */
  readonly scope: Scope | null;
  readonly about: About;
};

/** What a POST with a body and an Idempotency-Key says; the rest is the same for all of them. */
export type KeyedPostAbout = Pick<About, 'id' | 'tag' | 'summary' | 'description' | 'problems'> & {
  /** The name of the body's schema. */
  readonly bodyName: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly answer: NamedSchema & { readonly example: unknown };
  /** It has no place in a loan's life before other events, so it restates nothing. */
  readonly standsAlone?: true;
};

/** The whole of what such a POST says: 201, 200 for a repetition, and the problems of keys and bodies. */
export function keyedPost(about: KeyedPostAbout, bodySchema: JsonSchema): About {
  const { id, tag, summary, description, bodyName, request, answer, problems } = about;
  const { example, ...schema } = answer;
  return {
    id,
    tag,
    summary,
    description,
    keyRequired: true,
    body: {
      mediaType: 'application/json',
      schema: { name: bodyName, schema: bodySchema },
      examples: { request: { summary, value: request } },
    },
    answers: {
      200: {
        description: 'The same request was answered before: the first body, byte for byte.',
        schema,
        example,
        headers: ['NoStore', 'IdempotentReplayed'],
      },
      201: { description: 'Committed.', schema, example },
    },
    problems: [...KEYED_POST_PROBLEMS, ...problems],
  };
}

const KEYED_POST_PROBLEMS: readonly ProblemCode[] = [
  'malformed_json',
  'validation_failed',
  'missing_idempotency_key',
  'invalid_idempotency_key',
  'payload_too_large',
  'unsupported_media_type',
  'idempotency_in_progress',
  'idempotency_mismatch',
];
