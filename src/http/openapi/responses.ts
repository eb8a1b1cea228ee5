import { PROBLEMS, type ProblemCode } from '../problem-table.ts';
import type { About, AnswerAbout, DescribedOperation } from './about.ts';
import { type HeaderName, headerRefs } from './headers.ts';
import { type JsonSchema, schemaRef } from './json-schema.ts';

/** What every request can meet before anything of it is looked at. */
const EVERYWHERE: readonly ProblemCode[] = ['malformed_request'];

/** What every operation with a scope can answer, whatever it does. */
const BEHIND_THE_GATE: readonly ProblemCode[] = [
  'duplicate_header',
  'invalid_token',
  'insufficient_scope',
  'certificate_required',
  'certificate_mismatch',
  'too_busy',
  'unavailable',
];

/** Answers that are the same wherever they occur, by the name under which the document lists them. */
const SHARED: Readonly<Record<string, readonly ProblemCode[]>> = {
  Unauthorized: ['invalid_token'],
  Forbidden: ['insufficient_scope', 'certificate_required', 'certificate_mismatch'],
  PayloadTooLarge: ['payload_too_large'],
  UnsupportedMediaType: ['unsupported_media_type'],
  TryAgain: ['too_busy', 'unavailable'],
};

/** Every problem that an operation can answer. */
export function problemsOf({ scope, about }: DescribedOperation): readonly ProblemCode[] {
  return [...EVERYWHERE, ...(scope === null ? [] : BEHIND_THE_GATE), ...about.problems];
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
    Object.entries(SHARED).map(([name, codes]): [string, JsonSchema] => [name, wholeProblemResponse(codes, true)]),
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
  const shared = gated ? Object.entries(SHARED).find(([, same]) => same.join() === codes.join()) : undefined;
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

function exampleOf(code: ProblemCode): JsonSchema {
  const { status, title, advice } = PROBLEMS[code];
  const errors = [{ field: 'amount_minor', code: 'invalid_type', message: 'must be a string of up to 18 digits' }];
  const request = { instance: '/v1/payments', trace_id: '4bf92f3577b34da6a3ce929d0e0e4736' };
  return {
    summary: title,
    value: {
      type: `/docs/errors/${code}`,
      title,
      status,
      detail: advice,
      ...(code === 'malformed_request' ? {} : { instance: request.instance }),
      code,
      ...(code === 'malformed_request' ? {} : { trace_id: request.trace_id }),
      ...(code === 'validation_failed' ? { errors } : {}),
    },
  };
}
