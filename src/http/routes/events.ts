import { parseUuid } from '../../domain/identifier.ts';
import { LIMITS } from '../../limits.ts';
import { readEvent, readEventsAfter, renderEvent } from '../../postgres/reading/journal-events.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { principalOf } from '../gate.ts';
import { sendJson } from '../json-answer.ts';
import type { About } from '../openapi/about.ts';
import { EVENT_EXAMPLE } from '../openapi/journal-example.ts';
import { listOf, objectOf, orNull, schemaRef } from '../openapi/json-schema.ts';
import type { Operation } from '../operation.ts';
import { ProblemError } from '../problem.ts';
import { PAGE_SIZE_DEFAULT, pageSizeParameter } from '../query-parameters.ts';
import { type QueryParameter, readQuery } from '../query-reader.ts';

const QUERY = {
  after: {
    read: parseUuid,
    wanted: 'the journal_entry_id of the last event seen, a UUID',
    schema: schemaRef('Uuid'),
    description: "The last event seen; without it the list begins with the first entry of the tenant's journal.",
    example: EVENT_EXAMPLE.journal_entry_id,
  },
  page_size: pageSizeParameter(LIMITS.webhookPageItems),
} satisfies Readonly<Record<string, QueryParameter>>;

const about: About = {
  id: 'listEvents',
  tag: 'Webhooks',
  summary: 'Pull events',
  description:
    'The events that webhooks send, in the order of the journal. Ask again with `next_after`: no event is skipped and none comes twice, whatever is posted meanwhile.',
  query: QUERY,
  answers: {
    200: {
      description: 'A page of events.',
      schema: {
        name: 'EventPage',
        schema: objectOf({
          items: listOf(schemaRef('JournalEntryEvent'), 'In the order of the journal.'),
          next_after: orNull(schemaRef('Uuid', 'What to send as after; null while the journal is empty.')),
          has_more: { type: 'boolean', description: 'Whether there was more when this was read.' },
        }),
      },
      example: { items: [EVENT_EXAMPLE], next_after: EVENT_EXAMPLE.journal_entry_id, has_more: false },
    },
  },
  problems: ['validation_failed', 'journal_entry_not_found'],
};

/** GET /v1/events: the events that webhooks send, pulled. 200, 400, 401, 403, 404, 503. */
export function events(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/events',
    scope: 'hpts:webhooks:manage',
    about,
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY);
      const limit = Number(query.page_size ?? PAGE_SIZE_DEFAULT);
      const after = query.after === null ? null : await readEvent(reader, { tenantId, entryId: query.after });
      if (after === undefined) {
        throw new ProblemError({ code: 'journal_entry_not_found', detail: 'there is no such journal entry' });
      }
      const found = await readEventsAfter(reader, { tenantId, afterSeq: after?.seq ?? 0n, limit: limit + 1 });
      const items = found.slice(0, limit);
      const last = items.at(-1)?.entryId ?? query.after;
      const nextAfter = last === null ? 'null' : `"${last}"`;
      return sendJson(
        reply,
        `{"items":[${items.map(renderEvent).join(',')}],"next_after":${nextAfter},"has_more":${found.length > limit}}`,
      );
    },
  };
}
