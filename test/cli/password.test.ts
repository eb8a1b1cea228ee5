import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseAddress } from '../../src/postgres/connection.ts';
import { type TestDatabase, testDatabase } from '../database.ts';
import { databaseUrl } from '../http/database-url.ts';
import { runCommand } from './command-process.ts';

/** Half of the minute that PostgreSQL waits for a password, and many times what a command takes. */
const PROMPT_MS_MAX = 30_000;

function runOn(address: DatabaseAddress, argv: readonly string[]) {
  const env = { HPTS_DATABASE_URL: databaseUrl(address), HPTS_MASTER_KEY_FILE: '/none' };
  return runCommand(argv, { env, waitMsMax: PROMPT_MS_MAX });
}

describe('a server that asks for a password, and a URL without one', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await testDatabase();
  });

  afterAll(() => database.drop());

  it.each([[['verify']], [['migrate']], [['serve']]])('%j says so at once', async (argv) => {
    const { host, port, user } = database.connection;
    expect(await runOn({ ...database.connection, password: '' }, argv)).toEqual({
      code: 1,
      out: [],
      err: [
        `hpts ${argv.join(' ')}: PostgreSQL at ${host}:${port} asks user ${user} for a password, and HPTS_DATABASE_URL has none: postgres://user:password@host:5432/database`,
      ],
    });
  });

  it('is told apart from a wrong password', async () => {
    const refused = await runOn({ ...database.connection, password: 'wrong' }, ['verify']);
    expect([refused.code, refused.out]).toEqual([1, []]);
    expect(refused.err).toEqual([expect.stringContaining('password authentication failed')]);
  });
});
