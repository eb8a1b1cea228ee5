import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTenant } from '../../src/postgres/access/tenant.ts';
import { PostgresStore } from '../../src/postgres/posting/store.ts';
import { ReaderPool } from '../../src/postgres/reading/reader-pool.ts';
import type { Command } from '../../src/posting/command.ts';
import { PostingEngine } from '../../src/posting/engine.ts';
import { type TestDatabase, testDatabase } from '../database.ts';
import { feeCommand } from '../posting/scripted-store.ts';

const LENDERS = 3;
const KEYS = 60;

let database: TestDatabase;
let reader: ReaderPool;
let store: PostgresStore;
let owner: pg.Client;
let engine: PostingEngine;
const batches: number[] = [];
const faults: unknown[] = [];
/** A tenant and a loan of it. */
const lent: { readonly tenantId: string; readonly loanId: string }[] = [];

beforeAll(async () => {
  database = await testDatabase();
  owner = new pg.Client({ ...database.connection });
  await owner.connect();
  reader = new ReaderPool(database.connection);
  store = new PostgresStore({ address: database.connection, lanes: 1, heavy: false, reader });
  engine = new PostingEngine({
    store,
    lanes: 1,
    monotonicMs: () => performance.now(),
    onFailure: (error) => faults.push(error),
    watch: { waited: () => undefined, batchEnded: (commands) => batches.push(commands), replayed: () => undefined },
  });
  for (let number = 0; number < LENDERS; number += 1) {
    const wish = { name: `Lender ${number}`, timezone: 'UTC', currency: 'USD' };
    const { tenantId } = await createTenant(database.connection, wish, { actor: 'test' });
    const loanId = randomUUID();
    expect(await engine.submit(disbursementCommand(tenantId, loanId))).toMatchObject({ outcome: 'created' });
    lent.push({ tenantId, loanId });
  }
});
afterAll(async () => {
  await engine.drain();
  await store.close();
  await reader.close();
  await owner.end();
  await database.drop();
});

function disbursementCommand(tenantId: string, loanId: string): Command {
  const { kind: _kind, fee: _fee, ...envelope } = feeCommand(tenantId);
  const terms = { method: 'ach', destinationRef: null, programId: null, fees: [], layer: 0, metadata: null } as const;
  const event = { loanId, borrowerId: tenantId, amountMinor: 1_000n, currency: 'USD', effectiveAt: '2026-05-01' };
  return { ...envelope, kind: 'disbursement', disbursement: { ...event, ...terms } };
}

/** A fee on the loan of one tenant after the other. */
function nextFee(number: number) {
  const { tenantId, loanId } = lent[number % LENDERS] ?? { tenantId: '', loanId: '' };
  return feeCommand(tenantId, loanId);
}

/** The keys of commands as they lie in their table, in the order in which they were inserted. */
async function insertedKeys(commands: readonly Command[]): Promise<readonly string[]> {
  const { rows } = await owner.query<{ key: string }>(
    'SELECT tenant_id || $2 || key_hash AS key FROM hpts.idempotency_key WHERE key_hash = ANY ($1) ORDER BY ctid',
    [commands.map(({ keyHash }) => keyHash), ' '],
  );
  return rows.map(({ key }) => key);
}

test('a batch inserts its keys by tenant and hash, so that two processes meet over several of them in one order', async () => {
  const commands = Array.from({ length: KEYS }, (_, number) => nextFee(number));
  batches.length = 0;
  const outcomes = await Promise.all(commands.map((command) => engine.submit(command)));
  expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['created']));
  expect(batches).toEqual([KEYS]);
  const asSent = commands.map(({ tenantId, keyHash }) => `${tenantId} ${keyHash}`);
  expect(await insertedKeys(commands)).toEqual(asSent.toSorted());
  expect(asSent).not.toEqual(asSent.toSorted());
});

test('a command that cannot be decided is answered unavailable alone, and its neighbours in the batch are posted', async () => {
  const commands = Array.from({ length: 7 }, (_, number) => nextFee(number));
  const { fee, ...poison } = nextFee(0);
  const amountMinor = 'not an amount' as unknown as bigint;
  const poisoned = commands.toSpliced(4, 0, { ...poison, fee: { ...fee, amountMinor } });
  batches.length = 0;
  faults.length = 0;
  const outcomes = await Promise.all(poisoned.map((command) => engine.submit(command)));
  expect(batches[0]).toBe(poisoned.length);
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(
    poisoned.map((_, place) => (place === 4 ? 'unavailable' : 'created')),
  );
  expect(faults.every((error) => error instanceof TypeError)).toBe(true);
  expect((await insertedKeys(poisoned)).toSorted()).toEqual(
    commands.map(({ tenantId, keyHash }) => `${tenantId} ${keyHash}`).toSorted(),
  );
});

test('a batch of heavy commands that waited in vain is halved: who wants the held loan waits for it once more', async () => {
  const patient = new PostgresStore({ address: database.connection, lanes: 1, heavy: true, reader });
  const heavy = new PostingEngine({
    store: patient,
    lanes: 1,
    monotonicMs: () => performance.now(),
    onFailure: (error) => faults.push(error),
  });
  const [free, wanted] = [nextFee(0), nextFee(1)];
  faults.length = 0;
  await owner.query('BEGIN');
  await owner.query('SELECT FROM hpts.loan WHERE loan_id = $1 FOR UPDATE', [wanted.fee.loanId]);
  const [first, second] = [heavy.submit(free), heavy.submit(wanted)];
  expect(await first).toMatchObject({ outcome: 'created' });
  expect(faults).toMatchObject([{ kind: 'timeout' }]);
  await owner.query('ROLLBACK');
  expect(await second).toMatchObject({ outcome: 'created' });
  await patient.close();
});
