import { Client } from 'pg';
import { expect, it } from 'vitest';
import { createDatabase, testDatabase } from '../database.ts';

it('gives every test a database of its own, and drops it under open connections', async () => {
  const [one, two] = await Promise.all([testDatabase(), createDatabase({ template: 'template0' })]);
  expect(one.connection.database).not.toBe(two.connection.database);
  const client = new Client(one.connection);
  const broken = new Promise((resolve) => client.on('error', resolve));
  await client.connect();
  const { rows } = await client.query("SELECT current_database() AS name, current_setting('fsync') AS fsync");
  expect(rows).toEqual([{ name: one.connection.database, fsync: 'on' }]);
  await one.drop();
  await two.drop();
  expect(await broken).toBeInstanceOf(Error);
});
