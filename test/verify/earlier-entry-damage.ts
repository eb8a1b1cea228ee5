import { type Damage, entry } from './damage.ts';
import { entryId } from './hand-books.ts';

/** Damage to what is kept of settlings, clearings and returns. */
export const OF_EARLIER_ENTRIES: readonly Damage[] = [
  {
    what: 'the row of a settling removed',
    sql: () => `DELETE FROM hpts.settling WHERE ${entry('settling')}`,
    named: () => [`settlings: entry ${entryId('settling')}`],
  },
  {
    what: 'an entry on SETTLED alone said to settle',
    sql: () => `UPDATE hpts.settling SET entry_id = '${entryId('payment')}' WHERE ${entry('settling')}`,
    named: () => [`settlings: entry ${entryId('settling')}`, `settlings: entry ${entryId('payment')}`],
  },
  {
    what: 'a settling of what was never pending',
    sql: () => `UPDATE hpts.settling SET pending_entry_id = '${entryId('small payment')}' WHERE ${entry('settling')}`,
    named: () => [`settlings: entry ${entryId('settling')}`],
  },
  {
    what: 'a settling that leaves something on PENDING',
    sql: () => `UPDATE hpts.journal_entry SET amounts = '{-899,899,900,-900}' WHERE ${entry('settling')}`,
    named: () => [`settlings: entry ${entryId('settling')}`],
  },
  {
    what: 'a settling counted twice',
    sql: () => `UPDATE hpts.settling SET turn = 2 WHERE ${entry('settling')}`,
    named: () => [`settlings: entry ${entryId('settling')}`],
  },
  {
    what: 'a settling dated before what it settles',
    sql: () => `UPDATE hpts.journal_entry SET effective_at = '2026-03-05' WHERE ${entry('settling')}`,
    named: () => [`settlings: entry ${entryId('settling')}`],
  },
  {
    what: 'what settled is reversed by its row alone',
    sql: () =>
      `INSERT INTO hpts.reversal SELECT tenant_id, '${entryId('pending')}', '${entryId('cleared')}' FROM hpts.settling`,
    named: () => [`settlings: entry ${entryId('settling')}`],
  },
  {
    what: 'a clearing that clears nothing',
    sql: () => `DELETE FROM hpts.clearing WHERE ${entry('settled')}`,
    named: () => [`clearings: entry ${entryId('settled')}`],
  },
  {
    what: 'one of the entries of a clearing removed',
    sql: () => `DELETE FROM hpts.clearing WHERE cleared_entry_id = '${entryId('return')}'`,
    named: () => [`clearings: entry ${entryId('cleared')}`],
  },
  {
    what: 'an entry cleared twice',
    sql: () =>
      `INSERT INTO hpts.clearing SELECT tenant_id, '${entryId('third')}', 2, entry_id FROM hpts.clearing WHERE ${entry('settled')}`,
    named: () => [`clearings: entry ${entryId('settled')}`],
  },
  {
    what: 'a clearing of what cannot be cleared',
    sql: () => `UPDATE hpts.clearing SET cleared_entry_id = '${entryId('fee')}' WHERE ${entry('settled')}`,
    named: () => [`clearings: entry ${entryId('settled')}`],
  },
  {
    what: 'a payment said to clear',
    sql: () => `UPDATE hpts.clearing SET entry_id = '${entryId('payment')}' WHERE ${entry('settled')}`,
    named: () => [`clearings: entry ${entryId('settled')}`, `clearings: entry ${entryId('payment')}`],
  },
  {
    what: 'a clearing of a payment that is reversed',
    sql: () =>
      `INSERT INTO hpts.reversal SELECT tenant_id, '${entryId('small payment')}', '${entryId('cleared')}' FROM hpts.settling`,
    named: () => [`clearings: entry ${entryId('cleared')}`],
  },
  {
    what: 'the row of a return removed',
    sql: () => `DELETE FROM hpts.payment_return WHERE ${entry('return')}`,
    named: () => [`payment_returns: entry ${entryId('return')}`],
  },
  {
    what: 'the parts of a return',
    sql: () => `UPDATE hpts.payment_return SET suspense_minor = 999 WHERE ${entry('return')}`,
    named: () => [`payment_returns: entry ${entryId('return')}`],
  },
  {
    what: 'a return that takes of a part more than the payment gave it',
    sql: () => `UPDATE hpts.payment_return SET suspense_minor = 0, fees_minor = 1000 WHERE ${entry('return')}`,
    named: () => [`payment_returns: entry ${entryId('return')}`],
  },
  {
    what: "a return of another loan's payment",
    sql: () => `UPDATE hpts.payment_return SET payment_entry_id = '${entryId('payment')}' WHERE ${entry('return')}`,
    named: () => [`payment_returns: entry ${entryId('return')}`],
  },
  {
    what: 'a payment said to be a return',
    sql: () => `UPDATE hpts.payment_return SET entry_id = '${entryId('payment')}' WHERE ${entry('return')}`,
    named: () => [`payment_returns: entry ${entryId('return')}`, `payment_returns: entry ${entryId('payment')}`],
  },
  {
    what: 'a return of a payment that is reversed',
    sql: () =>
      `INSERT INTO hpts.reversal SELECT tenant_id, '${entryId('overpayment')}', '${entryId('cleared')}' FROM hpts.settling`,
    named: () => [`payment_returns: entry ${entryId('return')}`],
  },
];
