import { parseCalendarDate } from '../../domain/calendar-date.ts';
import { layerNumber, SETTLED } from '../../domain/layer.ts';
import { type LoanBalance, readLoanBalance } from '../../postgres/reading/loan-balance.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { principalOf } from '../gate.ts';
import { KNOWN_AT_WANTED, parseInstant, refuseUnlessCome } from '../known-at.ts';
import type { Operation } from '../operation.ts';
import { type Problem, ProblemError } from '../problem.ts';
import { pathId, readQuery } from '../query-reader.ts';

const QUERY = {
  as_of_date: parseCalendarDate,
  known_at: parseInstant,
  layer: (text: string) => (layerNumber(text) === undefined ? undefined : text),
};

const WANTED = {
  as_of_date: 'a calendar date YYYY-MM-DD',
  known_at: KNOWN_AT_WANTED,
  layer: 'SETTLED, PENDING or ENCUMBRANCE',
};

/** GET /v1/loans/{loan_id}/balance: 200, 400, 401, 403, 404, 503. */
export function loanBalance(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/loans/:loan_id/balance',
    scope: 'hpts:balances:read',
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY, WANTED);
      const missing: Problem = {
        code: 'loan_not_found',
        detail: 'there is no such loan, or it was not known at known_at',
      };
      const loanId = pathId(request, 'loan_id', missing);
      const knownAt = query.known_at;
      await refuseUnlessCome(reader, tenantId, knownAt);
      const layer = layerNumber(query.layer ?? 'SETTLED') ?? SETTLED;
      const balance = await readLoanBalance(reader, { tenantId, loanId, layer, asOfDate: query.as_of_date, knownAt });
      if (balance === undefined) throw new ProblemError(missing);
      return reply
        .header('content-type', 'application/json; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(renderBalance(loanId, balance));
    },
  };
}

function renderBalance(loanId: string, { currency, asOfDate, components, lastActivityAt }: LoanBalance): string {
  const { principal, interest, fees, suspense } = components;
  const activity = lastActivityAt === null ? 'null' : `"${lastActivityAt}"`;
  return `{"loan_id":"${loanId}","currency":"${currency}","as_of_date":"${asOfDate}","principal_outstanding_minor":"${principal}","interest_receivable_minor":"${interest}","fees_receivable_minor":"${fees}","total_exposure_minor":"${principal + interest + fees}","last_activity_at":${activity},"suspense_minor":"${suspense}"}`;
}
