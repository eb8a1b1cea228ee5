import { lineDifferences } from './answer-differences.ts';
import { answerObject, readLine } from './comparison.ts';
import type { Course } from './course.ts';
import { type Entry, nameEntry } from './model/ledger.ts';
import { getRequest } from './read-programme.ts';

/**
 * Finds the server's ids of entries that a request wrote beside the one that its answer names: they stand in the tenant's
 * journal with the same time, and say what was foretold of them. What is not found is counted as a disagreement.
 */
export async function nameTheRest(course: Course, tenant: number): Promise<void> {
  const entries = course.ledger(tenant).unnamed.splice(0);
  // What another worker has begun to name may be this one's: both wait for it.
  const before = course.naming.get(tenant);
  if (before === undefined && entries.length === 0) return;
  const named = (before ?? Promise.resolve()).then(() => nameAll(course, tenant, entries));
  course.naming.set(tenant, named);
  await named;
  if (course.naming.get(tenant) === named) course.naming.delete(tenant);
}

async function nameAll(course: Course, tenant: number, entries: readonly Entry[]): Promise<void> {
  const ledger = course.ledger(tenant);
  for (const entry of entries) {
    const { effectiveAt, eventType } = entry.plan;
    const filter = `from_date=${effectiveAt}&to_date=${effectiveAt}&event_type=${eventType}&page_size=500`;
    const request = getRequest(tenant, `/v1/journal-entries?${filter}`);
    const answer = await course.read(request);
    const items = answerObject(answer.body)?.['items'];
    const all = Array.isArray(items) ? (items as Readonly<Record<string, unknown>>[]) : [];
    // The newest stand first; of entries that look the same, the one that was posted first is named first.
    const found = all.findLast((item) => isThat(entry, item) && !ledger.entries.has(String(item['journal_entry_id'])));
    if (found === undefined) course.differ('naming', { request, answer, found: [`nothing is ${entry.modelId}`] });
    else nameEntry(ledger, entry, String(found['journal_entry_id']));
  }
}

function isThat({ plan, postedAt }: Entry, item: Readonly<Record<string, unknown>>): boolean {
  if (item['posted_at'] !== postedAt || item['event_type'] !== plan.eventType) return false;
  if (item['effective_at'] !== plan.effectiveAt) return false;
  if ((item['reverses_entry_id'] ?? undefined) !== plan.reversesEntryId) return false;
  const lines = Array.isArray(item['lines']) ? (item['lines'] as Readonly<Record<string, unknown>>[]) : [];
  return lineDifferences(plan.lines, lines.map(readLine)).length === 0;
}
