import { answerObject } from './comparison.ts';
import type { Course } from './course.ts';
import { type EventPull, type JournalList, walkDifferences } from './journal-walk.ts';
import type { TenantLedger } from './model/ledger.ts';
import type { Random } from './random.ts';
import { getRequest } from './read-programme.ts';

/** How events are asked for. */
export interface EventQuestion {
  readonly tenant: number;
  /** The entry behind which they begin; undefined: at the beginning. */
  readonly after: { readonly entryId: string; readonly postedAt: string } | undefined;
  readonly pageSize: number;
  readonly pagesMax: number;
}

/** A pull at random, chosen apart from the writes (TRUST.md section 4). */
export function somePull(random: Random, tenant: number, ledger: TenantLedger): EventQuestion {
  // One that another request has just written may have no id of the server's yet.
  const entries = [...ledger.entries.values()].filter(({ entryId, modelId }) => entryId !== modelId);
  const after = entries.length > 0 && random.chance(0.7) ? random.pick(entries) : undefined;
  return { tenant, after, pageSize: random.chance(0.3) ? 500 : 1 + random.below(80), pagesMax: 8 };
}

/** Pulls events from one process and the other in turn, until there are no more or pages enough. */
export async function pullEvents(course: Course, question: EventQuestion): Promise<EventPull | undefined> {
  const { tenant, after, pageSize, pagesMax } = question;
  const ledger = course.ledger(tenant);
  const newestBefore = [...ledger.entries.values()].reduce(
    (newest, one) => (one.postedAt > newest ? one.postedAt : newest),
    '',
  );
  const events: Readonly<Record<string, unknown>>[] = [];
  let last = after?.entryId;
  for (let pages = 1; ; pages += 1) {
    const from = last === undefined ? '' : `&after=${pages % 2 === 0 ? last.toUpperCase() : last}`;
    const request = getRequest(tenant, `/v1/events?page_size=${pageSize}${from}`);
    const answer = await course.read(request);
    const { items, next_after: next, has_more: hasMore } = answerObject(answer.body) ?? {};
    course.report.pagesRead += 1;
    if (answer.status !== 200 || !Array.isArray(items)) {
      course.differ('events', { request, answer, found: [`${answer.status} in place of a page`] });
      return undefined;
    }
    events.push(...(items as typeof events));
    const shownLast = (items.at(-1) as (typeof events)[number] | undefined)?.['journal_entry_id'] ?? last ?? null;
    const found: string[] = [];
    if (items.length > pageSize) found.push(`${items.length} events on a page of ${pageSize}`);
    if (next !== shownLast) found.push(`next_after is ${String(next)} in place of ${String(shownLast)}`);
    if (hasMore === true && items.length < pageSize) found.push('more is promised and the page is not full');
    if (found.length > 0) course.differ('events', { request, answer, found });
    if (hasMore !== true || pages >= pagesMax) {
      const list: JournalList = { ...WHOLE_JOURNAL, tenant, pageSize, pagesMax };
      const shown = events.map(({ journal_entry_id, occurred_at }) => ({
        entryId: String(journal_entry_id),
        postedAt: String(occurred_at),
      }));
      return { walk: { list, shown, isWhole: hasMore !== true, newestBefore, behind: after }, events };
    }
    last = String(next);
  }
}

const WHOLE_JOURNAL = {
  loanId: undefined,
  fromDate: undefined,
  toDate: undefined,
  eventType: undefined,
  accountCode: undefined,
  order: 'asc',
  isSettled: false,
} as const;

/** Every way in which pulled events are not a stretch of the journal, with all that was posted known to the model by now. */
export function pullDifferences(ledger: TenantLedger, tenantId: string, { walk, events }: EventPull): string[] {
  const found = walkDifferences(ledger, walk);
  for (const event of events) {
    const entry = ledger.entries.get(String(event['journal_entry_id']));
    if (entry === undefined) continue;
    const wanted = {
      journal_entry_id: entry.entryId,
      tenant_id: tenantId,
      event_type: entry.plan.eventType,
      occurred_at: entry.postedAt,
      correlation_id: entry.correlationId ?? event['correlation_id'],
    };
    if (JSON.stringify(event) !== JSON.stringify(wanted))
      found.push(`event ${JSON.stringify(event)} in place of ${JSON.stringify(wanted)}`);
  }
  return found.map((text) => `events: ${text}`);
}
