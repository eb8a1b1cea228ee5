import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noComponents } from './loan.ts';
import { MINOR_MAX } from './money.ts';
import type { WaterfallComponent } from './program.ts';
import { allocate } from './waterfall.ts';

const minor = fc.oneof(fc.bigInt({ min: 0n, max: 100n }), fc.bigInt({ min: 0n, max: MINOR_MAX }));
const outstanding = fc
  .record({ fees: minor, interest: minor, principal: minor, suspense: minor })
  .map((some) => ({ ...noComponents(), ...some }));
const ORDERS: readonly (readonly WaterfallComponent[])[] = [
  ['fees', 'interest', 'principal'],
  ['fees', 'principal', 'interest'],
  ['interest', 'fees', 'principal'],
  ['interest', 'principal', 'fees'],
  ['principal', 'fees', 'interest'],
  ['principal', 'interest', 'fees'],
];
const question = fc.record({ amount: minor, outstanding, order: fc.constantFrom(...ORDERS) });

test('the worked example: 88,849 on 500 / 10,000 / 1,000,000', () => {
  const loan = { ...noComponents(), fees: 500n, interest: 10_000n, principal: 1_000_000n };
  expect(allocate(88_849n, loan, ['fees', 'interest', 'principal'])).toEqual({
    fees: 500n,
    interest: 10_000n,
    principal: 78_349n,
    suspense: 0n,
  });
});

test('the parts sum to the amount, whatever it is', () => {
  fc.assert(
    fc.property(question, ({ amount, outstanding: loan, order }) => {
      const { fees, interest, principal, suspense } = allocate(amount, loan, order);
      expect(fees + interest + principal + suspense).toBe(amount);
    }),
  );
});

test('no component gets less than nothing or more than it has outstanding', () => {
  fc.assert(
    fc.property(question, ({ amount, outstanding: loan, order }) => {
      const parts = allocate(amount, loan, order);
      for (const component of order) {
        expect(parts[component]).toBeGreaterThanOrEqual(0n);
        expect(parts[component]).toBeLessThanOrEqual(loan[component]);
      }
      expect(parts.suspense).toBeGreaterThanOrEqual(0n);
    }),
  );
});

test('a component gets something only when all before it are paid, suspense only when all are', () => {
  fc.assert(
    fc.property(question, ({ amount, outstanding: loan, order }) => {
      const parts = allocate(amount, loan, order);
      const places = [...order, 'suspense'] as const;
      places.forEach((place, at) => {
        if (parts[place] === 0n) return;
        for (const before of order.slice(0, at)) expect(parts[before]).toBe(loan[before]);
      });
    }),
  );
});

test('two payments one after the other go where one of their sum would', () => {
  fc.assert(
    fc.property(question, minor, ({ amount, outstanding: loan, order }, later) => {
      const first = allocate(amount, loan, order);
      const rest = { ...loan };
      for (const component of order) rest[component] -= first[component];
      const second = allocate(later, rest, order);
      const whole = allocate(amount + later, loan, order);
      for (const place of [...order, 'suspense'] as const) expect(first[place] + second[place]).toBe(whole[place]);
    }),
  );
});

test('a component that a waterfall leaves out gets nothing', () => {
  const loan = { ...noComponents(), fees: 5n, interest: 5n, principal: 5n };
  expect(allocate(10n, loan, ['principal'])).toEqual({ fees: 0n, interest: 0n, principal: 5n, suspense: 5n });
});
