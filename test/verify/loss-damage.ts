import { type Damage, entry, loan } from './damage.ts';
import { entryId } from './hand-books.ts';
import { LOANS } from './hand-ledger.ts';

const standing = (path: string, value: string) =>
  `UPDATE hpts.loan SET standing = jsonb_set(standing, '${path}', '${value}') WHERE ${loan(LOANS.lost)}`;
const ofLost = [`loan_standings: loan ${LOANS.lost}`];

/** Damage to what was charged off and recovered. */
export const OF_LOSSES: readonly Damage[] = [
  {
    what: 'a loss removed',
    sql: () => `DELETE FROM hpts.loan_loss WHERE ${entry('part')}`,
    named: () => [`losses: entry ${entryId('part')}`, `recoveries: entry ${entryId('recovery again')}`, ...ofLost],
  },
  {
    what: 'the amount of a loss',
    sql: () => `UPDATE hpts.loan_loss SET fees_minor = 31 WHERE ${entry('whole')}`,
    named: () => [`losses: entry ${entryId('whole')}`, ...ofLost],
  },
  {
    what: 'the account of a loss',
    sql: () => `UPDATE hpts.loan_loss SET principal_account = 5010 WHERE ${entry('whole')}`,
    named: () => [`losses: entry ${entryId('whole')}`, `recoveries: entry ${entryId('recovery')}`, ...ofLost],
  },
  {
    what: 'a loss of another loan',
    sql: () => `UPDATE hpts.loan_loss SET loan_id = '${LOANS.old}' WHERE ${entry('part')}`,
    named: () => [
      `losses: entry ${entryId('part')}`,
      `recoveries: entry ${entryId('recovery again')}`,
      `loan_standings: loan ${LOANS.old}`,
      ...ofLost,
    ],
  },
  {
    what: 'a loss by an entry that loses nothing',
    sql: () => `UPDATE hpts.loan_loss SET entry_id = '${entryId('lost fee')}' WHERE ${entry('whole')}`,
    named: () => [`losses: entry ${entryId('lost fee')}`, `losses: entry ${entryId('whole')}`],
  },
  {
    what: 'two charge-offs that close one loan',
    sql: () => `UPDATE hpts.loan_loss SET closes_loan = true WHERE ${entry('part')}`,
    named: () => ofLost,
  },
  {
    what: 'a charge-off that closes nothing, of a loan that is charged off',
    sql: () => `UPDATE hpts.loan_loss SET closes_loan = false WHERE ${entry('whole')}`,
    named: () => ofLost,
  },
  {
    what: 'a charge-off that takes other receivables than it loses',
    sql: () => `UPDATE hpts.journal_entry SET amounts = '{4000,30,-3990,-40}' WHERE ${entry('whole')}`,
    named: () => [`losses: entry ${entryId('whole')}`, `movement_effects: entry ${entryId('whole')}`],
  },
  {
    what: 'a recovery removed',
    sql: () => `DELETE FROM hpts.loan_recovery WHERE ${entry('recovery again')}`,
    named: () => [`recoveries: entry ${entryId('recovery again')}`, ...ofLost],
  },
  {
    what: 'the amount of a recovery, more than was lost',
    sql: () =>
      `UPDATE hpts.loan_recovery SET principal_minor = 1001 WHERE ${entry('recovery again')} AND loss_entry_id = '${entryId('part')}'`,
    named: () => [
      `recoveries: entry ${entryId('recovery again')}`,
      `recovered_losses: entry ${entryId('part')}`,
      ...ofLost,
    ],
  },
  {
    what: 'a recovery of what was reversed',
    sql: () =>
      `UPDATE hpts.loan_recovery SET loss_entry_id = '${entryId('first part')}' WHERE ${entry('recovery again')} AND loss_entry_id = '${entryId('part')}'`,
    named: () => [`recovered_losses: entry ${entryId('first part')}`],
  },
  {
    what: 'a recovery by an entry that is none',
    sql: () => `UPDATE hpts.loan_recovery SET entry_id = '${entryId('payment')}' WHERE ${entry('recovery again')}`,
    named: () => [`recoveries: entry ${entryId('payment')}`, `recoveries: entry ${entryId('recovery again')}`],
  },
  {
    what: 'what was recovered, moved between income and the allowance',
    sql: () =>
      `UPDATE hpts.journal_entry SET amounts = '{1290,-1290}', accounts = '{1010,4200}' WHERE ${entry('recovery again')}`,
    named: () => [`recoveries: entry ${entryId('recovery again')}`],
  },
  {
    what: 'the status of a loan',
    sql: () =>
      `UPDATE hpts.loan SET standing = standing || '{"status":"active","loss_account":null}' WHERE ${loan(LOANS.lost)}`,
    named: () => ofLost,
  },
  { what: 'the account of later losses', sql: () => standing('{loss_account}', '5000'), named: () => ofLost },
  { what: 'what is charged off', sql: () => standing('{charged_off_minor,fees}', '"41"'), named: () => ofLost },
  { what: 'what is recovered', sql: () => standing('{recovered_minor,principal}', '"0"'), named: () => ofLost },
  {
    what: 'all that is said of a charged-off loan',
    sql: () => `UPDATE hpts.loan SET standing = NULL WHERE ${loan(LOANS.lost)}`,
    named: () => ofLost,
  },
  {
    what: 'the movement of a recovery removed',
    sql: () => `DELETE FROM hpts.loan_movement WHERE ${entry('recovery again')}`,
    named: () => [`movement_effects: entry ${entryId('recovery again')}`],
  },
];
