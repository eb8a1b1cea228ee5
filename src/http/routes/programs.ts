import { LIMITS } from '../../limits.ts';
import { readProgram, readPrograms } from '../../postgres/reading/programs.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { principalOf } from '../gate.ts';
import { sendJson } from '../json-answer.ts';
import type { About } from '../openapi/about.ts';
import type { Operation } from '../operation.ts';
import { pageToken, placeOfToken, UUID_PLACE } from '../page-token.ts';
import { ProblemError } from '../problem.ts';
import { PAGE_SIZE_DEFAULT, PAGE_TOKEN, pageSizeParameter } from '../query-parameters.ts';
import { pathId, readQuery } from '../query-reader.ts';
import { NO_PROGRAM, PROGRAM_PAGE, programObject, versionObject, WHOLE_PROGRAM } from './program-schemas.ts';

const QUERY = { page_size: pageSizeParameter(LIMITS.listPageItems), page_token: PAGE_TOKEN };

const listAbout: About = {
  id: 'listPrograms',
  tag: 'Configuration',
  summary: 'List programs',
  description: "The tenant's programs, the default one among them, each with the version in force today.",
  query: QUERY,
  answers: { 200: { description: 'A page of programs.', schema: PROGRAM_PAGE, example: PROGRAM_PAGE.example } },
  problems: ['validation_failed', 'invalid_page_token'],
};

const oneAbout: About = {
  id: 'getProgram',
  tag: 'Configuration',
  summary: 'Read a program',
  description: 'A program with all of its versions.',
  answers: { 200: { description: 'The program.', schema: WHOLE_PROGRAM, example: WHOLE_PROGRAM.example } },
  problems: ['validation_failed', 'program_not_found'],
};

/** GET /v1/programs: 200, 400, 401, 403, 503. */
export function programs(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/programs',
    scope: 'hpts:programs:read',
    about: listAbout,
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY);
      const limit = Number(query.page_size ?? PAGE_SIZE_DEFAULT);
      const list = [tenantId, 'programs'];
      const afterId = query.page_token === null ? null : placeOfToken(list, query.page_token, UUID_PLACE);
      const items = await readPrograms(reader, { tenantId, afterId, limit });
      const last = items.length === limit ? items.at(-1) : undefined;
      return sendJson(
        reply,
        JSON.stringify({
          items: items.map((one) => Object.assign(programObject(one), ...one.versions.map(versionObject))),
          next_page_token: last === undefined ? null : pageToken(list, last.programId),
        }),
      );
    },
  };
}

/** GET /v1/programs/{program_id}: 200, 400, 401, 403, 404, 503. */
export function program(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/programs/:program_id',
    scope: 'hpts:programs:read',
    about: oneAbout,
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      readQuery(request, {});
      const programId = pathId(request, 'program_id', NO_PROGRAM);
      const found = await readProgram(reader, { tenantId, programId });
      if (found === undefined) throw new ProblemError(NO_PROGRAM);
      return sendJson(reply, JSON.stringify({ ...programObject(found), versions: found.versions.map(versionObject) }));
    },
  };
}
