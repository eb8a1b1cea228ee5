import { expect, test } from 'vitest';
import { refuseOutOfRange } from './component-range.ts';
import { SETTLED } from './layer.ts';
import { noComponents, unmadeLoan } from './loan.ts';
import { MINOR_MAX } from './money.ts';
import { refuseMirror } from './reversal.ts';

test('a component that would fall below zero is named before one that would grow too large', () => {
  const loan = unmadeLoan('tenant', 'loan');
  loan.layers[SETTLED] = { ...noComponents(), principal: MINOR_MAX, fees: 4n };
  const effect = { ...noComponents(), principal: 1n, fees: -5n };
  const refusal = refuseOutOfRange(loan, { layer: SETTLED, effect, field: 'reverses_entry_id' });
  expect(refusal?.code).toBe('balance_would_be_negative');
  expect(refusal?.errors?.[0]?.message).toContain('the fees of loan');
});

test('of the loans of a reversed entry, one that would fall below zero is named before one that would grow too large', () => {
  const [full, empty] = [unmadeLoan('tenant', 'full'), unmadeLoan('tenant', 'empty')];
  full.layers[SETTLED] = { ...noComponents(), principal: MINOR_MAX };
  const line = (loanId: string, amountMinor: bigint) => ({
    account: 1100,
    amountMinor,
    loanId,
    borrowerId: 'borrower',
  });
  const mirror = { layer: SETTLED, currency: 'USD', lines: [line('full', 1n), line('empty', -1n)] };
  const refusal = refuseMirror(mirror, (loanId) => (loanId === 'full' ? full : empty), 'reverses_entry_id');
  expect(refusal?.code).toBe('balance_would_be_negative');
  const grown = { ...mirror, lines: [line('full', 1n)] };
  expect(refuseMirror(grown, () => full, 'reverses_entry_id')?.code).toBe('amount_out_of_range');
});

test('a refusal of a component blames the field that moved it', () => {
  const loan = unmadeLoan('tenant', 'loan');
  const refuse = (fees: bigint) =>
    refuseOutOfRange(loan, { layer: SETTLED, effect: { ...noComponents(), fees }, field: 'amount_minor' });
  const below = 'the fees of loan loan would fall below zero; reverse what was built on it first';
  const above = 'the fees of loan loan would pass 999999999999999999 minor units';
  expect(refuse(-1n)).toEqual({
    code: 'balance_would_be_negative',
    detail: below,
    errors: [{ field: 'amount_minor', code: 'balance_would_be_negative', message: below }],
  });
  expect(refuse(MINOR_MAX + 1n)).toEqual({
    code: 'amount_out_of_range',
    detail: above,
    errors: [{ field: 'amount_minor', code: 'amount_out_of_range', message: above }],
  });
  expect([refuse(0n), refuse(MINOR_MAX)]).toEqual([null, null]);
});
