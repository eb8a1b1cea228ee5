import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';

/** The environment variable that makes a run record the journals anew in place of comparing them. */
export const RECORDING = 'RECORD_JOURNALS';

/** Compares a story's journal with the one recorded at `path`; records it when `env` says so, and only then. */
export function compareJournal(path: string, text: string, env: NodeJS.ProcessEnv = process.env): void {
  if (env[RECORDING] === '1') {
    writeFileSync(path, text);
    return;
  }
  if (!existsSync(path)) throw new Error(`${path} is not there; record it with ${RECORDING}=1 and read it`);
  expect(text).toBe(readFileSync(path, 'utf8'));
}
