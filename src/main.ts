import { join } from 'node:path';
import pino from 'pino';
import type { Config } from './config.ts';
import { postDemoLoan } from './demo-loan.ts';
import { HeavyPoster } from './http/heavy/heavy-poster.ts';
import { startAccessDirectory } from './http/oauth/access-directory.ts';
import type { Posting } from './http/posting-operation.ts';
import { type Listeners, listen } from './listeners.ts';
import { ledgerOperations, readApiDocument } from './operations.ts';
import { openAccessPool } from './postgres/access/access-snapshot.ts';
import { ensureDemo } from './postgres/access/demo.ts';
import { ensureMasterKey, readMasterKey } from './postgres/access/master-key.ts';
import { ensureSigningKey } from './postgres/access/signing-key.ts';
import type { DatabaseAddress } from './postgres/connection.ts';
import { migrate } from './postgres/migrate.ts';
import { PostgresStore } from './postgres/posting/store.ts';
import { probeDatabase } from './postgres/reading/probe.ts';
import { ReaderPool } from './postgres/reading/reader-pool.ts';
import { ReconciliationRuns } from './postgres/reading/reconciliation-runs.ts';
import { refuseUnsafeServer } from './postgres/server-safety.ts';
import { type Outcome, PostingEngine } from './posting/engine.ts';
import { readProgram } from './program-identity.ts';
import { startWebhooks, type WebhookPace, type Webhooks } from './webhooks.ts';

export type ServerOptions = {
  readonly config: Config;
  readonly address: DatabaseAddress;
  /** Where a demo instance keeps its master key; null for a production instance. */
  readonly demoFolder: string | null;
  /** Only tests set it. */
  readonly webhookPace?: WebhookPace;
};

export type RunningServer = Pick<Listeners, 'url' | 'mtlsUrl'> & {
  /** Answers everything that was accepted, then closes every connection. May be called again. */
  readonly stop: () => Promise<void>;
};

/**
 * The composition root: the only file that knows every part. Migrates the database, opens what serves from it, and
 * listens. Throws PortTaken, MasterKeyUnusable, MigrationMismatch, UnsafeServer, or what the driver throws.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, address, demoFolder } = options;
  const log = pino({ level: config.logLevel, base: null }, pino.destination({ dest: 2, sync: true }));
  const onFailure = (error: unknown): void => log.error({ err: error }, 'a request could not be served');
  const closers: (() => Promise<unknown>)[] = [];
  const closeAll = async (): Promise<void> => {
    // What cannot be closed must not keep the rest open.
    for (const close of closers.splice(0).reverse()) await close().catch(onFailure);
  };
  try {
    await refuseUnsafeServer(address);
    await migrate(address);
    const masterKey = await openKeys({ config, address, demoFolder });
    const accessPool = openAccessPool(address);
    closers.push(() => accessPool.end());
    const directory = await startAccessDirectory({ db: accessPool, masterKey, onProblem: onFailure });
    closers.push(directory.stop);
    const reader = new ReaderPool(address);
    closers.push(() => reader.close());
    const heavy = new HeavyPoster({ address, onFailure });
    const store = new PostgresStore({ address, lanes: config.postingLanes, heavy: false, reader });
    closers.push(() => store.close());
    const engine = new PostingEngine({
      store,
      lanes: config.postingLanes,
      heavy: heavy.submit,
      monotonicMs: () => performance.now(),
      onFailure,
    });
    closers.push(() => engine.drain(), heavy.stop.bind(heavy));
    heavy.start();
    if (demoFolder !== null) await postDemoLoan(engine);
    const program = readProgram(config.gitSha);
    const pace = options.webhookPace ?? {};
    const webhooks = startWebhooks({ config, address, masterKey, reader, version: program.version, onFailure, pace });
    closers.push(webhooks.stop);
    const posting = tellingWebhooks(
      { submit: (command) => engine.submit(command), submitLarge: heavy.submitLarge },
      webhooks,
      onFailure,
    );
    const operations = ledgerOperations({
      program,
      probe: () => probeDatabase(reader),
      reader,
      runs: new ReconciliationRuns(address),
      posting,
      webhooks: webhooks.operations,
      document: readApiDocument(),
    });
    const parts = { db: accessPool, directory, operations, loopbackHostsOnly: demoFolder !== null, onFailure };
    const listeners = await listen(config, parts);
    closers.push(listeners.close);
    const { url, mtlsUrl } = listeners;
    return { url, mtlsUrl, stop: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** Whoever follows a tenant's journal hears of a posting at once; what other processes post is found by looking. */
function tellingWebhooks(posting: Posting, webhooks: Webhooks, onFailure: (error: unknown) => void): Posting {
  const told = <Answer extends object>(tenantId: string, posted: Promise<Answer>): Promise<Answer> => {
    if (webhooks.follows(tenantId)) posted.then((answer) => isCreated(answer) && webhooks.wake(tenantId), onFailure);
    return posted;
  };
  return {
    submit: (command) => told(command.tenantId, posting.submit(command)),
    submitLarge: (path, sender, bytes) => told(sender.tenantId, posting.submitLarge(path, sender, bytes)),
  };
}

function isCreated(answer: object): boolean {
  return (answer as Partial<Outcome>).outcome === 'created';
}

async function openKeys({
  config,
  address,
  demoFolder,
}: ServerOptions): Promise<Awaited<ReturnType<typeof readMasterKey>>> {
  if (demoFolder !== null) {
    await ensureDemo(address);
    const masterKey = await ensureMasterKey(config.masterKeyFile ?? join(demoFolder, 'master.key'));
    await ensureSigningKey(address, masterKey);
    return masterKey;
  }
  if (config.masterKeyFile === null) throw new Error('a production instance without HPTS_MASTER_KEY_FILE');
  const masterKey = await readMasterKey(config.masterKeyFile);
  await ensureSigningKey(address, masterKey);
  return masterKey;
}
