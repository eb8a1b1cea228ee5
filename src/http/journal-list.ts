import type { FastifyReply } from 'fastify';
import { parseCalendarDate } from '../domain/calendar-date.ts';
import { EVENT_TYPES } from '../domain/event-type.ts';
import { LIMITS } from '../limits.ts';
import type { JournalFilter, JournalOrder, JournalPage } from '../postgres/reading/journal-page.ts';
import { renderEntry } from './journal-entry-body.ts';
import { parsePageSize } from './page-token.ts';

const PAGE_SIZE_DEFAULT = 50;

/** The parameters that every list of journal entries takes. */
export const LIST_QUERY = {
  from_date: parseCalendarDate,
  to_date: parseCalendarDate,
  event_type: (text: string) => EVENT_TYPES.find((type) => type === text),
  page_size: parsePageSize(LIMITS.journalPageEntries),
  page_token: (text: string) => text,
  order: (text: string) => (text === 'desc' || text === 'asc' ? text : undefined),
};

export const LIST_WANTED = {
  from_date: 'a calendar date YYYY-MM-DD',
  to_date: 'a calendar date YYYY-MM-DD',
  event_type: `one of ${EVENT_TYPES.join(', ')}`,
  page_size: `a number from 1 to ${LIMITS.journalPageEntries}`,
  page_token: 'the next_page_token of an earlier answer',
  order: 'desc or asc',
};

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
  return reply
    .header('content-type', 'application/json; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(`{"items":[${page.entries.map(renderEntry).join(',')}],"next_page_token":${next}}`);
}
