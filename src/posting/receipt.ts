import { ACCOUNT } from '../domain/account-code.ts';
import type { EventType } from '../domain/event-type.ts';
import { isRebooking } from './entry-id.ts';

/** The renderer that new keys name. A rendered body never changes: a new form is a new version beside the old. */
export const RECEIPT_VERSION = 1;

/** The renderer of registrations of loans, which are booked as adjustments are. */
export const REGISTRATION_RECEIPT_VERSION = 2;
/** The renderer of corrections of accrual batches, which are accruals as well. */
export const CORRECTION_RECEIPT_VERSION = 3;

/** The renderer of settlements, some of which are booked as the event that they settle. */
export const SETTLEMENT_RECEIPT_VERSION = 4;

/** An entry that a command booked besides the one that its key names. */
export type FollowingFacts = { readonly eventType: EventType; readonly entryId: string };

/** What a receipt is rendered from: facts of the entry that never change, so a replay is the original byte for byte. */
export type ReceiptFacts = {
  readonly eventType: EventType;
  readonly entryId: string;
  readonly eventId: string;
  readonly correlationId: string;
  /** The entry that a reversal reverses, by the id that was sent. */
  readonly reversesEntryId: string | null;
  /** RFC 3339 in UTC with six digits, as the database wrote it. */
  readonly postedAt: string;
  /** Signed amounts by account: debits positive. */
  readonly lines: readonly { readonly account: number; readonly amountMinor: bigint }[];
  /** Of an accrual batch: how many loans it named. */
  readonly loanCount: number;
  /** The loan that a registration made; null for every other event. */
  readonly registeredLoanId: string | null;
  /** Of a close or a reopening: the month, `YYYY-MM`; null for every other event. */
  readonly period: string | null;
  /** Of a recovery, whose lines do not say it: which components it brought back, its suspense included, in minor units. */
  readonly recovered: Readonly<Record<RecoveredField, string>> | null;
  /** The other entries of the same command, in order. */
  readonly following: readonly FollowingFacts[];
};

type RecoveredField = 'fees_minor' | 'interest_minor' | 'principal_minor' | 'suspense_minor';

type Renderer = (facts: ReceiptFacts) => string;

/** By the event type of the entry that the key names. An event adds its own; one that is there is never edited. */
const VERSION_1: Partial<Readonly<Record<EventType, Renderer>>> = {
  payment_received: (facts) =>
    `{"payment_event_id":"${facts.eventId}",${entryId(facts)},${allocation(facts)},${postedAt(facts)}}`,
  disbursement: (facts) => `{"disbursement_event_id":"${facts.eventId}",${entryId(facts)},${postedAt(facts)}}`,
  accrual: (facts) =>
    `{"accrual_event_id":"${facts.eventId}",${entryId(facts)},"loan_count":${facts.loanCount},"total_accrued_minor":"${credited(facts, ACCOUNT.interestIncome) + credited(facts, ACCOUNT.nonAccrualInterestIncome)}",${postedAt(facts)}}`,
  reversal: (facts) =>
    `{${entryId(facts)},"reverses_entry_id":"${facts.reversesEntryId}",${postedAt(facts)},${correlationId(facts)}}`,
  fee_assessed: (facts) =>
    `{"fee_event_id":"${facts.eventId}",${entryId(facts)},${postedAt(facts)},${correlationId(facts)}}`,
  fee_waived: (facts) =>
    `{"waiver_event_id":"${facts.eventId}",${entryId(facts)},${postedAt(facts)},${correlationId(facts)}}`,
  goodwill_credit: (facts) =>
    `{"goodwill_event_id":"${facts.eventId}",${entryId(facts)},${allocation(facts)},${postedAt(facts)},${correlationId(facts)}}`,
  payment_allocated: (facts) =>
    `{"allocation_event_id":"${facts.eventId}",${entryId(facts)},${allocation(facts)},${postedAt(facts)},${correlationId(facts)}}`,
  payment_returned: (facts) =>
    `{"payment_return_event_id":"${facts.eventId}",${entryId(facts)},${returnFee(facts)}${takenBack(facts)},${postedAt(facts)},${correlationId(facts)}}`,
  payment_settled: settlement,
  // The correlation of an adjustment is the id under which it was proposed.
  manual_adjustment: (facts) =>
    `{"adjustment_id":"${facts.correlationId}","status":"posted","adjustment_event_id":"${facts.eventId}",${entryId(facts)},${postedAt(facts)},${correlationId(facts)}}`,
  suspense_refunded: (facts) =>
    `{"refund_event_id":"${facts.eventId}",${entryId(facts)},${postedAt(facts)},${correlationId(facts)}}`,
  chargeoff: (facts) =>
    `{"chargeoff_event_id":"${facts.eventId}",${entryId(facts)},${allocation(facts)},${postedAt(facts)},${correlationId(facts)}}`,
  recovery: (facts) =>
    `{"payment_event_id":"${facts.eventId}",${entryId(facts)},${allocation(facts)},${postedAt(facts)},${correlationId(facts)}}`,
  refinance: (facts) =>
    `{"refinance_event_id":"${facts.eventId}",${entryId(facts)}${lentEventId(facts)},${postedAt(facts)},${correlationId(facts)}}`,
  restructure: (facts) =>
    `{"restructure_event_id":"${facts.eventId}",${entryId(facts)},${postedAt(facts)},${correlationId(facts)}}`,
  non_accrual: (facts) =>
    `{"non_accrual_event_id":"${facts.eventId}",${entryId(facts)},${postedAt(facts)},${correlationId(facts)}}`,
  period_closed: (facts) =>
    `{"period_event_id":"${facts.eventId}",${entryId(facts)},"period":"${facts.period}","status":"${facts.reversesEntryId === null ? 'closed' : 'open'}","journal_entry_ids":[${entryIds(facts)}],${postedAt(facts)},${correlationId(facts)}}`,
};

/** By the version that the key names. A command whose event type another answers differently has a version of its own. */
const VERSIONS: Readonly<Record<number, Partial<Readonly<Record<EventType, Renderer>>>>> = {
  [RECEIPT_VERSION]: VERSION_1,
  [REGISTRATION_RECEIPT_VERSION]: {
    manual_adjustment: (facts) =>
      `{"loan_id":"${facts.registeredLoanId}",${entryId(facts)},${postedAt(facts)},${correlationId(facts)}}`,
  },
  [CORRECTION_RECEIPT_VERSION]: {
    accrual: (facts) =>
      `{"correction_event_id":"${facts.eventId}",${entryId(facts)},${postedAt(facts)},${correlationId(facts)}}`,
  },
  [SETTLEMENT_RECEIPT_VERSION]: {
    payment_received: (facts) =>
      `{"settlement_event_id":"${facts.eventId}",${entryId(facts)},${allocation(facts)},${postedAt(facts)},${correlationId(facts)}}`,
    disbursement: settlement,
    disbursement_settled: settlement,
  },
};

/** The body that answers an accepted command. Throws for a version or an event that this program cannot render. */
export function renderReceipt(version: number, facts: ReceiptFacts): string {
  const renderers = VERSIONS[version];
  if (renderers === undefined) throw new Error(`receipt version ${version} is unknown to this program`);
  const render = renderers[facts.eventType];
  if (render === undefined) throw new Error(`there is no receipt for ${facts.eventType}`);
  return withRestatement(render(facts), facts);
}

/** Says how many entries were made anew, where any was: only then (CONTRACT.md section 3). */
function withRestatement(body: string, { following, correlationId: id }: ReceiptFacts): string {
  if (following.length === 0) return body;
  const entries = following.filter((one) => isRebooking(one.entryId)).length;
  if (entries === 0) return body;
  return `${body.slice(0, -1)},"restatement":{"entries":${entries},"correlation_id":"${id}"}}`;
}

const ALLOCATED: ReadonlySet<EventType> = new Set<EventType>([
  'payment_received',
  'goodwill_credit',
  'payment_allocated',
  'chargeoff',
  'recovery',
]);

function settlement(facts: ReceiptFacts): string {
  return `{"settlement_event_id":"${facts.eventId}",${entryId(facts)},${postedAt(facts)},${correlationId(facts)}}`;
}

/** The member `allocation` of an answer, for events that answer one; null for the others. */
export function allocationIn(facts: ReceiptFacts): string | null {
  if (facts.eventType === 'payment_returned') return takenBack(facts);
  return ALLOCATED.has(facts.eventType) ? allocation(facts) : null;
}

function entryId(facts: ReceiptFacts): string {
  return `"journal_entry_id":"${facts.entryId}"`;
}

function entryIds({ entryId, following }: ReceiptFacts): string {
  return [entryId, ...following.map((one) => one.entryId)].map((id) => `"${id}"`).join(',');
}

function postedAt(facts: ReceiptFacts): string {
  return `"posted_at":"${facts.postedAt}"`;
}

function correlationId(facts: ReceiptFacts): string {
  return `"correlation_id":"${facts.correlationId}"`;
}

function allocation(facts: ReceiptFacts): string {
  const parts = facts.recovered ?? {
    fees_minor: credited(facts, ACCOUNT.feesReceivable),
    interest_minor: interestPaid(facts),
    principal_minor: credited(facts, ACCOUNT.principalReceivable),
    suspense_minor: credited(facts, ACCOUNT.borrowerSuspense),
  };
  return `"allocation":{"fees_minor":"${parts.fees_minor}","interest_minor":"${parts.interest_minor}","principal_minor":"${parts.principal_minor}","suspense_minor":"${parts.suspense_minor}"}`;
}

/** New money of a refinance is settled as a disbursement is, under the id of the event that lent it. */
function lentEventId(facts: ReceiptFacts): string {
  return credited(facts, ACCOUNT.disbursementClearing) === 0n ? '' : `,"disbursement_event_id":"${facts.eventId}"`;
}

function credited(facts: ReceiptFacts, account: number): bigint {
  let sum = 0n;
  for (const line of facts.lines) if (line.account === account && line.amountMinor < 0n) sum -= line.amountMinor;
  return sum;
}

/** On non-accrual, interest that is paid is memo interest. */
function interestPaid(facts: ReceiptFacts): bigint {
  return credited(facts, ACCOUNT.interestReceivable) + credited(facts, ACCOUNT.nonAccrualInterestReceivable);
}

/** Its own fee, an event by itself; what it restates follows it too. */
function returnFee({ following }: ReceiptFacts): string {
  const fee = following.find(({ eventType, entryId: id }) => eventType === 'fee_assessed' && !isRebooking(id));
  return fee === undefined ? '' : `"fee_journal_entry_id":"${fee.entryId}",`;
}

/** What a return took back, whatever accounts it debited: memo interest on non-accrual, losses once the loan is charged off. */
function takenBack(facts: ReceiptFacts): string {
  if (facts.recovered !== null) return allocation(facts);
  const debited = (...accounts: readonly number[]): bigint => {
    let sum = 0n;
    for (const line of facts.lines)
      if (line.amountMinor > 0n && accounts.includes(line.account)) sum += line.amountMinor;
    return sum;
  };
  const fees = debited(ACCOUNT.feesReceivable, ACCOUNT.feesChargedOff);
  const interest = debited(
    ACCOUNT.interestReceivable,
    ACCOUNT.nonAccrualInterestReceivable,
    ACCOUNT.interestChargedOff,
  );
  const principal = debited(ACCOUNT.principalReceivable, ACCOUNT.creditLoss, ACCOUNT.fraudLoss, ACCOUNT.lossAllowance);
  return `"allocation":{"fees_minor":"${fees}","interest_minor":"${interest}","principal_minor":"${principal}","suspense_minor":"${debited(ACCOUNT.borrowerSuspense)}"}`;
}
