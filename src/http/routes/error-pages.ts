import type { Operation } from '../operation.ts';
import { ProblemError } from '../problem.ts';
import { PROBLEMS, type ProblemCode } from '../problem-table.ts';

/** GET /docs/errors/{code}: what the `type` of a problem resolves to, as plain text. 200, 404. */
export const errorPages: Operation = {
  method: 'GET',
  path: '/docs/errors/:code',
  scope: null,
  async handle(request, reply) {
    const { code } = request.params as { code: string };
    if (!isProblemCode(code))
      throw new ProblemError({ code: 'not_found', detail: `there is no error code ${code.slice(0, 64)}` });
    const { status, title, advice } = PROBLEMS[code];
    return reply
      .header('content-type', 'text/plain; charset=utf-8')
      .send(`${code} (HTTP ${status})\n\n${title}.\n\n${advice}\n`);
  },
};

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}
