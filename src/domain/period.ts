import { type CalendarDate, datePartsOf, daysInMonth, parseCalendarDate } from './calendar-date.ts';

const MONTHS = { first: 1, last: 12 } as const;

/** Fiscal years end with December where nothing else is said (ACCOUNTING.md section 5). */
export const FISCAL_YEAR_END_MONTH_DEFAULT = MONTHS.last;

/** Whether a number is that of a month, 1 to 12. */
export function isMonth(month: number): boolean {
  return Number.isInteger(month) && month >= MONTHS.first && month <= MONTHS.last;
}

/** A calendar month, by which the books are closed: `YYYY-MM`. All have seven characters, so `<` compares them. */
export type Period = string & { readonly __brand: 'Period' };

/** Reads a period; undefined unless the text is exactly 'YYYY-MM' and that month exists. */
export function parsePeriod(text: string): Period | undefined {
  return parseCalendarDate(`${text}-01`) === undefined ? undefined : (text as Period);
}

/** The period that a date lies in. */
export function periodOf(date: string): Period {
  return date.slice(0, 7) as Period;
}

/** The last day of a period; closing entries are dated on it. */
export function lastDayOf(period: Period): CalendarDate {
  return `${period}-${daysInMonth(partsOf(period))}` as CalendarDate;
}

/** The period that follows. */
export function periodAfter(period: Period): Period {
  const { year, month } = partsOf(period);
  const [nextYear, nextMonth] = month === MONTHS.last ? [year + 1, MONTHS.first] : [year, month + 1];
  return `${`${nextYear}`.padStart(4, '0')}-${`${nextMonth}`.padStart(2, '0')}` as Period;
}

function partsOf(period: Period): { readonly year: number; readonly month: number } {
  return datePartsOf(`${period}-01` as CalendarDate);
}
