import { LIMITS } from '../../limits.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import {
  readWebhookEndpoint,
  readWebhookEndpoints,
  type WebhookEndpointView,
} from '../../postgres/reading/webhook-endpoints.ts';
import { principalOf } from '../gate.ts';
import { sendJson } from '../json-answer.ts';
import type { About } from '../openapi/about.ts';
import type { Operation } from '../operation.ts';
import { pageToken, placeOfToken, UUID_PLACE } from '../page-token.ts';
import { type Problem, ProblemError } from '../problem.ts';
import { PAGE_SIZE_DEFAULT, PAGE_TOKEN, pageSizeParameter } from '../query-parameters.ts';
import { pathId, readQuery } from '../query-reader.ts';
import { WEBHOOK_ENDPOINT, WEBHOOK_ENDPOINT_PAGE } from './webhook-schemas.ts';

/** What is answered for an endpoint that the tenant does not have. */
export const NO_ENDPOINT: Problem = {
  code: 'webhook_endpoint_not_found',
  detail: 'there is no such webhook endpoint',
};

const QUERY = { page_size: pageSizeParameter(LIMITS.webhookPageItems), page_token: PAGE_TOKEN };

const listAbout: About = {
  id: 'listWebhookEndpoints',
  tag: 'Webhooks',
  summary: 'List webhook endpoints',
  description: "The tenant's endpoints, disabled ones too, and how far each is served.",
  query: QUERY,
  answers: {
    200: { description: 'A page of endpoints.', schema: WEBHOOK_ENDPOINT_PAGE, example: WEBHOOK_ENDPOINT_PAGE.example },
  },
  problems: ['validation_failed', 'invalid_page_token'],
};

const oneAbout: About = {
  id: 'getWebhookEndpoint',
  tag: 'Webhooks',
  summary: 'Read a webhook endpoint',
  description: 'An endpoint and how far it is served: failed attempts, the next one, dead letters.',
  answers: {
    200: { description: 'The endpoint.', schema: WEBHOOK_ENDPOINT, example: WEBHOOK_ENDPOINT.example },
  },
  problems: ['validation_failed', 'webhook_endpoint_not_found'],
};

/** GET /v1/webhook-endpoints: 200, 400, 401, 403, 503. */
export function webhookEndpoints(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/webhook-endpoints',
    scope: 'hpts:webhooks:manage',
    about: listAbout,
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY);
      const limit = Number(query.page_size ?? PAGE_SIZE_DEFAULT);
      const list = [tenantId, 'webhook-endpoints'];
      const afterId = query.page_token === null ? null : placeOfToken(list, query.page_token, UUID_PLACE);
      const items = await readWebhookEndpoints(reader, { tenantId, afterId, limit });
      const last = items.length === limit ? items.at(-1) : undefined;
      const nextPageToken = last === undefined ? null : pageToken(list, last.endpointId);
      return sendJson(reply, JSON.stringify({ items: items.map(endpointObject), next_page_token: nextPageToken }));
    },
  };
}

/** GET /v1/webhook-endpoints/{webhook_endpoint_id}: 200, 400, 401, 403, 404, 503. */
export function webhookEndpoint(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/webhook-endpoints/:webhook_endpoint_id',
    scope: 'hpts:webhooks:manage',
    about: oneAbout,
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      readQuery(request, {});
      const endpointId = pathId(request, 'webhook_endpoint_id', NO_ENDPOINT);
      const endpoint = await readWebhookEndpoint(reader, { tenantId, endpointId });
      if (endpoint === undefined) throw new ProblemError(NO_ENDPOINT);
      return sendJson(reply, JSON.stringify(endpointObject(endpoint)));
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
