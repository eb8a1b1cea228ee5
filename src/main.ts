import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import pino from 'pino';
import { type Config, PORTS } from './config.ts';
import { postDemoLoan } from './demo-loan.ts';
import { HeavyPoster } from './http/heavy/heavy-poster.ts';
import { startAccessDirectory } from './http/oauth/access-directory.ts';
import { createTokenVerifier } from './http/oauth/access-token.ts';
import { issuerMetadata } from './http/oauth/metadata.ts';
import { tokenEndpoint } from './http/oauth/token-endpoint.ts';
import type { Operation } from './http/operation.ts';
import { postingOperation } from './http/posting-operation.ts';
import { accountBalance } from './http/routes/account-balance.ts';
import { errorPages } from './http/routes/error-pages.ts';
import { healthLive, healthReady } from './http/routes/health.ts';
import { journalEntry } from './http/routes/journal-entry.ts';
import { loanBalance } from './http/routes/loan-balance.ts';
import { loanJournal } from './http/routes/loan-journal.ts';
import { POSTING_ROUTES } from './http/routes/posting-routes.ts';
import { reconciliationStatus } from './http/routes/reconciliation-status.ts';
import { tenantJournal } from './http/routes/tenant-journal.ts';
import { createHttpServer } from './http/server.ts';
import { LIMITS } from './limits.ts';
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
import { startWebhooks, type WebhookPace } from './webhooks.ts';

const TOKEN_LIFE_SECONDS = 3_600;

export type ServerOptions = {
  readonly config: Config;
  readonly address: DatabaseAddress;
  /** Where a demo instance keeps its master key; null for a production instance. */
  readonly demoFolder: string | null;
  /** Only tests set it. */
  readonly webhookPace?: WebhookPace;
};

export type RunningServer = {
  /** Where it answers, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Answers everything that was accepted, then closes every connection. May be called again. */
  readonly stop: () => Promise<void>;
};

/** HPTS_PORT is taken, or all of the default ones are. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

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
    // Whoever follows this tenant's journal hears of it at once; what other processes post is found by looking.
    const told = <Answer extends object>(tenantId: string, posted: Promise<Answer>): Promise<Answer> => {
      if (webhooks.follows(tenantId)) posted.then((answer) => isCreated(answer) && webhooks.wake(tenantId), onFailure);
      return posted;
    };
    const posting = {
      submit: (command: Parameters<typeof engine.submit>[0]) => told(command.tenantId, engine.submit(command)),
      submitLarge: (...asked: Parameters<typeof heavy.submitLarge>) =>
        told(asked[1].tenantId, heavy.submitLarge(...asked)),
    };
    const operations: Operation[] = [
      healthLive(program),
      healthReady(() => probeDatabase(reader)),
      loanBalance(reader),
      accountBalance(reader),
      loanJournal(reader),
      tenantJournal(reader),
      reconciliationStatus(new ReconciliationRuns(address)),
      journalEntry(reader),
      errorPages,
      ...webhooks.operations,
      ...[...POSTING_ROUTES.values()].map((route) => route.use((one) => postingOperation(one, posting))),
    ];
    // The issuer is the address unless it is set, and the address is known once a port was found.
    return await listenOnFreePort(config, async (port) => {
      const issuer = config.issuer ?? `http://${urlHost(config.host)}:${port}`;
      const audience = config.audience ?? `${issuer}/v1`;
      const access = { db: accessPool, directory, issuer, audience, tokenLifeSeconds: TOKEN_LIFE_SECONDS };
      const app = await createHttpServer({
        operations,
        plugins: [tokenEndpoint({ ...access, onProblem: onFailure }), issuerMetadata({ issuer, directory })],
        verifier: createTokenVerifier(access),
        loopbackHostsOnly: demoFolder !== null,
        onFailure,
      });
      closers.push(() => closeWithin(app, LIMITS.drainMs));
      await app.listen({ host: config.host, port });
      return { url: `http://${urlHost(config.host)}:${port}`, stop: closeAll };
    });
  } catch (error) {
    await closeAll();
    throw error;
  }
}

function isCreated(answer: object): boolean {
  return (answer as Partial<Outcome>).outcome === 'created';
}

/** Lets requests under way end; connections that still hold one open after `waitMs` are cut, so that every stop ends. */
async function closeWithin(app: FastifyInstance, waitMs: number): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), waitMs);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
  }
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

async function listenOnFreePort(
  config: Config,
  listen: (port: number) => Promise<RunningServer>,
): Promise<RunningServer> {
  const first = config.port ?? PORTS.first;
  const last = config.port ?? PORTS.last;
  for (let port = first; port <= last; port += 1) {
    try {
      return await listen(port);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    }
  }
  throw new PortTaken(
    config.port === null
      ? `ports ${PORTS.first} to ${PORTS.last} are all taken; set HPTS_PORT to a free one`
      : `port ${config.port} (HPTS_PORT) is taken; end the program that listens there, or set another`,
  );
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
