import { parseUuid } from '../../domain/identifier.ts';
import { LIMITS } from '../../limits.ts';
import { readEvent, readEventsAfter, renderEvent } from '../../postgres/reading/journal-events.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { principalOf } from '../gate.ts';
import type { Operation } from '../operation.ts';
import { parsePageSize } from '../page-token.ts';
import { ProblemError } from '../problem.ts';
import { readQuery } from '../query-reader.ts';

const QUERY = { after: parseUuid, page_size: parsePageSize(LIMITS.webhookPageItems) };
const WANTED = {
  after: 'the journal_entry_id of the last event seen, a UUID',
  page_size: `a whole number from 1 to ${LIMITS.webhookPageItems}`,
};
const PAGE_SIZE = 50;

/** GET /v1/events: the events that webhooks send, pulled. 200, 400, 401, 403, 404, 503. */
export function events(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/events',
    scope: 'hpts:webhooks:manage',
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY, WANTED);
      const limit = Number(query.page_size ?? PAGE_SIZE);
      const after = query.after === null ? null : await readEvent(reader, { tenantId, entryId: query.after });
      if (after === undefined) {
        throw new ProblemError({ code: 'journal_entry_not_found', detail: 'there is no such journal entry' });
      }
      const found = await readEventsAfter(reader, { tenantId, afterSeq: after?.seq ?? 0n, limit: limit + 1 });
      const items = found.slice(0, limit);
      const last = items.at(-1)?.entryId ?? query.after;
      const nextAfter = last === null ? 'null' : `"${last}"`;
      return reply
        .header('content-type', 'application/json; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(
          `{"items":[${items.map(renderEvent).join(',')}],"next_after":${nextAfter},"has_more":${found.length > limit}}`,
        );
    },
  };
}
