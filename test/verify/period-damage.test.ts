import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect } from '../../src/postgres/connection.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { verifyLedger } from '../../src/postgres/verify/ledger-verification.ts';
import { createDatabase, type TestDatabase, testDatabase } from '../database.ts';
import { CLOSER, fillClosedBooks } from './closed-books.ts';
import { entryId } from './hand-books.ts';

let whole: TestDatabase;

beforeAll(async () => {
  whole = await testDatabase();
  await migrate(whole.connection);
  const client = await connect(whole.connection, { role: 'owner', applicationName: 'verify test' });
  try {
    await fillClosedBooks(client);
  } finally {
    await client.end();
  }
});

afterAll(async () => {
  await whole.drop();
});

const DISARMED = ['period_close', 'journal_entry', 'reversal'];
const entry = (name: string) => `tenant_id = '${CLOSER}' AND entry_id = '${entryId(name)}'`;

/** What verify finds after somebody with the database's own keys changed something: `check: subject`. */
async function findingsAfter(damage: string): Promise<readonly string[]> {
  const copy = await createDatabase({ template: whole.connection.database });
  try {
    const client = await connect(copy.connection, { role: 'owner', applicationName: 'verify test' });
    try {
      const arm = (how: string) => DISARMED.map((table) => `ALTER TABLE hpts.${table} ${how} TRIGGER append_only`);
      await client.query([...arm('DISABLE'), damage, ...arm('ENABLE ALWAYS')].join(';\n'));
    } finally {
      await client.end();
    }
    const { checks } = await verifyLedger(copy.connection, { findingsMax: 100 });
    return checks.flatMap(({ name, findings }) => findings.map(({ subject }) => `${name}: ${subject}`));
  } finally {
    await copy.drop();
  }
}

it('verify finds nothing in books that were closed, reopened and closed again', async () => {
  expect(await findingsAfter('SELECT 1')).toEqual([]);
});

const closes = (name: string) => `period_closes: entry ${entryId(name)}`;
const DAMAGES: readonly [what: string, sql: () => string, named: () => readonly string[]][] = [
  ['a close removed', () => `DELETE FROM hpts.period_close WHERE ${entry('November')}`, () => [closes('November')]],
  [
    'a close of an entry that closes nothing',
    () => `UPDATE hpts.period_close SET entry_id = '${entryId('fee of January')}' WHERE ${entry('November')}`,
    () => [closes('November'), closes('fee of January')],
  ],
  [
    'a close of another month',
    () => `UPDATE hpts.period_close SET closed_through = '2025-10-31' WHERE ${entry('November')}`,
    () => [closes('November'), closes('December'), closes('December again')],
  ],
  [
    'the period that a close names',
    () => `UPDATE hpts.journal_entry SET event_input = '{"period":"2025-10"}' WHERE ${entry('November')}`,
    () => [`event_inputs: entry ${entryId('November')}`],
  ],
  [
    'a close that another came before',
    () => `INSERT INTO hpts.period_close VALUES ('${CLOSER}', '${entryId('lent in November')}', '2025-12-31')`,
    () => [closes('November'), closes('lent in November')],
  ],
  [
    'an entry dated in a month that was closed',
    () => `UPDATE hpts.journal_entry SET effective_at = '2025-11-30' WHERE ${entry('second fee of January')}`,
    () => [`closed_periods: entry ${entryId('second fee of January')}`, 'closed_years: account 4100'],
  ],
  [
    'an entry dated in a month that was closed and reopened later',
    () => `UPDATE hpts.journal_entry SET effective_at = '2025-12-30' WHERE ${entry('fee of January')}`,
    () => [`closed_periods: entry ${entryId('fee of January')}`, 'closed_years: account 4100'],
  ],
  [
    'a year that was closed by too little',
    () => `UPDATE hpts.journal_entry SET amounts = '{500,-500}' WHERE ${entry('December again')}`,
    () => ['closed_years: account 4100'],
  ],
  [
    'lines of a close that ends no year',
    () => `UPDATE hpts.journal_entry SET accounts = '{4100,3000}', amounts = '{5,-5}' WHERE ${entry('November')}`,
    () => [closes('November'), 'closed_years: account 4100'],
  ],
  [
    'a close of an account that is neither income nor expense',
    () => `UPDATE hpts.journal_entry SET accounts = '{4100,3900}' WHERE ${entry('December again')}`,
    () => [closes('December again')],
  ],
  [
    'another month at the end of the fiscal year',
    () => `UPDATE hpts.tenant SET fiscal_year_end_month = 11 WHERE tenant_id = '${CLOSER}'`,
    () => [closes('December'), closes('December again')],
  ],
  [
    'a mirror on another day',
    () => `UPDATE hpts.journal_entry SET effective_at = '2026-01-01' WHERE ${entry('reopened')}`,
    () => [closes('December'), 'closed_years: account 4100'],
  ],
  [
    'a reversal of a close',
    () => `UPDATE hpts.journal_entry SET event_type = 'reversal' WHERE ${entry('reopened')}`,
    () => [`reversals: entry ${entryId('reopened')}`],
  ],
  [
    'a close that was mirrored before the one behind it',
    () =>
      `UPDATE hpts.journal_entry SET reverses_entry_id = '${entryId('November')}', effective_at = '2025-11-30', accounts = '{}', amounts = '{}'
         WHERE ${entry('reopened')};
       UPDATE hpts.reversal SET reversed_entry_id = '${entryId('November')}' WHERE ${entry('reopened')}`,
    () => [closes('November')],
  ],
];

it.each(DAMAGES)('verify names %s', async (_what, sql, named) => {
  expect(await findingsAfter(sql())).toEqual(expect.arrayContaining([...named()]));
});
