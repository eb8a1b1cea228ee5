import { type KeyObject, randomUUID } from 'node:crypto';
import { LIMITS } from '../../limits.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { claimEndpoint, countActiveEndpoints, findDueEndpoints } from '../../postgres/webhooks/delivery-state.ts';
import type { WebhookDatabase } from '../../postgres/webhooks/webhook-database.ts';
import type { EndpointRef } from '../../postgres/webhooks/webhook-secret.ts';
import { type DeliveryWatch, EndpointService, type ServiceTools } from './endpoint-service.ts';
import { ATTEMPT_WAITS, type AttemptWaits } from './receiver-connection.ts';
import type { ReceiverTargets } from './receiver-target.ts';
import { RETRY_PACE, type RetryPace } from './retry.ts';

export type DeliveryOptions = {
  readonly database: WebhookDatabase;
  readonly reader: ReaderPool;
  readonly masterKey: KeyObject;
  readonly targets: ReceiverTargets;
  readonly version: string;
  readonly onFailure: (error: unknown) => void;
  readonly watch?: DeliveryWatch;
  readonly traceHeaders?: NonNullable<ServiceTools['traceHeaders']>;
  /** Only tests set these. */
  readonly retry?: RetryPace;
  readonly waits?: AttemptWaits;
  readonly leaseMs?: number;
};

/** Between two questions for due endpoints, however often something is posted meanwhile. */
const LOOK_SPACING_MS = 20;

/**
 * Brings what is posted to the endpoints that asked for it: asks which endpoints have something to send and are served by
 * nobody, and serves each under a lease. Any number of processes do so at once; an endpoint whose process died is taken
 * over when its lease runs out. Reads the journal, never writes it.
 */
export class WebhookDelivery {
  readonly #tools: ServiceTools;
  readonly #services = new Map<EndpointService, { readonly tenantId: string; readonly done: Promise<void> }>();
  #subscribed: ReadonlyMap<string, number> = new Map();
  #countedAtMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | null = null;
  #stopped = false;
  #failing = false;
  #woken = false;
  #wakeUp: (() => void) | null = null;

  constructor(options: DeliveryOptions) {
    const { retry = RETRY_PACE, waits = ATTEMPT_WAITS, leaseMs = LIMITS.webhookLeaseMs, version, ...tools } = options;
    this.#tools = { ...tools, retry, waits, leaseMs, userAgent: `HPTS/${version}` };
  }

  start(): void {
    this.#running ??= this.#watch();
  }

  /** Whether a tenant has an active endpoint, as far as this process knows. */
  follows(tenantId: string): boolean {
    return this.#subscribed.has(tenantId);
  }

  /** Tells that something of a tenant was committed here, so that nobody has to wait for the next look. */
  wake(tenantId: string): void {
    const endpoints = this.#subscribed.get(tenantId);
    if (endpoints === undefined) return;
    let served = 0;
    for (const [service, { tenantId: servedTenant }] of this.#services) {
      if (servedTenant !== tenantId) continue;
      service.wake();
      served += 1;
    }
    if (served < endpoints) this.#look();
  }

  /** Lets attempts under way end, for LIMITS.webhookDrainMs at most, writes cursors down and gives the leases back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#look();
    await this.#running;
    const served = [...this.#services];
    for (const [service] of served) service.end();
    const cut = setTimeout(() => {
      for (const [service] of served) service.abort();
    }, LIMITS.webhookDrainMs);
    await Promise.all(served.map(([, { done }]) => done));
    clearTimeout(cut);
  }

  #look(): void {
    this.#woken = true;
    this.#wakeUp?.();
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      this.#woken = false;
      const beganMs = performance.now();
      try {
        await this.#takeDue();
        this.#failing = false;
      } catch (error) {
        // Once for each time that the database goes away, not four times a second.
        if (!this.#failing) this.#tools.onFailure(error);
        this.#failing = true;
      }
      await this.#pause(beganMs);
    }
  }

  /** Until the next look is due, or something is posted; never less than LOOK_SPACING_MS. */
  async #pause(beganMs: number): Promise<void> {
    const wait = (waitMs: number, early: boolean): Promise<void> =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        this.#wakeUp = () => {
          if (!early && !this.#stopped) return;
          clearTimeout(timer);
          resolve();
        };
      });
    const spacingMs = beganMs + LOOK_SPACING_MS - performance.now();
    if (spacingMs > 0 && !this.#stopped) await wait(spacingMs, false);
    if (!this.#woken && !this.#stopped) await wait(LIMITS.webhookPollMs, true);
    this.#wakeUp = null;
  }

  async #takeDue(): Promise<void> {
    const { database } = this.#tools;
    if (performance.now() - this.#countedAtMs >= LIMITS.webhookPollMs) {
      this.#subscribed = await countActiveEndpoints(database);
      this.#countedAtMs = performance.now();
    }
    const free = LIMITS.webhookDeliveries - this.#services.size;
    if (this.#subscribed.size === 0 || free <= 0) return;
    for (const ref of await findDueEndpoints(database, free)) {
      if (this.#stopped) return;
      await this.#take(ref);
    }
  }

  async #take(ref: EndpointRef): Promise<void> {
    const lease = { ...ref, leaseId: randomUUID() };
    const claimedAtMs = performance.now();
    const endpoint = await claimEndpoint(this.#tools.database, lease, this.#tools.leaseMs);
    if (endpoint === undefined) return;
    const service = new EndpointService(this.#tools, { lease, endpoint, claimedAtMs });
    const done = service
      .run()
      .catch(this.#tools.onFailure)
      .finally(() => {
        this.#services.delete(service);
        // What came while it was ending is looked for at once.
        this.#look();
      });
    this.#services.set(service, { tenantId: ref.tenantId, done });
  }
}
