import { INTEREST_SCALE } from '../../../../interest/interest-oracle.ts';
import { dueInterest, type InterestTerms, rateOfNight } from '../interest.ts';
import type { Accrued, LoanState, Outcome } from '../state.ts';
import { COMPONENT_MAX_MINOR, type Line, lines } from '../terms.ts';
import type { Given, Verdict } from './rule.ts';

/** Interest of one loan: DR 1200, CR 4000, on non-accrual DR 9100, CR 9200; a negative amount the other way round. */
function interestLines(state: LoanState, amountMinor: bigint): Line[] {
  const [receivable, income] = state.nonAccrual ? ['9100', '9200'] : ['1200', '4000'];
  const [raises, lowers] = amountMinor < 0n ? (['CR', 'DR'] as const) : (['DR', 'CR'] as const);
  const size = amountMinor < 0n ? -amountMinor : amountMinor;
  return lines(state, [raises, receivable, size], [lowers, income, size]);
}

/** A client's figure for one loan: posted as sent, 0 while charged off; it stands for the nights since the accrual before. */
export function clientAccrual(state: LoanState, interestMinor: bigint, given: Given): Verdict {
  if (state.chargedOff !== undefined) return given.again ? noInterest(given, 'client') : 'loan_charged_off';
  const date = given.effectiveAt;
  if (hasAccrued(state, date)) return 'accrual_already_posted';
  const covers = [{ from: accrualBefore(state, date), to: date }];
  const exactScaled = interestMinor * INTEREST_SCALE;
  const { eventId } = given;
  return accruedOf(state, { eventId, date, source: 'client', covers, exactScaled, postedMinor: interestMinor });
}

/** A server's figure: computed anew by every restatement; 0 where a run would have skipped the loan. */
export function serverAccrual(state: LoanState, terms: InterestTerms, given: Given): Verdict {
  if (isSkipped(state, terms, given.effectiveAt)) return noInterest(given, 'server');
  const { eventId, effectiveAt: date } = given;
  const { covers, exactScaled, amountMinor } = dueInterest(state, terms, date);
  return accruedOf(state, { eventId, date, source: 'server', covers, exactScaled, postedMinor: amountMinor });
}

/** True when a run of the day leaves the loan out: charged off, undisbursed, without a rate, or its interest past its range. */
export function isSkipped(state: LoanState, terms: InterestTerms, date: string): boolean {
  if (state.chargedOff !== undefined) return true;
  if (state.interestFrom === undefined || state.interestFrom > date) return true;
  if (rateOfNight(terms, dayBefore(date)) === undefined) return true;
  const { memo, interest } = state.balance.SETTLED;
  return (state.nonAccrual ? memo : interest) + dueInterest(state, terms, date).amountMinor > COMPONENT_MAX_MINOR;
}

/** Whether the loan has a standing accrual of the date. */
function hasAccrued(state: LoanState, date: string): boolean {
  return [...state.accrued.values()].some((accrued) => accrued.date === date);
}

/** A correction: the difference between what should have been and what is posted for the loan under that batch. */
export function correction(state: LoanState, asked: { eventId: string; interestMinor: bigint }, given: Given): Verdict {
  if (state.chargedOff !== undefined && !given.again) return 'loan_charged_off';
  const posted = state.accrued.get(asked.eventId)?.postedMinor;
  if (posted === undefined) return 'loan_not_found';
  const deltaMinor = state.chargedOff === undefined ? asked.interestMinor - posted : 0n;
  return {
    eventType: 'accrual',
    lines: interestLines(state, deltaMinor),
    effects: [{ kind: 'accrual_corrected', eventId: asked.eventId, deltaMinor, scale: INTEREST_SCALE }],
  };
}

/** Settled principal after every event effective before a date: what the night before it bears interest on. */
export function principalBefore(state: LoanState, date: string): bigint {
  let principal = 0n;
  for (const move of state.principalMoves) if (move.date < date) principal += move.deltaMinor;
  return principal;
}

/** The latest standing accrual before a date that stands for nights, or where interest begins. */
function accrualBefore(state: LoanState, before: string): string {
  let from = state.interestFrom ?? before;
  for (const { date, covers } of state.accrued.values()) {
    if (covers.length > 0 && date < before && date > from) from = date;
  }
  return from < before ? from : before;
}

/** Takes the date and stands for no night. */
function noInterest({ eventId, effectiveAt }: Given, source: 'client' | 'server'): Outcome {
  const accrued = { eventId, date: effectiveAt, source, covers: [], exactScaled: 0n, postedMinor: 0n };
  return { eventType: 'accrual', lines: [], effects: [{ kind: 'accrued', accrued }] };
}

function accruedOf(state: LoanState, accrued: Accrued): Outcome {
  return {
    eventType: 'accrual',
    lines: interestLines(state, accrued.postedMinor),
    effects: [{ kind: 'accrued', accrued }],
  };
}

function dayBefore(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
}
