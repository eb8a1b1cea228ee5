import { LIMITS } from '../../limits.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { type DeliveryView, readDeliveries } from '../../postgres/reading/webhook-endpoints.ts';
import { principalOf } from '../gate.ts';
import type { Operation } from '../operation.ts';
import { pageToken, parsePageSize, placeOfToken } from '../page-token.ts';
import { ProblemError } from '../problem.ts';
import { pathId, readQuery } from '../query-reader.ts';
import { NO_ENDPOINT } from './webhook-endpoints.ts';

const QUERY = {
  status: (text: string) => (text === 'dead_letter' ? text : undefined),
  page_size: parsePageSize(LIMITS.webhookPageItems),
  page_token: (text: string) => text,
};
const WANTED = {
  status: 'dead_letter',
  page_size: `a whole number from 1 to ${LIMITS.webhookPageItems}`,
  page_token: 'the next_page_token of an earlier answer, with the same status',
};
const PAGE_SIZE = 50;
const SEQ = /^[1-9]\d{0,17}$/;

/** GET /v1/webhook-endpoints/{webhook_endpoint_id}/deliveries: 200, 400, 401, 403, 404, 503. */
export function webhookDeliveries(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/webhook-endpoints/:webhook_endpoint_id/deliveries',
    scope: 'hpts:webhooks:manage',
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY, WANTED);
      const endpointId = pathId(request, 'webhook_endpoint_id', NO_ENDPOINT);
      const deadOnly = query.status !== null;
      const list = [tenantId, 'webhook-deliveries', endpointId, query.status];
      const before = query.page_token === null ? null : BigInt(placeOfToken(list, query.page_token, SEQ));
      const limit = Number(query.page_size ?? PAGE_SIZE);
      const page = await readDeliveries(reader, { tenantId, endpointId, before, limit, deadOnly });
      if (page === undefined) throw new ProblemError(NO_ENDPOINT);
      const nextPageToken = page.nextBefore === null ? null : pageToken(list, page.nextBefore.toString());
      return reply
        .header('content-type', 'application/json; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(JSON.stringify({ items: page.items.map(deliveryObject), next_page_token: nextPageToken }));
    },
  };
}

function deliveryObject(delivery: DeliveryView): Record<string, unknown> {
  return {
    journal_entry_id: delivery.entryId,
    event_type: delivery.eventType,
    occurred_at: delivery.occurredAt,
    status: delivery.status,
    attempts: delivery.attempts.map(({ at, error, http_status, duration_ms }) => ({
      at,
      error,
      http_status,
      duration_ms,
    })),
  };
}
