import { ACCOUNT } from '../../src/domain/account-code.ts';
import type { EntryDraft } from '../../src/domain/journal-entry.ts';
import type { ProgramVersion } from '../../src/domain/program.ts';
import type { Decision } from '../../src/posting/decide-batch.ts';
import { isRebooking } from '../../src/posting/entry-id.ts';
import type { Told } from './arrival-order.ts';
import { PROGRAM_IDS } from './arrival-order-events.ts';
import { LATE_FEE_INCOME, TENANT_ID } from './arrival-order-policies.ts';

/** How often what came up; names as they are printed. */
export type Seen = ReadonlyMap<string, number>;

const HISTORY = 'history';
/** Nothing can be said of it: there is no ledger of its events in order of effect. */
export const VACUOUS = 'history without a counterpart';

/**
 * What every run has to meet: each kind of event that the generator claims to make, accepted, and each that a restatement can
 * book anew, so booked.
 */
const CLAIMED: readonly string[] = [
  ...[
    'payment',
    'disbursement',
    'fee',
    'fee_waiver',
    'goodwill_credit',
    'suspense_allocation',
    'suspense_refund',
    'charge_off',
    'recovery',
    'non_accrual',
    'restructure',
    'accrual',
    'accrual_run',
    'accrual_correction',
    'payment_return',
    'registration',
    'reversal of registration',
    'refinance',
    'reversal of refinance',
    'adjustment',
    'adjustment, over several loans',
    'adjustment, on another layer',
    'reversal of adjustment',
    'payment, pending',
    'disbursement, pending',
    'payment_settling',
    'disbursement_settlement',
    'disbursement_settlement, cleared',
    'payment_clearing',
    'reversal of payment_clearing',
    'cancellation of payment',
    'cancellation of disbursement',
    'reversal of payment',
    'reversal of disbursement',
    'reversal of payment_settling',
    'reversal of disbursement_settlement',
    'reversal of disbursement_settlement, cleared',
    'reversal of fee',
    'reversal of goodwill_credit',
    'reversal of restructure',
    'reversal of accrual_correction',
    'reversal of accrual',
    'reversal of accrual_run',
    'reversal of charge_off',
    'reversal of non_accrual',
    'reversal of payment_return',
  ].map((kind) => `accepted ${kind}`),
  ...[
    'payment_received',
    'recovery',
    'payment_returned',
    'suspense_refunded',
    'payment_allocated',
    'goodwill_credit',
    'chargeoff',
    'non_accrual',
    'accrual',
  ].map((eventType) => `restated ${eventType}`),
  'restated payment_received as recovery',
  'restated recovery as payment_received',
  'restated settling of payment_received',
  'by a later version',
  'by another program',
  'refused principal_mismatch',
  'by overpayment reject',
  'by returns principal',
  'by chargeoff allowance',
  'by a fee income account',
  'on the allowance: recovery',
  'restated by a later version',
  'restated by another program',
  'restated by overpayment reject',
  'restated by returns principal',
  'restated by chargeoff allowance',
  'block justified',
  'refusal by state justified',
];

/** How many in a thousand may be so; 4 to 9 histories, 1 to 3 blocks and 1 to 3 refusals were, in runs of 6,000 histories of 40 events and more. */
const AT_MOST_PER_MILLE = [
  { name: VACUOUS, among: HISTORY, most: 15 },
  { name: 'refusal by state unknown', among: 'refusal by state justified', most: 15 },
  { name: 'block unknown', among: 'refused replay_blocked', most: 15 },
] as const;

/** The version that an entry of one loan was decided by. */
type VersionOf = (draft: EntryDraft) => ProgramVersion | undefined;

/** Counts what came of one history. */
export function count(seen: Map<string, number>, { programs, books, sent, decisions }: Told): void {
  const versionOf = ({ loanId, eventInput }: EntryDraft): ProgramVersion | undefined =>
    programs
      .get(books.books.loans.get(TENANT_ID + loanId)?.programId ?? '')
      ?.find(({ version }) => version === eventInput['program_version']);
  const names: string[] = [HISTORY];
  decisions.forEach((decision, at) => {
    names.push(...namesOf(decision, sent[at] ?? '', versionOf));
  });
  if (names.some((name) => name.startsWith('restated '))) names.push('history with a restatement');
  if (names.includes('refused replay_blocked')) names.push('history with a blocked request');
  for (const name of names) up(seen, name);
}

/** Counts once more. */
export function up(seen: Map<string, number>, name: string): void {
  seen.set(name, (seen.get(name) ?? 0) + 1);
}

function namesOf(decision: Decision, name: string, versionOf: VersionOf): readonly string[] {
  if (decision.outcome === 'deferred') throw new Error('a command by itself was deferred');
  if (decision.outcome === 'refused') return [`refused ${decision.refusal.code}`];
  if (decision.outcome !== 'posted') throw new Error('a key was used twice');
  const again = decision.following.filter(({ entryId }) => isRebooking(entryId));
  return [
    `accepted ${name}`,
    ...policiesOf(decision.entry.draft, versionOf),
    ...again.flatMap(({ draft }) => [
      `restated ${draft.eventType}`,
      ...bookedAnew(draft),
      ...policiesOf(draft, versionOf).map((policy) => `restated ${policy}`),
    ]),
  ];
}

/** What of an entry that was posted again its type alone does not say. */
function bookedAnew({ eventType, eventInput }: EntryDraft): readonly string[] {
  const { accepted_as: acceptedAs, settles_event_id: settles } = eventInput;
  return [
    ...(typeof acceptedAs === 'string' ? [`restated ${acceptedAs} as ${eventType}`] : []),
    ...(typeof settles === 'string' ? [`restated settling of ${eventType}`] : []),
  ];
}

/** The policies that an entry was decided by, where they are not the defaults. */
function policiesOf(draft: EntryDraft, versionOf: VersionOf): readonly string[] {
  const { eventType, eventInput, lines } = draft;
  const by = versionOf(draft);
  if (by === undefined) return [];
  const { overpayment, returns, chargeoff } = by.policy;
  const takes = new Set(lines.map(({ account }) => account));
  const isOwn = eventInput['policy'] === null;
  return [
    ...(by.version > 1 ? ['by a later version'] : []),
    ...(by.programId === PROGRAM_IDS[0] ? [] : ['by another program']),
    ...(eventType === 'payment_received' && overpayment === 'reject' ? ['by overpayment reject'] : []),
    ...(eventType === 'payment_returned' && isOwn && returns === 'principal' ? ['by returns principal'] : []),
    ...(eventType === 'chargeoff' && chargeoff === 'allowance' ? ['by chargeoff allowance'] : []),
    ...(eventType !== 'chargeoff' && takes.has(ACCOUNT.lossAllowance) ? [`on the allowance: ${eventType}`] : []),
    ...(eventType === 'fee_assessed' && takes.has(LATE_FEE_INCOME) ? ['by a fee income account'] : []),
  ];
}

/** What keeps a run from showing what it should: a claimed kind that never came up, or too much of which nothing can be said. */
export function shortfalls(seen: Seen): string[] {
  const missing = CLAIMED.filter((name) => !seen.has(name)).map((name) => `${name}: never`);
  const many = AT_MOST_PER_MILLE.flatMap(({ name, among, most }) => {
    const [times, all] = [seen.get(name) ?? 0, seen.get(among) ?? 0];
    return times * 1_000 > all * most ? [`${name}: ${times} of ${all}, at most ${most} of 1000 wanted`] : [];
  });
  return [...missing, ...many];
}

/** The counts as lines to be read. */
export function seenText(seen: Seen): string {
  const rows = [...seen].sort(([one], [other]) => (one < other ? -1 : 1));
  return rows.map(([name, times]) => `${name.padEnd(54)}${times}`).join('\n');
}
