import fc from 'fast-check';
import type { HttpClient } from '../http/http-client.ts';
import { accrual, DAY, disbursement, fee, type Loan, payment, posted, unmadeLoan } from '../http/loan-story.ts';
import { type TenantApi, textAt } from '../http/tenant-api.ts';
import { AnswerJudge } from './answer-judge.ts';
import { ApiDocument, type Operation } from './api-document.ts';
import { type FuzzedRequest, fuzzedRequests } from './request-arbitrary.ts';
import { type KnownValues, SchemaArbitraries } from './schema-arbitrary.ts';

/** A ledger to send to: a tenant of it with every scope, and the servers of which each takes its share. */
export type FuzzTarget = { readonly api: TenantApi; readonly servers: readonly HttpClient[] };

/** What a run saw. `faults` are answers of 5xx and answers that the document does not promise, the first few in full. */
export type FuzzReport = {
  readonly requests: number;
  /** With a good token, or to an operation that wants none, and allowed by the document's schemas. */
  readonly inOrder: number;
  readonly succeeded: number;
  readonly faults: number;
  readonly shownFaults: readonly string[];
  readonly byOperation: Readonly<Record<string, Readonly<Record<string, number>>>>;
};

const WORKERS = 16;
const SHOWN_FAULTS = 20;
const LOANS = 6;
const BAD_TOKENS = [null, '', 'x', 'a.b.c', `${'e'.repeat(9_000)}.e.e`];

/** Sends so many requests made from openapi.json to a ledger, and judges every answer by it. */
export async function fuzz(target: FuzzTarget, options: { requests: number; seed: number }): Promise<FuzzReport> {
  const document = new ApiDocument();
  const judge = new AnswerJudge(document);
  const schemas = new SchemaArbitraries(document, await knownValues(target));
  const requests = makeRequests(document, schemas, options);
  const counts = { inOrder: 0, succeeded: 0, faults: 0 };
  const shownFaults: string[] = [];
  const byOperation: Record<string, Record<string, number>> = {};
  const token = await target.api.token();
  const sendOne = async (request: FuzzedRequest, index: number): Promise<void> => {
    const { operation, path, body, headers, spoiling } = request;
    const shown = spoiling === 'token' ? BAD_TOKENS[index % BAD_TOKENS.length] : token;
    const authorization = operation.guarded && typeof shown === 'string' ? ['authorization', `Bearer ${shown}`] : [];
    const server = target.servers[index % target.servers.length];
    if (server === undefined) throw new Error('there is no server to send to');
    const answer = await server.send({
      method: operation.method,
      path,
      headers: [...authorization, ...headers],
      ...(body === null ? {} : { body }),
    });
    const fault = judge.faultOf(operation, answer);
    if (fault !== undefined) {
      counts.faults += 1;
      if (shownFaults.length < SHOWN_FAULTS)
        shownFaults.push(`${operation.method} ${path} (${spoiling}) ${body}: ${fault}`);
    }
    if (isInOrder(judge, request)) counts.inOrder += 1;
    if (answer.status < 300) counts.succeeded += 1;
    const name = `${operation.method} ${operation.path}`;
    const statuses = byOperation[name] ?? {};
    byOperation[name] = statuses;
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
  };
  await Promise.all(
    Array.from({ length: WORKERS }, async (_, worker) => {
      for (let index = worker; index < requests.length; index += WORKERS) {
        await sendOne(requests[index] as FuzzedRequest, index);
      }
    }),
  );
  return { requests: requests.length, ...counts, shownFaults, byOperation };
}

/** Spoilt parameters may be right by accident, so such a request is not counted. */
function isInOrder(judge: AnswerJudge, { operation, spoiling, json }: FuzzedRequest): boolean {
  if (spoiling === 'nothing') return json === undefined || judge.allows(operation, json);
  return spoiling === 'field' && judge.allows(operation, json);
}

function makeRequests(
  document: ApiDocument,
  schemas: SchemaArbitraries,
  { requests, seed }: { requests: number; seed: number },
): readonly FuzzedRequest[] {
  const wanted = document.operations.filter(isFuzzed);
  const each = Math.ceil(requests / wanted.length);
  const made = wanted.map((operation, index) =>
    fc.sample(fuzzedRequests(operation, schemas), { numRuns: each, seed: seed + index }),
  );
  // In turn, so that every operation meets every other.
  return Array.from({ length: each }, (_, index) => made.map((list) => list[index] as FuzzedRequest)).flat();
}

/** A reconciliation counts the whole journal again and is bounded for that: it is asked in its own tests. */
function isFuzzed({ path }: Operation): boolean {
  return path !== '/v1/reconciliation/status';
}

/** Loans, entries and accounts that are there, so that requests come further than 404. */
async function knownValues({ api }: FuzzTarget): Promise<KnownValues> {
  const loans: Loan[] = [];
  const entries: string[] = [];
  const { borrowerId, currency } = unmadeLoan();
  for (let index = 0; index < LOANS; index += 1) {
    // One borrower has all of them, so that a loan and its borrower meet.
    const loan = { ...unmadeLoan(), borrowerId, currency };
    await posted(api.post('/v1/disbursements', disbursement(loan, { amount_minor: '100000000' })));
    await posted(api.post('/v1/fees', fee(loan)));
    await posted(api.post('/v1/accruals/batch', accrual(api, [[loan, '1000']], { accrual_date: DAY.paid })));
    entries.push(textAt(await posted(api.post('/v1/payments', payment(loan))), 'journal_entry_id'));
    loans.push(loan);
  }
  const made = await posted(api.post('/v1/webhook-endpoints', { url: 'http://127.0.0.1:1025/hook' }));
  return {
    loan_id: loans.map(({ loanId }) => loanId),
    borrower_id: [borrowerId],
    currency: [currency],
    program_id: [api.defaultProgramId],
    journal_entry_id: entries,
    reverses_entry_id: entries,
    after: entries,
    account_code: ['1010', '1100', '1200', '2100', '9999'],
    webhook_endpoint_id: [textAt(made, 'webhook_endpoint_id')],
    amount_minor: ['1', '100', '100000'],
    code: ['validation_failed', 'not_found'],
    known_at: ['2026-05-01T00:00:00Z', new Date().toISOString()],
  };
}
