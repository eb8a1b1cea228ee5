/** The status of each refusal that the five events and the reads can answer (CONTRACT.md section 2, 'Errors'). */
export const REFUSAL_STATUS = {
  malformed_json: 400,
  validation_failed: 400,
  missing_idempotency_key: 400,
  invalid_idempotency_key: 400,
  duplicate_header: 400,
  invalid_page_token: 400,
  invalid_token: 401,
  insufficient_scope: 403,
  not_found: 404,
  loan_not_found: 404,
  journal_entry_not_found: 404,
  account_not_found: 404,
  program_not_found: 404,
  method_not_allowed: 405,
  payload_too_large: 413,
  unsupported_media_type: 415,
  idempotency_in_progress: 409,
  already_reversed: 409,
  accrual_already_posted: 409,
  idempotency_mismatch: 422,
  borrower_mismatch: 422,
  currency_mismatch: 422,
  effective_date_in_future: 422,
  effective_date_before_disbursement: 422,
  not_reversible: 422,
  allocation_mismatch: 422,
  amount_exceeds_outstanding: 422,
  balance_would_be_negative: 422,
  amount_out_of_range: 422,
} as const;

/** The stable machine word of a refusal. */
export type RefusalCode = keyof typeof REFUSAL_STATUS;

/** A refusal as the model foretells it. */
export interface Refusal {
  readonly code: RefusalCode;
  /**
   * The fields that `errors[]` must name, no other: a name given here also stands for what lies below
   * it (`loans[3]` for `loans[3].loan_id`). Undefined where the contract does not ask for `errors[]`.
   */
  readonly fields?: readonly string[];
}
