import type { FastifyReply } from 'fastify';
import { EVENT_TYPES } from '../domain/event-type.ts';
import { LIMITS } from '../limits.ts';
import type { JournalFilter, JournalOrder, JournalPage } from '../postgres/reading/journal-page.ts';
import { renderEntry } from './journal-entry-body.ts';
import { sendJson } from './json-answer.ts';
import { schemaRef } from './openapi/json-schema.ts';
import { dateParameter, PAGE_SIZE_DEFAULT, PAGE_TOKEN, pageSizeParameter } from './query-parameters.ts';
import type { QueryParameter } from './query-reader.ts';

/** The parameters that every list of journal entries takes. */
export const LIST_QUERY = {
  from_date: dateParameter('The first effective date of the list.'),
  to_date: dateParameter('The last effective date of the list.'),
  event_type: {
    read: (text: string) => EVENT_TYPES.find((type) => type === text),
    wanted: `one of ${EVENT_TYPES.join(', ')}`,
    schema: schemaRef('EventType'),
    description: 'Entries of that type alone.',
    example: 'payment_received',
  },
  page_size: pageSizeParameter(LIMITS.journalPageEntries),
  page_token: PAGE_TOKEN,
  order: {
    read: (text: string) => (text === 'desc' || text === 'asc' ? text : undefined),
    wanted: 'desc or asc',
    schema: { type: 'string', enum: ['desc', 'asc'], default: 'desc' },
    description: 'Newest first, or in the order of posting.',
    example: 'asc',
  },
} satisfies Readonly<Record<string, QueryParameter>>;

type SentList = Readonly<Record<keyof typeof LIST_QUERY, string | null>>;

/** What was asked for, defaults filled in. */
export function listOf(query: SentList): {
  readonly filter: JournalFilter;
  readonly order: JournalOrder;
  readonly size: number;
} {
  const { from_date: fromDate, to_date: toDate, event_type: eventType } = query;
  return {
    filter: { fromDate, toDate, eventType },
    order: query.order === 'asc' ? 'asc' : 'desc',
    size: query.page_size === null ? PAGE_SIZE_DEFAULT : Number(query.page_size),
  };
}

/** Answers a page: `{items, next_page_token}`. */
export function sendPage<Place>(
  reply: FastifyReply,
  page: JournalPage<Place>,
  tokenOf: (place: Place) => string,
): FastifyReply {
  const next = page.next === null ? 'null' : `"${tokenOf(page.next)}"`;
  return sendJson(reply, `{"items":[${page.entries.map(renderEntry).join(',')}],"next_page_token":${next}}`);
}
