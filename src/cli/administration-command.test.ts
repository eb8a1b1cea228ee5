import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { SCOPES } from '../domain/scope.ts';
import { readMasterKey } from '../postgres/access/master-key.ts';
import { ensureSigningKey } from '../postgres/access/signing-key.ts';
import { clientCreate } from './client-create.ts';
import { clientRevoke } from './client-revoke.ts';
import { clientRotate } from './client-rotate.ts';
import type { Command } from './command.ts';
import { keyRotate } from './key-rotate.ts';
import { tenantCreate } from './tenant-create.ts';

let database: TestDatabase;
let folder: string;
let masterKeyFile: string;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hpts-cli-'));
  masterKeyFile = join(folder, 'master.key');
  await writeFile(masterKeyFile, randomBytes(32));
  database = await testDatabase();
});

afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

type Ran = { code: number; out: string[]; err: string[]; opened: number; closed: number };

async function run(command: Command, argv: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const ran: Ran = { code: -1, out: [], err: [], opened: 0, closed: 0 };
  ran.code = await command.run(argv, {
    openDatabase: async () => {
      ran.opened++;
      const close = async (): Promise<void> => {
        ran.closed++;
      };
      return { address: database.connection, masterKeyFile, close };
    },
    out: (line) => ran.out.push(line),
    err: (line) => ran.err.push(line),
    env,
  });
  expect(ran.closed).toBe(ran.opened);
  return ran;
}

async function runJson(command: Command, argv: string[]): Promise<Record<string, string>> {
  const { code, out, err } = await run(command, [...argv, '--json']);
  expect([code, out.length, err]).toEqual([0, 1, []]);
  return JSON.parse(out[0] ?? '') as Record<string, string>;
}

test('a tenant and a client are made as the contract shows', async () => {
  const tenant = await runJson(tenantCreate, ['--name', 'Lender']);
  expect(tenant).toEqual({
    tenant_id: expect.stringMatching(UUID),
    default_program_id: expect.stringMatching(UUID),
  });
  const client = await runJson(clientCreate, ['--tenant', tenant['tenant_id'] ?? '', '--scope', SCOPES.join(' ')]);
  expect(client).toEqual({ client_id: expect.any(String), client_secret: expect.stringMatching(/^[\w-]{43}$/) });
  const id = client['client_id'] ?? '';
  const rotated = await runJson(clientRotate, ['--client', id, '--overlap', '0']);
  expect(rotated['client_id']).toBe(id);
  expect(rotated['client_secret']).not.toBe(client['client_secret']);
  expect(await runJson(clientRevoke, ['--client', id])).toEqual({ client_id: id, revoked: true });
});

test('people get lines in place of JSON', async () => {
  const { code, out } = await run(tenantCreate, [
    '--name',
    'Lender',
    '--timezone',
    'Europe/Berlin',
    '--currency',
    'EUR',
  ]);
  expect(code).toBe(0);
  expect(out[0]).toMatch(/^tenant +[0-9a-f-]{36}$/);
});

test('a key is rotated under the master key of the data folder, or of the environment', async () => {
  const first = await ensureSigningKey(database.connection, await readMasterKey(masterKeyFile));
  const rotated = await runJson(keyRotate, []);
  expect(rotated['retiring']).toEqual([first]);
  const other = join(folder, 'other.key');
  await writeFile(other, randomBytes(32));
  const refused = await run(keyRotate, [], { HPTS_MASTER_KEY_FILE: other });
  expect([refused.code, refused.err.join()]).toEqual([
    1,
    expect.stringContaining('does not open under this master key'),
  ]);
  const missing = await run(keyRotate, [], { HPTS_MASTER_KEY_FILE: join(folder, 'none') });
  expect([missing.code, missing.err.join()]).toEqual([1, expect.stringContaining('ENOENT')]);
});

test.each([tenantCreate, clientCreate, clientRotate, clientRevoke, keyRotate])(
  '$words: --help prints the usage without a database, a wrong option ends with 2',
  async (command) => {
    const help = await run(command, ['--help']);
    expect([help.code, help.opened]).toEqual([0, 0]);
    expect(help.out.join('\n')).toMatch(`Usage: npx hpts ${command.words.join(' ')}`);
    const wrong = await run(command, ['--no-such-option']);
    expect([wrong.code, wrong.out, wrong.opened]).toEqual([2, [], 0]);
    expect(wrong.err.at(-1)).toBe(`Try: npx hpts ${command.words.join(' ')} --help`);
  },
);

test.each<[Command, string[], number, string]>([
  [tenantCreate, [], 2, '--name is missing'],
  [tenantCreate, ['--name', ''], 2, '--name is missing'],
  [tenantCreate, ['--name', 'Lender', 'Bank'], 2, 'Bank'],
  [tenantCreate, ['--name', 'Lender', '--currency', 'XYZ'], 1, 'ISO 4217'],
  [tenantCreate, ['--name', 'Lender', '--timezone', 'Mars'], 1, 'time zone'],
  [clientCreate, ['--tenant', 'x', '--scope', 'hpts:ledger:read'], 1, 'there is no tenant'],
  [clientCreate, ['--tenant', 'x', '--scope', 'hpts:all:write'], 2, 'there is no scope hpts:all:write'],
  [clientCreate, ['--tenant', 'x', '--scope', ' '], 2, 'names no scope'],
  [clientCreate, ['--scope', 'hpts:ledger:read'], 2, '--tenant is missing'],
  [clientRotate, ['--client', 'nobody'], 1, 'there is no client'],
  [clientRotate, ['--client', 'a\0'], 1, 'there is no client'],
  [clientRotate, ['--client', 'x', '--overlap', '1.5'], 2, 'whole seconds'],
  [clientRotate, ['--client', 'x', '--overlap', '99999999'], 2, 'whole seconds'],
  [clientRevoke, ['--client', 'nobody'], 1, 'there is no client'],
])('$words.0 %#: refused with its reason', async (command, argv, code, reason) => {
  const ran = await run(command, argv);
  expect(ran.code).toBe(code);
  expect(ran.out).toEqual([]);
  expect(ran.err[0]).toContain(reason);
});
