import { type Damage, entry, loan } from './damage.ts';
import { entryId, entrySeq } from './hand-books.ts';
import { LOANS, OTHER_TENANT, TENANT } from './hand-ledger.ts';

/** Damage to loans, their histories, account deltas and heads. */
export const OF_BALANCES: readonly Damage[] = [
  {
    what: 'a loan balance',
    sql: () => `UPDATE hpts.loan SET principal_minor = principal_minor - 1 WHERE ${loan(LOANS.old)}`,
    named: () => [
      `loan_balances: loan ${LOANS.old}`,
      `movement_ends: loan ${LOANS.old}`,
      'control_accounts: account 1100 USD SETTLED',
    ],
  },
  {
    what: 'a pending balance',
    sql: () => `UPDATE hpts.loan SET pending_minor[4] = 901 WHERE ${loan(LOANS.young)}`,
    named: () => [`loan_balances: loan ${LOANS.young}`, 'control_accounts: account 2100 USD PENDING'],
  },
  {
    what: 'a memo balance moved to interest',
    sql: () => `UPDATE hpts.loan SET memo_interest_minor = 0, interest_minor = 400 WHERE ${loan(LOANS.old)}`,
    named: () => [
      `loan_balances: loan ${LOANS.old}`,
      'control_accounts: account 1200 USD SETTLED',
      'control_accounts: account 9100 USD SETTLED',
    ],
  },
  {
    what: 'a loan removed',
    sql: () => `DELETE FROM hpts.loan WHERE ${loan(LOANS.quiet)}`,
    named: () => [
      `loan_of_line: entry ${entryId('third')}`,
      `loan_balances: loan ${LOANS.quiet}`,
      `loan_heads: loan ${LOANS.quiet}`,
    ],
  },
  {
    what: "a loan's currency, borrower and program",
    sql: () => `UPDATE hpts.loan SET currency = 'CHF' WHERE ${loan(LOANS.quiet)};
                UPDATE hpts.loan SET borrower_id = '20000000-0000-4000-8000-00000000000f' WHERE ${loan(LOANS.young)};
                UPDATE hpts.loan SET program_id = '30000000-0000-4000-8000-00000000000f' WHERE ${loan(LOANS.old)}`,
    named: () => [
      `loan_of_line: entry ${entryId('third')}`,
      `loan_of_line: entry ${entryId('second')}`,
      `loan_heads: loan ${LOANS.old}`,
    ],
  },
  {
    what: "a loan's count, frontier and first day",
    sql: () => `UPDATE hpts.loan SET loan_seq = loan_seq + 1 WHERE ${loan(LOANS.old)};
                UPDATE hpts.loan SET frontier = '2026-03-11' WHERE ${loan(LOANS.young)};
                UPDATE hpts.loan SET first_disbursed_on = NULL WHERE ${loan(LOANS.quiet)}`,
    named: () => [
      `loan_heads: loan ${LOANS.old}`,
      `loan_heads: loan ${LOANS.young}`,
      `loan_heads: loan ${LOANS.quiet}`,
    ],
  },
  {
    what: 'a movement balance',
    sql: () => `UPDATE hpts.loan_movement SET principal_minor = principal_minor + 1 WHERE ${entry('payment')}`,
    named: () => [`movement_effects: entry ${entryId('payment')}`],
  },
  {
    what: 'a movement removed',
    sql: () => `DELETE FROM hpts.loan_movement WHERE ${entry('payment')}`,
    named: () => [
      `movement_order: loan ${LOANS.old}`,
      `movement_effects: entry ${entryId('payment')}`,
      `loan_heads: loan ${LOANS.old}`,
    ],
  },
  {
    what: 'a movement dated otherwise',
    sql: () => `UPDATE hpts.loan_movement SET effective_at = '2026-02-11' WHERE ${entry('late payment')}`,
    named: () => [`movement_effects: entry ${entryId('late payment')}`, `backdating: loan ${LOANS.old}`],
  },
  {
    what: 'the frontier of a movement',
    sql: () => `UPDATE hpts.loan_movement SET frontier = '2026-03-02' WHERE ${entry('late payment')}`,
    named: () => [`movement_order: loan ${LOANS.old}`, `backdating: loan ${LOANS.old}`],
  },
  {
    what: 'the backdated effect of a movement',
    sql: () => `UPDATE hpts.loan_movement SET backdated_minor[1] = -2999 WHERE ${entry('late payment')}`,
    named: () => [`movement_effects: entry ${entryId('late payment')}`, `backdating: loan ${LOANS.old}`],
  },
  {
    what: 'a backdating row',
    sql: () =>
      `UPDATE hpts.loan_backdating SET fees_minor = fees_minor + 1 WHERE ${loan(LOANS.old)} AND from_day = '2026-02-20'`,
    named: () => [`backdating: loan ${LOANS.old}`],
  },
  {
    what: 'movement balances whose difference passes 2^63, which must not keep the other checks from being made',
    sql: () =>
      `UPDATE hpts.loan_movement SET fees_minor = CASE WHEN ${entry('fee')} THEN -9223372036854775808 ELSE 9223372036854775807 END
       WHERE ${entry('fee')} OR ${entry('payment')}`,
    named: () => [`movement_order: loan ${LOANS.old}`, 'movement_effects: check'],
  },
  {
    what: 'a movement below 0 in front of a reversal that was posted in the same batch, for another request',
    sql: () =>
      `UPDATE hpts.loan_movement SET principal_minor = -1, posted_at =
         (SELECT m.posted_at FROM hpts.loan_movement AS m WHERE ${entry('unpayment')})
       WHERE ${entry('late fee')}`,
    named: () => [`movement_order: loan ${LOANS.old}`, `movement_effects: entry ${entryId('late fee')}`],
  },
  {
    what: 'when the newest movement of a backdating row was posted',
    sql: () =>
      `UPDATE hpts.loan_backdating SET last_posted_at = NULL WHERE ${loan(LOANS.old)} AND from_day = '2026-02-20'`,
    named: () => [`backdating: loan ${LOANS.old}`],
  },
  {
    what: 'a backdating row removed',
    sql: () => `DELETE FROM hpts.loan_backdating WHERE ${loan(LOANS.old)} AND from_day = '2026-03-01'`,
    named: () => [`backdating: loan ${LOANS.old}`],
  },
  {
    what: 'a backdating row of a loan without backdated movements',
    sql: () =>
      `INSERT INTO hpts.loan_backdating VALUES ('${TENANT}', '${LOANS.quiet}', 0, '2026-02-01', 1, 0, 0, 0, 0, NULL)`,
    named: () => [`backdating: loan ${LOANS.quiet}`],
  },
  {
    what: 'an account delta',
    sql: () =>
      `UPDATE hpts.account_delta SET debit_minor = debit_minor + 1 WHERE tenant_id = '${TENANT}' AND account_code = 1010 AND effective_at = '2026-02-10'`,
    named: () => ['account_deltas: account 1010 USD SETTLED'],
  },
  {
    what: 'an account delta removed',
    sql: () =>
      `DELETE FROM hpts.account_delta WHERE tenant_id = '${TENANT}' AND account_code = 1100 AND effective_at = '2026-03-01'`,
    named: () => ['account_deltas: account 1100 USD SETTLED', 'control_accounts: account 1100 USD SETTLED'],
  },
  {
    what: 'an account delta moved to another day',
    sql: () =>
      `UPDATE hpts.account_delta SET effective_at = '2026-03-02' WHERE tenant_id = '${TENANT}' AND account_code = 1100 AND effective_at = '2026-03-01'`,
    named: () => ['account_deltas: account 1100 USD SETTLED'],
  },
  {
    what: 'the reach of an account delta',
    sql: () =>
      `UPDATE hpts.account_delta SET entries = 2 WHERE tenant_id = '${TENANT}' AND account_code = 1010 AND effective_at = '2026-02-10'`,
    named: () => [`account_batches: account deltas of seq ${entrySeq('late payment')}`],
  },
  {
    what: 'a tenant head',
    sql: () =>
      `UPDATE hpts.tenant_head SET seq = seq + 1, posted_at = posted_at - interval '1 minute' WHERE tenant_id = '${OTHER_TENANT}'`,
    named: () => ['entry_sequence: entry number 3', `entry_time: entry ${entryId('foreign')}`],
  },
];
