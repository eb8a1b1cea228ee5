import type pg from 'pg';
import { type Damage, entry, loan } from './damage.ts';
import { entryId } from './hand-books.ts';
import { LOANS, RUN, TENANT } from './hand-ledger.ts';

/**
 * The run whose entry is the accrual of 0, finished, and its loan, counted as far as it is: 7 of a client, 1/3 of the server,
 * which was said to be 2/3 in between.
 * Another loan is counted up to its client's accrual and has moved since.
 */
export async function fillHandRun(client: pg.Client): Promise<void> {
  await client.query(
    `INSERT INTO hpts.accrual_run (tenant_id, accrual_run_id, program_id, accrual_date, actor, finished_at)
     SELECT b.tenant_id, $2, b.program_id, b.accrual_date, 'hand', clock_timestamp() FROM hpts.accrual_batch AS b
     WHERE b.tenant_id = $1 AND b.exact_interest IS NOT NULL`,
    [TENANT, RUN],
  );
  await client.query(
    `INSERT INTO hpts.accrual_run_portion SELECT b.tenant_id, $2, 1, $3, 3, 1, true, ARRAY[b.entry_id], '{USD}', '{0}'
     FROM hpts.accrual_batch AS b WHERE b.tenant_id = $1 AND b.exact_interest IS NOT NULL`,
    [TENANT, RUN, LOANS.quiet],
  );
  await client.query(
    `INSERT INTO hpts.restated_interest SELECT b.tenant_id, b.entry_id, $2, said.turn, said.exact
     FROM hpts.accrual_batch AS b CROSS JOIN (VALUES (1, '2/3'), (2, '1/3')) AS said (turn, exact)
     WHERE b.tenant_id = $1 AND b.exact_interest IS NOT NULL`,
    [TENANT, LOANS.quiet],
  );
  await client.query(
    `INSERT INTO hpts.loan_interest SELECT l.tenant_id, l.loan_id, l.loan_seq, l.frontier, '2026-02-03', '22/3', 7, l.first_disbursed_on,
       l.principal_minor, l.interest_minor + l.memo_interest_minor FROM hpts.loan AS l WHERE l.tenant_id = $1 AND l.loan_id = $2`,
    [TENANT, LOANS.quiet],
  );
  await client.query(
    `INSERT INTO hpts.loan_interest SELECT m.tenant_id, m.loan_id, m.loan_seq, m.frontier, '2026-02-01', '10000', 10000, '2026-01-06',
       m.principal_minor, m.interest_minor + m.memo_interest_minor FROM hpts.loan_movement AS m
     WHERE m.loan_id = $1 AND m.layer = 0 AND ${entry('accrual again')}`,
    [LOANS.old],
  );
}

/** What is kept of a loan's interest, column by column. */
const COUNTED = [
  "through = '2026-02-04'",
  "exact_interest = '23/3'",
  'posted_minor = 8',
  'loan_seq = 99',
  "frontier = '2030-01-01'",
  'principal_minor = 1',
  'interest_minor = 8',
];

/** Damage to accrual runs and to what is kept of the interest of loans. */
export const OF_RUNS: readonly Damage[] = [
  {
    what: 'a run removed',
    sql: () => `DELETE FROM hpts.accrual_run WHERE accrual_run_id = '${RUN}'`,
    named: () => [`accrual_runs: run ${RUN}`],
  },
  {
    what: 'a portion removed',
    sql: () => `DELETE FROM hpts.accrual_run_portion WHERE accrual_run_id = '${RUN}'`,
    named: () => [`accrual_runs: run ${RUN}`, `run_entries: entry ${entryId('nothing accrued')}`],
  },
  {
    what: 'a portion that is not the last of a finished run',
    sql: () => `UPDATE hpts.accrual_run_portion SET is_last = false WHERE accrual_run_id = '${RUN}'`,
    named: () => [`accrual_runs: run ${RUN}`],
  },
  {
    what: 'a portion of another number',
    sql: () => `UPDATE hpts.accrual_run_portion SET portion = 2 WHERE accrual_run_id = '${RUN}'`,
    named: () => [`accrual_runs: run ${RUN}`],
  },
  {
    what: 'the sum of a portion',
    sql: () => `UPDATE hpts.accrual_run_portion SET accrued_minor = '{1}' WHERE accrual_run_id = '${RUN}'`,
    named: () => [`run_entries: entry ${entryId('nothing accrued')}`],
  },
  {
    what: 'the loans of a portion',
    sql: () => `UPDATE hpts.accrual_run_portion SET accrued_loans = 2 WHERE accrual_run_id = '${RUN}'`,
    named: () => [`run_entries: run ${RUN}`],
  },
  {
    what: 'the date of a run',
    sql: () => `UPDATE hpts.accrual_run SET accrual_date = '2026-02-04' WHERE accrual_run_id = '${RUN}'`,
    named: () => [`run_entries: entry ${entryId('nothing accrued')}`],
  },
  {
    what: 'an accrual of 0 that nothing leads to',
    sql: () => `DELETE FROM hpts.loan_unmoved_event WHERE ${entry('nothing accrued')}`,
    named: () => [`unmoved_events: entry ${entryId('nothing accrued')}`],
  },
  {
    what: 'a loan led to an accrual that moved it',
    sql: () => `UPDATE hpts.loan_unmoved_event SET loan_id = '${LOANS.old}' WHERE ${entry('nothing accrued')}`,
    named: () => [`unmoved_events: entry ${entryId('nothing accrued')}`],
  },
  {
    what: 'when a loan met an event that moved nothing',
    sql: () => `UPDATE hpts.loan_unmoved_event SET effective_at = '2026-02-02' WHERE ${entry('nothing accrued')}`,
    named: () => [`unmoved_events: entry ${entryId('nothing accrued')}`],
  },
  {
    what: 'where in its life a loan met an event that moved nothing',
    sql: () => `UPDATE hpts.loan_unmoved_event SET loan_seq = loan_seq + 1 WHERE ${entry('nothing accrued')}`,
    named: () => [`unmoved_events: entry ${entryId('nothing accrued')}`],
  },
  {
    what: 'what an accrual stands for',
    sql: () =>
      `DELETE FROM hpts.restated_interest; UPDATE hpts.accrual_batch SET exact_interest = '{2/3}' WHERE ${entry('nothing accrued')}`,
    named: () => [`loan_interest: loan ${LOANS.quiet}`],
  },
  {
    what: 'what an accrual stands for anew',
    sql: () => `UPDATE hpts.restated_interest SET exact_interest = NULL WHERE turn = 2`,
    named: () => [`loan_interest: loan ${LOANS.quiet}`],
  },
  {
    what: 'what an accrual stands for anew, removed',
    sql: () => `DELETE FROM hpts.restated_interest WHERE turn = 2`,
    named: () => [`loan_interest: loan ${LOANS.quiet}`],
  },
  {
    what: 'the turn of what an accrual stands for anew',
    sql: () => `UPDATE hpts.restated_interest SET turn = 3 WHERE turn = 2`,
    named: () => [`restated_interest: entry ${entryId('nothing accrued')}`],
  },
  {
    what: 'what the accrual of a client stands for, said anew',
    sql: () =>
      `INSERT INTO hpts.restated_interest SELECT tenant_id, '${entryId('accrual again')}', '${LOANS.old}', 1, '1' FROM hpts.restated_interest WHERE turn = 1`,
    named: () => [`restated_interest: entry ${entryId('accrual again')}`],
  },
  {
    what: 'what an accrual stands for anew, of a loan that it does not accrue',
    sql: () =>
      `INSERT INTO hpts.restated_interest SELECT tenant_id, entry_id, '${LOANS.old}', 1, '1' FROM hpts.restated_interest WHERE turn = 1`,
    named: () => [`restated_interest: entry ${entryId('nothing accrued')}`],
  },
  {
    what: 'what an accrual by a client stands for, of a loan that moved since',
    sql: () => `UPDATE hpts.loan_interest SET exact_interest = '10001', posted_minor = 10001 WHERE ${loan(LOANS.old)}`,
    named: () => [`loan_interest: loan ${LOANS.old}`],
  },
  {
    what: 'who asked for a run',
    sql: () => `UPDATE hpts.accrual_run SET actor = 'somebody else' WHERE accrual_run_id = '${RUN}'`,
    named: () => [`run_entries: entry ${entryId('nothing accrued')}`],
  },
  {
    what: 'where a portion ends',
    sql: () => `UPDATE hpts.accrual_run_portion SET last_loan_id = NULL WHERE accrual_run_id = '${RUN}'`,
    named: () => [`accrual_runs: run ${RUN}`],
  },
  ...[LOANS.quiet, LOANS.old].flatMap((counted) =>
    COUNTED.map((change) => ({
      what: `what is kept of the interest of loan ${counted}: ${change}`,
      sql: () => `UPDATE hpts.loan_interest SET ${change} WHERE ${loan(counted)}`,
      named: () => [`loan_interest: loan ${counted}`],
    })),
  ),
];
