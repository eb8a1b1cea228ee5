// A process of its own that holds the embedded PostgreSQL of a data folder, for the tests that kill such processes.
import { acquireDataFolder } from '../../src/postgres/embedded/data-folder-lock.ts';
import { openEmbedded } from '../../src/postgres/embedded/embedded-server.ts';
import { writeInstance } from '../../src/postgres/embedded/instance-file.ts';
import { ownIdentity } from '../../src/postgres/embedded/process-identity.ts';

const [, , dataDir, url] = process.argv;
if (dataDir === undefined || url === undefined) throw new Error('usage: embedded-holder DATA_DIR URL');

const folder = await acquireDataFolder(dataDir);
const server = await openEmbedded({
  dataDir,
  ...(process.env['HPTS_TEST_RUNTIME'] === undefined ? {} : { runtimeDir: process.env['HPTS_TEST_RUNTIME'] }),
});
const { host, database } = server.connection;
writeInstance({ dataDir, instance: { ...ownIdentity(), url, socket: host, database, version: '0.0.0' } });
process.stdout.write(`${JSON.stringify({ postmaster: server.pid, connection: server.connection })}\n`);

process.stdin.resume();
process.stdin.once('end', () => {
  void server.stop().then(() => {
    folder.release();
    process.exit(0);
  });
});
