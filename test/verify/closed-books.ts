import type pg from 'pg';
import { HandBooks } from './hand-books.ts';
import type { HandEntry } from './hand-entry.ts';

export const CLOSER = '00000000-0000-4000-8000-00000000000c';
const LOAN = '10000000-0000-4000-8000-00000000000c';

/** A fee of `amount`, as lines from the side of the loan. */
function fee(name: string, on: string, amount: number): HandEntry {
  return {
    name,
    type: 'fee_assessed',
    on,
    lines: [
      [1300, amount, LOAN],
      [4100, -amount, LOAN],
    ],
  };
}

/** An entry of a close or a reopening; what is closed of 4100 goes to 3000. */
function closing(entry: Pick<HandEntry, 'name' | 'on' | 'closes' | 'reverses'>, income: number): HandEntry {
  return {
    ...entry,
    type: 'period_closed',
    lines:
      income === 0
        ? []
        : [
            [4100, income],
            [3000, -income],
          ],
  };
}

/** A lender that closed two months, reopened the end of its year for a late fee, and closed it again. */
export async function fillClosedBooks(client: pg.Client): Promise<void> {
  const books = new HandBooks({ id: CLOSER, currency: 'USD', number: 3 });
  books.batch({
    name: 'lent in November',
    type: 'disbursement',
    on: '2025-11-05',
    lines: [
      [1100, 1_000, LOAN],
      [2000, -1_000, LOAN],
    ],
  });
  books.batch(fee('fee of December', '2025-12-05', 500));
  books.batch(closing({ name: 'November', on: '2025-11-30', closes: '2025-11-30' }, 0));
  books.batch(closing({ name: 'December', on: '2025-12-31', closes: '2025-12-31' }, 500));
  books.batch(fee('fee of January', '2026-01-05', 9));
  books.batch(closing({ name: 'reopened', on: '2025-12-31', reverses: 'December' }, -500));
  books.batch(fee('late fee of December', '2025-12-20', 25));
  books.batch(closing({ name: 'December again', on: '2025-12-31', closes: '2025-12-31' }, 525));
  books.batch(fee('second fee of January', '2026-01-06', 8));
  books.close();
  for (const [table, rows] of books.rows) {
    await client.query(
      `INSERT INTO hpts.${table} SELECT * FROM jsonb_populate_recordset(NULL::hpts.${table}, $1::jsonb)`,
      [JSON.stringify(rows)],
    );
  }
}
