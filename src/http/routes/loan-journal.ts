import { parseCalendarDate } from '../../domain/calendar-date.ts';
import { type MovementPlace, readLoanJournal } from '../../postgres/reading/loan-journal.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { principalOf } from '../gate.ts';
import { LIST_QUERY, listOf, sendPage } from '../journal-list.ts';
import type { About } from '../openapi/about.ts';
import { sharedSchema } from '../openapi/component-schemas.ts';
import { JOURNAL_ENTRY_EXAMPLE } from '../openapi/journal-example.ts';
import type { Operation } from '../operation.ts';
import { invalidPageToken, pageToken, placeOfToken } from '../page-token.ts';
import { type Problem, ProblemError } from '../problem.ts';
import { pathId, readQuery } from '../query-reader.ts';

const PLACE = /^(\d{4}-\d{2}-\d{2}) ([1-9][0-9]{0,8})$/;

const about: About = {
  id: 'listLoanJournalEntries',
  tag: 'Journal',
  summary: 'List the journal entries of a loan',
  description:
    "A loan's history, filtered, in pages that stay in place while it is written to. An entry that touches several loans shows this loan's lines; `lines_total` counts all.",
  query: LIST_QUERY,
  answers: {
    200: {
      description: 'A page of entries.',
      schema: sharedSchema('JournalEntryPage'),
      example: { items: [JOURNAL_ENTRY_EXAMPLE], next_page_token: null },
    },
  },
  problems: ['validation_failed', 'invalid_page_token', 'loan_not_found'],
};

/** GET /v1/loans/{loan_id}/journal-entries: 200, 400, 401, 403, 404, 503. */
export function loanJournal(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/loans/:loan_id/journal-entries',
    scope: 'hpts:ledger:read',
    about,
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, LIST_QUERY);
      const missing: Problem = { code: 'loan_not_found', detail: 'there is no such loan' };
      const loanId = pathId(request, 'loan_id', missing);
      const { filter, order, size } = listOf(query);
      const list = [tenantId, `loan ${loanId}`, order, filter.fromDate, filter.toDate, filter.eventType];
      const behind = query.page_token === null ? null : placeOf(placeOfToken(list, query.page_token, PLACE));
      const page = await readLoanJournal(reader, { tenantId, loanId, filter, order, behind, size });
      if (page === undefined) throw new ProblemError(missing);
      return sendPage(reply, page, ({ frontier, loanSeq }) => pageToken(list, `${frontier} ${loanSeq}`));
    },
  };
}

function placeOf(text: string): MovementPlace {
  const [, frontier = '', loanSeq = ''] = PLACE.exec(text) ?? [];
  if (parseCalendarDate(frontier) === undefined) throw invalidPageToken();
  return { frontier, loanSeq: Number(loanSeq) };
}
