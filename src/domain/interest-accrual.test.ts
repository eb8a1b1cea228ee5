import { describe, expect, test } from 'vitest';
import { accrualDue } from './interest-accrual.ts';
import { formatRational, type Rational, rational, whole } from './rational.ts';
import type { Rounding } from './rounding.ts';

describe('what an accrual posts', () => {
  const half = (numerator: bigint): Rational => rational({ numerator, denominator: 2n });

  test.each<[Rounding, bigint, string]>([
    ['half_even', 2n, '1/2'],
    ['half_up', 3n, '-1/2'],
    ['down', 2n, '1/2'],
  ])('%s: the rounding is that of the sum, and what it leaves is carried', (rounding, postMinor, residual) => {
    const due = accrualDue({ exact: half(25n), postedMinor: 10n, rounding });
    expect([due.postMinor, due.differenceMinor, formatRational(due.residual)]).toEqual([
      postMinor,
      postMinor,
      residual,
    ]);
  });

  test('nothing where more was posted than is due: the negative difference is carried, until interest has caught up', () => {
    const over = accrualDue({ exact: whole(7n), postedMinor: 10n, rounding: 'half_even' });
    expect(over).toEqual({ differenceMinor: -3n, postMinor: 0n, residual: whole(-3n) });
    const later = accrualDue({ exact: whole(12n), postedMinor: 10n, rounding: 'half_even' });
    expect(later.postMinor).toBe(2n);
  });

  test('after a correction has posted the negative difference, the next accrual starts from there', () => {
    const { differenceMinor } = accrualDue({ exact: whole(7n), postedMinor: 10n, rounding: 'half_even' });
    const next = accrualDue({ exact: whole(8n), postedMinor: 10n + differenceMinor, rounding: 'half_even' });
    expect(next.postMinor).toBe(1n);
  });
});
