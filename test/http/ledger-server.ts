import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { DestinationStream } from 'pino';
import { afterAll } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { startServer } from '../../src/main.ts';
import type { DatabaseAddress } from '../../src/postgres/connection.ts';
import type { WebhookPace } from '../../src/webhooks.ts';
import { testDatabase } from '../database.ts';
import { databaseUrl } from './database-url.ts';
import { freePort } from './free-port.ts';
import { HttpClient } from './http-client.ts';
import { TenantApi } from './tenant-api.ts';

/** A ledger in this process: real HTTP, real PostgreSQL, one tenant whose client has every scope. */
export type LedgerServer = {
  readonly url: string;
  /** Of the listener for partners; null without one. */
  readonly mtlsUrl: string | null;
  /** The master key under which this ledger's signing keys lie. */
  readonly masterKeyFile: string;
  readonly address: DatabaseAddress;
  readonly http: HttpClient;
  readonly api: TenantApi;
  /** Another tenant of the same ledger. */
  newTenant(timezone?: string): Promise<TenantApi>;
  /** Rows of a statement that the database's owner runs. */
  sql<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** A connection of its own, open until stop(): to hold a lock with. */
  connection(): Promise<pg.Client>;
  /** Ends the server as SIGTERM does, and nothing else. */
  stopServing(): Promise<void>;
  stop(): Promise<void>;
};

export type LedgerOptions = {
  /** Batches under way at once. */
  readonly postingLanes?: number;
  /** A database of the test's own in place of a fresh one; it is left as it is. */
  readonly address?: DatabaseAddress;
  /** Serves webhook receivers at this pace, and lets them live on this machine unless `webhookReceivers` says otherwise. */
  readonly webhookPace?: WebhookPace;
  readonly webhookReceivers?: 'public' | 'loopback';
  /** Hears the log, at the level of `settings`. */
  readonly logTo?: DestinationStream;
  /** More settings, or others in place of those of a test. */
  readonly settings?: Readonly<Record<string, string>>;
};

/** A ledger for the tests of a file: started before the first of them, stopped after the last. To be awaited at the top. */
export async function serveLedger(options: LedgerOptions = {}): Promise<LedgerServer> {
  const ledger = await startLedger(options);
  afterAll(ledger.stop);
  return ledger;
}

/** Starts the server of src/main.ts on a free port over a database of the test's own. stop() closes all of it. */
export async function startLedger(options: LedgerOptions = {}): Promise<LedgerServer> {
  const closers: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    return await start(options, closers, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  options: LedgerOptions,
  closers: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<LedgerServer> {
  const folder = await mkdtemp(join(tmpdir(), 'hpts-ledger-'));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  const address = options.address ?? (await ownDatabase(closers));
  const masterKeyFile = join(folder, 'master.key');
  await writeFile(masterKeyFile, randomBytes(32), { mode: 0o600 });
  const config = readConfig({
    HPTS_DATABASE_URL: databaseUrl(address),
    HPTS_MASTER_KEY_FILE: masterKeyFile,
    HPTS_PORT: String(await freePort()),
    HPTS_LOG_LEVEL: 'silent',
    HPTS_POSTING_LANES: String(options.postingLanes ?? 2),
    HPTS_WEBHOOK_RECEIVERS: options.webhookReceivers ?? (options.webhookPace === undefined ? 'public' : 'loopback'),
    ...options.settings,
  });
  if (config.database === null) throw new Error('the settings name no database');
  const pace = options.webhookPace === undefined ? {} : { webhookPace: options.webhookPace };
  const log = options.logTo === undefined ? {} : { logTo: options.logTo };
  const server = await startServer({ config, address: config.database, demoFolder: null, ...pace, ...log });
  closers.push(server.stop);
  const http = new HttpClient(server.url);
  closers.push(async () => http.close());
  const owner = new pg.Pool({ ...address, max: 2 });
  // A database that goes away under a test breaks idle connections too.
  owner.on('error', () => undefined);
  closers.push(() => owner.end());
  return {
    url: server.url,
    mtlsUrl: server.mtlsUrl,
    masterKeyFile,
    address,
    http,
    api: await TenantApi.create(address, http),
    newTenant: (timezone = 'UTC') => TenantApi.create(address, http, { timezone }),
    sql: async <Row extends object>(text: string, values: unknown[] = []) =>
      (await owner.query<Row>(text, values)).rows,
    connection: async () => {
      const client = new pg.Client({ ...address });
      client.on('error', () => undefined);
      await client.connect();
      closers.push(() => client.end());
      return client;
    },
    stopServing: server.stop,
    stop,
  };
}

async function ownDatabase(closers: (() => Promise<unknown>)[]): Promise<DatabaseAddress> {
  const database = await testDatabase();
  closers.push(() => database.drop());
  return database.connection;
}

/** A server for one test. */
export async function withLedger(work: (ledger: LedgerServer) => Promise<void>): Promise<void> {
  const ledger = await startLedger();
  try {
    await work(ledger);
  } finally {
    await ledger.stop();
  }
}
