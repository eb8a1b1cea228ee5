import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decideFee } from '../../src/domain/fee.ts';
import type { EntryDraft } from '../../src/domain/journal-entry.ts';
import { createTenant } from '../../src/postgres/access/tenant.ts';
import { PostgresStore } from '../../src/postgres/posting/store.ts';
import { ReaderPool } from '../../src/postgres/reading/reader-pool.ts';
import { verifyLedger } from '../../src/postgres/verify/ledger-verification.ts';
import { applyBooked } from '../../src/posting/apply-entry.ts';
import type { Command, CommandOf } from '../../src/posting/command.ts';
import { decideBatch } from '../../src/posting/decide-batch.ts';
import { eventIdOf } from '../../src/posting/entry-id.ts';
import { scopedKey } from '../../src/posting/ledger-state.ts';
import { emptyPlan } from '../../src/posting/posting-plan.ts';
import type { DecideBatch } from '../../src/posting/posting-store.ts';
import { loanScene } from '../../src/posting/scene.ts';
import { type TestDatabase, testDatabase } from '../database.ts';

const DAY = '2026-05-01';
let database: TestDatabase;
let reader: ReaderPool;
let store: PostgresStore;
let tenantId: string;
const loanId = randomUUID();

beforeAll(async () => {
  database = await testDatabase();
  const tenant = { name: 'Lender', timezone: 'UTC', currency: 'USD' };
  ({ tenantId } = await createTenant(database.connection, tenant, { actor: 'test' }));
  reader = new ReaderPool(database.connection);
  store = new PostgresStore({ address: database.connection, lanes: 1, heavy: false, reader });
  const disbursement = { loanId, borrowerId: tenantId, amountMinor: 1_000n, currency: 'USD', effectiveAt: DAY };
  await post({
    ...envelope('disbursement'),
    kind: 'disbursement',
    disbursement: {
      ...disbursement,
      method: 'ach',
      destinationRef: null,
      metadata: null,
      programId: null,
      fees: [],
      layer: 0,
    },
  });
});
afterAll(async () => {
  await store.close();
  await reader.close();
  await database.drop();
});

test('a command of three entries: one key, one correlation, one time, places in order; found again by its first entry', async () => {
  const command: CommandOf<'fee'> = {
    ...envelope('three'),
    kind: 'fee',
    fee: {
      loanId,
      borrowerId: null,
      feeType: 'late_fee',
      amountMinor: 5n,
      currency: 'USD',
      effectiveAt: DAY,
      externalRef: null,
      description: null,
      metadata: null,
    },
  };
  const { decisions, postedAt } = await store.post(
    { commands: [command], resolved: new Map(), lane: 0 },
    thrice(command),
  );
  const [decision] = decisions;
  if (decision?.outcome !== 'posted') throw new Error('the command was not posted');
  const { entry, following } = decision;
  const [own, again] = following;
  expect(following.map(({ correlationId }) => correlationId)).toEqual([entry.correlationId, entry.correlationId]);
  expect(own?.eventId).not.toBe(entry.eventId);
  expect(again?.eventId).toBe(entry.eventId);

  const ref = { tenantId, entryId: entry.entryId };
  const receipt = (await store.receipts([ref])).get(scopedKey(tenantId, entry.entryId));
  expect(receipt).toMatchObject({ eventId: entry.eventId, postedAt: postedAt.get(tenantId) });
  expect(receipt?.following).toEqual([
    { entryId: own?.entryId, eventType: 'fee_assessed' },
    { entryId: again?.entryId, eventType: 'fee_assessed' },
  ]);
  const wrong = (await verifyLedger(database.connection)).checks.filter(({ status }) => status === 'failed');
  // The third entry books the event again, and stands beside the first in place of taking its place.
  expect(wrong.map(({ name }) => name)).toEqual(['restatements']);
});

test('a command of one entry has none that follow', async () => {
  const { decisions } = await post({
    ...envelope('one'),
    kind: 'payment',
    payment: { ...PAYMENT, loanId, borrowerId: tenantId },
  });
  const [decision] = decisions;
  if (decision?.outcome !== 'posted') throw new Error('the payment was not posted');
  const { entryId } = decision.entry;
  expect((await store.receipts([{ tenantId, entryId }])).get(scopedKey(tenantId, entryId))?.following).toEqual([]);
});

const PAYMENT = {
  amountMinor: 5n,
  currency: 'USD',
  effectiveAt: DAY,
  sourceMethod: 'ach',
  externalRef: null,
  layer: 0,
  split: null,
  metadata: null,
} as const;

/** Decides a fee as three: the first, one that is an event of its own, and one that books the first event again. */
function thrice(command: CommandOf<'fee'>): DecideBatch {
  return (state, newEntryId) => {
    const plan = emptyPlan();
    const draft = decideFee(command.fee, loanScene(state, tenantId, loanId)) as EntryDraft;
    const ids = [newEntryId(), newEntryId(), newEntryId()];
    const booked = {
      first: draft,
      following: [
        { draft, eventId: null },
        { draft, eventId: eventIdOf(ids[0] ?? '') },
      ],
    };
    const nextId = () => ids.shift() ?? newEntryId();
    return { plan, decisions: [applyBooked({ command, booked, newEntryId: nextId, state, plan })] };
  };
}

function post(command: Command) {
  return store.post({ commands: [command], resolved: new Map(), lane: 0 }, (state, newEntryId) =>
    decideBatch([command], state, newEntryId),
  );
}

/** The key's hash is that of its text: verify compares the two. */
function envelope(key: string) {
  const hash = createHash('sha256').update(`test:${key}`).digest('hex');
  const keyHash = [
    hash.slice(0, 8),
    hash.slice(8, 12),
    hash.slice(12, 16),
    hash.slice(16, 20),
    hash.slice(20, 32),
  ].join('-');
  return { tenantId, actor: 'test', key: `test:${key}`, keyHash, payloadHash: randomUUID() };
}
