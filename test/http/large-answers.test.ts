import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { textAt } from './tenant-api.ts';

const UNKNOWN = 100_000;

let ledger: LedgerServer;
beforeAll(async () => {
  ledger = await startLedger();
});
afterAll(() => ledger.stop());

test('400 validation_failed: a body of unknown fields is answered with the first of them and a count', async () => {
  const members = Array.from({ length: UNKNOWN }, (_, index) => `"${'n'.repeat(20)}${index}":1`);
  const answer = await ledger.api.post('/v1/accruals/batch', `{${members.join(',')}}`);
  expect([answer.status, textAt(answer, 'code')]).toEqual([400, 'validation_failed']);
  expect(answer.text.length).toBeLessThan(10_000);
  expect(answer.text).toContain(`and ${UNKNOWN - 20} more unknown fields`);
});

test('400 validation_failed: a long unknown name is shown in part', async () => {
  const answer = await ledger.api.post('/v1/payments', `{"${'n'.repeat(20_000)}":1}`);
  expect([answer.status, textAt(answer, 'code')]).toEqual([400, 'validation_failed']);
  expect(answer.text.length).toBeLessThan(5_000);
});
