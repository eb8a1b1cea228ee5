import { addDays, type CalendarDate } from './calendar-date.ts';
import type { LoanState } from './loan.ts';
import { type Refusal, refusalOfField } from './refusal.ts';

/**
 * What the ledger's calendar says when a batch is decided: the tenant's business date by the database's clock, and the last
 * day of its latest closed period (null: none is closed).
 */
export type Calendar = { readonly businessDate: string; readonly closedThrough: string | null };

/** Refuses a date after the tenant's business date (ACCOUNTING.md rule 4). `field` is the date's name in the body. */
export function refuseFuture(effectiveAt: string, calendar: Calendar, field: string): Refusal | null {
  if (effectiveAt <= calendar.businessDate) return null;
  return refusalOfField(
    'effective_date_in_future',
    field,
    `${field} ${effectiveAt} lies after the tenant's business date ${calendar.businessDate}; send it on that day or later`,
  );
}

/** Refuses a date before that of the event which this one is about, as a reversal's. `about` names it in a sentence. */
export function refuseEarlier(effectiveAt: string, earliest: string, about: string): Refusal | null {
  if (effectiveAt >= earliest) return null;
  const message = `effective_at ${effectiveAt} lies before ${earliest}, the date of ${about}`;
  return refusalOfField('validation_failed', 'effective_at', message);
}

/** Refuses a date before the loan's first standing disbursement or opening balance (ACCOUNTING.md rule 4). */
export function refuseBeforeDisbursement(effectiveAt: string, loan: LoanState, field: string): Refusal | null {
  const first = loan.firstDisbursedOn;
  if (first !== null && effectiveAt >= first) return null;
  const message =
    first === null
      ? `loan ${loan.loanId} has no standing disbursement or opening balance; disburse it first`
      : `${field} ${effectiveAt} lies before ${first}, when the loan began with its first disbursement or opening balance`;
  return refusalOfField('effective_date_before_disbursement', field, message);
}

/** The day after the last closed one. */
export function firstOpenDay(closedThrough: string): string {
  return addDays(closedThrough as CalendarDate, 1);
}

/**
 * Refuses a date inside a closed period, the last of what is asked of a date (ACCOUNTING.md rule 4). An entry that is already
 * there and would have to be booked again on its own date stands in the way by its id (rule 11).
 */
export function refuseClosedPeriod(
  effectiveAt: string,
  { closedThrough }: Calendar,
  field: string,
  inTheWay?: { readonly entryId: string },
): Refusal | null {
  if (closedThrough === null || effectiveAt > closedThrough) return null;
  const what =
    inTheWay === undefined
      ? `${field} ${effectiveAt} lies`
      : `entry ${inTheWay.entryId} of ${effectiveAt} would be mirrored on its own date, and lies`;
  const message = `${what} in a closed period; the first open day is ${firstOpenDay(closedThrough)}`;
  const refusal = refusalOfField('period_closed', field, message);
  return inTheWay === undefined ? refusal : { ...refusal, blockingEntryId: inTheWay.entryId };
}
