import { LIMITS } from '../../limits.ts';
import { readJournalEntry } from '../../postgres/reading/journal-entry.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { principalOf } from '../gate.ts';
import { readLinesToken, renderEntry } from '../journal-entry-body.ts';
import { sendJson } from '../json-answer.ts';
import type { About } from '../openapi/about.ts';
import { sharedSchema } from '../openapi/component-schemas.ts';
import { JOURNAL_ENTRY_EXAMPLE } from '../openapi/journal-example.ts';
import type { Operation } from '../operation.ts';
import { type Problem, ProblemError } from '../problem.ts';
import { tokenParameter } from '../query-parameters.ts';
import { pathId, readQuery } from '../query-reader.ts';

const QUERY = { lines_page_token: tokenParameter('the lines_next_page_token of an earlier answer') };

const about: About = {
  id: 'getJournalEntry',
  tag: 'Journal',
  summary: 'Read a journal entry',
  description: 'An entry with its lines, past 1,000 in pages: send `lines_next_page_token` back as `lines_page_token`.',
  query: QUERY,
  answers: {
    200: { description: 'The entry.', schema: sharedSchema('JournalEntry'), example: JOURNAL_ENTRY_EXAMPLE },
  },
  problems: ['validation_failed', 'invalid_page_token', 'journal_entry_not_found'],
};

/** GET /v1/journal-entries/{journal_entry_id}: 200, 400, 401, 403, 404, 503. */
export function journalEntry(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/journal-entries/:journal_entry_id',
    scope: 'hpts:ledger:read',
    about,
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY);
      const missing: Problem = { code: 'journal_entry_not_found', detail: 'there is no such journal entry' };
      const entryId = pathId(request, 'journal_entry_id', missing);
      const firstLine = query.lines_page_token === null ? 1 : readLinesToken(query.lines_page_token);
      const lastLine = firstLine + LIMITS.linesPerPage - 1;
      const entry = await readJournalEntry(reader, { tenantId, entryId, firstLine, lastLine });
      if (entry === undefined) throw new ProblemError(missing);
      return sendJson(reply, renderEntry(entry));
    },
  };
}
