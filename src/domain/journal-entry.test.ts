import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  assertPostable,
  type DraftLine,
  type EntryDraft,
  effectOfLines,
  effectsByLoan,
  LINES_MAX,
  LoanLines,
  linesByLayer,
} from './journal-entry.ts';
import { noComponents } from './loan.ts';
import { MINOR_MAX } from './money.ts';

const LOAN = { loanId: 'loan', borrowerId: 'borrower' };

function entry(lines: readonly DraftLine[]): EntryDraft {
  return {
    eventType: 'payment_received',
    effectiveAt: '2026-05-01',
    currency: 'USD',
    layer: 0,
    ...LOAN,
    lines,
    reversesEntryId: null,
    externalRef: null,
    description: null,
    eventInput: {},
    metadata: null,
  };
}

function line(account: number, amountMinor: bigint, loanId: string | null = 'loan'): DraftLine {
  return { account, amountMinor, loanId, borrowerId: loanId === null ? null : 'borrower' };
}

describe('assertPostable', () => {
  test('takes what balances: two lines, many lines, no line, the largest line', () => {
    assertPostable(entry([line(1010, 5n), line(1100, -5n)]));
    assertPostable(entry([line(1010, 5n), line(1300, -1n), line(1200, -1n), line(1100, -3n)]));
    assertPostable(entry([]));
    assertPostable(entry([line(1010, MINOR_MAX), line(1100, -MINOR_MAX)]));
    const most = Array.from({ length: LINES_MAX - 1 }, () => line(1200, 1n));
    assertPostable(entry([...most, line(4000, -BigInt(LINES_MAX - 1), null)]));
  });

  test.each<[string, readonly DraftLine[], RegExp]>([
    ['one line alone', [line(1010, 5n)], /debits exceed credits by 5/],
    ['debits above credits', [line(1010, 6n), line(1100, -5n)], /debits exceed credits by 1/],
    ['credits above debits', [line(1010, 5n), line(1100, -6n)], /debits exceed credits by -1/],
    ['a line of zero', [line(1010, 5n), line(1300, 0n), line(1100, -5n)], /a line of 0 on 1300/],
    ['a debit of 19 digits', [line(1010, MINOR_MAX + 1n), line(1100, -MINOR_MAX), line(1200, -1n)], /on 1010/],
    ['a credit of 19 digits', [line(1010, MINOR_MAX), line(1000, 1n), line(1100, -MINOR_MAX - 1n)], /on 1100/],
    ['a control account without a loan', [line(1010, 5n), line(1100, -5n, null)], /1100 names no loan/],
    ['suspense without a loan', [line(1010, 5n), line(2100, -5n, null)], /2100 names no loan/],
    ['memo interest without a loan', [line(9100, 5n, null), line(9200, -5n, null)], /9100 names no loan/],
  ])('refuses %s', (_title, lines, message) => {
    expect(() => assertPostable(entry(lines))).toThrow(message);
  });

  test('refuses more lines than can be numbered', () => {
    const lines = Array.from({ length: LINES_MAX + 1 }, (_, index) => line(1010, index % 2 === 0 ? 1n : -1n));
    expect(() => assertPostable(entry(lines))).toThrow(/32768 lines/);
  });

  test('any balanced set with one amount changed by anything is refused', () => {
    const amounts = fc.array(fc.bigInt({ min: 1n, max: 1_000n }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(amounts, fc.nat(), fc.bigInt({ min: 1n, max: 1_000n }), (debits, at, change) => {
        const sum = debits.reduce((total, debit) => total + debit, 0n);
        const lines = [...debits.map((debit) => line(1200, debit)), line(4000, -sum, null)];
        assertPostable(entry(lines));
        const broken = lines.map((one, index) =>
          index === at % lines.length ? { ...one, amountMinor: one.amountMinor + change } : one,
        );
        expect(() => assertPostable(entry(broken))).toThrow();
      }),
    );
  });
});

test('LoanLines leaves out zeros and signs credits', () => {
  expect(new LoanLines(LOAN).debit(1010, 5n).credit(1300, 0n).credit(1100, 5n).lines).toEqual([
    { account: 1010, amountMinor: 5n, ...LOAN },
    { account: 1100, amountMinor: -5n, ...LOAN },
  ]);
});

describe('what lines do to components', () => {
  test('a debit raises a receivable and lowers suspense', () => {
    const lines = [line(1100, 1n), line(1200, 2n), line(1300, 3n), line(2100, 4n), line(9100, 5n), line(1010, 6n)];
    expect(effectOfLines(lines)).toEqual({ principal: 1n, interest: 2n, fees: 3n, suspense: -4n, memoInterest: 5n });
  });

  test('mirrored lines undo exactly what the lines did', () => {
    const any = fc.record({
      account: fc.constantFrom(1010, 1100, 1200, 1300, 2100, 4000, 9100),
      amountMinor: fc.bigInt({ min: -MINOR_MAX, max: MINOR_MAX }),
      loanId: fc.constantFrom('one', 'two'),
      borrowerId: fc.constant('borrower'),
    });
    fc.assert(
      fc.property(fc.array(any), (lines) => {
        const mirror = lines.map((one) => ({ ...one, amountMinor: -one.amountMinor }));
        expect(effectOfLines([...lines, ...mirror])).toEqual(noComponents());
        for (const [loanId, effect] of effectsByLoan(lines)) {
          expect(effect).toEqual(effectOfLines(lines.filter((one) => one.loanId === loanId)));
        }
      }),
    );
  });
});

describe('lines by layer and currency', () => {
  const [settled, euro, pending] = [
    line(1010, 5n),
    { ...line(1010, 7n), currency: 'EUR' },
    { ...line(1010, 9n), layer: 1 as const },
  ];

  test('of one layer and one currency are one, none among them', () => {
    expect(linesByLayer(entry([settled]))).toEqual([{ layer: 0, currency: 'USD', lines: [settled] }]);
    expect(linesByLayer(entry([]))).toEqual([{ layer: 0, currency: 'USD', lines: [] }]);
  });

  test('of several stand by themselves, in the order of the layers, and only where there are some', () => {
    expect(linesByLayer(entry([pending, settled]))).toEqual([
      { layer: 0, currency: 'USD', lines: [settled] },
      { layer: 1, currency: 'USD', lines: [pending] },
    ]);
    expect(linesByLayer(entry([settled, euro, pending]))).toEqual([
      { layer: 0, currency: 'USD', lines: [settled] },
      { layer: 0, currency: 'EUR', lines: [euro] },
      { layer: 1, currency: 'USD', lines: [pending] },
    ]);
    expect(linesByLayer({ ...entry([euro]), layer: 1 })).toEqual([{ layer: 1, currency: 'EUR', lines: [euro] }]);
  });

  test('each balances by itself', () => {
    expect(() => assertPostable(entry([settled, { ...line(4000, -5n), currency: 'EUR' }]))).toThrow(/by 5/);
    expect(() => assertPostable(entry([settled, { ...line(4000, -5n), layer: 1 }]))).toThrow(/by 5/);
  });

  test('a line that names no loan moves none; one on another account is of the loan that it names', () => {
    expect([...effectsByLoan([line(1100, 5n, null), line(1100, 3n)]).keys()]).toEqual(['loan']);
    expect([...effectsByLoan([line(4000, 5n)])]).toEqual([['loan', noComponents()]]);
  });
});
