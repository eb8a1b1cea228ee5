import { expect, test } from 'vitest';
import { PROBLEMS } from './problem-table.ts';

/** CONTRACT.md section 2, "Errors", as it stands there. */
const CONTRACT: readonly [status: number, codes: string][] = [
  [
    400,
    'malformed_json validation_failed missing_idempotency_key invalid_idempotency_key duplicate_header invalid_page_token',
  ],
  [401, 'invalid_token'],
  [403, 'insufficient_scope certificate_required certificate_mismatch'],
  [404, 'not_found loan_not_found journal_entry_not_found account_not_found program_not_found'],
  [405, 'method_not_allowed'],
  [406, 'not_acceptable'],
  [413, 'payload_too_large'],
  [415, 'unsupported_media_type'],
  [
    409,
    'idempotency_in_progress already_reversed already_settled already_charged_off accrual_already_posted loan_already_exists',
  ],
  [422, 'idempotency_mismatch currency_mismatch borrower_mismatch program_mismatch effective_date_in_future'],
  [
    422,
    'effective_date_before_disbursement period_closed not_reversible amount_exceeds_outstanding amount_exceeds_suspense',
  ],
  [422, 'amount_exceeds_payment balance_would_be_negative amount_out_of_range principal_mismatch replay_blocked'],
  [422, 'restatement_too_large loan_not_charged_off allocation_mismatch unbalanced_entry approver_is_proposer'],
  [429, 'rate_limited'],
  [503, 'too_busy unavailable'],
];

/** Codes of operations that are not there yet; whoever builds one takes its codes out of here. */
const NOT_YET = new Set(['rate_limited']);

const codes = CONTRACT.flatMap(([status, line]) => line.split(' ').map((code) => ({ status, code })));

test.each(codes.filter(({ code }) => !NOT_YET.has(code)))(
  '$code: $status, as the contract has it',
  ({ status, code }) => {
    expect(Reflect.get(PROBLEMS, code)).toMatchObject({ status });
  },
);

test('no code that belongs to operations to come is there before them', () => {
  expect(Object.keys(PROBLEMS).filter((code) => NOT_YET.has(code))).toEqual([]);
});
