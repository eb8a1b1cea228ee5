import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyLedger } from '../../src/postgres/verify/ledger-verification.ts';
import { type LedgerServer, startLedger } from '../http/ledger-server.ts';
import { fuzz } from './fuzz.ts';

let ledger: LedgerServer;
beforeAll(async () => {
  ledger = await startLedger({ webhookReceivers: 'loopback' });
});
afterAll(() => ledger.stop());

test('1,500 requests made from openapi.json: no 5xx, nothing that the document does not promise', async () => {
  const target = { api: ledger.api, servers: [ledger.http] };
  const report = await fuzz(target, { requests: 1_500, seed: Math.trunc(Math.random() * 1e9) });
  expect(report.shownFaults).toEqual([]);
  expect(report.faults).toBe(0);
  expect(report.inOrder / report.requests).toBeGreaterThan(0.3);
  expect(report.succeeded / report.requests).toBeGreaterThan(0.1);
  const { checks } = await verifyLedger(ledger.address);
  expect(checks.filter((check) => check.findings.length > 0)).toEqual([]);
});
