import { describe, expect, test } from 'vitest';
import { DAY, linesOf, sceneWith } from '../../test/domain/scene.ts';
import { cutSplit, splitInput, splitOfInput } from './allocation.ts';
import { decidePayment } from './payment.ts';
import { decideSuspenseAllocation } from './suspense-allocation.ts';
import { decideSuspenseRefund } from './suspense-refund.ts';

const named = { loanId: 'loan', borrowerId: 'borrower', currency: 'USD', effectiveAt: DAY, metadata: null };
const again = true;
const owed = { principal: 50n, interest: 5n, fees: 40n };
const early = (components: Parameters<typeof sceneWith>[1]) => ({
  ...sceneWith(['before the loan began'], components),
  again,
});

describe('a payment that is decided again never blocks (ACCOUNTING.md rule 11)', () => {
  const payment = { ...named, amountMinor: 100n, sourceMethod: 'ach', externalRef: null, layer: 0 } as const;
  const split = { fees: 50n, interest: 0n, principal: 50n, suspense: 0n };

  test('its split reaches as far as each component; the rest goes to suspense', () => {
    expect(linesOf(decidePayment({ ...payment, split }, early(owed)))).toEqual([
      [1010, 100n],
      [1300, -40n],
      [1100, -50n],
      [2100, -10n],
    ]);
    const { loan } = sceneWith([], owed);
    expect(cutSplit({ fees: 41n, interest: 6n, principal: 51n, suspense: 2n }, loan)).toEqual({
      fees: 40n,
      interest: 5n,
      principal: 50n,
      suspense: 5n,
    });
    const fits = { fees: 40n, interest: 5n, principal: 50n, suspense: 2n };
    expect(cutSplit(fits, loan)).toEqual(fits);
  });

  test('without one the waterfall allocates it anew', () => {
    expect(linesOf(decidePayment({ ...payment, split: null }, early(owed)))).toEqual([
      [1010, 100n],
      [1300, -40n],
      [1200, -5n],
      [1100, -50n],
      [2100, -5n],
    ]);
  });

  test('a split that was kept is read as it was sent', () => {
    expect(splitOfInput(splitInput(split))).toEqual(split);
    for (const kept of [{}, { allocation: null }, { allocation: 'all' }, { allocation: {} }])
      expect(splitOfInput(kept)).toBeNull();
  });
});

test('an allocation of suspense takes what is there, be it nothing', () => {
  const asked = { ...named, amountMinor: 30n };
  expect(linesOf(decideSuspenseAllocation(asked, early({ ...owed, suspense: 20n })))).toEqual([
    [2100, 20n],
    [1300, -20n],
  ]);
  expect(linesOf(decideSuspenseAllocation(asked, early(owed)))).toEqual([]);
  expect(linesOf(decideSuspenseAllocation(asked, early({ suspense: 20n })))).toEqual([]);
});

test('a refund that suspense no longer covers is owed: DR 2100 what is there, DR 1100 the rest', () => {
  const asked = { ...named, amountMinor: 50n, method: 'ach', externalRef: null };
  expect(linesOf(decideSuspenseRefund(asked, early({ suspense: 30n })))).toEqual([
    [2100, 30n],
    [1100, 20n],
    [1010, -50n],
  ]);
  expect(linesOf(decideSuspenseRefund(asked, early({ suspense: 50n })))).toEqual([
    [2100, 50n],
    [1010, -50n],
  ]);
});
