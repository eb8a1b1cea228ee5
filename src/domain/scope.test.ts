import { expect, test } from 'vitest';
import { isScope, readScopes, SCOPES } from './scope.ts';

test('each scope is a scope, and none is named twice', () => {
  expect(SCOPES.every(isScope)).toBe(true);
  expect(new Set(SCOPES).size).toBe(18);
});

test.each(['', 'hpts', 'hpts:payments', 'hpts:payments:', 'HPTS:payments:write', 'hpts:payments:write ', 'toString'])(
  '%j is no scope',
  (text) => {
    expect(isScope(text)).toBe(false);
  },
);

test('a list is read once per word, and its strangers are named', () => {
  expect(readScopes(['hpts:ledger:read', 'hpts:all', 'hpts:ledger:read', 'hpts:fees:write'])).toEqual({
    scopes: ['hpts:ledger:read', 'hpts:fees:write'],
    unknown: ['hpts:all'],
  });
});
