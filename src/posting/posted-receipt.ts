import type { PostedEntries } from './kinds/command-kind.ts';
import type { PlannedEntry } from './posting-plan.ts';
import type { FollowingFacts, ReceiptFacts } from './receipt.ts';

const NOTHING: readonly FollowingFacts[] = [];

/** What the receipt of a command that was just posted is rendered from; a replay finds the same in the journal. */
export function receiptFacts({ entry, following }: PostedEntries, postedAt: string): ReceiptFacts {
  const { draft } = entry;
  const {
    loan_count: loanCount,
    registered_loan_id: registeredLoanId,
    requested_entry_id: requested,
    recovered,
    period,
  } = draft.eventInput;
  return {
    eventType: draft.eventType,
    entryId: entry.entryId,
    eventId: entry.eventId,
    correlationId: entry.correlationId,
    reversesEntryId: typeof requested === 'string' ? requested : draft.reversesEntryId,
    postedAt,
    lines: draft.lines,
    registeredLoanId: typeof registeredLoanId === 'string' ? registeredLoanId : null,
    period: typeof period === 'string' ? period : null,
    recovered: (recovered ?? null) as ReceiptFacts['recovered'],
    loanCount: typeof loanCount === 'number' ? loanCount : 0,
    following: following.length === 0 ? NOTHING : following.map(followingFacts),
  };
}

function followingFacts({ entryId, draft }: PlannedEntry): FollowingFacts {
  return { entryId, eventType: draft.eventType };
}
