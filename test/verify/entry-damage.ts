import { type Damage, entry } from './damage.ts';
import { entryId, entrySeq } from './hand-books.ts';
import { LOANS, OTHER_TENANT, TENANT } from './hand-ledger.ts';

const ROW_CHECKS = ['lines_are_parallel', 'lines_agree'];

/** A change that the constraints of a row would refuse. */
function unguarded(statement: string): string {
  return [
    ...ROW_CHECKS.map((name) => `ALTER TABLE hpts.journal_entry DROP CONSTRAINT ${name}`),
    'ALTER DOMAIN hpts.balanced_minor DROP CONSTRAINT balanced_minor_check',
    statement,
  ].join(';\n');
}

/** Damage to the journal's own rows. */
export const OF_ENTRIES: readonly Damage[] = [
  {
    what: "a line's amount, the entry out of balance",
    sql: () => unguarded(`UPDATE hpts.journal_entry SET amounts[1] = amounts[1] + 1 WHERE ${entry('payment')}`),
    named: () => [`entry_balance: entry ${entryId('payment')}`, 'account_deltas: account 1010 USD SETTLED'],
  },
  {
    what: 'two amounts, the entry in balance',
    sql: () =>
      `UPDATE hpts.journal_entry SET amounts[1] = amounts[1] + 1, amounts[4] = amounts[4] - 1 WHERE ${entry('payment')}`,
    named: () => [
      `movement_effects: entry ${entryId('payment')}`,
      `loan_balances: loan ${LOANS.old}`,
      'account_deltas: account 1010 USD SETTLED',
      'account_deltas: account 1100 USD SETTLED',
    ],
  },
  {
    what: 'two amounts of an entry without a loan',
    sql: () => `UPDATE hpts.journal_entry SET amounts = '{70001,-70001}' WHERE ${entry('settled')}`,
    named: () => ['account_deltas: account 1000 USD SETTLED', 'account_deltas: account 2000 USD SETTLED'],
  },
  {
    what: 'a line added',
    sql: () =>
      unguarded(
        `UPDATE hpts.journal_entry SET accounts = accounts || 4100::smallint, amounts = amounts || 7::bigint WHERE ${entry('fee')}`,
      ),
    named: () => [`entry_balance: entry ${entryId('fee')}`, 'account_deltas: account 4100 USD SETTLED'],
  },
  {
    what: 'a pair of lines added',
    sql: () =>
      `UPDATE hpts.journal_entry SET accounts = accounts || '{1300,4100}', amounts = amounts || '{7,-7}' WHERE ${entry('fee')}`,
    named: () => [`movement_effects: entry ${entryId('fee')}`, `loan_balances: loan ${LOANS.old}`],
  },
  {
    what: 'a pair of lines removed',
    sql: () => `UPDATE hpts.journal_entry SET accounts = '{}', amounts = '{}' WHERE ${entry('late fee')}`,
    named: () => [`movement_effects: entry ${entryId('late fee')}`, 'account_deltas: account 1300 USD SETTLED'],
  },
  {
    what: 'a zero line',
    sql: () => unguarded(`UPDATE hpts.journal_entry SET amounts[1] = 0 WHERE ${entry('fee')}`),
    named: () => [`entry_lines: entry ${entryId('fee')}`],
  },
  {
    what: 'an amount near 2^63, which must not keep the other checks from being made',
    sql: () =>
      unguarded(
        `UPDATE hpts.journal_entry SET amounts = '{9223372036854775807,-9223372036854775808}' WHERE ${entry('late fee')}`,
      ),
    named: () => [
      `entry_lines: entry ${entryId('late fee')}`,
      `entry_balance: entry ${entryId('late fee')}`,
      'account_deltas: account 4100 USD SETTLED',
    ],
  },
  {
    what: 'an account that is not in the chart',
    sql: () => `UPDATE hpts.journal_entry SET accounts[2] = 4711 WHERE ${entry('fee')}`,
    named: () => [`chart_of_accounts: entry ${entryId('fee')}`],
  },
  {
    what: 'a control line without its loan',
    sql: () => `UPDATE hpts.journal_entry SET loan_id = NULL, borrower_id = NULL WHERE ${entry('fee')}`,
    named: () => [`control_lines: entry ${entryId('fee')}`, `movement_effects: entry ${entryId('fee')}`],
  },
  {
    what: 'the currency of an entry',
    sql: () => `UPDATE hpts.journal_entry SET currency = 'CHF' WHERE ${entry('fee')}`,
    named: () => [`loan_of_line: entry ${entryId('fee')}`, 'account_deltas: account 1300 CHF SETTLED'],
  },
  {
    what: 'the layer of an entry',
    sql: () => `UPDATE hpts.journal_entry SET layer = 1 WHERE ${entry('fee')}`,
    named: () => [
      `movement_effects: entry ${entryId('fee')}`,
      'account_deltas: account 1300 USD PENDING',
      `loan_balances: loan ${LOANS.old}`,
    ],
  },
  {
    what: 'the borrower of an entry',
    sql: () =>
      `UPDATE hpts.journal_entry SET borrower_id = '20000000-0000-4000-8000-00000000000f' WHERE ${entry('fee')}`,
    named: () => [`loan_of_line: entry ${entryId('fee')}`],
  },
  {
    what: 'an entry moved to another loan',
    sql: () => `UPDATE hpts.journal_entry SET loan_id = '${LOANS.young}' WHERE ${entry('fee')}`,
    named: () => [
      `movement_effects: entry ${entryId('fee')}`,
      `loan_balances: loan ${LOANS.old}`,
      `loan_balances: loan ${LOANS.young}`,
    ],
  },
  {
    what: 'an entry moved to another tenant',
    sql: () => `UPDATE hpts.journal_entry SET tenant_id = '${OTHER_TENANT}' WHERE ${entry('fee')}`,
    named: () => [
      `entry_sequence: entry number ${entrySeq('fee')}`,
      `loan_of_line: entry ${entryId('fee')}`,
      `idempotency_keys: key fee_assessed:1:fee`,
      `movement_effects: entry ${entryId('fee')}`,
    ],
  },
  {
    what: 'an entry moved to a tenant that does not exist',
    sql: () => `UPDATE hpts.journal_entry SET tenant_id = '00000000-0000-4000-8000-00000000000f' WHERE ${entry('fee')}`,
    named: () => [
      'tenants: tenant 00000000-0000-4000-8000-00000000000f',
      `entry_sequence: entry number ${entrySeq('fee')}`,
    ],
  },
  {
    what: 'an entry removed',
    sql: () => `DELETE FROM hpts.journal_entry WHERE ${entry('payment')}`,
    named: () => [
      `entry_sequence: entry number ${entrySeq('payment')}`,
      `movement_effects: entry ${entryId('payment')}`,
    ],
  },
  {
    what: 'the tail cut',
    sql: () => `DELETE FROM hpts.journal_entry WHERE tenant_id = '${TENANT}' AND seq >= ${entrySeq('return')}`,
    named: () => [`entry_sequence: entry number ${entrySeq('return')}`, `movement_effects: entry ${entryId('return')}`],
  },
  {
    what: 'the tail cut and the head set back',
    sql: () =>
      `DELETE FROM hpts.journal_entry WHERE ${entry('cleared')}; UPDATE hpts.tenant_head SET seq = seq - 1 WHERE tenant_id = '${TENANT}'`,
    named: () => [
      `account_batches: account deltas of seq ${entrySeq('cleared')}`,
      'account_deltas: account 1000 USD SETTLED',
    ],
  },
  {
    what: 'a number given twice',
    sql: () => `UPDATE hpts.journal_entry SET seq = ${entrySeq('payment')} WHERE ${entry('small payment')}`,
    named: () => [`entry_sequence: entry number ${entrySeq('small payment')}`],
  },
  {
    what: 'effective dates swapped',
    sql: () => `UPDATE hpts.journal_entry SET effective_at = CASE WHEN ${entry('fee')} THEN DATE '2026-03-01' ELSE DATE '2026-02-28' END
                WHERE ${entry('fee')} OR ${entry('payment')}`,
    named: () => [
      `movement_effects: entry ${entryId('fee')}`,
      `movement_effects: entry ${entryId('payment')}`,
      'account_deltas: account 1010 USD SETTLED',
    ],
  },
  {
    what: 'instants of posting swapped',
    sql: () => {
      const lateSeqs = `${entrySeq('late payment')}, ${entrySeq('late fee')}`;
      return `UPDATE hpts.journal_entry AS e SET posted_at = o.posted_at FROM hpts.journal_entry AS o
                WHERE e.tenant_id = o.tenant_id AND e.tenant_id = '${TENANT}' AND e.seq IN (${lateSeqs}) AND o.seq IN (${lateSeqs}) AND e.seq <> o.seq`;
    },
    named: () => [
      `entry_time: entry ${entryId('late fee')}`,
      `movement_effects: entry ${entryId('late payment')}`,
      `account_batches: entry ${entryId('late payment')}`,
    ],
  },
  {
    what: 'a date in the future of its posting',
    sql: () => `UPDATE hpts.journal_entry SET effective_at = '2026-05-02' WHERE ${entry('settled')}`,
    named: () => [`entry_time: entry ${entryId('settled')}`, 'account_deltas: account 2000 USD SETTLED'],
  },
  {
    what: 'an event id',
    sql: () =>
      `UPDATE hpts.journal_entry SET event_id = '00000000-0000-4000-8000-0000000000ff' WHERE ${entry('fee')} OR ${entry('return fee')}`,
    named: () => [`event_ids: entry ${entryId('fee')}`, `event_ids: entry ${entryId('return fee')}`],
  },
];
