/** Status of each refusal that these commands can meet (CONTRACT.md section 2, 'Errors'). */
export const STATUS = {
  validation_failed: 400,
  not_found: 404,
  loan_not_found: 404,
  journal_entry_not_found: 404,
  account_not_found: 404,
  program_not_found: 404,
  already_reversed: 409,
  already_settled: 409,
  already_charged_off: 409,
  accrual_already_posted: 409,
  loan_already_exists: 409,
  borrower_mismatch: 422,
  currency_mismatch: 422,
  program_mismatch: 422,
  effective_date_in_future: 422,
  effective_date_before_disbursement: 422,
  period_closed: 422,
  period_not_next: 422,
  not_reversible: 422,
  amount_exceeds_outstanding: 422,
  amount_exceeds_suspense: 422,
  amount_exceeds_payment: 422,
  balance_would_be_negative: 422,
  amount_out_of_range: 422,
  principal_mismatch: 422,
  replay_blocked: 422,
  restatement_too_large: 422,
  loan_charged_off: 422,
  loan_not_charged_off: 422,
  allocation_mismatch: 422,
  unbalanced_entry: 422,
  approver_is_proposer: 422,
} as const;

export type Code = keyof typeof STATUS;

/** A refusal as the model foretells it. */
export interface Refusal {
  readonly code: Code;
  /** What `errors[]` must name. */
  readonly fields?: readonly string[];
  /** Of `replay_blocked`, and of a closed period in the way of a restatement. */
  readonly blockingEntryId?: string;
}

/** A refusal as a value. */
export function refuse(code: Code, more: Omit<Refusal, 'code'> = {}): { readonly refusal: Refusal } {
  return { refusal: { code, ...more } };
}
