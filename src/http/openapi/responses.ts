import { PROBLEMS, type ProblemCode } from '../problem-table.ts';
import type { About, AnswerAbout, DescribedOperation } from './about.ts';
import { type HeaderName, headerRefs } from './headers.ts';
import { type JsonSchema, schemaRef } from './json-schema.ts';

/** What every request can meet before anything of it is looked at. */
const EVERYWHERE: readonly ProblemCode[] = [
  'malformed_request',
  'duplicate_header',
  'request_timeout',
  'uri_too_long',
  'headers_too_large',
];

/** What every operation with a scope can answer, whatever it does. */
const BEHIND_THE_GATE: readonly ProblemCode[] = [
  'invalid_token',
  'insufficient_scope',
  'certificate_required',
  'certificate_mismatch',
  'too_busy',
  'unavailable',
];

/** Answers to messages that nothing was read of, the same for every operation. */
const BEFORE_THE_GATE: Readonly<Record<string, readonly ProblemCode[]>> = {
  RequestTimeout: ['request_timeout'],
  UriTooLong: ['uri_too_long'],
  HeadersTooLarge: ['headers_too_large'],
};

/** Answers that are the same for every operation with a scope. */
const GATED: Readonly<Record<string, readonly ProblemCode[]>> = {
  Unauthorized: ['invalid_token'],
  Forbidden: ['insufficient_scope', 'certificate_required', 'certificate_mismatch'],
  NotAcceptable: ['not_acceptable'],
  PayloadTooLarge: ['payload_too_large'],
  UnsupportedMediaType: ['unsupported_media_type'],
  TryAgain: ['too_busy', 'unavailable'],
};

/** Every problem that an operation can answer. */
export function problemsOf({ path, scope, about }: DescribedOperation): readonly ProblemCode[] {
  // What answers JSON alone looks at the Accept header.
  const ofJson: readonly ProblemCode[] = path.startsWith('/v1/') ? ['not_acceptable'] : [];
  return [...EVERYWHERE, ...(scope === null ? [] : BEHIND_THE_GATE), ...ofJson, ...about.problems];
}

/** The `responses` of an operation: every status, with the headers and bodies that it comes with. */
export function responsesOf(operation: DescribedOperation): Readonly<Record<string, JsonSchema>> {
  const gated = operation.scope !== null;
  const byStatus = Map.groupBy(problemsOf(operation), (code) => PROBLEMS[code].status);
  const problems = [...byStatus].map(([status, codes]): [string, JsonSchema] => [
    String(status),
    merged(answerOf(operation.about, { status, gated }), problemResponse(codes, gated)),
  ]);
  const answers = Object.entries(operation.about.answers)
    .filter(([status]) => !byStatus.has(Number(status)))
    .map(([status, answer]): [string, JsonSchema] => [status, answerResponse(answer, gated)]);
  return Object.fromEntries([...problems, ...answers]);
}

/** The responses that the document lists by name. */
export function sharedResponses(): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(
    [
      ...Object.entries(BEFORE_THE_GATE).map(([name, codes]) => ({ name, codes, gated: false })),
      ...Object.entries(GATED).map(([name, codes]) => ({ name, codes, gated: true })),
    ].map(({ name, codes, gated }): [string, JsonSchema] => [name, wholeProblemResponse(codes, gated)]),
  );
}

/** Every problem once, as an example to refer to. */
export function problemExamples(codes: readonly ProblemCode[]): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(codes.map((code): [string, JsonSchema] => [code, exampleOf(code)]));
}

function answerOf(about: About, { status, gated }: { status: number; gated: boolean }): JsonSchema | undefined {
  const answer = about.answers[status];
  return answer === undefined ? undefined : answerResponse(answer, gated);
}

function answerResponse({ description, schema, example, mediaType, headers }: AnswerAbout, gated: boolean): JsonSchema {
  return {
    description,
    headers: headerRefs([...(headers ?? ['NoStore' as const]), ...(gated ? ['Deprecation' as const] : [])]),
    content: { [mediaType ?? 'application/json']: { schema: schemaRef(schema.name), example } },
  };
}

function problemResponse(codes: readonly ProblemCode[], gated: boolean): JsonSchema {
  const all = Object.entries(gated ? { ...BEFORE_THE_GATE, ...GATED } : BEFORE_THE_GATE);
  const shared = all.find(([, same]) => same.join() === codes.join());
  return shared === undefined ? wholeProblemResponse(codes, gated) : { $ref: `#/components/responses/${shared[0]}` };
}

function wholeProblemResponse(codes: readonly ProblemCode[], gated: boolean): JsonSchema {
  return {
    description: codes.map((code) => `- \`${code}\`: ${PROBLEMS[code].title}.`).join('\n'),
    headers: headerRefs([...headersOf(codes), ...(gated ? ['Deprecation' as const] : [])]),
    content: {
      'application/problem+json': {
        schema: {
          allOf: [
            schemaRef('Problem'),
            { type: 'object', properties: { code: { type: 'string', enum: codes } }, required: ['code'] },
          ],
        },
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
      },
    },
  };
}

function headersOf(codes: readonly ProblemCode[]): readonly HeaderName[] {
  const [first] = codes;
  const status = first === undefined ? 0 : PROBLEMS[first].status;
  if (status === 401 || status === 403) return ['NoStore', 'WwwAuthenticate'];
  if (status === 503) return ['NoStore', 'RetryAfter'];
  return codes.includes('duplicate_header') ? ['NoStore', 'BearerChallenge'] : ['NoStore'];
}

/** A status that comes with an answer of the operation's own beside problem+json. */
function merged(answer: JsonSchema | undefined, problem: JsonSchema): JsonSchema {
  if (answer === undefined) return problem;
  return {
    description: `${answer['description']}\n\n${problem['description']}`,
    headers: { ...Object(problem['headers']), ...Object(answer['headers']) },
    content: { ...Object(answer['content']), ...Object(problem['content']) },
  };
}

/** Where no request could be read, there is no path to name. */
const NO_INSTANCE: ReadonlySet<ProblemCode> = new Set(['malformed_request', 'request_timeout', 'headers_too_large']);

function exampleOf(code: ProblemCode): JsonSchema {
  const { status, title, advice } = PROBLEMS[code];
  const errors = [{ field: 'amount_minor', code: 'invalid_type', message: 'must be a string of up to 18 digits' }];
  return {
    summary: title,
    value: {
      type: `/docs/errors/${code}`,
      title,
      status,
      detail: advice,
      ...(NO_INSTANCE.has(code) ? {} : { instance: '/v1/payments' }),
      code,
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      ...(code === 'validation_failed' ? { errors } : {}),
    },
  };
}
