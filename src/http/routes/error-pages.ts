import type { About } from '../openapi/about.ts';
import type { Operation } from '../operation.ts';
import { ProblemError } from '../problem.ts';
import { PROBLEMS, type ProblemCode } from '../problem-table.ts';

const about: About = {
  id: 'getErrorPage',
  tag: 'Operations',
  summary: 'Read what an error code means',
  description: 'What the `type` of a problem resolves to: the code, its status, and what to do.',
  answers: {
    200: {
      description: 'The page.',
      schema: { name: 'ErrorPage', schema: { type: 'string' } },
      mediaType: 'text/plain',
      example: `loan_not_found (HTTP 404)\n\n${PROBLEMS.loan_not_found.title}.\n\n${PROBLEMS.loan_not_found.advice}\n`,
      headers: [],
    },
  },
  problems: ['not_found'],
};

/** GET /docs/errors/{code}: what the `type` of a problem resolves to, as plain text. 200, 404. */
export const errorPages: Operation = {
  method: 'GET',
  path: '/docs/errors/:code',
  scope: null,
  about,
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
