import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeCertificate } from '../../test/access/certificate-maker.ts';
import { type TestDatabase, testDatabase } from '../../test/database.ts';
import { SCOPES } from '../domain/scope.ts';
import { LIMITS } from '../limits.ts';
import { readMasterKey } from '../postgres/access/master-key.ts';
import { ensureSigningKey } from '../postgres/access/signing-key.ts';
import { connect } from '../postgres/connection.ts';
import { clientCertificateAdd } from './client-certificate-add.ts';
import { clientCertificateRemove } from './client-certificate-remove.ts';
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
      return { address: database.connection, name: 'that of this test', masterKeyFile, close };
    },
    openLedger: () => Promise.reject(new Error('nothing is administered without being written')),
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
    '--fiscal-year-end',
    '6',
  ]);
  expect(code).toBe(0);
  expect(out[0]).toMatch(/^tenant +[0-9a-f-]{36}$/);
  const owner = await connect(database.connection, { role: 'owner', applicationName: 'test' });
  const made = await owner.query('SELECT fiscal_year_end_month FROM hpts.tenant WHERE tenant_id = $1', [
    out[0]?.slice(-36),
  ]);
  await owner.end();
  expect(made.rows).toEqual([{ fiscal_year_end_month: 6 }]);
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
  // Set to nothing it is not set, and the key is that of the data folder.
  expect(await run(keyRotate, [], { HPTS_MASTER_KEY_FILE: '' })).toMatchObject({ code: 0, err: [] });
  const missing = await run(keyRotate, [], { HPTS_MASTER_KEY_FILE: join(folder, 'none') });
  expect([missing.code, missing.err.join()]).toEqual([1, expect.stringContaining('ENOENT')]);
});

test('certificates are registered from PEM and DER, listed in the audit log, and removed by their thumbprint', async () => {
  const [first, second] = [makeCertificate({ name: 'partner' }), makeCertificate({ name: 'partner' })];
  const [pem, der] = [join(folder, 'first.pem'), join(folder, 'second.der')];
  await writeFile(pem, first.pem);
  await writeFile(der, second.der);
  const { tenant_id: tenant = '' } = await runJson(tenantCreate, ['--name', 'Lender']);
  const wish = ['--tenant', tenant, '--scope', 'hpts:ledger:read', '--certificate', pem];
  const { client_id: id = '' } = await runJson(clientCreate, wish);
  expect(await runJson(clientCertificateAdd, ['--client', id, '--certificate', der])).toEqual({
    client_id: id,
    thumbprint: second.thumbprint,
    expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
  });
  const again = await run(clientCertificateAdd, ['--client', id, '--certificate', pem]);
  expect([again.code, again.err[0]]).toEqual([1, expect.stringContaining('has this certificate already')]);
  const remove = (thumbprint: string) => ['--client', id, `--thumbprint=${thumbprint}`];
  for (const [thumbprint, left] of [
    [first.thumbprint, 1],
    [second.thumbprint, 0],
  ] as const) {
    const removed = { client_id: id, thumbprint, certificates_left: left };
    expect(await runJson(clientCertificateRemove, remove(thumbprint))).toEqual(removed);
  }
  const gone = await run(clientCertificateRemove, remove(first.thumbprint));
  expect([gone.code, gone.err[0]]).toEqual([1, expect.stringContaining('has no certificate')]);
  const owner = await connect(database.connection, { role: 'owner', applicationName: 'test' });
  const { rows } = await owner.query(
    `SELECT action, detail->>'thumbprint' AS thumbprint FROM hpts.audit_event WHERE subject = $1 ORDER BY audit_id`,
    [id],
  );
  await owner.end();
  expect(rows).toEqual([
    { action: 'client.create', thumbprint: null },
    { action: 'client.certificate.add', thumbprint: first.thumbprint },
    { action: 'client.certificate.add', thumbprint: second.thumbprint },
    { action: 'client.certificate.remove', thumbprint: first.thumbprint },
    { action: 'client.certificate.remove', thumbprint: second.thumbprint },
  ]);
});

test('a client has so many certificates and no more, and none that has expired', async () => {
  const { tenant_id: tenant = '' } = await runJson(tenantCreate, ['--name', 'Lender']);
  const { client_id: id = '' } = await runJson(clientCreate, ['--tenant', tenant, '--scope', 'hpts:ledger:read']);
  const add = async (changes: { validTo?: Date }) => {
    const path = join(folder, 'next.pem');
    await writeFile(path, makeCertificate({ name: 'partner', ...changes }).pem);
    return run(clientCertificateAdd, ['--client', id, '--certificate', path]);
  };
  const expired = await add({ validTo: new Date(Date.now() - 60_000) });
  expect([expired.code, expired.err[0]]).toEqual([1, expect.stringContaining('the certificate expired at')]);
  for (let index = 0; index < LIMITS.clientCertificates; index += 1) expect((await add({})).code).toBe(0);
  const beyond = await add({});
  expect([beyond.code, beyond.err[0]]).toEqual([1, expect.stringContaining('remove one before another is added')]);
});

test.each([
  ['nothing', ''],
  ['text', 'hello'],
  ['a private key', makeCertificate({ name: 'x' }).keyPem],
  ['two certificates', makeCertificate({ name: 'x' }).pem + makeCertificate({ name: 'y' }).pem],
  ['half a certificate', makeCertificate({ name: 'x' }).pem.slice(100)],
  ['a broken certificate', '-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n'],
])('a file with %s is no certificate', async (_what, content) => {
  const path = join(folder, 'bad.pem');
  await writeFile(path, content);
  const ran = await run(clientCertificateAdd, ['--client', 'x', '--certificate', path]);
  expect([ran.code, ran.opened, ran.err[0]]).toEqual([2, 0, expect.stringContaining('exactly one X.509 certificate')]);
});

test.each([
  tenantCreate,
  clientCreate,
  clientRotate,
  clientRevoke,
  clientCertificateAdd,
  clientCertificateRemove,
  keyRotate,
])('$words: --help prints the usage without a database, a wrong option ends with 2', async (command) => {
  const help = await run(command, ['--help']);
  expect([help.code, help.opened]).toEqual([0, 0]);
  expect(help.out.join('\n')).toMatch(`Usage: npx hpts ${command.words.join(' ')}`);
  const wrong = await run(command, ['--no-such-option']);
  expect([wrong.code, wrong.out, wrong.opened]).toEqual([2, [], 0]);
  expect(wrong.err.at(-1)).toBe(`Try: npx hpts ${command.words.join(' ')} --help`);
});

test.each<[Command, string[], number, string]>([
  [tenantCreate, [], 2, '--name is missing'],
  [tenantCreate, ['--name', ''], 2, '--name is missing'],
  [tenantCreate, ['--name', 'Lender', 'Bank'], 2, 'Bank'],
  [tenantCreate, ['--name', 'Lender', '--currency', 'XYZ'], 1, 'ISO 4217'],
  [tenantCreate, ['--name', 'Lender', '--timezone', 'Mars'], 1, 'time zone'],
  [tenantCreate, ['--name', 'Lender', '--fiscal-year-end', '13'], 2, 'a month from 1 to 12'],
  [tenantCreate, ['--name', 'Lender', '--fiscal-year-end', 'June'], 2, 'a month from 1 to 12'],
  [clientCreate, ['--tenant', 'x', '--scope', 'hpts:ledger:read'], 1, 'there is no tenant'],
  [clientCreate, ['--tenant', 'x', '--scope', 'hpts:all:write'], 2, 'there is no scope hpts:all:write'],
  [clientCreate, ['--tenant', 'x', '--scope', ' '], 2, 'names no scope'],
  [clientCreate, ['--scope', 'hpts:ledger:read'], 2, '--tenant is missing'],
  [clientRotate, ['--client', 'nobody'], 1, 'there is no client'],
  [clientRotate, ['--client', 'a\0'], 1, 'there is no client'],
  [clientRotate, ['--client', 'x', '--overlap', '1.5'], 2, 'whole seconds'],
  [clientRotate, ['--client', 'x', '--overlap', '99999999'], 2, 'whole seconds'],
  [clientRevoke, ['--client', 'nobody'], 1, 'there is no client'],
  [clientCreate, ['--tenant', 'x', '--scope', 'hpts:ledger:read', '--certificate', '/none'], 2, '/none cannot be read'],
  [clientCertificateAdd, ['--certificate', '/none'], 2, '--client is missing'],
  [clientCertificateAdd, ['--client', 'x'], 2, '--certificate is missing'],
  [clientCertificateAdd, ['--client', 'x', '--certificate', '/none'], 2, '/none cannot be read'],
  [clientCertificateRemove, ['--client', 'nobody', '--thumbprint', 'x'], 1, 'there is no client'],
  [clientCertificateRemove, ['--client', 'nobody'], 2, '--thumbprint is missing'],
])('$words.0 %#: refused with its reason', async (command, argv, code, reason) => {
  const ran = await run(command, argv);
  expect(ran.code).toBe(code);
  expect(ran.out).toEqual([]);
  expect(ran.err[0]).toContain(reason);
});
