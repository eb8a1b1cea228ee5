/**
 * Every reason for which the domain refuses a command, as a closed set (CONTRACT.md section 2, "Errors"). A refusal is a
 * value, never an exception: an exception is a bug. http/problem-table.ts gives each its status and its page.
 */
export type RefusalCode =
  | 'validation_failed'
  | 'not_found'
  | 'loan_not_found'
  | 'journal_entry_not_found'
  | 'program_not_found'
  | 'account_not_found'
  | 'already_reversed'
  | 'already_settled'
  | 'already_charged_off'
  | 'accrual_already_posted'
  | 'loan_already_exists'
  | 'idempotency_mismatch'
  | 'currency_mismatch'
  | 'borrower_mismatch'
  | 'program_mismatch'
  | 'effective_date_in_future'
  | 'effective_date_before_disbursement'
  | 'period_closed'
  | 'period_not_next'
  | 'not_reversible'
  | 'loan_charged_off'
  | 'loan_not_charged_off'
  | 'amount_exceeds_outstanding'
  | 'amount_exceeds_suspense'
  | 'amount_exceeds_payment'
  | 'amount_out_of_range'
  | 'balance_would_be_negative'
  | 'unbalanced_entry'
  | 'approver_is_proposer'
  | 'allocation_mismatch'
  | 'principal_mismatch'
  | 'replay_blocked'
  | 'restatement_too_large';

/** One field at fault: `field` is its path in the body, as in `loans[3].loan_id`. */
export type FieldProblem = { readonly field: string; readonly code: string; readonly message: string };

/** `detail` says what is wrong, where, and what to do about it, to a person; `code` says it to a program. */
export type Refusal = {
  readonly code: RefusalCode;
  readonly detail: string;
  readonly errors?: readonly FieldProblem[];
  /** The standing entry that is in the way of a restatement. */
  readonly blockingEntryId?: string;
};

/** A refusal that blames one field of the body. */
export function refusalOfField(code: RefusalCode, field: string, message: string): Refusal {
  return { code, detail: message, errors: [{ field, code, message }] };
}
