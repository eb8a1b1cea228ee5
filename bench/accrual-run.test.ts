import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verifyLedger } from '../src/postgres/verify/ledger-verification.ts';
import { testDatabase } from '../test/database.ts';
import { measureAccrualRuns } from './accrual-run-ledger.ts';
import { withOwner } from './prefilled-ledger.ts';

test('two days over 2,500 loans: each loan accrues each day, and the figures say so', async () => {
  const database = await testDatabase();
  try {
    const folder = await withOwner(database.connection, async (client) => {
      const { rows } = await client.query<{ folder: string }>("SELECT current_setting('data_directory') AS folder");
      return rows[0]?.folder ?? '';
    });
    const postmasterPid = Number(readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n')[0]);
    const measured = await measureAccrualRuns(database.connection, {
      loans: 2_500,
      postmasterPid,
      say: () => undefined,
    });
    expect(measured.days.map(({ date, loans }) => [date, loans])).toEqual([
      ['2026-03-01', 2_500],
      ['2026-03-02', 2_500],
    ]);
    // 10^15 at 7.99 % for 29 nights of 365: 6348219178082.19….
    expect(measured.days[0]?.accruedMinor).toBe(`${2_500n * 6_348_219_178_082n}`);
    // A day's interest of loans of which a tenth was paid on, each time less than the loan earns in a night.
    expect(measured.days[1]?.accruedMinor).toMatch(/^\d{15}$/);
    expect(measured.days.map((day) => day.apiBytesByFifth.at(-1) ?? 0).every((bytes) => bytes > 0)).toBe(true);
    for (const day of measured.days) expect(Math.min(day.seconds, day.apiCpuUs, day.postgresCpuUs)).toBeGreaterThan(0);
    const { checks } = await verifyLedger(database.connection);
    expect(checks.flatMap(({ findings }) => findings)).toEqual([]);
    expect(measured.apiPeakBytes).toBeGreaterThanOrEqual(measured.apiBytesBefore);
  } finally {
    await database.drop();
  }
});
