import { expect } from 'vitest';
import { PROBLEMS, type ProblemCode } from '../../src/http/problem-table.ts';
import type { HttpAnswer } from './http-client.ts';
import type { LedgerServer } from './ledger-server.ts';

/** What a problem must say besides its code. */
export type ExpectedProblem = {
  readonly status: number;
  readonly code: ProblemCode;
  /** The fields that errors[] names, in its order; none when left out. */
  readonly fields?: readonly string[];
  /** The codes of errors[], in its order. */
  readonly fieldCodes?: readonly string[];
  /** Of a restatement: the later entry that is in its way. */
  readonly blockingEntryId?: string;
};

/** The whole of CONTRACT.md's error shape: RFC 9457 with `code` and `trace_id`, and the headers of its status. */
export function expectProblem(answer: HttpAnswer, expected: ExpectedProblem): void {
  const { status, code } = expected;
  expect({ status: answer.status, body: answer.json }).toMatchObject({ status, body: { status, code } });
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.headers['cache-control']).toBe('no-store');
  expect(answer.headers['retry-after']).toBe(status === 503 ? '1' : undefined);
  expect(answer.json).toEqual({
    type: `/docs/errors/${code}`,
    title: PROBLEMS[code].title,
    status,
    detail: expect.stringMatching(/./),
    instance: expect.stringMatching(/^\//),
    code,
    trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    ...(expected.fields === undefined ? {} : { errors: expect.any(Array) }),
    ...(expected.blockingEntryId === undefined ? {} : { blocking_entry_id: expected.blockingEntryId }),
  });
  const errors = errorsOf(answer);
  expect(errors.map(({ field }) => field)).toEqual(expected.fields ?? []);
  if (expected.fieldCodes !== undefined) expect(errors.map((error) => error.code)).toEqual(expected.fieldCodes);
  for (const { message } of errors) expect(message).toMatch(/./);
}

/** errors[] of a problem; empty when there is none. */
export function errorsOf(answer: HttpAnswer): readonly { field: string; code: string; message: string }[] {
  const errors: unknown = Reflect.get(Object(answer.json), 'errors');
  return Array.isArray(errors) ? errors : [];
}

/** Everything that a posting may change, as one text: two equal ones mean that nothing was changed between them. */
export async function booksOf(ledger: LedgerServer): Promise<string> {
  const [row] = await ledger.sql<{ books: string }>(`
    SELECT concat_ws(' ',
      (SELECT md5(coalesce(string_agg(l::text, ',' ORDER BY tenant_id, loan_id), '')) FROM hpts.loan AS l),
      (SELECT md5(coalesce(string_agg(h::text, ',' ORDER BY tenant_id), '')) FROM hpts.tenant_head AS h),
      (SELECT md5(coalesce(string_agg(m::text, ',' ORDER BY tenant_id, loan_id, month), '')) FROM hpts.loan_accrual_month AS m),
      (SELECT md5(coalesce(string_agg(b::text, ',' ORDER BY tenant_id, loan_id, layer, from_day), '')) FROM hpts.loan_backdating AS b),
      (SELECT count(*) FROM hpts.journal_entry), (SELECT count(*) FROM hpts.loan_movement),
      (SELECT count(*) FROM hpts.account_delta), (SELECT count(*) FROM hpts.idempotency_key),
      (SELECT count(*) FROM hpts.accrual_correction), (SELECT count(*) FROM hpts.adjustment_verdict),
      (SELECT count(*) FROM hpts.reversal), (SELECT count(*) FROM hpts.superseded_entry), (SELECT count(*) FROM hpts.loan_loss), (SELECT count(*) FROM hpts.loan_recovery), (SELECT count(*) FROM hpts.disbursement),
      (SELECT count(*) FROM hpts.settling), (SELECT count(*) FROM hpts.clearing), (SELECT count(*) FROM hpts.payment_return),
      (SELECT count(*) FROM hpts.non_accrual)) AS books`);
  if (row === undefined) throw new Error('the books cannot be read');
  return row.books;
}

/** "A refused request changes nothing" (ACCOUNTING.md rule 2): sends it and compares the books before and after. */
export async function expectRefusal(
  ledger: LedgerServer,
  sent: () => Promise<HttpAnswer>,
  expected: ExpectedProblem,
): Promise<HttpAnswer> {
  const before = await booksOf(ledger);
  const answer = await sent();
  expectProblem(answer, expected);
  expect(await booksOf(ledger)).toBe(before);
  return answer;
}
