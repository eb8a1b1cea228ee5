import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FieldProblem } from '../domain/refusal.ts';
import { LIMITS } from '../limits.ts';
import { PROBLEMS, type ProblemCode } from './problem-table.ts';
import { traceOf } from './trace.ts';

/** What turns a request away; status and title follow from the code. */
export type Problem = {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors?: readonly FieldProblem[];
  readonly blockingEntryId?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Carries a problem out of a handler or hook to the error handler. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** A problem about fields of the request: 400, with every one of them. */
export function validationProblem(errors: readonly FieldProblem[]): Problem {
  const [first] = errors;
  const rest = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return { code: 'validation_failed', detail: `${first?.field}: ${first?.message}${rest}`, errors };
}

/** Answers application/problem+json (RFC 9457), without a charset: JSON has none to declare (RFC 8259 section 11). */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): FastifyReply {
  const { status, title } = PROBLEMS[problem.code];
  const [instance] = request.url.split('?', 1);
  request.server.watch.refused(request, { code: problem.code, status });
  if (status === 503 || status === 429) reply.header('retry-after', String(LIMITS.retryAfterSeconds));
  if (problem.headers !== undefined) reply.headers({ ...problem.headers });
  return reply
    .code(status)
    .header('content-type', 'application/problem+json')
    .header('cache-control', 'no-store')
    .send(
      // As bytes: fastify adds a charset to JSON that comes as text.
      Buffer.from(
        JSON.stringify({
          type: `/docs/errors/${problem.code}`,
          title,
          status,
          detail: problem.detail,
          instance,
          code: problem.code,
          trace_id: traceOf(request).traceId,
          ...(problem.errors === undefined ? {} : { errors: problem.errors }),
          ...(problem.blockingEntryId === undefined ? {} : { blocking_entry_id: problem.blockingEntryId }),
        }),
      ),
    );
}
