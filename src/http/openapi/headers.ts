import { X_TRACE_ID_DEPRECATION } from '../trace.ts';
import type { JsonSchema } from './json-schema.ts';

type Header = {
  readonly name: string;
  readonly required: boolean;
  readonly description: string;
  readonly schema: JsonSchema;
};

/** The headers of answers, by the name under which the document lists them. */
export const HEADERS = {
  NoStore: {
    name: 'Cache-Control',
    required: true,
    description: 'Answers are not to be kept.',
    schema: { type: 'string', const: 'no-store' },
  },
  ForAMinute: {
    name: 'Cache-Control',
    required: true,
    description: 'May be kept for a minute.',
    schema: { type: 'string', const: 'public, max-age=60' },
  },
  NoCache: {
    name: 'Pragma',
    required: false,
    description: 'As RFC 6749 section 5.1 asks for.',
    schema: { type: 'string', const: 'no-cache' },
  },
  IdempotentReplayed: {
    name: 'Idempotent-Replayed',
    required: true,
    description: 'The request took effect earlier, and its first answer is repeated.',
    schema: { type: 'string', const: 'true' },
  },
  IdempotentReplayedIfPosted: {
    name: 'Idempotent-Replayed',
    required: false,
    description: 'Stands where the request took effect earlier and its first answer is repeated, not on a preview.',
    schema: { type: 'string', const: 'true' },
  },
  RetryAfter: {
    name: 'Retry-After',
    required: true,
    description: 'Seconds to wait before the same request is sent again.',
    schema: { type: 'integer', minimum: 1 },
  },
  WwwAuthenticate: {
    name: 'WWW-Authenticate',
    required: true,
    description: 'How to authenticate (RFC 6750 section 3): the error, and the scope that was missing.',
    schema: { type: 'string', pattern: '^(Bearer|Basic) realm="hpts"' },
  },
  BearerChallenge: {
    name: 'WWW-Authenticate',
    required: false,
    description: 'Stands beside duplicate_header when it was Authorization that was sent twice.',
    schema: { type: 'string', pattern: '^Bearer realm="hpts"' },
  },
  Deprecation: {
    name: 'Deprecation',
    required: false,
    description: 'Stands where X-Trace-Id was sent, which is ignored since that day (RFC 9745): send traceparent.',
    schema: { type: 'string', const: X_TRACE_ID_DEPRECATION },
  },
} as const satisfies Readonly<Record<string, Header>>;

export type HeaderName = keyof typeof HEADERS;

/** The headers of one answer, as OpenAPI has them. */
export function headerRefs(names: readonly HeaderName[]): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(
    names.map((name): [string, JsonSchema] => [HEADERS[name].name, { $ref: `#/components/headers/${name}` }]),
  );
}
