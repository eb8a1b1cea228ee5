import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseIdempotencyKey, parseUuid } from '../domain/identifier.ts';
import type { FieldProblem } from '../domain/refusal.ts';
import type { Scope } from '../domain/scope.ts';
import { LIMITS } from '../limits.ts';
import type { Command, Envelope } from '../posting/command.ts';
import type { Outcome } from '../posting/engine.ts';
import type { PreviewOutcome } from '../posting/preview.ts';
import type { FieldReader } from './field-reader.ts';
import { idempotencyKeyHeader, principalOf, requireFurtherScope } from './gate.ts';
import { fingerprint } from './json/canonical-json.ts';
import { parseStrictJson } from './json/strict-json.ts';
import { sendJson, sendReceipt } from './json-answer.ts';
import type { KeyedPostAbout } from './openapi/about.ts';
import { PREVIEW_QUERY, previewedPost } from './openapi/preview.ts';
import type { Operation } from './operation.ts';
import { type Problem, ProblemError, sendProblem, validationProblem } from './problem.ts';
import { readQuery } from './query-reader.ts';

/** One POST that moves money: what its body looks like and which command it is. */
export type PostingRoute<Body> = {
  readonly path: string;
  readonly scope: Scope;
  readonly about: KeyedPostAbout;
  readonly bodyBytesMax?: number;
  /** A scope that some of its commands need besides; only where no body is larger than LIMITS.eventBodyBytes. */
  readonly furtherScope?: (command: Command) => Scope | null;
  readonly body: FieldReader<Body>;
  /**
   * Puts to a command what was kept before and never changes, so that no batch has to read it; only where no body is larger
   * than LIMITS.eventBodyBytes. Throws what the database throws.
   */
  readonly complete?: (command: Command) => Promise<Command>;
  /** `metadata` is the text of that member as it came, or null. May put further problems on `errors`. */
  readonly command: (body: Body, accepted: Accepted) => CommandBody | undefined;
  /** Of a path with ids: what is answered for one that is no UUID, as for one that names nothing. */
  readonly missing?: Problem;
};

/** `params` are the ids of the path, in lower case. */
export type Accepted = {
  readonly metadata: string | null;
  readonly errors: FieldProblem[];
  readonly params: Readonly<Record<string, string>>;
};

/** A command before it has its envelope. */
export type CommandBody = Command extends infer One ? (One extends Command ? Omit<One, keyof Envelope> : never) : never;

const NO_IDS: Readonly<Record<string, string>> = {};

/** Who sends a body, under which key and to which ids of the path; plain data, so that it can cross threads. */
export type Sender = {
  readonly tenantId: string;
  readonly actor: string;
  readonly key: string;
  readonly params: Readonly<Record<string, string>>;
};

/** Reads a body into a command, or says what is wrong with it. Pure: the same on every thread. */
export function readCommand<Body>(
  route: PostingRoute<Body>,
  sender: Sender,
  bytes: Uint8Array,
): Command | { problem: Problem } {
  const reading = parseStrictJson(bytes, { rawMember: 'metadata' });
  if (!reading.ok) {
    return {
      problem: { code: 'malformed_json', detail: `${reading.error.message} (at byte ${reading.error.offset})` },
    };
  }
  const errors: FieldProblem[] = [];
  const body = route.body.read(reading.value, '', errors);
  const metadata = reading.raw ?? null;
  if (metadata !== null && Buffer.byteLength(metadata) > LIMITS.metadataBytes) {
    errors.push({ field: 'metadata', code: 'out_of_range', message: `must be at most ${LIMITS.metadataBytes} bytes` });
  }
  const command = body === undefined ? undefined : route.command(body, { metadata, errors, params: sender.params });
  if (command === undefined || errors.length > 0) return { problem: validationProblem(errors) };
  if (route.missing !== undefined && Object.values(sender.params).some((id) => parseUuid(id) === undefined)) {
    return { problem: route.missing };
  }
  const payload = fingerprint({ method: 'POST', route: route.path, pathParams: sender.params, body: reading.value });
  return {
    ...command,
    tenantId: sender.tenantId,
    actor: sender.actor,
    key: sender.key,
    keyHash: hashAsUuid(hash('sha256', sender.key, 'hex')),
    payloadHash: hashAsUuid(payload),
  };
}

/** Answers an outcome of the engine, or throws it as a problem. */
function problemOf(outcome: Exclude<Outcome | PreviewOutcome, { body: string }>): Problem {
  switch (outcome.outcome) {
    case 'refused':
      return outcome.refusal;
    case 'in_progress':
      return {
        code: 'idempotency_in_progress',
        detail: 'the first request with this Idempotency-Key has not been answered yet',
      };
    case 'too_busy':
      return {
        code: 'too_busy',
        detail: 'nothing was posted; the queue is full, the loan is under too many requests, or the server is ending',
      };
    case 'unavailable':
      return {
        code: 'unavailable',
        detail: 'whether the request took effect is not known; retry with the same Idempotency-Key',
      };
  }
}

type Answer = Outcome | PreviewOutcome | { readonly problem: Problem };

export type Posting = {
  /** Posts a command that was read on this thread. */
  readonly submit: (command: Command, request: TracedRequest) => Promise<Outcome>;
  /**
   * Reads and posts a body too large to be read on this thread without holding up everybody else. Takes the bytes: they are
   * no longer here afterwards.
   */
  readonly submitLarge: (large: LargeBody, request: TracedRequest) => Promise<Answer>;
  /** Says what a command that was read on this thread would post. */
  readonly preview: (command: Command) => Promise<PreviewOutcome>;
};

/** A body that is read elsewhere, for the operation at `path`. */
export type LargeBody = {
  readonly path: string;
  readonly sender: Sender;
  readonly bytes: Uint8Array;
  readonly isPreview: boolean;
};

/** What tells the trace of a request, to whoever asks. */
export type TracedRequest = Pick<IncomingMessage, 'headers' | 'rawHeaders'>;

/** Makes the HTTP operation of a posting route. */
export function postingOperation<Body>(route: PostingRoute<Body>, posting: Posting): Operation {
  return {
    method: 'POST',
    path: route.path,
    scope: route.scope,
    about: previewedPost(route.about, route.body.schema),
    bodyBytesMax: route.bodyBytesMax ?? LIMITS.eventBodyBytes,
    handle(request, reply) {
      const { tenantId, clientId } = principalOf(request);
      const isPreview = asksForPreview(request);
      const key = isPreview ? NO_KEY : requireKey(request);
      const sender = { tenantId, actor: clientId, key, params: idsOf(request) };
      const bytes = request.body instanceof Uint8Array ? request.body : new Uint8Array();
      const answer =
        bytes.length > LIMITS.eventBodyBytes
          ? posting.submitLarge({ path: route.path, sender, bytes, isPreview }, request.raw)
          : submitHere(bytes, sender, { isPreview, request });
      if (!(answer instanceof Promise)) return sendAnswer(request, reply, answer);
      return answer.then((one) => {
        sendAnswer(request, reply, one);
        // Not the reply, which is itself something to wait for.
        return undefined;
      });
    },
  };

  /** No async function: it would make every request wait for one more promise. */
  function submitHere(
    bytes: Uint8Array,
    sender: Sender,
    { isPreview, request }: { readonly isPreview: boolean; readonly request: FastifyRequest },
  ): Promise<Answer> | Answer {
    const command = readCommand(route, sender, bytes);
    if ('problem' in command) return command;
    const furtherScope = route.furtherScope?.(command) ?? null;
    if (furtherScope !== null) requireFurtherScope(request, furtherScope);
    const submit = (whole: Command): Promise<Answer> =>
      isPreview ? posting.preview(whole) : posting.submit(whole, request.raw);
    return route.complete === undefined ? submit(command) : route.complete(command).then(submit);
  }
}

function sendAnswer(request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
  if ('problem' in answer) return sendProblem(request, reply, answer.problem);
  if (!('body' in answer)) return sendProblem(request, reply, problemOf(answer));
  return answer.outcome === 'previewed' ? sendJson(reply, answer.body) : sendReceipt(reply, answer);
}

/** What stands in the place of a key where none is asked for. */
const NO_KEY = 'preview';

function asksForPreview(request: FastifyRequest): boolean {
  if (!request.url.includes('?')) return false;
  return readQuery(request, PREVIEW_QUERY).preview === 'true';
}

/** Ids of the path as they are compared: in lower case. */
function idsOf(request: FastifyRequest): Readonly<Record<string, string>> {
  const params = Object.entries(request.params as Readonly<Record<string, string>>);
  return params.length === 0 ? NO_IDS : Object.fromEntries(params.map(([name, id]) => [name, id.toLowerCase()]));
}

/** The Idempotency-Key of a POST. Throws a ProblemError when it is missing, malformed or sent twice. */
export function requireKey(request: FastifyRequest): string {
  const header = idempotencyKeyHeader(request);
  if (header === undefined) {
    throw new ProblemError({
      code: 'missing_idempotency_key',
      detail: 'every POST under /v1 needs an Idempotency-Key header',
    });
  }
  const key = parseIdempotencyKey(header);
  if (key === undefined) {
    throw new ProblemError({
      code: 'invalid_idempotency_key',
      detail: 'an Idempotency-Key has 8 to 255 characters: a letter or digit, then letters, digits and . _ : -',
    });
  }
  return key;
}

/** The first 16 bytes of a SHA-256, given in hex, in the form in which PostgreSQL takes 16 bytes fastest. */
export function hashAsUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
