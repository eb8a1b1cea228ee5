import { expect, test } from 'vitest';
import { machineTraces } from './machine-traces.ts';
import { findIn } from './planted-tree.ts';

test.each([
  ['a lock file with addresses', 'package-lock.json', '{ "resolved": "x" }'],
  ['a home folder', 'README.md', 'cd /home/someone/hpts'],
  ['a working folder', 'src/a.ts', "const a = '/work/main';"],
  ['a registry', 'docs/a.md', 'npm --registry https://registry.npmjs.org'],
  ['an address elsewhere', 'docs/a.md', 'see https://internal.acme.dev/wiki'],
])('found: %s', async (_what, path, text) => {
  expect((await findIn(machineTraces, { [path]: `${text}\n` })).length).toBeGreaterThan(0);
});

test('loopback, example hosts and paths of the API pass', async () => {
  const text = 'curl http://127.0.0.1:8080/v1/home https://ledger.example.com/work postgres://u:p@db.example:5432/x\n';
  expect(await findIn(machineTraces, { 'docs/a.md': text })).toEqual([]);
});
