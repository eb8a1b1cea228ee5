import type { KeyObject } from 'node:crypto';
import type { Config } from './config.ts';
import { administrativeOperation } from './http/administrative-operation.ts';
import type { Operation } from './http/operation.ts';
import type { TracedRequest } from './http/posting-operation.ts';
import { RememberedTraces, type RequestKey } from './http/remembered-traces.ts';
import { events } from './http/routes/events.ts';
import {
  webhookDisabling,
  webhookEnabling,
  webhookResending,
  webhookSecretRotation,
} from './http/routes/webhook-changes.ts';
import { webhookDeliveries } from './http/routes/webhook-deliveries.ts';
import { webhookEndpoint, webhookEndpoints } from './http/routes/webhook-endpoints.ts';
import { type RegistrationTools, webhookRegistration } from './http/routes/webhook-registration.ts';
import { continuedTrace } from './http/trace.ts';
import { type DeliveryOptions, WebhookDelivery } from './jobs/webhooks/delivery.ts';
import { ReceiverTargets, type ResolveName } from './jobs/webhooks/receiver-target.ts';
import { AdministrativeActs } from './postgres/acts/administrative-act.ts';
import type { DatabaseAddress } from './postgres/connection.ts';
import type { ReaderPool } from './postgres/reading/reader-pool.ts';
import { type DeliveryLag, readDeliveryLag } from './postgres/webhooks/delivery-state.ts';
import { WebhookDatabase } from './postgres/webhooks/webhook-database.ts';

/** What tests make shorter, and the names that they make up. */
export type WebhookPace = Pick<DeliveryOptions, 'retry' | 'waits' | 'leaseMs'> & { readonly resolve?: ResolveName };

export type WebhookOptions = {
  readonly config: Config;
  readonly address: DatabaseAddress;
  readonly masterKey: KeyObject;
  readonly reader: ReaderPool;
  readonly version: string;
  readonly onFailure: (error: unknown) => void;
  readonly pace: WebhookPace;
  /** Absent where nobody counts. */
  readonly watch: DeliveryOptions['watch'];
};

/** The part of the composition that is about webhooks. */
export type Webhooks = {
  readonly operations: readonly Operation[];
  /** Whether a tenant has an endpoint that wants to be woken. */
  readonly follows: (tenantId: string) => boolean;
  /** A request of a followed tenant is about to be posted: its entry is told of in its trace, if it came with one. */
  readonly posting: (request: RequestKey, traced: TracedRequest) => Followed;
  readonly connections: () => { readonly open: number; readonly idle: number };
  /** Rejects with what the database throws. */
  readonly lag: () => Promise<DeliveryLag>;
  /** Ends what is being delivered. Operations go on until close(). */
  readonly stop: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** How a request that somebody follows ended. */
export type Followed = {
  /** An entry was committed: the tenant's endpoints are served. */
  readonly posted: () => void;
  readonly nothingPosted: () => void;
};

/** The operations under /v1/webhook-endpoints, and the events pulled. */
export function webhookOperations(
  parts: RegistrationTools & { readonly acts: AdministrativeActs },
): readonly Operation[] {
  const { acts, reader, masterKey } = parts;
  return [
    webhookEndpoints(reader),
    administrativeOperation(webhookRegistration(parts), acts),
    webhookEndpoint(reader),
    administrativeOperation(webhookSecretRotation(masterKey), acts),
    administrativeOperation(webhookDisabling, acts),
    administrativeOperation(webhookEnabling, acts),
    webhookDeliveries(reader),
    administrativeOperation(webhookResending, acts),
    events(reader),
  ];
}

/** Opens what registers and serves webhook endpoints, and begins to serve. */
export function startWebhooks(options: WebhookOptions): Webhooks {
  const { config, address, masterKey, reader, version, onFailure, watch } = options;
  const { resolve, ...pace } = options.pace;
  const database = new WebhookDatabase(address);
  const targets = new ReceiverTargets({
    places: config.webhookReceivers,
    ...(resolve === undefined ? {} : { resolve }),
  });
  const traces = new RememberedTraces();
  const delivery = new WebhookDelivery({
    ...{ database, reader, masterKey, targets, version, onFailure, ...pace },
    traceHeaders: traces.headersFor,
    ...(watch === undefined ? {} : { watch }),
  });
  delivery.start();
  return {
    operations: webhookOperations({
      acts: new AdministrativeActs({ database, reader, masterKey }),
      reader,
      masterKey,
      plainHttp: config.webhookReceivers === 'loopback',
      mayBeSentTo: async (url) => typeof (await targets.find(url)) !== 'string',
    }),
    follows: (tenantId) => delivery.follows(tenantId),
    posting: (request, traced) => {
      const trace = continuedTrace(traced);
      if (trace !== undefined) traces.remember(request, trace);
      return {
        posted: () => delivery.wake(request.tenantId),
        nothingPosted: () => trace !== undefined && traces.forget(request, trace),
      };
    },
    connections: () => database.connections,
    lag: () => readDeliveryLag(database),
    stop: () => delivery.stop(),
    close: () => database.close(),
  };
}
