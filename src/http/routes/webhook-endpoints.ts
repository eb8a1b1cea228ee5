import { LIMITS } from '../../limits.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import {
  readWebhookEndpoint,
  readWebhookEndpoints,
  type WebhookEndpointView,
} from '../../postgres/reading/webhook-endpoints.ts';
import { principalOf } from '../gate.ts';
import type { Operation } from '../operation.ts';
import { pageToken, parsePageSize, placeOfToken } from '../page-token.ts';
import { type Problem, ProblemError } from '../problem.ts';
import { pathId, readQuery } from '../query-reader.ts';

/** What is answered for an endpoint that the tenant does not have. */
export const NO_ENDPOINT: Problem = {
  code: 'webhook_endpoint_not_found',
  detail: 'there is no such webhook endpoint',
};

const QUERY = { page_size: parsePageSize(LIMITS.webhookPageItems), page_token: (text: string) => text };
const WANTED = {
  page_size: `a whole number from 1 to ${LIMITS.webhookPageItems}`,
  page_token: 'the next_page_token of an earlier answer',
};
const PAGE_SIZE = 50;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** GET /v1/webhook-endpoints: 200, 400, 401, 403, 503. */
export function webhookEndpoints(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/webhook-endpoints',
    scope: 'hpts:webhooks:manage',
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY, WANTED);
      const limit = Number(query.page_size ?? PAGE_SIZE);
      const list = [tenantId, 'webhook-endpoints'];
      const afterId = query.page_token === null ? null : placeOfToken(list, query.page_token, UUID);
      const items = await readWebhookEndpoints(reader, { tenantId, afterId, limit });
      const last = items.length === limit ? items.at(-1) : undefined;
      const nextPageToken = last === undefined ? null : pageToken(list, last.endpointId);
      return reply
        .header('content-type', 'application/json; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(JSON.stringify({ items: items.map(endpointObject), next_page_token: nextPageToken }));
    },
  };
}

/** GET /v1/webhook-endpoints/{webhook_endpoint_id}: 200, 400, 401, 403, 404, 503. */
export function webhookEndpoint(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/webhook-endpoints/:webhook_endpoint_id',
    scope: 'hpts:webhooks:manage',
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      readQuery(request, {}, {});
      const endpointId = pathId(request, 'webhook_endpoint_id', NO_ENDPOINT);
      const endpoint = await readWebhookEndpoint(reader, { tenantId, endpointId });
      if (endpoint === undefined) throw new ProblemError(NO_ENDPOINT);
      return reply
        .header('content-type', 'application/json; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(JSON.stringify(endpointObject(endpoint)));
    },
  };
}

function endpointObject(endpoint: WebhookEndpointView): Record<string, unknown> {
  return {
    webhook_endpoint_id: endpoint.endpointId,
    url: endpoint.url,
    description: endpoint.description,
    event_types: endpoint.eventTypes,
    status: endpoint.status,
    created_at: endpoint.createdAt,
    served_through: endpoint.servedThroughEntryId,
    events_behind: Number(endpoint.eventsBehind),
    failed_attempts: endpoint.failures,
    next_attempt_at: endpoint.nextAttemptAt,
    dead_letters: Number(endpoint.deadLetters),
  };
}
