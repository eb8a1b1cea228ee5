/**
 * A calendar date 'YYYY-MM-DD' in the proleptic Gregorian calendar, years 0001 to 9999: no time, no time zone.
 * All have ten characters, so `<` and `===` on the strings compare the dates.
 */
export type CalendarDate = string & { readonly __brand: 'CalendarDate' };

/** Days from 1970-01-01 to 0001-01-01 and to 9999-12-31, the first and the last calendar date. */
const DAY_NUMBER_MIN = -719_162;
const DAY_NUMBER_MAX = 2_932_896;

/** Days in 400 Gregorian years, after which the calendar repeats, and in the parts of such an era. */
const DAYS_PER_ERA = 146_097;
const DAYS_PER_CENTURY = 36_524;
const DAYS_PER_FOUR_YEARS = 1_461;
const DAYS_PER_YEAR = 365;
const YEARS_PER_ERA = 400;

/** Days from 0000-03-01 to 1970-01-01. Years are counted from March, so that a leap day is a year's last. */
const EPOCH_FROM_MARCH_0000 = 719_468;

/** Days before each month, counted from March: 0 for March, 31 for April, …, 337 for February. */
const DAYS_BEFORE_MONTH: readonly number[] = [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337];

const DIGIT_0 = 0x30;
const HYPHEN = 0x2d;
const NOT_A_NUMBER = -1;

/** Reads a date; undefined unless the text is exactly 'YYYY-MM-DD' and that day exists. */
export function parseCalendarDate(text: string): CalendarDate | undefined {
  if (text.length !== 10 || text.charCodeAt(4) !== HYPHEN || text.charCodeAt(7) !== HYPHEN) return undefined;
  const century = twoDigits(text, 0);
  const yearOfCentury = twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  if (century < 0 || yearOfCentury < 0 || month < 1 || month > 12 || day < 1) return undefined;
  const year = century * 100 + yearOfCentury;
  return year >= 1 && (day <= 28 || day <= daysInMonth({ year, month })) ? (text as CalendarDate) : undefined;
}

/** Days from 1970-01-01 to the date; negative before. The difference of two day numbers is the days between. */
export function dayNumber(date: CalendarDate): number {
  const month = twoDigits(date, 5);
  const year = twoDigits(date, 0) * 100 + twoDigits(date, 2) - (month <= 2 ? 1 : 0);
  const era = Math.floor(year / YEARS_PER_ERA);
  const yearOfEra = year - era * YEARS_PER_ERA;
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  const dayOfYear = (DAYS_BEFORE_MONTH[(month + 9) % 12] ?? 0) + twoDigits(date, 8) - 1;
  return era * DAYS_PER_ERA + yearOfEra * DAYS_PER_YEAR + leapDays + dayOfYear - EPOCH_FROM_MARCH_0000;
}

/**
 * The date that lies `days` after 1970-01-01, before it when negative.
 * @throws RangeError unless `days` is an integer and the year is 0001 to 9999
 */
export function fromDayNumber(days: number): CalendarDate {
  if (!Number.isInteger(days) || days < DAY_NUMBER_MIN || days > DAY_NUMBER_MAX) {
    throw new RangeError(`day number ${days} is outside the years 0001 to 9999`);
  }
  const shifted = days + EPOCH_FROM_MARCH_0000;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  // Both last days that a plain division would count as one century, or one year, too many are leap days.
  const century = Math.min(Math.floor(dayOfEra / DAYS_PER_CENTURY), 3);
  const dayOfCentury = dayOfEra - century * DAYS_PER_CENTURY;
  const fourYears = Math.floor(dayOfCentury / DAYS_PER_FOUR_YEARS);
  const dayOfFourYears = dayOfCentury - fourYears * DAYS_PER_FOUR_YEARS;
  const yearOfFour = Math.min(Math.floor(dayOfFourYears / DAYS_PER_YEAR), 3);
  const dayOfYear = dayOfFourYears - yearOfFour * DAYS_PER_YEAR;
  // March to July last 153 days, and so do August to December: each five months in the same pattern.
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - (DAYS_BEFORE_MONTH[monthFromMarch] ?? 0) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const yearFromMarch = era * YEARS_PER_ERA + century * 100 + fourYears * 4 + yearOfFour;
  return written({ year: month <= 2 ? yearFromMarch + 1 : yearFromMarch, month, day });
}

/**
 * The date `days` later, earlier when negative.
 * @throws RangeError when that leaves the years 0001 to 9999
 */
export function addDays(date: CalendarDate, days: number): CalendarDate {
  return fromDayNumber(dayNumber(date) + days);
}

/** A date in its parts; the month is 1 to 12. */
export type DateParts = { readonly year: number; readonly month: number; readonly day: number };

/** The year, month and day of a date. */
export function datePartsOf(date: CalendarDate): DateParts {
  return { year: twoDigits(date, 0) * 100 + twoDigits(date, 2), month: twoDigits(date, 5), day: twoDigits(date, 8) };
}

/** The number that two ASCII digits at `at` form, NOT_A_NUMBER when they are not digits. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - DIGIT_0;
  const ones = text.charCodeAt(at + 1) - DIGIT_0;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NOT_A_NUMBER;
}

/** How many days a month of a year has, 28 to 31. */
export function daysInMonth({ year, month }: Pick<DateParts, 'year' | 'month'>): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % YEARS_PER_ERA === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function written({ year, month, day }: DateParts): CalendarDate {
  const paddedYear = year >= 1000 ? `${year}` : `${year}`.padStart(4, '0');
  return `${paddedYear}-${month < 10 ? '0' : ''}${month}-${day < 10 ? '0' : ''}${day}` as CalendarDate;
}
