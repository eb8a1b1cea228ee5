import { layerNumber, SETTLED } from '../../domain/layer.ts';
import { type LoanBalance, readLoanBalance } from '../../postgres/reading/loan-balance.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { principalOf } from '../gate.ts';
import { sendJson } from '../json-answer.ts';
import { refuseUnlessCome } from '../known-at.ts';
import type { About } from '../openapi/about.ts';
import { objectOf, orNull, schemaRef } from '../openapi/json-schema.ts';
import type { Operation } from '../operation.ts';
import { type Problem, ProblemError } from '../problem.ts';
import { AS_OF_DATE, KNOWN_AT, LAYER } from '../query-parameters.ts';
import { pathId, readQuery } from '../query-reader.ts';

const QUERY = { as_of_date: AS_OF_DATE, known_at: KNOWN_AT, layer: LAYER };

const about: About = {
  id: 'getLoanBalance',
  tag: 'Balances',
  summary: 'Read what a loan owes',
  description:
    "Principal, interest and fees of a loan on a day, as known at an instant. A date before the loan's first event answers zeros. An answer under a fixed `known_at` never changes.",
  query: QUERY,
  answers: {
    200: {
      description: 'What the loan owes.',
      schema: {
        name: 'LoanBalance',
        schema: objectOf({
          loan_id: schemaRef('Uuid'),
          currency: schemaRef('Currency'),
          as_of_date: schemaRef('CalendarDate'),
          principal_outstanding_minor: schemaRef('SignedMoney'),
          interest_receivable_minor: schemaRef('SignedMoney'),
          fees_receivable_minor: schemaRef('SignedMoney'),
          total_exposure_minor: schemaRef('SignedMoney', 'Principal, interest and fees; suspense does not reduce it.'),
          last_activity_at: orNull(schemaRef('Instant', 'When the last of these events was posted.')),
          suspense_minor: schemaRef('SignedMoney', 'Received, and not applied to the loan.'),
        }),
      },
      example: {
        loan_id: '11111111-1111-1111-1111-111111111111',
        currency: 'USD',
        as_of_date: '2026-05-01',
        principal_outstanding_minor: '921651',
        interest_receivable_minor: '0',
        fees_receivable_minor: '0',
        total_exposure_minor: '921651',
        last_activity_at: '2026-11-21T02:26:18.610880Z',
        suspense_minor: '0',
      },
    },
  },
  problems: ['validation_failed', 'loan_not_found'],
};

/** GET /v1/loans/{loan_id}/balance: 200, 400, 401, 403, 404, 503. */
export function loanBalance(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/loans/:loan_id/balance',
    scope: 'hpts:balances:read',
    about,
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY);
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
      return sendJson(reply, renderBalance(loanId, balance));
    },
  };
}

function renderBalance(loanId: string, { currency, asOfDate, components, lastActivityAt }: LoanBalance): string {
  const { principal, interest, fees, suspense } = components;
  const activity = lastActivityAt === null ? 'null' : `"${lastActivityAt}"`;
  return `{"loan_id":"${loanId}","currency":"${currency}","as_of_date":"${asOfDate}","principal_outstanding_minor":"${principal}","interest_receivable_minor":"${interest}","fees_receivable_minor":"${fees}","total_exposure_minor":"${principal + interest + fees}","last_activity_at":${activity},"suspense_minor":"${suspense}"}`;
}
