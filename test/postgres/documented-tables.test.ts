import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { connect } from '../../src/postgres/connection.ts';
import { testDatabase } from '../database.ts';

test('docs/sql.md lists every table of the schema, and no other', async () => {
  const database = await testDatabase();
  try {
    const owner = await connect(database.connection, { role: 'owner', applicationName: 'documented tables test' });
    const { rows } = await owner.query<{ table_name: string }>(
      `SELECT table_name FROM information_schema.tables WHERE table_schema = 'hpts' AND table_type = 'BASE TABLE'`,
    );
    await owner.end();
    const there = rows.map(({ table_name: name }) => name);
    const [, behind = ''] = readFileSync('docs/sql.md', 'utf8').split('## The tables behind it');
    const firstCells = behind.split('\n').flatMap((line) => /^\| (`[^|]*) \|/.exec(line)?.[1] ?? []);
    const listed = firstCells.flatMap((cell) => [...cell.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name));
    expect(listed.toSorted()).toEqual(there.toSorted());
  } finally {
    await database.drop();
  }
});
