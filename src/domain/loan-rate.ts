/** A rate a year as programs hold it: from a day on, as a decimal text. */
type DatedRate = { readonly from: string; readonly rate: string };

/**
 * The rate a year of a loan on a day, as a decimal text: its own where it was registered with one, else the last of its
 * program's that began by then. null: it has none, and accrues nothing (CONTRACT.md section 4, "program").
 */
export function annualRateOn(
  day: string,
  { own, ofProgram }: { readonly own: string | null; readonly ofProgram: readonly DatedRate[] },
): string | null {
  if (own !== null) return own;
  let found: DatedRate | undefined;
  for (const one of ofProgram) {
    if (one.from <= day && (found === undefined || one.from > found.from)) found = one;
  }
  return found?.rate ?? null;
}
