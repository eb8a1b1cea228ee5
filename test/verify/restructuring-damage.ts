import { type Damage, entry, loan } from './damage.ts';
import { entryId } from './hand-books.ts';
import { LOANS, TENANT } from './hand-ledger.ts';

/** Damage to what refinances and changes of the mark of non-accrual make true. */
export const OF_RESTRUCTURING: readonly Damage[] = [
  {
    what: 'a refinance that the new loan does not begin with',
    sql: () => `DELETE FROM hpts.disbursement WHERE ${entry('renewal')}`,
    named: () => [`disbursements: entry ${entryId('renewal')}`, `loan_heads: loan ${LOANS.renewed}`],
  },
  {
    what: 'a refinance that the old loan begins with',
    sql: () => `UPDATE hpts.disbursement SET loan_id = '${LOANS.young}' WHERE ${entry('renewal')}`,
    named: () => [`disbursements: entry ${entryId('renewal')}`, `loan_heads: loan ${LOANS.renewed}`],
  },
  {
    what: 'a change of the mark removed',
    sql: () => `DELETE FROM hpts.non_accrual WHERE ${entry('memo')}`,
    named: () => [`non_accruals: entry ${entryId('memo')}`, `non_accrual_marks: loan ${LOANS.old}`],
  },
  {
    what: 'a change of the mark that nothing posted',
    sql: () =>
      `INSERT INTO hpts.non_accrual VALUES ('${TENANT}', '${LOANS.young}', '${entryId('fee')}', '2026-02-28', 'enter')`,
    named: () => [`non_accruals: entry ${entryId('fee')}`, `non_accrual_marks: loan ${LOANS.young}`],
  },
  {
    what: 'a change of the mark turned round',
    sql: () => `UPDATE hpts.non_accrual SET action = 'enter' WHERE ${entry('unmark')}`,
    named: () => [`non_accruals: entry ${entryId('unmark')}`, `non_accrual_marks: loan ${LOANS.renewed}`],
  },
  {
    what: 'a change of the mark dated otherwise',
    sql: () => `UPDATE hpts.non_accrual SET effective_at = '2026-03-08' WHERE ${entry('memo')}`,
    named: () => [`non_accruals: entry ${entryId('memo')}`, `non_accrual_marks: loan ${LOANS.old}`],
  },
  {
    what: 'a mark taken off its loan',
    sql: () => `UPDATE hpts.loan SET standing = NULL WHERE ${loan(LOANS.old)}`,
    named: () => [`non_accrual_marks: loan ${LOANS.old}`],
  },
  {
    what: 'a mark put on a loan that never was on non-accrual',
    sql: () =>
      `UPDATE hpts.loan SET standing = (SELECT standing FROM hpts.loan WHERE ${loan(LOANS.old)}) WHERE ${loan(LOANS.young)}`,
    named: () => [`non_accrual_marks: loan ${LOANS.young}`],
  },
  {
    what: 'the movement of a change that moved nothing removed',
    sql: () => `DELETE FROM hpts.loan_movement WHERE ${entry('mark')}`,
    named: () => [`movement_effects: entry ${entryId('mark')}`, `movement_order: loan ${LOANS.renewed}`],
  },
  {
    what: 'a memo line against an account of the books',
    sql: () => `UPDATE hpts.journal_entry SET accounts = '{9100,4000}' WHERE ${entry('memo')}`,
    named: () => [`memo_lines: entry ${entryId('memo')}`],
  },
];
