import { LIMITS } from '../../limits.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { type DeliveryView, readDeliveries } from '../../postgres/reading/webhook-endpoints.ts';
import { principalOf } from '../gate.ts';
import { sendJson } from '../json-answer.ts';
import type { About } from '../openapi/about.ts';
import type { Operation } from '../operation.ts';
import { pageToken, placeOfToken } from '../page-token.ts';
import { ProblemError } from '../problem.ts';
import { PAGE_SIZE_DEFAULT, pageSizeParameter, tokenParameter } from '../query-parameters.ts';
import { pathId, type QueryParameter, readQuery } from '../query-reader.ts';
import { NO_ENDPOINT } from './webhook-endpoints.ts';
import { DELIVERY_PAGE } from './webhook-schemas.ts';

const QUERY = {
  status: {
    read: (text: string) => (text === 'dead_letter' ? text : undefined),
    wanted: 'dead_letter',
    schema: { type: 'string', enum: ['dead_letter'] },
    description: 'Dead and queued letters alone.',
    example: 'dead_letter',
  },
  page_size: pageSizeParameter(LIMITS.webhookPageItems),
  page_token: tokenParameter('the next_page_token of an earlier answer, with the same status'),
} satisfies Readonly<Record<string, QueryParameter>>;

const about: About = {
  id: 'listWebhookDeliveries',
  tag: 'Webhooks',
  summary: 'List what became of events at an endpoint',
  description: 'Events, the newest first, with what became of each and the attempts that failed.',
  query: QUERY,
  answers: { 200: { description: 'A page of events.', schema: DELIVERY_PAGE, example: DELIVERY_PAGE.example } },
  problems: ['validation_failed', 'invalid_page_token', 'webhook_endpoint_not_found'],
};

const SEQ = /^[1-9]\d{0,17}$/;

/** GET /v1/webhook-endpoints/{webhook_endpoint_id}/deliveries: 200, 400, 401, 403, 404, 503. */
export function webhookDeliveries(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/webhook-endpoints/:webhook_endpoint_id/deliveries',
    scope: 'hpts:webhooks:manage',
    about,
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY);
      const endpointId = pathId(request, 'webhook_endpoint_id', NO_ENDPOINT);
      const deadOnly = query.status !== null;
      const list = [tenantId, 'webhook-deliveries', endpointId, query.status];
      const before = query.page_token === null ? null : BigInt(placeOfToken(list, query.page_token, SEQ));
      const limit = Number(query.page_size ?? PAGE_SIZE_DEFAULT);
      const page = await readDeliveries(reader, { tenantId, endpointId, before, limit, deadOnly });
      if (page === undefined) throw new ProblemError(NO_ENDPOINT);
      const nextPageToken = page.nextBefore === null ? null : pageToken(list, page.nextBefore.toString());
      return sendJson(reply, JSON.stringify({ items: page.items.map(deliveryObject), next_page_token: nextPageToken }));
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
