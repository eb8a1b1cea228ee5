import { expect, test } from 'vitest';
import { interest } from './interest.ts';

const MAY = {
  principal: '1000000',
  rate: '0.12',
  'day-count': 'ACT_365',
  from: '2026-05-01',
  to: '2026-06-01',
} as const;

type Changes = Readonly<Record<string, string | undefined>>;

/** Runs the command on the figures of May 2026 with changes, an undefined one left out; a database cannot be opened. */
async function run(changes: Changes, ...more: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const options = Object.entries({ ...MAY, ...changes } as Changes);
  const argv = options.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]));
  const code = await interest.run([...argv, ...more], {
    openDatabase: () => Promise.reject(new Error('a database was opened')),
    openLedger: () => Promise.reject(new Error('a ledger was opened')),
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    env: {},
  });
  return { code, out, err };
}

test('the worked example of the contract, to the byte', async () => {
  expect(await run({}, '--json')).toEqual({
    code: 0,
    out: ['{"days":31,"year_fraction":"31/365","exact":"744000/73","interest_minor":"10192"}'],
    err: [],
  });
});

test('people get the same figures with the multiplication', async () => {
  const { code, out } = await run({});
  expect([code, ...out]).toEqual([
    0,
    'days           31, from 2026-05-01 to 2026-06-01 by ACT_365',
    'year fraction  31/365',
    'exact          1000000 x 0.12 x 31/365 = 744000/73 minor units',
    'interest       10192 minor units, rounded half_even',
  ]);
});

test.each<[Changes, readonly [number, string, string, string]]>([
  [{ 'day-count': 'ACT_360' }, [31, '31/360', '31000/3', '10333']],
  [{ 'day-count': 'ACT_ACT_ISDA' }, [31, '31/365', '744000/73', '10192']],
  [{ 'day-count': 'THIRTY_360_US' }, [30, '1/12', '10000', '10000']],
  [{ 'day-count': 'THIRTY_360_BOND_BASIS' }, [30, '1/12', '10000', '10000']],
  [{ 'day-count': 'THIRTY_E_360' }, [30, '1/12', '10000', '10000']],
  [{ 'day-count': 'THIRTY_E_360_ISDA' }, [30, '1/12', '10000', '10000']],
  [{ rounding: 'down' }, [31, '31/365', '744000/73', '10191']],
  [{ principal: '5000', rate: '0.0799', 'day-count': 'ACT_360', to: '2026-05-31' }, [30, '1/12', '799/24', '33']],
  [{ to: '2026-05-01' }, [0, '0', '0', '0']],
  [{ principal: '0' }, [31, '31/365', '0', '0']],
  [{ principal: '1', rate: '0.5', from: '2025-01-01', to: '2026-01-01' }, [365, '1', '1/2', '0']],
  [{ principal: '1', rate: '0.5', from: '2025-01-01', to: '2026-01-01', rounding: 'half_up' }, [365, '1', '1/2', '1']],
  [
    { principal: '999999999999999999', rate: '999.999999999999', from: '2025-01-01', to: '2026-01-01' },
    [365, '1', '999999999999998999000000000000001/1000000000000', '999999999999998999000'],
  ],
])('%j', async (changes, figures) => {
  const { code, out } = await run(changes, '--json');
  const [days, year_fraction, exact, interest_minor] = figures;
  expect([code, ...out]).toEqual([0, JSON.stringify({ days, year_fraction, exact, interest_minor })]);
});

test('the end of February on the maturity is not moved to 30, without a maturity it is', async () => {
  const february = { 'day-count': 'THIRTY_E_360_ISDA', from: '2026-01-31', to: '2026-02-28' };
  const days = async (changes: Changes) =>
    JSON.parse((await run({ ...february, ...changes }, '--json')).out.join()).days;
  expect(await days({ maturity: '2026-02-28' })).toBe(28);
  expect(await days({ maturity: '2026-03-31' })).toBe(30);
  expect(await days({})).toBe(30);
});

test.each<[Changes, string]>([
  [{ principal: undefined }, '--principal is missing'],
  [{ rate: undefined }, '--rate is missing'],
  [{ 'day-count': undefined }, '--day-count is missing'],
  [{ from: undefined }, '--from is missing'],
  [{ to: undefined }, '--to is missing'],
  [{ principal: '10.50' }, '--principal takes whole minor units'],
  [{ principal: '1000000000000000000' }, 'up to 18 digits'],
  [{ principal: '-1' }, '--principal takes whole minor units'],
  [{ rate: '12%' }, '--rate takes a rate a year such as 0.0799, with up to 12 decimals; 12% is none'],
  [{ rate: '0.0000000000001' }, 'with up to 12 decimals'],
  [{ 'day-count': 'act_365' }, 'ACT_365, ACT_360, ACT_ACT_ISDA'],
  [{ rounding: 'up' }, '--rounding takes one of half_even, half_up, down; up is none'],
  [{ from: '2026-02-29' }, '--from takes a date YYYY-MM-DD; 2026-02-29 is none'],
  [{ to: '01.06.2026' }, '--to takes a date'],
  [{ to: '2026-04-30' }, '--to 2026-04-30 lies before --from 2026-05-01'],
  [{ maturity: 'never' }, '--maturity takes a date'],
  [{ compounding: 'daily' }, '--compounding'],
])('%j ends with 2 and says why', async (changes, reason) => {
  const { code, out, err } = await run(changes, '--json');
  expect([code, out]).toEqual([2, []]);
  expect(err.join('\n')).toContain(reason);
  expect(err.at(-1)).toBe('Try: npx hpts interest --help');
});

test('--help prints the usage', async () => {
  const { code, out } = await run({}, '--help');
  expect([code, out.join('\n')]).toEqual([0, expect.stringContaining('Usage: npx hpts interest')]);
});
