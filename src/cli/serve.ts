import { readConfig, SettingsRefused } from '../config.ts';
import { PortTaken } from '../listeners.ts';
import { type RunningServer, startServer } from '../main.ts';
import { MasterKeyUnusable } from '../postgres/access/master-key.ts';
import { OtherMajorVersion } from '../postgres/embedded/cluster.ts';
import { packageFolder, resolveDataFolder } from '../postgres/embedded/data-folder.ts';
import { acquireDataFolder, DataFolderBusy } from '../postgres/embedded/data-folder-lock.ts';
import { openEmbedded } from '../postgres/embedded/embedded-server.ts';
import { writeInstance } from '../postgres/embedded/instance-file.ts';
import { ownIdentity } from '../postgres/embedded/process-identity.ts';
import { MigrationMismatch } from '../postgres/migrate.ts';
import { UnsafeServer } from '../postgres/server-safety.ts';
import { readProgram } from '../program-identity.ts';
import type { Command, CommandContext } from './command.ts';
import { demoBanner } from './demo-banner.ts';
import { untilTold } from './end-signal.ts';

const EXIT_REFUSED = 1;
const EXIT_ALREADY_SERVED = 3;
const LEAVE_MS = 250;

/** `hpts serve`, which is what `npm start` runs. */
export const serve: Command = {
  words: ['serve'],
  summary: 'start the server (npm start)',
  help: `Usage: npx hpts serve

Starts the ledger's HTTP server and serves until it is told to end (Ctrl-C, SIGTERM). Without HPTS_DATABASE_URL it is a
demo instance: an embedded PostgreSQL in the data folder, loopback only, with the demo client and the quickstart's loan.
With it, a production instance on that database. docs/settings.md lists the settings.

Exit: 0 ended in order, 1 could not start (the reason is printed), 3 the data folder is served already (its URL is printed).`,
  run: async (argv, context) => {
    if (argv.includes('--help') || argv.includes('-h')) {
      context.out(serve.help);
      return 0;
    }
    if (argv.length > 0) {
      context.err(`hpts serve takes no arguments, got ${argv.join(' ')}; settings are in the environment`);
      return 2;
    }
    try {
      const status = await serveUntilTold(context);
      leaveSoon(status);
      return status;
    } catch (error) {
      return explain(error, context);
    }
  },
};

async function serveUntilTold(context: CommandContext): Promise<number> {
  const config = readConfig(context.env);
  const told = untilTold();
  if (config.database !== null) {
    const server = await startServer({ config, address: config.database, demoFolder: null });
    context.out(`HPTS serves on ${server.url}`);
    if (server.mtlsUrl !== null) context.out(`HPTS serves partners on ${server.mtlsUrl}`);
    return endInOrder(server, told);
  }
  const dataDir = resolveDataFolder({ env: context.env, packageDir: packageFolder() });
  const folder = await acquireDataFolder(dataDir);
  try {
    const embedded = await openEmbedded({ dataDir });
    try {
      const server = await startServer({ config, address: embedded.connection, demoFolder: dataDir });
      const { host: socket, database } = embedded.connection;
      const { version } = readProgram(config.gitSha);
      writeInstance({ dataDir, instance: { ...ownIdentity(), url: server.url, socket, database, version } });
      for (const line of demoBanner({ url: server.url, dataDir })) context.out(line);
      if (server.mtlsUrl !== null) context.out(`Partners, over mutual TLS: ${server.mtlsUrl}`);
      const databaseGone = embedded.exited.then((exit) => (exit.reason === 'failed' ? exit.error.message : 'stopped'));
      return await endInOrder(server, Promise.race([told, databaseGone]));
    } finally {
      await embedded.stop();
    }
  } finally {
    folder.release();
  }
}

async function endInOrder(server: RunningServer, reason: Promise<string>): Promise<number> {
  const why = await reason;
  await server.stop();
  return why.startsWith('SIG') ? 0 : EXIT_REFUSED;
}

/** A process ends by itself once nothing is open; what could not be closed must not keep this one. */
function leaveSoon(status: number): void {
  setTimeout(() => process.exit(status), LEAVE_MS).unref();
}

function explain(error: unknown, context: CommandContext): number {
  if (error instanceof DataFolderBusy) {
    context.err(error.url === undefined ? error.message : `This data folder is served already: ${error.url}`);
    return EXIT_ALREADY_SERVED;
  }
  const known = [SettingsRefused, PortTaken, MasterKeyUnusable, OtherMajorVersion, MigrationMismatch, UnsafeServer];
  if (known.some((kind) => error instanceof kind) && error instanceof Error) {
    context.err(error.message);
    return EXIT_REFUSED;
  }
  throw error;
}
