import type { RefusalCode } from '../domain/refusal.ts';

/** Every code with which a request can be turned away: those of the domain, and those that only HTTP knows. */
export type ProblemCode =
  | RefusalCode
  | 'malformed_json'
  | 'malformed_request'
  | 'missing_idempotency_key'
  | 'invalid_idempotency_key'
  | 'duplicate_header'
  | 'invalid_page_token'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'certificate_required'
  | 'certificate_mismatch'
  | 'account_not_found'
  | 'webhook_endpoint_not_found'
  | 'dead_letter_not_found'
  | 'webhook_receiver_forbidden'
  | 'too_many_webhook_endpoints'
  | 'account_already_exists'
  | 'too_many_programs'
  | 'too_many_program_versions'
  | 'method_not_allowed'
  | 'not_acceptable'
  | 'request_timeout'
  | 'payload_too_large'
  | 'uri_too_long'
  | 'headers_too_large'
  | 'unsupported_media_type'
  | 'idempotency_in_progress'
  | 'too_busy'
  | 'unavailable'
  | 'internal_error';

/** `advice` is what the page of the code tells a caller to do. */
export type ProblemKind = { readonly status: number; readonly title: string; readonly advice: string };

/**
 * The one table from code to answer (CONTRACT.md section 2, "Errors"). docs/errors.md shows the same rows; `npm run check`
 * compares the two.
 */
export const PROBLEMS: Readonly<Record<ProblemCode, ProblemKind>> = {
  malformed_json: {
    status: 400,
    title: 'The body is not strict JSON',
    advice: 'Send one JSON object in UTF-8: no duplicate names, no number that a double cannot hold, no NUL.',
  },
  malformed_request: {
    status: 400,
    title: 'The bytes are not an HTTP request',
    advice: 'Send HTTP/1.1 with one Host header, and either Content-Length or Transfer-Encoding.',
  },
  validation_failed: {
    status: 400,
    title: 'The request has fields that cannot be accepted',
    advice: 'errors[] names every field, what is wrong with it and what would be right.',
  },
  missing_idempotency_key: {
    status: 400,
    title: 'The Idempotency-Key header is missing',
    advice: 'Send a key that is the same for every attempt at this event and different for every other event.',
  },
  invalid_idempotency_key: {
    status: 400,
    title: 'The Idempotency-Key header is malformed',
    advice: 'Use 8 to 255 characters: a letter or digit, then letters, digits and . _ : -',
  },
  duplicate_header: {
    status: 400,
    title: 'A header that may be sent once was sent twice',
    advice: 'Send the header once.',
  },
  invalid_page_token: {
    status: 400,
    title: 'The page token is not one that this server gave out',
    advice: 'Use next_page_token or lines_next_page_token as it was answered, with the same filters.',
  },
  invalid_token: {
    status: 401,
    title: 'The access token is missing or not valid',
    advice: 'Get a token from /oauth2/token and send it as Authorization: Bearer.',
  },
  insufficient_scope: {
    status: 403,
    title: 'The access token lacks the scope of this operation',
    advice: 'Ask for a token with the scope that WWW-Authenticate names; the client must have been granted it.',
  },
  certificate_required: {
    status: 403,
    title: 'The access token is bound to a client certificate, and none came along',
    advice:
      'Call the address for mutual TLS, with the certificate that the client is registered with and its token is bound to.',
  },
  certificate_mismatch: {
    status: 403,
    title: 'The access token is bound to another client certificate',
    advice: 'Use the certificate with which the token was fetched, or fetch a token with this one.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing at this address',
    advice: 'Check the path and the ids in it; the API lives under /v1.',
  },
  loan_not_found: {
    status: 404,
    title: 'There is no such loan',
    advice: 'A loan begins with its registration or first disbursement. A loan of another tenant answers the same.',
  },
  journal_entry_not_found: {
    status: 404,
    title: 'There is no such journal entry',
    advice: 'Use a journal_entry_id that this ledger answered to you.',
  },
  account_not_found: {
    status: 404,
    title: 'There is no such account',
    advice: "Use the four digits of an account in your tenant's chart.",
  },
  program_not_found: {
    status: 404,
    title: 'There is no such program',
    advice: 'Use a program_id of your tenant, or leave program_id out for the default program.',
  },
  webhook_endpoint_not_found: {
    status: 404,
    title: 'There is no such webhook endpoint',
    advice: 'Use a webhook_endpoint_id that this ledger answered to you.',
  },
  dead_letter_not_found: {
    status: 404,
    title: 'There is no such dead letter',
    advice: 'Only an event that this endpoint did not receive in all its attempts can be sent again.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The method is not allowed here',
    advice: 'The Allow header names the methods of this address. What moved money is never changed or removed.',
  },
  not_acceptable: {
    status: 406,
    title: 'The answer would be JSON, which the Accept header excludes',
    advice: 'Send Accept: application/json, */*, or no Accept header.',
  },
  request_timeout: {
    status: 408,
    title: 'The request took too long to arrive',
    advice: 'Send headers within 10 seconds and the whole request within 30. Nothing was posted.',
  },
  payload_too_large: {
    status: 413,
    title: 'The body is larger than this operation takes',
    advice: 'One event may have 64 KiB, an accrual batch 4 MiB, a settlement of payments 1 MiB.',
  },
  uri_too_long: {
    status: 414,
    title: 'The address is too long',
    advice: 'Path and query may have 8,192 characters together.',
  },
  headers_too_large: {
    status: 431,
    title: 'The headers are too large',
    advice: 'The request line and all headers may have 16 KiB together.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The content type is not supported',
    advice: 'Send Content-Type: application/json.',
  },
  idempotency_in_progress: {
    status: 409,
    title: 'The first request with this key is still running',
    advice: 'Send the same request with the same key again in a moment.',
  },
  already_reversed: {
    status: 409,
    title: 'The entry was reversed before',
    advice: 'An entry is reversed once; the detail names the entry that did it.',
  },
  already_settled: {
    status: 409,
    title: 'This was settled or judged before',
    advice: 'It happens once, and only to what was pending; the detail names what did it.',
  },
  already_charged_off: {
    status: 409,
    title: 'The loan was charged off before',
    advice: 'A loan is charged off once; what still comes in is posted as a recovery.',
  },
  accrual_already_posted: {
    status: 409,
    title: 'A loan has accrued for this date already',
    advice: 'errors[] names the loans; leave them out, or reverse the batch that holds them.',
  },
  loan_already_exists: {
    status: 409,
    title: 'The loan exists already',
    advice:
      'A loan is registered before anything is posted to it, once. A loan that was disbursed needs no registration. A refinance makes a new loan: use an id that no loan has.',
  },
  account_already_exists: {
    status: 409,
    title: 'The chart has an account of this code already',
    advice: 'Choose another code, or give the account another name.',
  },
  idempotency_mismatch: {
    status: 422,
    title: 'The key was used for another request',
    advice: 'Retry with the body that was first sent under the key, or use a new key for a new event.',
  },
  currency_mismatch: {
    status: 422,
    title: 'The currency is not that of the loan, or of its program',
    advice:
      'A loan has one currency, fixed at its registration or first disbursement; a program may be for one currency alone.',
  },
  borrower_mismatch: {
    status: 422,
    title: 'The borrower is not that of the loan',
    advice: 'A loan has one borrower, fixed at its registration or first disbursement.',
  },
  program_mismatch: {
    status: 422,
    title: 'The program is not that of the loan',
    advice: 'Use the program that the loan was registered or disbursed under.',
  },
  effective_date_in_future: {
    status: 422,
    title: 'The effective date lies in the future',
    advice: "Dates count in the tenant's time zone; send the event on its day.",
  },
  effective_date_before_disbursement: {
    status: 422,
    title: 'The effective date lies before the loan began',
    advice: 'Nothing but a disbursement may be dated before the first standing disbursement or opening balance.',
  },
  replay_blocked: {
    status: 422,
    title: 'A later event of the loan could no longer stand',
    advice: 'blocking_entry_id names its entry: reverse that first, or date this event after it.',
  },
  restatement_too_large: {
    status: 422,
    title: 'Too many later entries would have to be posted again',
    advice: 'Date the event later, or correct the balance with an adjustment of today.',
  },
  period_closed: {
    status: 422,
    title: 'The effective date lies in a closed period',
    advice: 'The detail names the first open day. Date the event then or later, or reopen the period, latest first.',
  },
  period_not_next: {
    status: 422,
    title: 'The period is not the next to be closed or reopened',
    advice: 'Periods close in order and reopen latest first; the detail names the month whose turn it is.',
  },
  not_reversible: {
    status: 422,
    title: 'This entry cannot be reversed',
    advice:
      'A reversal is not reversed: post the event again. A close is undone by reopening its period. A registration without opening balances has nothing to reverse. What was returned, settled, cleared or recovered is not either: the detail names what to reverse first.',
  },
  loan_not_charged_off: {
    status: 422,
    title: 'The loan has nothing charged off that is not recovered',
    advice: 'Post money that comes in as a payment.',
  },
  unbalanced_entry: {
    status: 422,
    title: 'Debits and credits differ',
    advice: 'They have to be equal for each currency and layer, on the memo accounts (9xxx) and on all others apart.',
  },
  approver_is_proposer: {
    status: 422,
    title: 'Whoever proposed an adjustment cannot approve it',
    advice: 'Approve it with another client; a second token of the same client is the same principal.',
  },
  loan_charged_off: {
    status: 422,
    title: 'The loan is charged off',
    advice:
      'It takes no payment, fee, accrual or disbursement any more; post money that comes in to /v1/recoveries. An entry that is older than the charge-off is reversed after the charge-off was.',
  },
  amount_exceeds_outstanding: {
    status: 422,
    title: 'The amount is more than is outstanding',
    advice:
      'errors[] names what; of an allocation, send what is over as suspense_minor. Some programs take no over-payment.',
  },
  amount_exceeds_suspense: {
    status: 422,
    title: 'The amount is more than the loan has in suspense',
    advice: 'Read suspense_minor of the balance of the loan, and ask for no more than that.',
  },
  amount_exceeds_payment: {
    status: 422,
    title: 'The amount is more than the payment has left',
    advice: 'What has come back of a payment cannot come back again, and a pending one has brought nothing in yet.',
  },
  amount_out_of_range: {
    status: 422,
    title: 'A component would pass 18 digits',
    advice: 'No component of a loan may pass 999999999999999999 minor units.',
  },
  balance_would_be_negative: {
    status: 422,
    title: 'A component of the loan would fall below zero',
    advice: 'Reverse what was built on this entry first, latest first.',
  },
  allocation_mismatch: {
    status: 422,
    title: 'The parts of the allocation do not sum to the amount',
    advice: 'fees_minor, interest_minor, principal_minor and suspense_minor must sum to amount_minor.',
  },
  principal_mismatch: {
    status: 422,
    title: 'The principal is not that of the ledger for the night',
    advice:
      "The program refuses batches whose outstanding_principal_minor differs from the ledger's own; errors[] names the loans and both figures.",
  },
  too_many_programs: {
    status: 422,
    title: 'The tenant has as many programs as are allowed',
    advice: 'Add a version to a program that is there.',
  },
  too_many_program_versions: {
    status: 422,
    title: 'The program has as many versions as are allowed',
    advice: 'Make a new program for new loans.',
  },
  webhook_receiver_forbidden: {
    status: 422,
    title: 'The receiver cannot be sent to',
    advice: 'The host must have addresses, and each must lie on the public internet.',
  },
  too_many_webhook_endpoints: {
    status: 422,
    title: 'The tenant has as many active webhook endpoints as are allowed',
    advice: 'Disable one that is no longer needed.',
  },
  too_busy: {
    status: 503,
    title: 'The server has more work than it can queue',
    advice: 'Nothing was posted. Wait for Retry-After seconds and send the same request with the same key.',
  },
  unavailable: {
    status: 503,
    title: 'The server cannot reach what it depends on',
    advice: 'Whether the request took effect is not known. Send the same request with the same key: it posts once.',
  },
  internal_error: {
    status: 500,
    title: 'The server met a fault of its own',
    advice: 'Report the trace_id to whoever runs this server. Sending the same request with the same key is safe.',
  },
};
