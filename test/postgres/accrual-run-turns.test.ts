import pg from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AccrualRuns } from '../../src/jobs/accrual-runs/accrual-runs.ts';
import { LIMITS } from '../../src/limits.ts';
import { createTenant } from '../../src/postgres/access/tenant.ts';
import { TenantConnections } from '../../src/postgres/acts/tenant-connections.ts';
import { ReaderPool } from '../../src/postgres/reading/reader-pool.ts';
import { insertRun } from '../../src/postgres/runs/run-registry.ts';
import type { Command } from '../../src/posting/command.ts';
import type { Outcome } from '../../src/posting/engine.ts';
import { type TestDatabase, testDatabase } from '../database.ts';

const NOTHING_TO_ACCRUE: Outcome = {
  outcome: 'refused',
  refusal: { code: 'validation_failed', detail: 'no loan of the portion accrues' },
};

type Lender = { readonly tenantId: string; readonly programId: string };

let database: TestDatabase;
let owner: pg.Client;
let connections: TenantConnections;
let reader: ReaderPool;
beforeEach(async () => {
  database = await testDatabase();
  owner = new pg.Client({ ...database.connection });
  await owner.connect();
  reader = new ReaderPool(database.connection, 2);
  connections = new TenantConnections(database.connection, {
    role: 'hpts_configurator',
    applicationName: 'hpts accrual runs',
    connectionsMax: LIMITS.accrualRunConnections,
    statementTimeoutMs: LIMITS.accrualRunStatementTimeoutMs,
  });
});
afterEach(async () => {
  await connections.close();
  await reader.close();
  await owner.end();
  await database.drop();
});

async function lender(name: string, loans: number): Promise<Lender> {
  const settings = { name, timezone: 'UTC', currency: 'USD' };
  const { tenantId, defaultProgramId: programId } = await createTenant(database.connection, settings, {
    actor: 'test',
  });
  await owner.query(
    `INSERT INTO hpts.loan (tenant_id, loan_id, borrower_id, currency, program_id, first_disbursed_on)
     SELECT $1, gen_random_uuid(), gen_random_uuid(), 'USD', $2, '2026-05-01' FROM generate_series(1, $3)`,
    [tenantId, programId, loans],
  );
  return { tenantId, programId };
}

async function ask({ tenantId, programId }: Lender): Promise<string> {
  const run = { programId, accrualDate: '2026-05-02', actor: 'test' };
  const id = await connections.ofTenant(tenantId, (client) => insertRun(client, tenantId, run));
  if (id === undefined) throw new Error('one run too many');
  return id;
}

test('a lender with more runs than there are places keeps no other lender waiting, and its own go on in their order', async () => {
  const [large, small] = [await lender('Large', 30), await lender('Small', 2)];
  const runsOfLarge = [await ask(large), await ask(large), await ask(large)];
  const portions: string[] = [];
  const smallAsked = Promise.withResolvers<void>();
  const submit = async (command: Command): Promise<Outcome> => {
    if (command.kind !== 'accrual_run') throw new Error(`a run sent ${command.kind}`);
    portions.push(command.portion.accrualRunId);
    await smallAsked.promise;
    return NOTHING_TO_ACCRUE;
  };
  const failures: unknown[] = [];
  const onFailure = (error: unknown) => failures.push(error);
  const shape = { places: 2, portionLoans: 1, turnMs: 0 };
  const runs = new AccrualRuns({ database: connections, reader, submit, onFailure, ...shape });
  runs.start();
  try {
    await vi.waitFor(() => expect(portions).toHaveLength(2), { timeout: 10_000, interval: 5 });
    const runOfSmall = await ask(small);
    smallAsked.resolve();
    runs.wake();
    const finished = () =>
      owner.query<{ id: string }>(
        'SELECT accrual_run_id AS id FROM hpts.accrual_run WHERE finished_at IS NOT NULL ORDER BY finished_at',
      );
    await vi.waitFor(async () => expect((await finished()).rows).toHaveLength(4), { timeout: 20_000, interval: 20 });
    expect((await finished()).rows[0]?.id).toBe(runOfSmall);
    expect(portions.slice(0, 2).sort()).toEqual(runsOfLarge.slice(0, 2).sort());
    const [first = '', second = '', third = ''] = runsOfLarge;
    const oneHasEnded = Math.min(portions.lastIndexOf(first), portions.lastIndexOf(second));
    expect(portions.indexOf(third)).toBeGreaterThan(oneHasEnded);
    expect(portions.filter((id) => id === third)).toHaveLength(30);
    expect(failures).toEqual([]);
  } finally {
    smallAsked.resolve();
    await runs.stop();
  }
});

test('a tenant may have so many runs that are not finished; one that finishes makes room', async () => {
  const [full, other] = [await lender('Full', 0), await lender('Other', 0)];
  await owner.query(
    `INSERT INTO hpts.accrual_run (tenant_id, accrual_run_id, program_id, accrual_date, actor)
     SELECT $1, gen_random_uuid(), $2, '2026-05-02', 'test' FROM generate_series(1, $3)`,
    [full.tenantId, full.programId, LIMITS.openAccrualRuns],
  );
  const { tenantId, programId } = full;
  const run = { programId, accrualDate: '2026-05-02', actor: 'test' };
  const asked = () => connections.ofTenant(tenantId, (client) => insertRun(client, tenantId, run));
  expect(await asked()).toBeUndefined();
  await ask(other);
  await owner.query(
    `UPDATE hpts.accrual_run SET finished_at = clock_timestamp()
     WHERE accrual_run_id = (SELECT accrual_run_id FROM hpts.accrual_run WHERE tenant_id = $1 LIMIT 1)`,
    [tenantId],
  );
  expect(await asked()).toEqual(expect.any(String));
  expect(await asked()).toBeUndefined();
});
