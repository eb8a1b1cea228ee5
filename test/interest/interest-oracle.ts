/**
 * Interest computed a second way, to judge the domain by: nothing of src is imported, fractions are whole numbers over one
 * fixed denominator, calendar days come from the platform's Date, the 30/360 rules are written as days left of the first
 * month, whole months and days of the last one, and principals and rates are looked up night by night.
 */

/** Year fractions are multiples of 1/FRACTION_SCALE, rates of 1/RATE_SCALE, interest of the product. */
export const FRACTION_SCALE = 360n * 365n * 366n;
const RATE_SCALE = 10n ** 12n;
export const INTEREST_SCALE = FRACTION_SCALE * RATE_SCALE;

export type OracleTerms = { readonly convention: string; readonly maturity: string | null };
type OracleSpan = { readonly from: string; readonly to: string };

/** Years 1000 to 9999. */
export function dayOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / 86_400_000;
}

export function dateOf(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}

/** The days that a convention counts. */
export function oracleDays(span: OracleSpan, terms: OracleTerms): number {
  return terms.convention.startsWith('ACT') ? dayOf(span.to) - dayOf(span.from) : thirtyDays(span, terms);
}

/** The year fraction times FRACTION_SCALE. */
export function oracleFraction(span: OracleSpan, terms: OracleTerms): bigint {
  if (terms.convention === 'ACT_365') return BigInt(oracleDays(span, terms)) * (FRACTION_SCALE / 365n);
  if (terms.convention !== 'ACT_ACT_ISDA') return BigInt(oracleDays(span, terms)) * (FRACTION_SCALE / 360n);
  let total = 0n;
  for (let year = Number(span.from.slice(0, 4)); year <= Number(span.to.slice(0, 4)); year += 1) {
    const begins = Math.max(dayOf(span.from), dayOf(`${year}-01-01`));
    const ends = Math.min(dayOf(span.to), dayOf(`${year}-12-31`) + 1);
    const isLeap = dateOf(dayOf(`${year}-03-01`) - 1).endsWith('-29');
    total += BigInt(ends - begins) * (FRACTION_SCALE / (isLeap ? 366n : 365n));
  }
  return total;
}

function thirtyDays({ from, to }: OracleSpan, { convention, maturity }: OracleTerms): number {
  const [y1 = 0, m1 = 0, d1 = 0] = from.split('-').map(Number);
  const [y2 = 0, m2 = 0, d2 = 0] = to.split('-').map(Number);
  const months = 12 * (y2 - y1) + (m2 - m1);
  const days = (leftOfFirst: number, ofLast: number): number => leftOfFirst + 30 * (months - 1) + ofLast;
  const eurobond = days(Math.max(0, 30 - d1), Math.min(30, d2));
  const bondBasis = eurobond + (d1 < 30 && d2 === 31 ? 1 : 0);
  if (convention === 'THIRTY_E_360') return eurobond;
  if (convention === 'THIRTY_360_BOND_BASIS') return bondBasis;
  if (convention === 'THIRTY_360_US') {
    if (!(m1 === 2 && isLastOfMonth(from))) return bondBasis;
    return m2 === 2 && isLastOfMonth(to) ? 30 * months : days(0, Math.min(30, d2));
  }
  if (from === to) return 0;
  const staysFebruary = m2 === 2 && to === maturity;
  return days(isLastOfMonth(from) ? 0 : 30 - d1, isLastOfMonth(to) && !staysFebruary ? 30 : d2);
}

function isLastOfMonth(date: string): boolean {
  return dateOf(dayOf(date) + 1).endsWith('-01');
}

export type OracleLoan = {
  /** By date, the last of a day stands. */
  readonly principal: readonly { readonly from: string; readonly principalMinor: bigint }[];
  readonly rates: readonly { readonly from: string; readonly rate: string }[];
};

/** Exact interest, times INTEREST_SCALE, up to each day of a span: at `from` 0, then after each night. */
export function oracleInterest(loan: OracleLoan, span: OracleSpan, terms: OracleTerms): readonly bigint[] {
  const upTo: bigint[] = [0n];
  let closed = 0n;
  let segment: { from: string; principal: bigint; rate: bigint } | null = null;
  for (let day = dayOf(span.from); day < dayOf(span.to); day += 1) {
    const night = dateOf(day);
    const principal = inForce(loan.principal, night)?.principalMinor ?? 0n;
    const rate = rateScaled(inForce(loan.rates, night)?.rate ?? '0');
    if (segment === null || segment.principal !== principal || segment.rate !== rate) {
      if (segment !== null) closed += interestOf(segment, night, terms);
      segment = { from: night, principal, rate };
    }
    upTo.push(closed + interestOf(segment, dateOf(day + 1), terms));
  }
  return upTo;
}

function interestOf(
  segment: { from: string; principal: bigint; rate: bigint },
  to: string,
  terms: OracleTerms,
): bigint {
  return segment.principal * segment.rate * oracleFraction({ from: segment.from, to }, terms);
}

function inForce<Step extends { readonly from: string }>(steps: readonly Step[], night: string): Step | undefined {
  let found: Step | undefined;
  for (const step of steps) if (step.from <= night && (found === undefined || step.from >= found.from)) found = step;
  return found;
}

function rateScaled(rate: string): bigint {
  const [units = '', decimals = ''] = rate.split('.');
  return BigInt(units + decimals.padEnd(12, '0'));
}

/** An amount over a scale as whole minor units; the scale is even. */
export function oracleRounded(scaled: bigint, scale: bigint, rounding: string): bigint {
  if (scaled < 0n) return -oracleRounded(-scaled, scale, rounding);
  const floor = scaled / scale;
  if (rounding === 'down') return floor;
  const up = (scaled + scale / 2n) / scale;
  const isTie = (scaled + scale / 2n) % scale === 0n;
  return rounding === 'half_even' && isTie && up % 2n === 1n ? up - 1n : up;
}
