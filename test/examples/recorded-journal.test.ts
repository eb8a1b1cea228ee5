import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { compareJournal, RECORDING } from './recorded-journal.ts';

const folder = mkdtempSync(join(tmpdir(), 'hpts-recorded-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a journal is recorded by the flag alone, and a run that differs from it fails', () => {
  const path = join(folder, 'one.journal.txt');
  expect(() => compareJournal(path, '1. disbursement\n', {})).toThrow(RECORDING);
  compareJournal(path, '1. disbursement\n', { [RECORDING]: '1' });
  compareJournal(path, '1. disbursement\n', {});
  expect(() => compareJournal(path, '1. accrual\n', {})).toThrow();
  expect(readFileSync(path, 'utf8')).toBe('1. disbursement\n');
});
