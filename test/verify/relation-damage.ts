import { type Damage, entry, loan } from './damage.ts';
import { entryId } from './hand-books.ts';
import { ADJUSTMENT, LOANS } from './hand-ledger.ts';

/** Damage to keys, reversals, disbursements and accruals. */
export const OF_RELATIONS: readonly Damage[] = [
  {
    what: 'a key pointed to another entry',
    sql: () => `UPDATE hpts.idempotency_key SET entry_id = '${entryId('fee')}' WHERE ${entry('payment')}`,
    named: () => ['idempotency_keys: key payment_received:1:payment'],
  },
  {
    what: 'a key removed',
    sql: () => `DELETE FROM hpts.idempotency_key WHERE ${entry('payment')}`,
    named: () => ['idempotency_keys: key payment_received:1:payment'],
  },
  {
    what: 'the hash of a key',
    sql: () =>
      `UPDATE hpts.idempotency_key SET key_hash = '00000000-0000-4000-8000-0000000000ff' WHERE ${entry('payment')}`,
    named: () => [
      'idempotency_keys: key payment_received:1:payment',
      'idempotency_keys: key hash 00000000-0000-4000-8000-0000000000ff',
    ],
  },
  {
    what: 'the text of a key',
    sql: () => `UPDATE hpts.journal_entry SET idempotency_key = 'another:key' WHERE ${entry('payment')}`,
    named: () => ['idempotency_keys: key another:key'],
  },
  {
    what: 'the payload hash of a key',
    sql: () =>
      `UPDATE hpts.idempotency_key SET payload_hash = '00000000-0000-4000-8000-0000000000ff' WHERE ${entry('payment')}`,
    named: () => ['idempotency_keys: key payment_received:1:payment'],
  },
  {
    what: 'the receipt version of a key',
    sql: () => `UPDATE hpts.idempotency_key SET receipt_version = 9 WHERE ${entry('payment')}`,
    named: () => ['idempotency_keys: key payment_received:1:payment'],
  },
  {
    what: 'the receipt version of a payment, to that of a registration',
    sql: () => `UPDATE hpts.idempotency_key SET receipt_version = 2 WHERE ${entry('payment')}`,
    named: () => ['idempotency_keys: key payment_received:1:payment'],
  },
  {
    what: 'the receipt version of what has one of its own',
    sql: () =>
      ['opening', 'correction', 'settled', 'settling']
        .map((name) => `UPDATE hpts.idempotency_key SET receipt_version = 1 WHERE ${entry(name)}`)
        .join('; '),
    named: () => [
      'idempotency_keys: key manual_adjustment:1:opening',
      'idempotency_keys: key accrual:1:correction',
      'idempotency_keys: key disbursement_settled:1:settled',
      'idempotency_keys: key payment_received:1:settling',
    ],
  },
  {
    what: 'the row of a following entry removed',
    sql: () => `DELETE FROM hpts.following_entry WHERE ${entry('return fee')}`,
    named: () => [`following_entries: entry ${entryId('return fee')}`],
  },
  {
    what: 'a following entry at another place',
    sql: () => `UPDATE hpts.following_entry SET place = 2 WHERE ${entry('return fee')}`,
    named: () => [`following_entries: entry ${entryId('return fee')}`],
  },
  {
    what: 'a following entry behind another command',
    sql: () => `UPDATE hpts.following_entry SET first_entry_id = '${entryId('payment')}' WHERE ${entry('return fee')}`,
    named: () => [`following_entries: entry ${entryId('return fee')}`],
  },
  {
    what: 'a following entry of another correlation',
    sql: () =>
      `UPDATE hpts.journal_entry SET correlation_id = '00000000-0000-4000-8000-0000000000ff' WHERE ${entry('return fee')}`,
    named: () => [`following_entries: entry ${entryId('return fee')}`],
  },
  {
    what: 'an entry with a key said to follow',
    sql: () => `UPDATE hpts.following_entry SET entry_id = '${entryId('payment')}' WHERE ${entry('return fee')}`,
    named: () => [
      `following_entries: entry ${entryId('return fee')}`,
      `following_entries: entry ${entryId('payment')}`,
    ],
  },
  {
    what: 'a restated entry that nothing names as the successor',
    sql: () => `DELETE FROM hpts.superseded_entry WHERE ${entry('payment once')}`,
    named: () => [`reversals: entry ${entryId('payment mirrored')}`, `restatements: entry ${entryId('payment again')}`],
  },
  {
    what: 'a successor that books no event again',
    sql: () =>
      `UPDATE hpts.superseded_entry SET successor_id = '${entryId('early fee')}' WHERE ${entry('payment once')}`,
    named: () => [`restatements: entry ${entryId('payment again')}`, `restatements: entry ${entryId('early fee')}`],
  },
  {
    what: 'a successor of two entries',
    sql: () =>
      `INSERT INTO hpts.superseded_entry SELECT tenant_id, '${entryId('fee')}', successor_id FROM hpts.superseded_entry`,
    named: () => [`restatements: entry ${entryId('payment again')}`],
  },
  {
    what: 'an entry that was posted again and stands all the same',
    sql: () => `UPDATE hpts.superseded_entry SET entry_id = '${entryId('fourth')}' WHERE ${entry('payment once')}`,
    named: () => [`reversals: entry ${entryId('payment mirrored')}`, `restatements: entry ${entryId('payment again')}`],
  },
  {
    what: 'an event that was posted again on another day',
    sql: () => `UPDATE hpts.journal_entry SET effective_at = '2026-04-11' WHERE ${entry('payment again')}`,
    named: () => [`restatements: entry ${entryId('payment again')}`],
  },
  {
    what: 'what was posted to an accrual, beside none',
    sql: () => `DELETE FROM hpts.accrual_difference WHERE ${entry('accrual difference')}`,
    named: () => [`accrual_differences: entry ${entryId('accrual difference')}`],
  },
  {
    what: 'what was posted to an accrual, beside another',
    sql: () =>
      `UPDATE hpts.accrual_difference SET of_entry_id = '${entryId('nothing accrued')}' WHERE ${entry('accrual difference')}`,
    named: () => [`accrual_differences: entry ${entryId('accrual difference')}`],
  },
  {
    what: 'an entry that is no difference beside an accrual',
    sql: () =>
      `INSERT INTO hpts.accrual_difference SELECT tenant_id, of_entry_id, '${entryId('fee')}' FROM hpts.accrual_difference`,
    named: () => [`accrual_differences: entry ${entryId('fee')}`],
  },
  {
    what: 'the difference of an accrual reversed by itself',
    sql: () =>
      `UPDATE hpts.reversal SET reversed_entry_id = '${entryId('accrual difference')}' WHERE ${entry('unpayment')}`,
    named: () => [
      `reversals: entry ${entryId('unpayment')}`,
      `accrual_differences: entry ${entryId('accrual difference')}`,
    ],
  },
  {
    what: 'a reversal row removed',
    sql: () => `DELETE FROM hpts.reversal WHERE ${entry('unpayment')}`,
    named: () => [`reversals: entry ${entryId('unpayment')}`],
  },
  {
    what: 'a reversal row of an entry that nothing reverses',
    sql: () => `UPDATE hpts.reversal SET reversed_entry_id = '${entryId('fee')}' WHERE ${entry('unpayment')}`,
    named: () => [`reversals: entry ${entryId('unpayment')}`],
  },
  {
    what: 'a reversal that mirrors other amounts',
    sql: () => `UPDATE hpts.journal_entry SET amounts = '{-2999,2999}' WHERE ${entry('unpayment')}`,
    named: () => [`reversal_lines: entry ${entryId('unpayment')}`, `movement_effects: entry ${entryId('unpayment')}`],
  },
  {
    what: 'a reversal of a reversal',
    sql: () => `UPDATE hpts.journal_entry SET reverses_entry_id = '${entryId('unaccrual')}' WHERE ${entry('unpayment')};
                UPDATE hpts.reversal SET reversed_entry_id = '${entryId('unaccrual')}' WHERE ${entry('unpayment')}`,
    named: () => [`reversals: entry ${entryId('unpayment')}`, `reversal_lines: entry ${entryId('unpayment')}`],
  },
  {
    what: 'a reversal dated before its entry',
    sql: () => `UPDATE hpts.journal_entry SET effective_at = '2026-02-09' WHERE ${entry('unpayment')}`,
    named: () => [`reversals: entry ${entryId('unpayment')}`],
  },
  {
    what: 'a disbursement row dated otherwise',
    sql: () => `UPDATE hpts.disbursement SET effective_at = '2026-01-04' WHERE ${entry('first')}`,
    named: () => [`disbursements: entry ${entryId('first')}`, `loan_heads: loan ${LOANS.old}`],
  },
  {
    what: 'a disbursement row removed',
    sql: () => `DELETE FROM hpts.disbursement WHERE ${entry('first')}`,
    named: () => [`disbursements: entry ${entryId('first')}`, `loan_heads: loan ${LOANS.old}`],
  },
  {
    what: 'an accrual batch removed',
    sql: () => `DELETE FROM hpts.accrual_batch WHERE ${entry('nothing accrued')}`,
    named: () => [`accrual_batches: entry ${entryId('nothing accrued')}`, `accrual_days: loan ${LOANS.quiet}`],
  },
  {
    what: 'the interest of an accrual batch',
    sql: () => `UPDATE hpts.accrual_batch SET interest_minor[2] = 701 WHERE ${entry('accrual again')}`,
    named: () => [`accrual_interest: entry ${entryId('accrual again')}`],
  },
  {
    what: 'the date of an accrual batch',
    sql: () => `UPDATE hpts.accrual_batch SET accrual_date = '2026-02-03' WHERE ${entry('accrual again')}`,
    named: () => [`accrual_batches: entry ${entryId('accrual again')}`, `accrual_days: loan ${LOANS.old}`],
  },
  {
    what: 'an accrual day marked',
    sql: () => `UPDATE hpts.loan_accrual_month SET days = days | 4 WHERE ${loan(LOANS.young)}`,
    named: () => [`accrual_days: loan ${LOANS.young}`],
  },
  {
    what: 'an accrual day freed while its batch stands',
    sql: () => `DELETE FROM hpts.loan_accrual_month WHERE ${loan(LOANS.old)}`,
    named: () => [`accrual_days: loan ${LOANS.old}`],
  },
  {
    what: 'a correction removed',
    sql: () => `DELETE FROM hpts.accrual_correction WHERE ${entry('correction')}`,
    named: () => [
      `accrual_corrections: entry ${entryId('correction')}`,
      `correction_interest: entry ${entryId('correction')}`,
      `unmoved_events: entry ${entryId('correction')}`,
    ],
  },
  {
    what: 'what a correction says it changed',
    sql: () => `UPDATE hpts.accrual_correction SET difference_minor[1] = 41 WHERE ${entry('correction')}`,
    named: () => [`correction_interest: entry ${entryId('correction')}`],
  },
  {
    what: 'a correction of another entry, which is no batch',
    sql: () =>
      `UPDATE hpts.accrual_correction SET accrual_entry_id = '${entryId('payment')}' WHERE ${entry('correction')}`,
    named: () => [`accrual_corrections: entry ${entryId('correction')}`],
  },
  {
    what: 'a correction of a batch that was reversed',
    sql: () =>
      `UPDATE hpts.accrual_correction SET accrual_entry_id = '${entryId('accrual')}' WHERE ${entry('correction')};
       UPDATE hpts.journal_entry AS e SET event_input = json_build_object('corrected_event_id', b.event_id)::text, correlation_id = b.correlation_id
       FROM hpts.journal_entry AS b WHERE b.entry_id = '${entryId('accrual')}' AND e.entry_id = '${entryId('correction')}'`,
    named: () => [`accrual_corrections: entry ${entryId('correction')}`],
  },
  {
    what: 'a correction of another correlation',
    sql: () =>
      `UPDATE hpts.journal_entry SET correlation_id = '00000000-0000-4000-8000-0000000000ff' WHERE ${entry('correction')}`,
    named: () => [`accrual_corrections: entry ${entryId('correction')}`],
  },
  {
    what: 'a correction dated before its batch',
    sql: () => `UPDATE hpts.journal_entry SET effective_at = '2026-01-31' WHERE ${entry('correction')}`,
    named: () => [`accrual_corrections: entry ${entryId('correction')}`],
  },
  {
    what: 'a verdict removed',
    sql: () => `DELETE FROM hpts.adjustment_verdict WHERE ${entry('adjustment')}`,
    named: () => [`adjustments: entry ${entryId('adjustment')}`],
  },
  {
    what: 'a proposal removed',
    sql: () => `DELETE FROM hpts.adjustment WHERE adjustment_id = '${ADJUSTMENT}'`,
    named: () => [`adjustments: adjustment ${ADJUSTMENT}`],
  },
  {
    what: 'an adjustment approved by its proposer',
    sql: () => `UPDATE hpts.adjustment SET proposed_by = 'hand' WHERE adjustment_id = '${ADJUSTMENT}'`,
    named: () => [`adjustments: adjustment ${ADJUSTMENT}`],
  },
  {
    what: 'other lines proposed than were posted',
    sql: () => `UPDATE hpts.adjustment SET loan_ids[1] = '${LOANS.old}' WHERE adjustment_id = '${ADJUSTMENT}'`,
    named: () => [`adjustments: adjustment ${ADJUSTMENT}`],
  },
  {
    what: 'an adjustment said to be rejected after it was posted',
    sql: () =>
      `UPDATE hpts.adjustment_verdict SET verdict = 'rejected', entry_id = NULL WHERE adjustment_id = '${ADJUSTMENT}'`,
    named: () => [`adjustments: entry ${entryId('adjustment')}`],
  },
];
