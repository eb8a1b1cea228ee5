const DAY_MS = 86_400_000;

/** The calendar date (`YYYY-MM-DD`) so many days later, or earlier when negative. */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** How many days `to` lies after `from`. */
export function daysBetween({ from, to }: { readonly from: string; readonly to: string }): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS);
}

/** What an instant of the ledger looks like: RFC 3339, UTC, exactly six digits of a second. */
export const INSTANT_PATTERN = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** The instant so many microseconds later. Needed because a JavaScript Date stops at milliseconds. */
export function addMicroseconds(instant: string, microseconds: bigint): string {
  if (!INSTANT_PATTERN.test(instant)) throw new Error(`not an instant with six digits: ${instant}`);
  const seconds = BigInt(Date.parse(`${instant.slice(0, 19)}Z`)) * 1000n;
  const total = seconds + BigInt(instant.slice(20, 26)) + microseconds;
  const whole = total / 1_000_000n;
  const text = new Date(Number(whole * 1000n)).toISOString().slice(0, 19);
  return `${text}.${(total % 1_000_000n).toString().padStart(6, '0')}Z`;
}
