import { join } from 'node:path';
import { SettingsRefused } from '../config.ts';
import { type DatabaseAddress, nameOfDatabase, parseDatabaseUrl } from '../postgres/connection.ts';
import { packageFolder, presentDataFolder, resolveDataFolder } from '../postgres/embedded/data-folder.ts';
import { connectEmbedded } from '../postgres/embedded/embedded-server.ts';
import { migrate, requireSchema } from '../postgres/migrate.ts';
import { refuseUnsafeServer } from '../postgres/server-safety.ts';
import type { OpenDatabase } from './command.ts';

type Environment = NodeJS.ProcessEnv;

/**
 * The database of HPTS_DATABASE_URL, or the embedded one of the data folder, to write in: on the newest schema, made where
 * there was none. A server that may lose what it acknowledged is refused before anything is written.
 */
export async function openDatabase(env: Environment): Promise<OpenDatabase> {
  const url = env['HPTS_DATABASE_URL'];
  const dataDir = isSet(url) ? null : resolveDataFolder({ env, packageDir: packageFolder() });
  return opened(
    dataDir === null ? atUrl(url ?? '') : await inFolder({ dataDir, create: true }),
    async ({ address }) => {
      await refuseUnsafeServer(address);
      await migrate(address);
    },
  );
}

/** The ledger that there is at that place, as it is. Throws where there is none, or one of another version; makes none. */
export async function openLedger(env: Environment): Promise<OpenDatabase> {
  const url = env['HPTS_DATABASE_URL'];
  if (isSet(url)) {
    return opened(atUrl(url), ({ address, name }) => requireSchema(address, { name, setting: 'HPTS_DATABASE_URL' }));
  }
  const present = presentDataFolder({ env, packageDir: packageFolder() });
  if (present.dataDir === undefined) throw new Error(present.why);
  return opened(await inFolder({ dataDir: present.dataDir, create: false }), ({ address, name }) =>
    requireSchema(address, { name, setting: 'HPTS_DATA_DIR' }),
  );
}

/** Proves a database before it is handed out; one that is refused is closed again. */
async function opened(
  database: OpenDatabase,
  prove: (database: OpenDatabase) => Promise<unknown>,
): Promise<OpenDatabase> {
  try {
    await prove(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

function atUrl(url: string): OpenDatabase {
  const address = addressOf(url);
  return { address, name: nameOfDatabase(address), close: async () => undefined };
}

async function inFolder(folder: { readonly dataDir: string; readonly create: boolean }): Promise<OpenDatabase> {
  const { dataDir } = folder;
  const server = await connectEmbedded(folder);
  return {
    address: server.connection,
    name: `data folder ${dataDir}`,
    masterKeyFile: join(dataDir, 'master.key'),
    close: () => server.stop(),
  };
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

function addressOf(url: string): DatabaseAddress {
  try {
    return parseDatabaseUrl(url);
  } catch (error) {
    if (error instanceof TypeError) throw new SettingsRefused(`HPTS_DATABASE_URL ${error.message}`);
    throw error;
  }
}
