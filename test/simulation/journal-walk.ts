import { addDays } from './instant.ts';
import { type JournalQuestion, journalOf } from './model/journal.ts';
import type { TenantLedger } from './model/ledger.ts';
import type { Random } from './random.ts';

/** A list that is read page by page. */
export interface JournalList extends JournalQuestion {
  readonly tenant: number;
  readonly order: 'asc' | 'desc';
  readonly pageSize: number;
  /** Reading ends after so many pages. */
  readonly pagesMax: number;
  /** Nobody writes to it while it is read. */
  readonly isSettled: boolean;
}

/** What was read of a list. */
export interface JournalWalk {
  readonly list: JournalList;
  /** In the order in which they came. */
  readonly shown: readonly { readonly entryId: string; readonly postedAt: string }[];
  /** The list was read to its end. */
  readonly isWhole: boolean;
  /** `posted_at` of the newest entry of the list that was answered before reading began; empty when none was. */
  readonly newestBefore: string;
  /** The entry behind which reading began; absent: at the beginning of the list. Only in the order of posting. */
  readonly behind?: { readonly entryId: string; readonly postedAt: string } | undefined;
}

/** Events that were pulled page by page: where they stand in the journal, and each as it was answered. */
export interface EventPull {
  readonly walk: JournalWalk;
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

/** A list at random: of this loan, or without one of the tenant. Chosen apart from the writes (TRUST.md section 4). */
export function someList(
  random: Random,
  about: { readonly tenant: number; readonly loanId: string | undefined; readonly businessDate: string },
): JournalList {
  const { tenant, loanId, businessDate } = about;
  const someDay = () => (random.chance(0.25) ? addDays(businessDate, -random.below(800)) : undefined);
  const types = ['disbursement', 'payment_received', 'fee_assessed', 'accrual', 'reversal', 'chargeoff'] as const;
  const accounts = ['1000', '1010', '1100', '1200', '1300', '2000', '2100', '4000', '4100', '7777'] as const;
  return {
    tenant,
    loanId,
    fromDate: someDay(),
    toDate: someDay(),
    eventType: random.chance(0.3) ? random.pick(types) : undefined,
    accountCode: loanId === undefined && random.chance(0.3) ? random.pick(accounts) : undefined,
    order: random.chance(0.5) ? 'asc' : 'desc',
    pageSize: random.chance(0.2) ? 500 : 1 + random.below(60),
    pagesMax: 8,
    isSettled: loanId !== undefined,
  };
}

/** Path and query of a list's page. */
export function listPath(list: JournalList, pageToken: string | undefined): string {
  const { loanId, fromDate, toDate, eventType, accountCode, order, pageSize } = list;
  const parameters = {
    from_date: fromDate,
    to_date: toDate,
    event_type: eventType,
    account_code: accountCode,
    // Newest first is what a list without an order has.
    order: order === 'desc' && pageSize % 2 === 0 ? undefined : order,
    page_size: String(pageSize),
    page_token: pageToken,
  };
  const named = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]],
  );
  const path = loanId === undefined ? '/v1/journal-entries' : `/v1/loans/${loanId}/journal-entries`;
  return `${path}?${new URLSearchParams(named)}`;
}

/**
 * Every way in which a walk is not a stretch of the list, with all that was posted known to the model by now. Entries of
 * one batch share their `posted_at`, and the model does not know which of them comes first.
 */
export function walkDifferences(ledger: TenantLedger, walk: JournalWalk): string[] {
  const { list, shown, isWhole, newestBefore, behind } = walk;
  const ids = new Set(shown.map(({ entryId }) => entryId));
  const found: string[] = [];
  if (ids.size !== shown.length) found.push(`${shown.length - ids.size} entries came twice`);
  const times = shown.map(({ postedAt }) => postedAt);
  const sorted = list.order === 'asc' ? times.toSorted() : times.toSorted().reverse();
  const wrongAt = times.findIndex((postedAt, at) => postedAt !== sorted[at]);
  if (wrongAt >= 0) found.push(`entry ${wrongAt} of the list is out of order`);
  const [first = '', last = behind?.postedAt ?? ''] = [times[0], times.at(-1)];
  if (behind !== undefined && ids.has(behind.entryId)) found.push('it begins with the entry that it begins behind');
  if (list.order === 'desc' && first < newestBefore) found.push(`begins at ${first}, and ${newestBefore} was known`);
  if (list.order === 'asc' && isWhole && last < newestBefore)
    found.push(`ends at ${last}, and ${newestBefore} was known`);
  const upTo = list.order === 'desc' ? first : last;
  const from = list.order === 'desc' && !isWhole ? last : (behind?.postedAt ?? '');
  // What has the time of an end that was not reached, or of the entry before, may stand on either side of it.
  const openEnds = [isWhole ? undefined : last, behind?.postedAt];
  for (const entry of journalOf(ledger, list)) {
    const { entryId, postedAt } = entry;
    const inside = postedAt >= from && postedAt <= upTo && (!openEnds.includes(postedAt) || ids.has(entryId));
    if (inside && !ids.delete(entryId)) found.push(`${entryId} of ${postedAt} is missing`);
  }
  for (const entryId of ids) found.push(`${entryId} does not belong to the list`);
  return found.map((text) => `${listPath(list, undefined)}: ${text}`);
}
