import { answerObject, differencesOf, listedDifferences } from './comparison.ts';
import type { Course } from './course.ts';
import { type JournalList, type JournalWalk, listPath } from './journal-walk.ts';
import { expectAnswer } from './model/expectation.ts';
import { journalOf } from './model/journal.ts';
import { getRequest } from './read-programme.ts';

/**
 * Reads a list page by page, from one process and the other in turn. An entry that the books know by then is compared as
 * it comes; which entries there are is compared by whoever knows them all, in `walkDifferences`.
 */
export async function walkList(course: Course, list: JournalList): Promise<JournalWalk | undefined> {
  const { report } = course;
  const ledger = course.ledger(list.tenant);
  const newestBefore = journalOf(ledger, list).reduce(
    (newest, { postedAt }) => (postedAt > newest ? postedAt : newest),
    '',
  );
  const shown: { entryId: string; postedAt: string }[] = [];
  let pageToken: string | undefined;
  for (let pages = 1; ; pages += 1) {
    const request = getRequest(list.tenant, listPath(list, pageToken));
    const answer = await course.read(request);
    report.pagesRead += 1;
    const body = answerObject(answer.body);
    const items: unknown = body?.['items'];
    const next: unknown = body?.['next_page_token'];
    const found = differencesOf(ledger, expectAnswer(ledger, request, course.now(list.tenant)), answer);
    if (found.length > 0 || !Array.isArray(items)) {
      course.differ('page', { request, answer, found: [...found, 'the walk ends here'] });
      return undefined;
    }
    if (items.length > list.pageSize) found.push(`${items.length} entries on a page of ${list.pageSize}`);
    for (const item of items as Readonly<Record<string, unknown>>[]) {
      const entryId = String(item['journal_entry_id']);
      shown.push({ entryId, postedAt: String(item['posted_at']) });
      const entry = ledger.entries.get(entryId);
      if (entry !== undefined) found.push(...listedDifferences(ledger, { entry, list, item }));
    }
    report.entriesListed += items.length;
    if (found.length > 0) course.differ('page', { request, answer, found });
    if (next === null || pages >= list.pagesMax) return { list, shown, isWhole: next === null, newestBefore };
    pageToken = String(next);
  }
}
