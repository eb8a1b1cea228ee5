import { parseUuid } from '../../domain/identifier.ts';
import { LOAN_STATUSES, type Receivables } from '../../domain/loan.ts';
import { annualRateOn } from '../../domain/loan-rate.ts';
import { LIMITS } from '../../limits.ts';
import { type LoanFilter, type LoanView, readLoan, readLoans } from '../../postgres/reading/loans.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { principalOf } from '../gate.ts';
import { sendJson } from '../json-answer.ts';
import type { About } from '../openapi/about.ts';
import { schemaRef } from '../openapi/json-schema.ts';
import type { Operation } from '../operation.ts';
import { pageToken, placeOfToken, UUID_PLACE } from '../page-token.ts';
import { type Problem, ProblemError } from '../problem.ts';
import { PAGE_SIZE_DEFAULT, PAGE_TOKEN, pageSizeParameter } from '../query-parameters.ts';
import { pathId, type QueryParameter, readQuery } from '../query-reader.ts';
import { LOAN, LOAN_PAGE } from './loan-schemas.ts';

const idParameter = (description: string): QueryParameter => ({
  read: parseUuid,
  wanted: 'a UUID',
  schema: schemaRef('Uuid'),
  description,
  example: '22222222-2222-2222-2222-222222222222',
});

const QUERY = {
  status: {
    read: (text: string) => LOAN_STATUSES.find((status) => status === text),
    wanted: `one of ${LOAN_STATUSES.join(', ')}`,
    schema: { type: 'string', enum: LOAN_STATUSES },
    description: 'Loans of that status alone.',
    example: 'active',
  },
  borrower_id: idParameter('Loans of that borrower alone.'),
  program_id: idParameter('Loans of that program alone.'),
  page_size: pageSizeParameter(LIMITS.listPageItems),
  page_token: PAGE_TOKEN,
} satisfies Readonly<Record<string, QueryParameter>>;

const listAbout: About = {
  id: 'listLoans',
  tag: 'Loans',
  summary: 'List loans',
  description: "The tenant's loans as they stand, filtered, in the order of their ids.",
  query: QUERY,
  answers: { 200: { description: 'A page of loans.', schema: LOAN_PAGE, example: LOAN_PAGE.example } },
  problems: ['validation_failed', 'invalid_page_token'],
};

const oneAbout: About = {
  id: 'getLoan',
  tag: 'Loans',
  summary: 'Read a loan',
  description:
    'A loan as it stands: whose it is, its program, rate and maturity, what it owes on SETTLED, and what of it was charged off and recovered.',
  answers: { 200: { description: 'The loan.', schema: LOAN, example: LOAN.example } },
  problems: ['validation_failed', 'loan_not_found'],
};

const NO_LOAN: Problem = { code: 'loan_not_found', detail: 'there is no such loan' };

/** GET /v1/loans: 200, 400, 401, 403, 503. */
export function loans(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/loans',
    scope: 'hpts:ledger:read',
    about: listAbout,
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY);
      const { borrower_id: borrowerId, program_id: programId } = query;
      const status = LOAN_STATUSES.find((one) => one === query.status) ?? null;
      const filter: LoanFilter = { status, borrowerId, programId };
      const list = [tenantId, 'loans', status, borrowerId, programId];
      const afterId = query.page_token === null ? null : placeOfToken(list, query.page_token, UUID_PLACE);
      const limit = Number(query.page_size ?? PAGE_SIZE_DEFAULT);
      const items = await readLoans(reader, { tenantId, filter, afterId, limit });
      const last = items.length === limit ? items.at(-1) : undefined;
      const next_page_token = last === undefined ? null : pageToken(list, last.loanId);
      return sendJson(reply, JSON.stringify({ items: items.map(loanObject), next_page_token }));
    },
  };
}

/** GET /v1/loans/{loan_id}: 200, 400, 401, 403, 404, 503. */
export function loan(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/loans/:loan_id',
    scope: 'hpts:ledger:read',
    about: oneAbout,
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      readQuery(request, {});
      const loanId = pathId(request, 'loan_id', NO_LOAN);
      const found = await readLoan(reader, { tenantId, loanId });
      if (found === undefined) throw new ProblemError(NO_LOAN);
      return sendJson(reply, JSON.stringify(loanObject(found)));
    },
  };
}

function loanObject(view: LoanView): Record<string, unknown> {
  const { components, opening, ownRate, standing } = view;
  return {
    loan_id: view.loanId,
    borrower_id: view.borrowerId,
    program_id: view.programId,
    currency: view.currency,
    status: view.status,
    began_on: view.beganOn,
    annual_rate: annualRateOn(view.today, { own: ownRate, ofProgram: view.programRates }),
    own_annual_rate: ownRate,
    maturity_date: view.maturityDate,
    opening:
      opening === null
        ? null
        : { as_of: opening.asOf, accrued_through: opening.accruedThrough, journal_entry_id: opening.entryId },
    components: {
      ...receivablesObject(components),
      suspense_minor: components.suspense.toString(),
      memo_interest_minor: components.memoInterest.toString(),
    },
    charged_off: receivablesObject(standing.chargedOff),
    recovered: receivablesObject(standing.recovered),
    non_accrual_since: standing.nonAccrualSince,
  };
}

function receivablesObject({ principal, interest, fees }: Receivables): Record<string, string> {
  return { principal_minor: principal.toString(), interest_minor: interest.toString(), fees_minor: fees.toString() };
}
