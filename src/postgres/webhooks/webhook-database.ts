import { LIMITS } from '../../limits.ts';
import { TenantConnections } from '../acts/tenant-connections.ts';
import type { DatabaseAddress } from '../connection.ts';

/** Connections in role hpts_delivery: what registers webhook endpoints and keeps track of their deliveries. */
export class WebhookDatabase extends TenantConnections {
  constructor(address: DatabaseAddress) {
    super(address, {
      role: 'hpts_delivery',
      applicationName: 'hpts webhooks',
      connectionsMax: LIMITS.webhookConnections,
      statementTimeoutMs: LIMITS.webhookStatementTimeoutMs,
    });
  }
}
