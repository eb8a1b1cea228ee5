import type { Receivables } from '../../domain/loan.ts';
import { isNothing, minus, NOTHING_LOST } from '../../domain/loss.ts';
import type { Allocation } from '../../domain/waterfall.ts';
import type { KeptLoss } from '../kept-loss.ts';
import type { PostedEntries, Target } from '../kinds/command-kind.ts';
import { type LedgerState, scopedKey } from '../ledger-state.ts';
import { changeStanding } from '../loan-standing.ts';
import type { PostingPlan } from '../posting-plan.ts';
import { loanOf } from '../scene.ts';
import type { DecidedBackdated } from './decide-backdated.ts';

/** Where a restatement takes effect: behind its own entries, of which `isOwnTold` says that they have told their facts. */
type Restating = Target & { readonly own: PostedEntries; readonly isOwnTold: boolean };

/**
 * Keeps what the events of a restatement make true besides balances, as they were found at their places: of the command's
 * own entries, unless they told it, and of those that were posted again. What else is known of losses is said anew.
 */
export function tellFacts(decided: DecidedBackdated, target: Restating): void {
  const { shadow, loans, restated, restatedInterest } = decided;
  const { state, plan, own, isOwnTold } = target;
  const again = restated.flatMap(({ entryId }) => entryId ?? []);
  const news = new Set(isOwnTold ? again : [...again, ...[own.entry, ...own.following].map(({ entryId }) => entryId)]);
  copyRows(shadow.plan, plan, news);
  if (!isOwnTold) {
    plan.forgottenInterest.push(...shadow.plan.forgottenInterest);
    for (const [key, month] of shadow.plan.accrualMonths) plan.accrualMonths.set(key, month);
    for (const [key, loan] of shadow.state.loans) copyIdentity(state, key, loan);
  }
  tellReturns({ from: shadow.plan, to: plan }, state.histories, news);
  const gone = new Set(plan.reversals.map(({ reversedEntryId }) => reversedEntryId));
  for (const folded of loans) {
    const { tenantId, loanId, standing } = folded;
    const key = scopedKey(tenantId, loanId);
    const standsForOther = restatedInterest.filter((one) => one.loanId === loanId);
    for (const one of standsForOther) plan.restatedInterest.push({ tenantId, ...one });
    if (restated.length > 0 || standsForOther.length > 0) plan.forgottenInterest.push({ tenantId, loanId });
    const before = state.histories?.get(key)?.losses ?? [];
    tellLosses({ tenantId, loanId }, { before, after: shadow.state.losses.get(key) ?? [], gone }, plan);
    if (JSON.stringify(texts(standing)) !== JSON.stringify(texts(loanOf(state, tenantId, loanId).standing))) {
      changeStanding(folded, standing, target);
    }
  }
}

/** Facts of one entry each; losses and recoveries are compared as a whole. */
function copyRows(from: PostingPlan, to: PostingPlan, news: ReadonlySet<string>): void {
  const isNew = ({ entryId }: { readonly entryId: string }): boolean => news.has(entryId);
  to.disbursements.push(...from.disbursements.filter(isNew));
  to.registrations.push(...from.registrations.filter(isNew));
  to.nonAccruals.push(...from.nonAccruals.filter(isNew));
  to.settlings.push(...from.settlings.filter(isNew));
  to.clearings.push(...from.clearings.filter(isNew));
  to.verdicts.push(...from.verdicts.filter(isNew));
  to.accrualBatches.push(...from.accrualBatches.filter(isNew));
  to.accrualCorrections.push(...from.accrualCorrections.filter(isNew));
  to.principalDifferences.push(...from.principalDifferences.filter(isNew));
}

/** What a return took of each part of a payment: of new entries, and anew where an entry that is left takes other parts. */
function tellReturns(
  { from, to }: { readonly from: PostingPlan; readonly to: PostingPlan },
  histories: LedgerState['histories'],
  news: ReadonlySet<string>,
): void {
  const returned = [...(histories?.values() ?? [])].flatMap((history) => history.returned);
  const known = new Map(returned.flatMap(({ took }) => took.map(({ entryId, parts }) => [entryId, parts] as const)));
  const turns = new Map<string, number>();
  for (const row of from.paymentReturns) {
    const key = scopedKey(row.tenantId, row.paymentEntryId);
    const turn = turns.get(key) ?? row.turn;
    const was = known.get(row.entryId);
    const isTold = news.has(row.entryId) || (was !== undefined && !isSameAllocation(was, row.parts));
    if (isTold) to.paymentReturns.push({ ...row, turn });
    turns.set(key, isTold ? turn + 1 : turn);
  }
}

function isSameAllocation(one: Allocation, other: Allocation): boolean {
  return isNothing(minus(one, other)) && one.suspense === other.suspense;
}

/** The loan that an event made, and where it begins now. */
function copyIdentity(
  { loans }: LedgerState,
  key: string,
  { borrowerId, currency, programId, firstDisbursedOn }: ReturnType<typeof loanOf>,
): void {
  const loan = loans.get(key);
  if (loan !== undefined) Object.assign(loan, { borrowerId, currency, programId, firstDisbursedOn });
}

type Losses = {
  readonly before: readonly KeptLoss[];
  readonly after: readonly KeptLoss[];
  readonly gone: ReadonlySet<string>;
};

/** Rows for what is lost and recovered otherwise than it was; of an entry that is gone nothing need be said. */
function tellLosses(
  loan: { readonly tenantId: string; readonly loanId: string },
  { before, after, gone }: Losses,
  plan: PostingPlan,
): void {
  const known = new Map(before.map((loss) => [loss.entryId, loss]));
  for (const loss of after) {
    const was = known.get(loss.entryId);
    const turn = (was?.turn ?? 0) + 1;
    if (was === undefined || isOtherwise(was, loss)) plan.losses.push({ ...loan, loss: { ...loss, turn } });
  }
  const left = new Set(after.map(({ entryId }) => entryId));
  for (const loss of before) {
    if (gone.has(loss.entryId) || left.has(loss.entryId) || isNothing(loss.amounts)) continue;
    const nothing = { ...loss, turn: loss.turn + 1, amounts: NOTHING_LOST, closesLoan: false };
    plan.losses.push({ ...loan, loss: nothing });
  }
  const was = partsOf(before);
  const now = partsOf(after);
  for (const key of new Set([...was.keys(), ...now.keys()])) {
    const [one, other] = [was.get(key), now.get(key)];
    const { entryId = '', lossEntryId = '' } = other ?? one ?? {};
    const amounts = other?.amounts ?? NOTHING_LOST;
    if (gone.has(entryId) || isNothing(minus(amounts, one?.amounts ?? NOTHING_LOST))) continue;
    plan.recoveries.push({ ...loan, entryId, turn: (one?.turn ?? 0) + 1, taken: { lossEntryId, amounts } });
  }
}

type Part = {
  readonly entryId: string;
  readonly lossEntryId: string;
  readonly turn: number;
  readonly amounts: Receivables;
};

function partsOf(losses: readonly KeptLoss[]): ReadonlyMap<string, Part> {
  const parts = losses.flatMap(({ entryId: lossEntryId, recovered }) =>
    recovered.map(({ entryId, turn, amounts }): [string, Part] => [
      entryId + lossEntryId,
      { entryId, lossEntryId, turn, amounts },
    ]),
  );
  return new Map(parts);
}

function isOtherwise(one: KeptLoss, other: KeptLoss): boolean {
  return (
    !isNothing(minus(one.amounts, other.amounts)) ||
    one.principalAccount !== other.principalAccount ||
    one.closesLoan !== other.closesLoan
  );
}

function texts(standing: object): unknown {
  return Object.entries(standing).map(([name, value]) => [
    name,
    typeof value === 'object' && value !== null ? Object.values(value).map(String) : value,
  ]);
}
