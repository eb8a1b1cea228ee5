import { ACCOUNT } from '../domain/account-code.ts';
import type { EventType } from '../domain/event-type.ts';

/** The renderer that new keys name. A rendered body never changes: a new form is a new version beside the old. */
export const RECEIPT_VERSION = 1;

/** What a receipt is rendered from: facts of the entry that never change, so a replay is the original byte for byte. */
export type ReceiptFacts = {
  readonly eventType: EventType;
  readonly entryId: string;
  readonly eventId: string;
  readonly correlationId: string;
  readonly reversesEntryId: string | null;
  /** RFC 3339 in UTC with six digits, as the database wrote it. */
  readonly postedAt: string;
  /** Signed amounts by account: debits positive. */
  readonly lines: readonly { readonly account: number; readonly amountMinor: bigint }[];
  /** Of an accrual batch: how many loans it named. */
  readonly loanCount: number;
};

/** The body that answers an accepted command. Throws for a version that this program does not know. */
export function renderReceipt(version: number, facts: ReceiptFacts): string {
  if (version !== 1) throw new Error(`receipt version ${version} is unknown to this program`);
  switch (facts.eventType) {
    case 'payment_received':
      return `{"payment_event_id":"${facts.eventId}","journal_entry_id":"${facts.entryId}","allocation":{"fees_minor":"${credited(facts, ACCOUNT.feesReceivable)}","interest_minor":"${credited(facts, ACCOUNT.interestReceivable)}","principal_minor":"${credited(facts, ACCOUNT.principalReceivable)}","suspense_minor":"${credited(facts, ACCOUNT.borrowerSuspense)}"},"posted_at":"${facts.postedAt}"}`;
    case 'disbursement':
      return `{"disbursement_event_id":"${facts.eventId}","journal_entry_id":"${facts.entryId}","posted_at":"${facts.postedAt}"}`;
    case 'accrual':
      return `{"accrual_event_id":"${facts.eventId}","journal_entry_id":"${facts.entryId}","loan_count":${facts.loanCount},"total_accrued_minor":"${credited(facts, ACCOUNT.interestIncome)}","posted_at":"${facts.postedAt}"}`;
    case 'reversal':
      return `{"journal_entry_id":"${facts.entryId}","reverses_entry_id":"${facts.reversesEntryId}","posted_at":"${facts.postedAt}","correlation_id":"${facts.correlationId}"}`;
    case 'fee_assessed':
      return `{"fee_event_id":"${facts.eventId}","journal_entry_id":"${facts.entryId}","posted_at":"${facts.postedAt}","correlation_id":"${facts.correlationId}"}`;
    default:
      throw new Error(`there is no receipt for ${facts.eventType}`);
  }
}

function credited(facts: ReceiptFacts, account: number): bigint {
  let sum = 0n;
  for (const line of facts.lines) if (line.account === account) sum -= line.amountMinor;
  return sum;
}
