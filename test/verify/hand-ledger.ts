import type pg from 'pg';
import { HandBooks } from './hand-books.ts';
import type { HandEntry } from './hand-entry.ts';

export const TENANT = '00000000-0000-4000-8000-00000000000a';
export const OTHER_TENANT = '00000000-0000-4000-8000-00000000000b';
export const LOANS = {
  old: '10000000-0000-4000-8000-000000000001',
  young: '10000000-0000-4000-8000-000000000002',
  quiet: '10000000-0000-4000-8000-000000000003',
  foreign: '10000000-0000-4000-8000-000000000004',
  moved: '10000000-0000-4000-8000-000000000005',
  lost: '10000000-0000-4000-8000-000000000006',
  renewed: '10000000-0000-4000-8000-000000000007',
  restated: '10000000-0000-4000-8000-000000000008',
} as const;

/** The accrual run of the hand-made ledger. */
export const RUN = '01900000-0000-7000-8000-0000000000b0';
/** The adjustment of the hand-made ledger. */
export const ADJUSTMENT = '01900000-0000-7000-8000-0000000000a0';

/**
 * Two lenders: batches of one and of several, later and backdated events, an accrual batch reversed and sent again, one of
 * zero interest alone, a reversal, a pending payment, suspense, memo interest, charge-offs and recoveries, a command of two
 * entries, a correction of an accrual, an adjustment, a refinance, marks of non-accrual that move nothing, a
 * restatement, an accrual run.
 */
function handLedgers(): readonly HandBooks[] {
  const { old, young, quiet, foreign, moved, renewed, restated } = LOANS;
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
  loseLoan(lender, disburse('lent', LOANS.lost, '2026-01-05', 5_000));
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
  lender.batch({ ...accrue('accrual again', '2026-02-01'), differs: [old, 1_000_000] });
  lender.batch({
    name: 'nothing accrued',
    type: 'accrual',
    on: '2026-02-03',
    lines: [],
    accrues: [[quiet, 0]],
    run: RUN,
  });
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
  lender.batch(disburse('fourth', restated, '2026-04-01', 1_000));
  lender.batch({
    name: 'payment once',
    type: 'payment_received',
    on: '2026-04-10',
    lines: [
      [1010, 500, restated],
      [1100, -500, restated],
    ],
  });
  lender.batch(
    {
      name: 'early fee',
      type: 'fee_assessed',
      on: '2026-04-05',
      lines: [
        [1300, 200, restated],
        [4100, -200, restated],
      ],
    },
    {
      name: 'accrual difference',
      type: 'accrual',
      on: '2026-02-01',
      follows: 'early fee',
      differenceOf: 'accrual again',
      lines: [
        [1200, 50, old],
        [4000, -50],
      ],
    },
    {
      name: 'payment mirrored',
      type: 'reversal',
      on: '2026-04-10',
      follows: 'early fee',
      reverses: 'payment once',
      lines: [
        [1010, -500, restated],
        [1100, 500, restated],
      ],
    },
    {
      name: 'payment again',
      type: 'payment_received',
      on: '2026-04-10',
      follows: 'early fee',
      again: 'payment once',
      lines: [
        [1010, 500, restated],
        [1300, -200, restated],
        [1100, -300, restated],
      ],
    },
  );
  lender.batch(
    {
      name: 'memo',
      type: 'non_accrual',
      action: 'enter',
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
  lender.batch(
    {
      name: 'renewal',
      type: 'refinance',
      on: '2026-03-08',
      makes: renewed,
      lines: [
        [1100, 5_030, renewed],
        [1300, -30, young],
        [2000, -5_000, renewed],
      ],
    },
    { name: 'mark', type: 'non_accrual', action: 'enter', on: '2026-03-08', loan: renewed, lines: [] },
    { name: 'unmark', type: 'non_accrual', action: 'exit', on: '2026-03-09', loan: renewed, lines: [] },
  );
  lender.batch({
    name: 'opening',
    type: 'manual_adjustment',
    on: '2026-03-08',
    registers: moved,
    lines: [
      [1100, 9_000, moved],
      [2100, -1_000, moved],
      [3900, -8_000, moved],
    ],
  });
  lender.batch(
    {
      name: 'correction',
      type: 'accrual',
      on: '2026-03-10',
      lines: [
        [1200, 40, old],
        [1200, 7, quiet],
        [4000, -47],
      ],
      corrects: {
        batch: 'accrual again',
        loans: [
          [old, 10_090, 40],
          [young, 700, 0],
          [quiet, 7, 7],
        ],
      },
    },
    {
      name: 'adjustment',
      type: 'manual_adjustment',
      on: '2026-03-10',
      adjusts: ADJUSTMENT,
      lines: [
        [1300, 25, quiet],
        [4100, -25],
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
        [2100, -900, young, 0],
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

/**
 * A loan that was charged off in part, which was reversed, then in part again and in whole, of which one recovery stands
 * that took of both, and one was reversed.
 */
function loseLoan(lender: HandBooks, lent: HandEntry): void {
  const { lost } = LOANS;
  lender.batch(lent);
  lender.batch({
    name: 'lost fee',
    type: 'fee_assessed',
    on: '2026-01-10',
    lines: [
      [1300, 40, lost],
      [4100, -40, lost],
    ],
  });
  const part = (name: string): HandEntry => ({
    name,
    type: 'chargeoff',
    on: '2026-01-11',
    loses: { amounts: [1_000, 0, 10], account: 5000, closes: false },
    lines: [
      [5000, 1_000, lost],
      [4910, 10, lost],
      [1100, -1_000, lost],
      [1300, -10, lost],
    ],
  });
  lender.batch(part('first part'));
  lender.batch({
    name: 'unpart',
    type: 'reversal',
    on: '2026-01-12',
    reverses: 'first part',
    lines: [
      [5000, -1_000, lost],
      [4910, -10, lost],
      [1100, 1_000, lost],
      [1300, 10, lost],
    ],
  });
  lender.batch(part('part'));
  lender.batch({
    name: 'whole',
    type: 'chargeoff',
    on: '2026-01-13',
    loses: { amounts: [4_000, 0, 30], account: 1900, closes: true },
    lines: [
      [1900, 4_000, lost],
      [4910, 30, lost],
      [1100, -4_000, lost],
      [1300, -30, lost],
    ],
  });
  const recover = (name: string): HandEntry => ({
    name,
    type: 'recovery',
    on: '2026-01-14',
    recovers: [
      ['part', [1_000, 0, 10]],
      ['whole', [250, 0, 30]],
    ],
    lines: [
      [1010, 1_290, lost],
      [4200, -1_040, lost],
      [1900, -250, lost],
    ],
  });
  lender.batch(recover('recovery'));
  lender.batch({
    name: 'unrecovery',
    type: 'reversal',
    on: '2026-01-14',
    reverses: 'recovery',
    lines: [
      [1010, -1_290, lost],
      [4200, 1_040, lost],
      [1900, 250, lost],
    ],
  });
  lender.batch(recover('recovery again'));
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
