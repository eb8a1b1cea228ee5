import { describe, expect, test } from 'vitest';
import type { ShownEntry } from './ledger-in-memory.ts';
import { movementRange } from './movement-range.ts';

const LOAN_ID = '11111111-1111-4111-8111-111111111111';

/** One request's entries by id, each with the interest that its movement leaves; what an entry reverses stands behind a slash. */
function posting(...steps: readonly (readonly [entry: string, interest: bigint])[]) {
  const entries = steps.map(([entry]): ShownEntry => {
    const [entryId = '', reversesEntryId = null] = entry.split('/');
    const dated = { eventType: 'accrual', effectiveAt: '2026-05-10' };
    return { entryId, eventId: '', correlationId: '', ...dated, reversesEntryId, lines: [] };
  });
  const movements = steps.map(([, interest], at) => ({
    tenantId: '',
    loanId: LOAN_ID,
    layer: 0 as const,
    frontier: '2026-05-10',
    loanSeq: at + 1,
    effectiveAt: '2026-05-10',
    entryId: entries[at]?.entryId ?? '',
    after: { principal: 0n, interest, fees: 0n, suspense: 0n, memoInterest: 0n },
    backdatedEffect: null,
  }));
  return { entries, movements };
}

describe('a movement out of its range is found', () => {
  test('in the middle of a posting that restates nothing', () => {
    expect(movementRange(posting(['a0', -1n], ['b0', 0n])).strays).toEqual([
      'entry a0 leaves a component out of range',
    ]);
    expect(movementRange(posting(['a0', 10n ** 18n], ['b0', 0n])).strays).toHaveLength(1);
  });

  test('at the end of any', () => {
    expect(movementRange(posting(['a0', 5n], ['b0/x0', 0n], ['c2', -1n])).strays).toHaveLength(1);
    expect(movementRange(posting(['a0/x2', 5n], ['b0/x0', -1n])).strays).toHaveLength(1);
  });
});

test('a restatement, and what takes several entries back, may pass through it', () => {
  expect(movementRange(posting(['a0', -1n], ['b0/x0', 5n], ['c2', 0n]))).toEqual({ strays: [], passes: 'restating' });
  expect(movementRange(posting(['a0/x2', -1n], ['b0/x0', 0n]))).toEqual({ strays: [], passes: 'taking back' });
  expect(movementRange(posting(['a0/x0', 10n ** 18n], ['b0/y0', 0n]))).toEqual({ strays: [], passes: 'taking back' });
  expect(movementRange(posting(['a0', 0n], ['b0', 7n]))).toEqual({ strays: [], passes: undefined });
});
