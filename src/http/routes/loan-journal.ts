import { parseCalendarDate } from '../../domain/calendar-date.ts';
import { type MovementPlace, readLoanJournal } from '../../postgres/reading/loan-journal.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { principalOf } from '../gate.ts';
import { LIST_QUERY, LIST_WANTED, listOf, sendPage } from '../journal-list.ts';
import type { Operation } from '../operation.ts';
import { invalidPageToken, pageToken, placeOfToken } from '../page-token.ts';
import { type Problem, ProblemError } from '../problem.ts';
import { pathId, readQuery } from '../query-reader.ts';

const PLACE = /^(\d{4}-\d{2}-\d{2}) ([1-9][0-9]{0,8})$/;

/** GET /v1/loans/{loan_id}/journal-entries: 200, 400, 401, 403, 404, 503. */
export function loanJournal(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/loans/:loan_id/journal-entries',
    scope: 'hpts:ledger:read',
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, LIST_QUERY, LIST_WANTED);
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
