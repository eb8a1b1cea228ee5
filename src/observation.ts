import type pg from 'pg';
import type { DestinationStream } from 'pino';
import { type Config, SettingsRefused } from './config.ts';
import type { Configuration } from './configuration.ts';
import type { BodyBudget } from './http/body-budget.ts';
import type { HeavyPoster } from './http/heavy/heavy-poster.ts';
import { EngineFigures } from './http/metrics/engine-figures.ts';
import { counter, type Family, gauge } from './http/metrics/exposition.ts';
import { listenForMetrics } from './http/metrics/metrics-listener.ts';
import { ProcessFigures } from './http/metrics/process-figures.ts';
import { WebhookFigures } from './http/metrics/webhook-figures.ts';
import { RequestWatch } from './http/request-watch.ts';
import { LIMITS } from './limits.ts';
import { createLog } from './log.ts';
import type { PostgresStore } from './postgres/posting/store.ts';
import type { ReaderPool } from './postgres/reading/reader-pool.ts';
import type { DeliveryLag } from './postgres/webhooks/delivery-state.ts';
import type { PostingEngine } from './posting/engine.ts';
import type { Webhooks } from './webhooks.ts';

/** What is looked at when the figures are asked for. */
export type Observed = {
  readonly engine: PostingEngine;
  readonly store: PostgresStore;
  readonly reader: ReaderPool;
  readonly heavy: HeavyPoster;
  readonly bodies: BodyBudget;
  readonly accessPool: pg.Pool;
  readonly webhooks: Pick<Webhooks, 'connections' | 'lag'>;
  readonly configuration: Pick<Configuration, 'connections'>;
  readonly program: { readonly version: string; readonly gitSha: string };
};

/** What a process says of itself: its log, and figures where the settings ask for them. */
export class Observation {
  readonly #metrics: Config['metrics'];
  readonly requests: RequestWatch;
  /** null: nobody counts. */
  readonly figures: { readonly engine: EngineFigures; readonly webhooks: WebhookFigures } | null;
  /** Tells of what a caller only sees as 500 or 503, or nobody sees; with the trace of the request where there is one. */
  readonly onFailure: (error: unknown, traceId?: string) => void;
  #failures = 0;

  /** `destination` of the log: only tests have another than standard error. */
  constructor(config: Config, destination?: DestinationStream) {
    const log = createLog(config, destination);
    this.#metrics = config.metrics;
    this.figures = config.metrics === null ? null : { engine: new EngineFigures(), webhooks: new WebhookFigures() };
    this.requests = new RequestWatch({ log, accessLog: config.accessLog, metrics: config.metrics !== null });
    this.onFailure = (error, traceId) => {
      this.#failures += 1;
      log.error(
        { err: error, ...(traceId === undefined ? {} : { trace_id: traceId }) },
        'a request could not be served',
      );
    };
  }

  /** Opens the listener for metrics, if there is to be one. Resolves with what closes it. Throws SettingsRefused. */
  async listen(observed: Observed): Promise<() => Promise<void>> {
    const { figures, requests, onFailure } = this;
    if (this.#metrics === null || figures === null) return async () => undefined;
    const process = new ProcessFigures();
    const sources = [
      () => requests.families(),
      () => figures.engine.families(),
      () => figures.webhooks.families(),
      () => presentFamilies(observed),
      () => lagFamilies(observed.webhooks),
      () => [counter('hpts_failures_total', 'Failures that were logged.', [{ value: this.#failures }])],
      () => process.families(),
    ];
    try {
      const close = await listenForMetrics({ ...this.#metrics, sources, onFailure });
      return async () => {
        process.stop();
        await close();
      };
    } catch (error) {
      process.stop();
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error';
      const { host, port } = this.#metrics;
      throw new SettingsRefused(`HPTS_METRICS_PORT: ${host} port ${port} cannot be listened on (${reason})`);
    }
  }
}

function presentFamilies(observed: Observed): readonly Family[] {
  const { engine, store, reader, heavy, bodies, accessPool, webhooks, configuration, program } = observed;
  const one = (value: number): readonly { value: number }[] => [{ value }];
  const pools = [
    { pool: 'poster', open: store.openConnections, idle: Math.max(0, store.openConnections - engine.batches) },
    { pool: 'access', open: accessPool.totalCount, idle: accessPool.idleCount },
    { pool: 'webhooks', ...webhooks.connections() },
    { pool: 'configuration', ...configuration.connections() },
  ];
  const states = pools.flatMap(({ pool, open, idle }) => [
    { labels: { pool, state: 'idle' }, value: idle },
    { labels: { pool, state: 'busy' }, value: open - idle },
  ]);
  // Reads are pipelined, so that a connection with a read under way is as good as an idle one.
  const readers = { labels: { pool: 'reader', state: 'open' }, value: reader.openConnections };
  const build = { version: program.version, git_sha: program.gitSha };
  return [
    gauge('hpts_build_info', 'What runs here.', [{ labels: build, value: 1 }]),
    gauge('hpts_commands_in_flight', 'Commands accepted and not yet answered.', one(engine.pending)),
    gauge('hpts_queue_depth', 'Commands that wait for a place in a batch.', one(engine.queued)),
    gauge('hpts_batches_in_flight', 'Batches under way.', one(engine.batches)),
    gauge('hpts_heavy_commands_in_flight', 'Commands and bodies at the heavy thread.', one(heavy.pending)),
    gauge('hpts_large_body_bytes', 'Bytes of large bodies that were not answered yet.', one(bodies.bytes)),
    gauge('hpts_reads_in_flight', 'Reads that wait for their answer.', one(reader.underWay)),
    gauge('hpts_database_connections', 'Connections to PostgreSQL that are open.', [...states, readers]),
  ];
}

async function lagFamilies(webhooks: Observed['webhooks']): Promise<readonly Family[]> {
  const lag = await knownSoon(webhooks.lag());
  const known = gauge('hpts_webhook_lag_known', 'Whether the database told in time how far webhooks are behind.', [
    { value: lag === undefined ? 0 : 1 },
  ]);
  if (lag === undefined) return [known];
  const one = (value: number): readonly { value: number }[] => [{ value }];
  return [
    known,
    gauge('hpts_webhook_endpoints', 'Active endpoints of all tenants.', one(lag.endpoints)),
    gauge('hpts_webhook_endpoints_failing', 'Of those, endpoints whose last attempt failed.', one(lag.failing)),
    gauge('hpts_webhook_lag_entries', 'Entries between cursors and journals, all endpoints.', one(lag.entriesTotal)),
    gauge('hpts_webhook_lag_entries_max', 'The same of the endpoint that is furthest behind.', one(lag.entriesMax)),
  ];
}

/** undefined when it is not known within LIMITS.metricsDatabaseMs, or not at all; the figure above says so. */
async function knownSoon(asked: Promise<DeliveryLag>): Promise<DeliveryLag | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), LIMITS.metricsDatabaseMs);
  try {
    return await Promise.race([asked.catch(() => undefined), promise]);
  } finally {
    clearTimeout(timer);
  }
}
