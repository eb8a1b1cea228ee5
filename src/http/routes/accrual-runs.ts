import { refuseClosedPeriod, refuseFuture } from '../../domain/dating.ts';
import { refuseUnknownProgram } from '../../domain/program-of-loan.ts';
import { LIMITS } from '../../limits.ts';
import { type AccrualRunView, readAccrualRun, readRunContext } from '../../postgres/reading/accrual-runs.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { insertRun } from '../../postgres/runs/run-registry.ts';
import type { AdministrativeRoute } from '../administrative-operation.ts';
import { dateField, described, objectField, uuidField } from '../field-reader.ts';
import { principalOf } from '../gate.ts';
import { sendJson } from '../json-answer.ts';
import type { About, KeyedPostAbout } from '../openapi/about.ts';
import { listOf, objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { Operation } from '../operation.ts';
import { type Problem, ProblemError } from '../problem.ts';
import { pathId, readQuery } from '../query-reader.ts';

const body = objectField(
  {
    program_id: described(uuidField, 'Every loan of this program.'),
    accrual_date: described(dateField, 'Interest of all nights up to the one that ends on this day.'),
  },
  {},
);

type Body = NonNullable<ReturnType<typeof body.read>>;

const NO_RUN: Problem = { code: 'not_found', detail: 'there is no accrual run of this id' };
const TOO_MANY: Problem = {
  code: 'too_busy',
  detail: `${LIMITS.openAccrualRuns} accrual runs of this tenant are not finished; nothing was begun`,
};
const EXAMPLE_ID = '01a1fbed-0b70-7648-804f-c378f75457e0';

const RUN = {
  name: 'AccrualRun',
  schema: objectOf({
    accrual_run_id: schemaRef('Uuid'),
    status: { type: 'string', enum: ['running', 'done'] },
    loan_count: { type: 'integer', minimum: 0, description: 'Loans that accrued so far.' },
    skipped_count: { type: 'integer', minimum: 0, description: 'Loans that were looked at and passed over so far.' },
    totals: listOf(
      objectOf({ currency: schemaRef('Currency'), accrued_minor: schemaRef('TotalMoney') }),
      'What was accrued so far, by currency.',
    ),
    journal_entry_ids: listOf(
      schemaRef('Uuid'),
      'The entries of the run so far, in the order in which they were posted.',
    ),
  }),
};

const creationAbout: KeyedPostAbout = {
  id: 'startAccrualRun',
  tag: 'Events',
  summary: 'Compute the interest of every loan of a program',
  description:
    'Begins a run and answers at once; the run goes on by itself, whatever becomes of this process, and its own address shows how far it is. Loans that have accrued on or after the date, are charged off, have not begun, have no rate or would pass 18 digits are passed over and counted. Repeat it at will, under another key: nothing accrues twice.',
  bodyName: 'AccrualRunRequest',
  request: { program_id: '33333333-3333-3333-3333-333333333333', accrual_date: '2026-05-02' },
  answer: {
    ...RUN,
    example: begun(EXAMPLE_ID),
  },
  problems: ['program_not_found', 'effective_date_in_future', 'period_closed'],
};

/** POST /v1/accruals/runs: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export function accrualRunCreation(reader: ReaderPool): AdministrativeRoute<Body, Body> {
  return {
    path: '/v1/accruals/runs',
    scope: 'hpts:accruals:write',
    about: creationAbout,
    body,
    steps: ({ tenantId, actor, body: asked }) => ({
      async prepare() {
        const { program_id: programId, accrual_date: date } = asked;
        const { calendar, programExists } = await readRunContext(reader, { tenantId, programId });
        const refusal =
          refuseUnknownProgram({ programId, program: programExists ? [] : undefined }) ??
          refuseFuture(date, calendar, 'accrual_date') ??
          refuseClosedPeriod(date, calendar, 'accrual_date');
        return refusal === null ? { prepared: asked } : { refusal };
      },
      async perform(transaction, { program_id: programId, accrual_date: accrualDate }) {
        const accrualRunId = await insertRun(transaction, tenantId, { programId, accrualDate, actor });
        if (accrualRunId === undefined) return { refusal: TOO_MANY };
        return {
          body: JSON.stringify(begun(accrualRunId)),
          act: {
            action: 'accrual_run.start',
            subject: accrualRunId,
            detail: { program_id: programId, accrual_date: accrualDate },
          },
        };
      },
    }),
  };
}

const about: About = {
  id: 'getAccrualRun',
  tag: 'Events',
  summary: 'See how far an accrual run is',
  description: 'What the run has come to so far; once it is done, the whole of it.',
  answers: {
    200: {
      description: 'The run.',
      schema: RUN,
      example: {
        accrual_run_id: EXAMPLE_ID,
        status: 'done',
        loan_count: 1,
        skipped_count: 0,
        totals: [{ currency: 'USD', accrued_minor: '329' }],
        journal_entry_ids: ['01a1fbed-0b70-7648-804f-c378f7545760'],
      },
    },
  },
  problems: ['validation_failed', 'not_found'],
};

/** GET /v1/accruals/runs/{accrual_run_id}: 200, 400, 401, 403, 404, 503. */
export function accrualRun(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/accruals/runs/:accrual_run_id',
    scope: 'hpts:accruals:write',
    about,
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      readQuery(request, {});
      const accrualRunId = pathId(request, 'accrual_run_id', NO_RUN);
      const found = await readAccrualRun(reader, { tenantId, accrualRunId });
      if (found === undefined) throw new ProblemError(NO_RUN);
      return sendJson(reply, JSON.stringify(runObject(found)));
    },
  };
}

function begun(accrualRunId: string): object {
  return runObject({
    accrualRunId,
    status: 'running',
    loanCount: 0,
    skippedCount: 0,
    totals: [],
    journalEntryIds: [],
  });
}

function runObject(run: AccrualRunView): object {
  return {
    accrual_run_id: run.accrualRunId,
    status: run.status,
    loan_count: run.loanCount,
    skipped_count: run.skippedCount,
    totals: run.totals.map(({ currency, accruedMinor }) => ({ currency, accrued_minor: accruedMinor })),
    journal_entry_ids: run.journalEntryIds,
  };
}
