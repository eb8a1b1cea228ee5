import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packageFolder, presentDataFolder, resolveDataFolder } from './data-folder.ts';

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

it('finds a data folder that is there, and makes none', () => {
  const options = { env: { XDG_STATE_HOME: folder }, packageDir: join(folder, 'package') };
  const both = `${join(folder, 'package', '.hpts')} or ${join(folder, 'hpts')}`;
  expect(presentDataFolder(options)).toEqual({ why: `there is no ledger in ${both}: look at HPTS_DATA_DIR` });
  expect(readdirSync(folder)).toEqual([]);
  mkdirSync(join(folder, 'hpts'));
  expect(presentDataFolder(options)).toEqual({ dataDir: join(folder, 'hpts') });
});

it('tells a data folder that cannot be used from one that is not there', () => {
  writeFileSync(join(folder, 'package'), '');
  const options = { env: { XDG_STATE_HOME: folder }, packageDir: join(folder, 'package') };
  const refused = `${join(folder, 'package', '.hpts')} cannot be used (ENOTDIR)`;
  const why = `${refused}; there is no ledger in ${join(folder, 'hpts')}: look at HPTS_DATA_DIR`;
  expect(presentDataFolder(options)).toEqual({ why });
  const named = { ...options, env: { HPTS_DATA_DIR: join(folder, 'package', 'data') } };
  expect(() => presentDataFolder(named)).toThrow(/HPTS_DATA_DIR names .*ENOTDIR/);
});

it('finds the package', () => {
  expect(existsSync(join(packageFolder(), 'package.json'))).toBe(true);
});
