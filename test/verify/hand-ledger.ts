import type pg from 'pg';
import { HandBooks, type HandEntry } from './hand-books.ts';

export const TENANT = '00000000-0000-4000-8000-00000000000a';
export const OTHER_TENANT = '00000000-0000-4000-8000-00000000000b';
export const LOANS = {
  old: '10000000-0000-4000-8000-000000000001',
  young: '10000000-0000-4000-8000-000000000002',
  quiet: '10000000-0000-4000-8000-000000000003',
  foreign: '10000000-0000-4000-8000-000000000004',
} as const;

/**
 * Two lenders: batches of one and of several, later and backdated events, an accrual batch reversed and sent again, one of
 * zero interest alone, a reversal, a pending payment, suspense, memo interest, a command of two entries.
 */
function handLedgers(): readonly HandBooks[] {
  const { old, young, quiet, foreign } = LOANS;
  const lender = new HandBooks({ id: TENANT, currency: 'USD', number: 1 });
  const disburse = (name: string, loan: string, on: string, amount: number): HandEntry => ({
    name,
    type: 'disbursement',
    on,
    lines: [
      [1100, amount, loan],
      [2000, -amount, loan],
    ],
  });
  const accrue = (name: string, on: string): HandEntry => ({
    name,
    type: 'accrual',
    on,
    lines: [
      [1200, 10_000, old],
      [1200, 700, young],
      [4000, -10_700],
    ],
    accrues: [
      [old, 10_000],
      [young, 700],
      [quiet, 0],
    ],
  });
  lender.batch(disburse('first', old, '2026-01-05', 1_000_000), disburse('second', young, '2026-01-07', 50_000));
  lender.batch(disburse('third', quiet, '2026-01-09', 70_000));
  lender.batch(accrue('accrual', '2026-02-01'));
  lender.batch({
    name: 'unaccrual',
    type: 'reversal',
    on: '2026-02-02',
    reverses: 'accrual',
    lines: [
      [1200, -10_000, old],
      [1200, -700, young],
      [4000, 10_700],
    ],
  });
  lender.batch(accrue('accrual again', '2026-02-01'));
  lender.batch({ name: 'nothing accrued', type: 'accrual', on: '2026-02-03', lines: [], accrues: [[quiet, 0]] });
  lender.batch(
    {
      name: 'fee',
      type: 'fee_assessed',
      on: '2026-02-28',
      lines: [
        [1300, 500, old],
        [4100, -500, old],
      ],
    },
    {
      name: 'payment',
      type: 'payment_received',
      on: '2026-03-01',
      lines: [
        [1010, 88_849, old],
        [1300, -500, old],
        [1200, -10_000, old],
        [1100, -78_349, old],
      ],
    },
    {
      name: 'small payment',
      type: 'payment_received',
      on: '2026-03-01',
      lines: [
        [1010, 700, young],
        [1200, -700, young],
      ],
    },
  );
  lender.batch({
    name: 'late payment',
    type: 'payment_received',
    on: '2026-02-10',
    lines: [
      [1010, 3_000, old],
      [1100, -3_000, old],
    ],
  });
  lender.batch({
    name: 'late fee',
    type: 'fee_assessed',
    on: '2026-02-20',
    lines: [
      [1300, 250, old],
      [4100, -250, old],
    ],
  });
  lender.batch({
    name: 'unpayment',
    type: 'reversal',
    on: '2026-03-05',
    reverses: 'late payment',
    lines: [
      [1010, -3_000, old],
      [1100, 3_000, old],
    ],
  });
  lender.batch(
    {
      name: 'pending',
      type: 'payment_received',
      on: '2026-03-06',
      layer: 1,
      lines: [
        [1010, 900, young],
        [2100, -900, young],
      ],
    },
    {
      name: 'overpayment',
      type: 'payment_received',
      on: '2026-03-06',
      lines: [
        [1010, 51_000, young],
        [1100, -50_000, young],
        [2100, -1_000, young],
      ],
    },
  );
  lender.batch(
    {
      name: 'memo',
      type: 'non_accrual',
      on: '2026-03-07',
      lines: [
        [9100, 400, old],
        [9200, -400, old],
      ],
    },
    {
      name: 'return',
      type: 'payment_returned',
      on: '2026-03-08',
      returns: { payment: 'overpayment', parts: [0, 0, 0, 1_000] },
      lines: [
        [2100, 1_000, young],
        [1010, -1_000, young],
      ],
    },
    {
      name: 'return fee',
      type: 'fee_assessed',
      on: '2026-03-08',
      follows: 'return',
      lines: [
        [1300, 30, young],
        [4100, -30, young],
      ],
    },
  );
  lender.batch({
    name: 'settled',
    type: 'disbursement_settled',
    on: '2026-03-09',
    clears: ['third'],
    lines: [
      [2000, 70_000],
      [1000, -70_000],
    ],
  });
  lender.batch(
    {
      name: 'settling',
      type: 'payment_received',
      on: '2026-03-10',
      settles: 'pending',
      lines: [
        [1010, -900, young, 1],
        [2100, 900, young, 1],
        [1010, 900, young, 0],
        [1300, -30, young, 0],
        [2100, -870, young, 0],
      ],
    },
    {
      name: 'cleared',
      type: 'payment_settled',
      on: '2026-03-10',
      clears: ['small payment', 'settling', 'return'],
      lines: [
        [1000, 600],
        [1010, -600],
      ],
    },
  );
  const other = new HandBooks({ id: OTHER_TENANT, currency: 'EUR', number: 2 });
  other.batch(disburse('foreign', foreign, '2026-01-05', 20_000));
  other.batch({
    name: 'foreign payment',
    type: 'payment_received',
    on: '2026-02-05',
    lines: [
      [1010, 5_000, foreign],
      [1100, -5_000, foreign],
    ],
  });
  return [lender, other];
}

/** Writes the hand-made ledger into a database that has the schema and nothing else. */
export async function fillHandLedger(client: pg.Client): Promise<void> {
  for (const ledger of handLedgers()) {
    ledger.close();
    for (const [table, rows] of ledger.rows) {
      await client.query(
        `INSERT INTO hpts.${table} SELECT * FROM jsonb_populate_recordset(NULL::hpts.${table}, $1::jsonb)`,
        [JSON.stringify(rows)],
      );
    }
  }
}
