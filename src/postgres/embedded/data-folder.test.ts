import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packageFolder, resolveDataFolder } from './data-folder.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hpts-folder-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('takes the folder that HPTS_DATA_DIR names, and creates it for its owner', () => {
  const named = join(folder, 'deep', 'data');
  expect(resolveDataFolder({ env: { HPTS_DATA_DIR: named }, packageDir: folder })).toBe(named);
  expect(statSync(named).mode & 0o066).toBe(0);
});

it('refuses a named folder that cannot be one, and takes no other instead', () => {
  writeFileSync(join(folder, 'file'), '');
  const env = { HPTS_DATA_DIR: join(folder, 'file', 'data'), XDG_STATE_HOME: folder };
  expect(() => resolveDataFolder({ env, packageDir: folder })).toThrow(/HPTS_DATA_DIR names .*ENOTDIR/);
  expect(existsSync(join(folder, 'hpts'))).toBe(false);
});

it('takes .hpts beside package.json', () => {
  expect(resolveDataFolder({ env: { HPTS_DATA_DIR: '' }, packageDir: folder })).toBe(join(folder, '.hpts'));
});

it('takes the state folder where the package cannot be written', () => {
  // A file in the way stands for a read-only folder, which root could write all the same.
  writeFileSync(join(folder, 'package'), '');
  const packageDir = join(folder, 'package');
  expect(resolveDataFolder({ env: { XDG_STATE_HOME: folder }, packageDir })).toBe(join(folder, 'hpts'));
});

it('finds the package', () => {
  expect(existsSync(join(packageFolder(), 'package.json'))).toBe(true);
});
