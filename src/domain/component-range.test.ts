import { expect, test } from 'vitest';
import { refuseOutOfRange } from './component-range.ts';
import { SETTLED } from './layer.ts';
import { noComponents, unmadeLoan } from './loan.ts';
import { MINOR_MAX } from './money.ts';

test('a component that would fall below zero is named before one that would grow too large', () => {
  const loan = unmadeLoan('tenant', 'loan');
  loan.layers[SETTLED] = { ...noComponents(), principal: MINOR_MAX, fees: 4n };
  const effect = { ...noComponents(), principal: 1n, fees: -5n };
  const refusal = refuseOutOfRange(loan, { layer: SETTLED, effect, field: 'reverses_entry_id' });
  expect(refusal?.code).toBe('balance_would_be_negative');
  expect(refusal?.errors?.[0]?.message).toContain('the fees of loan');
});
