import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { createTenant } from '../../src/postgres/access/tenant.ts';
import { connect } from '../../src/postgres/connection.ts';
import { packageFolder } from '../../src/postgres/embedded/data-folder.ts';
import { openEmbedded } from '../../src/postgres/embedded/embedded-server.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import { createDatabase, type TestDatabase, testDatabase } from '../database.ts';
import { databaseUrl } from '../http/database-url.ts';
import { guardFolder } from '../postgres/folder-guard.ts';
import { runCommand } from './command-process.ts';

let folder: string;
const databases: TestDatabase[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'hpts-verify-'));
});

afterEach(async () => {
  for (const database of databases.splice(0)) await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

function kept(database: TestDatabase): TestDatabase {
  databases.push(database);
  return database;
}

function verify({ connection }: TestDatabase, ...argv: string[]) {
  return runCommand(['verify', ...argv], { env: { HPTS_DATABASE_URL: databaseUrl(connection) } });
}

async function rowsOf({ connection }: TestDatabase, sql: string): Promise<unknown[]> {
  const client = await connect(connection, { role: 'owner', applicationName: 'verify test' });
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('hpts verify', () => {
  it('says which ledger it looked at, without the password, and how much is in it', async () => {
    const database = kept(await testDatabase());
    const { host, port, password, database: name } = database.connection;
    await createTenant(database.connection, { name: 'A', timezone: 'UTC', currency: 'USD' }, { actor: 'test' });
    await createTenant(database.connection, { name: 'B', timezone: 'UTC', currency: 'USD' }, { actor: 'test' });
    const place = `database ${name} at ${host}:${port}`;
    const told = await verify(database);
    expect([told.code, told.err]).toEqual([0, []]);
    expect(told.out[0]).toBe(`ledger: ${place}`);
    expect(told.out.at(-1)).toBe('ledger verified: 0 entries, 0 lines, 0 loans, 2 tenants');
    const json = await verify(database, '--json');
    expect(JSON.parse(json.out.join(''))).toMatchObject({ verified: true, ledger: place, entries: 0, tenants: 2 });
    expect([...told.out, ...json.out].join()).not.toContain(password);
  });

  it('refuses a database without a ledger, and makes none there', async () => {
    const database = kept(await createDatabase({ template: 'template0' }));
    const { host, port, database: name } = database.connection;
    expect(await verify(database)).toEqual({
      code: 1,
      out: [],
      err: [`hpts verify: there is no ledger in database ${name} at ${host}:${port}: look at HPTS_DATABASE_URL`],
    });
    expect(await rowsOf(database, `SELECT FROM pg_namespace WHERE nspname = 'hpts'`)).toEqual([]);
  });

  it('refuses a ledger of an older version, and migrates nothing', async () => {
    const database = kept(await createDatabase({ template: 'template0' }));
    const migrations = readdirSync(join(packageFolder(), 'migrations')).sort();
    for (const file of migrations.slice(0, 3)) cpSync(join(packageFolder(), 'migrations', file), join(folder, file));
    await migrate(database.connection, pathToFileURL(`${folder}/`));
    expect(await verify(database)).toMatchObject({
      code: 1,
      out: [],
      err: [expect.stringMatching(/has the schema of migration 3, this program that of \d+: run npx hpts migrate/)],
    });
    expect(await rowsOf(database, 'SELECT max(version) AS newest FROM hpts.schema_migration')).toEqual([{ newest: 3 }]);
  });

  it('refuses a ledger that a newer program has migrated', async () => {
    const database = kept(await testDatabase());
    await rowsOf(database, `INSERT INTO hpts.schema_migration (version, name, sha256) VALUES (9999, 'later', '')`);
    expect(await verify(database)).toMatchObject({
      code: 1,
      out: [],
      err: [expect.stringContaining('has migration 9999, which this program does not know')],
    });
  });

  it('says which data folder it looked at, beside the server that runs there', async () => {
    chmodSync(folder, 0o755);
    const dataDir = join(folder, 'data');
    const guard = guardFolder({ dataDir, remove: folder });
    const settings = { shared_buffers: '32MB' };
    const server = await openEmbedded({
      dataDir,
      runtimeDir: inject('postgresRuntimeDir'),
      settings,
      supervise: false,
    });
    try {
      await migrate(server.connection);
      const told = await runCommand(['verify'], { env: { HPTS_DATA_DIR: dataDir } });
      expect([told.code, told.err]).toEqual([0, []]);
      expect(told.out[0]).toBe(`ledger: data folder ${dataDir}`);
      expect(told.out.at(-1)).toBe('ledger verified: 0 entries, 0 lines, 0 loans, 0 tenants');
    } finally {
      await server.stop();
      guard.release();
    }
  });

  it.each([
    ['is not there', () => undefined],
    ['is empty', () => mkdirSync(join(folder, 'data'))],
  ])('refuses a data folder that %s, and makes nothing in it', async (_what, prepare) => {
    prepare();
    const data = join(folder, 'data');
    const before = existsSync(data);
    const refused = await runCommand(['verify'], { env: { HPTS_DATA_DIR: data } });
    expect([refused.code, refused.out]).toEqual([1, []]);
    expect(refused.err).toEqual([expect.stringMatching(/^hpts verify: there is no ledger in .*HPTS_DATA_DIR/)]);
    expect(refused.err[0]).toContain(data);
    expect([existsSync(data), before ? readdirSync(data) : []]).toEqual([before, []]);
  });

  it('does not say of a data folder that it cannot use that no ledger is in it', async () => {
    // A file in the way stands for a folder of somebody else, which root could enter all the same.
    writeFileSync(join(folder, 'file'), '');
    const data = join(folder, 'file', 'data');
    expect(await runCommand(['verify'], { env: { HPTS_DATA_DIR: data } })).toEqual({
      code: 1,
      out: [],
      err: [`hpts verify: HPTS_DATA_DIR names ${data}, which cannot be used: ENOTDIR`],
    });
  });

  it('nor of one whose database lay elsewhere and is gone: it says where', async () => {
    const [data, place] = [join(folder, 'data'), join(folder, 'gone')];
    mkdirSync(data);
    writeFileSync(join(data, 'place.json'), JSON.stringify({ place }));
    const { code, err } = await runCommand(['verify'], { env: { HPTS_DATA_DIR: data } });
    expect([code, err]).toEqual([
      1,
      [expect.stringContaining(`The database of ${data} lay in ${place}, which is gone`)],
    ]);
    expect(readdirSync(data)).toEqual(['place.json']);
  });
});
