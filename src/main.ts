import { join } from 'node:path';
import type { DestinationStream } from 'pino';
import { startAccrualRuns } from './accrual-runs.ts';
import type { Config } from './config.ts';
import { openConfiguration } from './configuration.ts';
import { postDemoLoan } from './demo-loan.ts';
import { drain, within } from './drain.ts';
import { BodyBudget } from './http/body-budget.ts';
import { HeavyPoster } from './http/heavy/heavy-poster.ts';
import { startAccessDirectory } from './http/oauth/access-directory.ts';
import type { Posting, TracedRequest } from './http/posting-operation.ts';
import type { RequestKey } from './http/remembered-traces.ts';
import { LIMITS } from './limits.ts';
import { type Listeners, listen } from './listeners.ts';
import { Observation } from './observation.ts';
import { ledgerOperations, readApiDocument } from './operations.ts';
import { openAccessPool } from './postgres/access/access-snapshot.ts';
import { ensureDemo } from './postgres/access/demo.ts';
import { ensureMasterKey, readLedgersMasterKey, readMasterKey } from './postgres/access/master-key.ts';
import { ensureSigningKey, wasEverSealed } from './postgres/access/signing-key.ts';
import type { DatabaseAddress } from './postgres/connection.ts';
import { migrate } from './postgres/migrate.ts';
import { PostgresStore } from './postgres/posting/store.ts';
import { probeDatabase } from './postgres/reading/probe.ts';
import { ReaderPool } from './postgres/reading/reader-pool.ts';
import { ReconciliationRuns } from './postgres/reading/reconciliation-runs.ts';
import { refuseUnsafeServer } from './postgres/server-safety.ts';
import { type Outcome, PostingEngine } from './posting/engine.ts';
import { previewCommand } from './posting/preview.ts';
import { readProgram } from './program-identity.ts';
import { startWebhooks, type WebhookPace, type Webhooks } from './webhooks.ts';

export type ServerOptions = {
  readonly config: Config;
  readonly address: DatabaseAddress;
  /** Where a demo instance keeps its master key; null for a production instance. */
  readonly demoFolder: string | null;
  /** Only tests set it. */
  readonly webhookPace?: WebhookPace;
  /** Where the log goes in place of standard error; only tests set it. */
  readonly logTo?: DestinationStream;
};

export type RunningServer = Pick<Listeners, 'url' | 'mtlsUrl'> & {
  /** Answers everything that was accepted, then closes every connection; within LIMITS.stopMs. May be called again. */
  readonly stop: () => Promise<void>;
};

/**
 * The composition root: the only file that knows every part. Migrates the database, opens what serves from it, and
 * listens. Throws PortTaken, MasterKeyUnusable, MigrationMismatch, UnsafeServer, or what the driver throws.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config, address, demoFolder } = options;
  const observation = new Observation(config, options.logTo);
  const { onFailure, figures } = observation;
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
    const heavy = new HeavyPoster({ address, onFailure, watch: figures?.engine.heavy });
    const store = new PostgresStore({ address, lanes: config.postingLanes, heavy: false, reader });
    closers.push(() => store.close());
    const engine = new PostingEngine({
      store,
      lanes: config.postingLanes,
      heavy: heavy.submit,
      monotonicMs: () => performance.now(),
      onFailure,
      ...(figures === null ? {} : { watch: figures.engine.light }),
    });
    closers.push(() => engine.drain(), heavy.stop.bind(heavy));
    heavy.start();
    if (demoFolder !== null) await postDemoLoan(engine);
    const program = readProgram(config.gitSha);
    const pace = options.webhookPace ?? {};
    const webhookParts = { config, address, masterKey, reader, version: program.version, onFailure, pace };
    const webhooks = startWebhooks({ ...webhookParts, watch: figures?.webhooks });
    closers.push(webhooks.close, webhooks.stop);
    const configuration = openConfiguration({ address, reader, masterKey });
    closers.push(configuration.close);
    const submit = engine.submit.bind(engine);
    const accrualRuns = startAccrualRuns({ address, reader, masterKey, submit, onFailure });
    closers.push(accrualRuns.close, accrualRuns.stop);
    const operations = ledgerOperations({
      program,
      probe: () => probeDatabase(reader),
      reader,
      runs: new ReconciliationRuns(address),
      posting: tellingWebhooks(postingBy({ engine, store, heavy }, onFailure), webhooks, onFailure),
      webhooks: webhooks.operations,
      configuration: configuration.operations,
      accrualRuns: accrualRuns.operations,
      document: readApiDocument(),
    });
    const bodies = new BodyBudget();
    const observed = { engine, store, reader, heavy, bodies, accessPool, webhooks, configuration, program };
    closers.push(await observation.listen(observed));
    const serving = { operations, bodies, loopbackHostsOnly: demoFolder !== null, watch: observation.requests };
    const listeners = await listen(config, { ...serving, db: accessPool, directory, onFailure });
    const jobs = [webhooks, accrualRuns];
    const stop = (): Promise<void> =>
      stopInTime(drain({ listeners, engine, heavy, jobs, onFailure }).then(closeAll), onFailure);
    let stopping: Promise<void> | undefined;
    const { url, mtlsUrl } = listeners;
    return {
      url,
      mtlsUrl,
      stop: () => {
        stopping ??= stop();
        return stopping;
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** What a database that does not answer keeps open goes with the process. */
async function stopInTime(stopping: Promise<void>, onFailure: (error: unknown) => void): Promise<void> {
  if (await within(LIMITS.stopMs, stopping)) return;
  onFailure(new Error(`what could not be closed within ${LIMITS.stopMs} ms is left to the end of the process`));
}

type Posters = { readonly engine: PostingEngine; readonly store: PostgresStore; readonly heavy: HeavyPoster };

function postingBy({ engine, store, heavy }: Posters, onFailure: (error: unknown) => void): Posting {
  return {
    submit: (command) => engine.submit(command),
    submitLarge: heavy.submitLarge,
    preview: (command) => previewCommand(command, { store, heavy: heavy.preview, onFailure }),
  };
}

/** Whoever follows a tenant's journal hears of a posting at once; what other processes post is found by looking. */
function tellingWebhooks(posting: Posting, webhooks: Webhooks, onFailure: (error: unknown) => void): Posting {
  const told = <Answer extends object>(
    request: RequestKey,
    traced: TracedRequest,
    submit: () => Promise<Answer>,
  ): Promise<Answer> => {
    if (!webhooks.follows(request.tenantId)) return submit();
    const followed = webhooks.posting(request, traced);
    const posted = submit();
    posted
      .then((answer) => (isCreated(answer) ? followed.posted() : followed.nothingPosted()), followed.nothingPosted)
      .catch(onFailure);
    return posted;
  };
  return {
    submit: (command, request) => told(command, request, () => posting.submit(command, request)),
    preview: posting.preview,
    submitLarge: (large, request) =>
      large.isPreview
        ? posting.submitLarge(large, request)
        : told(large.sender, request, () => posting.submitLarge(large, request)),
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
  const file = config.masterKeyFile ?? (demoFolder === null ? null : join(demoFolder, 'master.key'));
  if (file === null) throw new Error('a production instance without HPTS_MASTER_KEY_FILE');
  // The ledger is asked before the file is looked for: another process that makes both at this moment makes the file first.
  const masterKey = await ((await wasEverSealed(address))
    ? readLedgersMasterKey(file)
    : (demoFolder === null ? readMasterKey : ensureMasterKey)(file));
  if (demoFolder !== null) await ensureDemo(address);
  await ensureSigningKey(address, masterKey);
  return masterKey;
}
