import type { Books, Fact } from './books.ts';

/** The month of a day, or of the days that begin with it: `YYYY-MM`. */
export function monthOf(day: string): string {
  return day.slice(0, 7);
}

/** The month that follows. */
export function monthAfter(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  const [nextYear, next] = number === 12 ? [year + 1, 1] : [year, number + 1];
  return `${nextYear.toString().padStart(4, '0')}-${next.toString().padStart(2, '0')}`;
}

/** The last day of a month. */
export function lastDayOf(month: string): string {
  const [year = 0, number = 0] = month.split('-').map(Number);
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = number === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(number) ? 30 : 31;
  return `${month}-${days}`;
}

/** What closed a month and was not reopened; at the end of a fiscal year an event for each currency. */
export function standingClosesOf({ found }: Books, month: string): Fact[] {
  return (found.closes.get(month) ?? []).filter(({ reversed }) => !reversed);
}

/** The latest month that is closed; undefined when none is. What lies before it is closed with it. */
export function latestClosed(books: Books): string | undefined {
  const standing = [...books.found.closes.keys()].filter((month) => standingClosesOf(books, month).length > 0);
  return standing.sort().at(-1);
}

/** True for a day of a closed month, or before it. */
export function isClosed(books: Books, day: string): boolean {
  const latest = latestClosed(books);
  return latest !== undefined && monthOf(day) <= latest;
}
