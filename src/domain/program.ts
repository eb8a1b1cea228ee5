import { parseAccountCode } from './account-code.ts';
import { parseRateHistory, type RateHistory } from './annual-rate.ts';
import { DAY_COUNT_CONVENTIONS, type DayCountConvention } from './day-count.ts';
import { ROUNDINGS, type Rounding } from './rounding.ts';

/** The closed lists of a program's policies (CONTRACT.md section 4, "program"); the first of each is its default. */
export const WATERFALL_COMPONENTS = ['fees', 'interest', 'principal'] as const;
export const OVERPAYMENT_POLICIES = ['suspense', 'reject'] as const;
export const BACKDATING_POLICIES = ['append', 'replay'] as const;
export const RETURN_POLICIES = ['mirror', 'principal'] as const;
export const CHARGEOFF_POLICIES = ['direct', 'allowance'] as const;
export const PRINCIPAL_CHECKS = ['record', 'reject'] as const;

/** A receivable that a waterfall may pay. */
export type WaterfallComponent = (typeof WATERFALL_COMPONENTS)[number];

/**
 * A program's policy in the form in which versions are sent, stored and answered: rates and accounts as texts. A waterfall
 * has each component once; rates stand in the order of their dates.
 */
export type StoredPolicy = {
  readonly waterfall: readonly WaterfallComponent[];
  readonly day_count_convention: DayCountConvention;
  readonly annual_rates: readonly { readonly from: string; readonly rate: string }[];
  readonly rounding: Rounding;
  readonly overpayment: (typeof OVERPAYMENT_POLICIES)[number];
  readonly backdating: (typeof BACKDATING_POLICIES)[number];
  readonly returns: (typeof RETURN_POLICIES)[number];
  readonly chargeoff: (typeof CHARGEOFF_POLICIES)[number];
  readonly principal_check: (typeof PRINCIPAL_CHECKS)[number];
  readonly fee_types: readonly { readonly fee_type: string; readonly income_account: string }[];
};

/** What varies between loan products, as events are decided by it (CONTRACT.md section 4, "program"). */
export type ProgramPolicy = {
  readonly waterfall: readonly WaterfallComponent[];
  readonly dayCountConvention: DayCountConvention;
  /** No rates: a run skips the program's loans. */
  readonly annualRates: RateHistory;
  readonly rounding: Rounding;
  readonly overpayment: StoredPolicy['overpayment'];
  readonly backdating: StoredPolicy['backdating'];
  readonly returns: StoredPolicy['returns'];
  readonly chargeoff: StoredPolicy['chargeoff'];
  readonly principalCheck: StoredPolicy['principal_check'];
  /** Income account by fee type; a type that is not named posts to 4100. */
  readonly feeIncomeAccounts: ReadonlyMap<string, number>;
};

/** A version of a program; `effectiveFrom` is null for version 1, which holds from the beginning of time. */
export type ProgramVersion = {
  readonly programId: string;
  /** The currency of the program's loans, the same for all its versions; null: any. */
  readonly currency: string | null;
  readonly version: number;
  readonly effectiveFrom: string | null;
  readonly policy: ProgramPolicy;
};

/**
 * The version in force on a day: of those that have begun by then the one that began last, and of two that begin on one
 * day the one that was made later. "An event uses the version in force on its effective date".
 */
export function versionInForce<Version extends Pick<ProgramVersion, 'version' | 'effectiveFrom'>>(
  versions: readonly Version[],
  day: string,
): Version {
  let found: Version | undefined;
  for (const version of versions) {
    if (version.effectiveFrom !== null && version.effectiveFrom > day) continue;
    if (found === undefined || isLater(version, found)) found = version;
  }
  if (found === undefined) throw new Error('a program without a first version');
  return found;
}

function isLater(
  one: Pick<ProgramVersion, 'version' | 'effectiveFrom'>,
  other: Pick<ProgramVersion, 'version' | 'effectiveFrom'>,
): boolean {
  const [began, otherBegan] = [one.effectiveFrom ?? '', other.effectiveFrom ?? ''];
  return began === otherBegan ? one.version > other.version : began > otherBegan;
}

/** Whether an order of components is a waterfall: each of them once. */
export function isWaterfall(order: readonly WaterfallComponent[]): boolean {
  return order.length === WATERFALL_COMPONENTS.length && new Set(order).size === order.length;
}

/** Reads a stored policy. Throws when it is not one, since only this program writes them. */
export function readPolicy(stored: unknown): ProgramPolicy {
  if (typeof stored !== 'object' || stored === null) throw new Error('a program policy is not an object');
  const policy = stored as Partial<Record<keyof StoredPolicy, unknown>>;
  return {
    waterfall: readWaterfall(policy.waterfall),
    dayCountConvention: readWord(policy.day_count_convention, DAY_COUNT_CONVENTIONS),
    annualRates: readRates(policy.annual_rates),
    rounding: readWord(policy.rounding, ROUNDINGS),
    overpayment: readWord(policy.overpayment, OVERPAYMENT_POLICIES),
    backdating: readWord(policy.backdating, BACKDATING_POLICIES),
    returns: readWord(policy.returns, RETURN_POLICIES),
    chargeoff: readWord(policy.chargeoff, CHARGEOFF_POLICIES),
    principalCheck: readWord(policy.principal_check, PRINCIPAL_CHECKS),
    feeIncomeAccounts: readFeeTypes(policy.fee_types),
  };
}

function readWaterfall(value: unknown): readonly WaterfallComponent[] {
  if (!Array.isArray(value)) throw new Error('a program policy has no waterfall');
  const order = value.map((component) => readWord(component, WATERFALL_COMPONENTS));
  if (!isWaterfall(order)) throw new Error(`${order.join(', ')} is not a waterfall`);
  return order;
}

function readWord<Word extends string>(value: unknown, words: readonly Word[]): Word {
  const word = words.find((one) => one === value);
  if (word === undefined) throw new Error(`a program policy says ${String(value)}, not one of ${words.join(', ')}`);
  return word;
}

function readRates(value: unknown): RateHistory {
  const entries = (Array.isArray(value) ? value : []) as { readonly from: string; readonly rate: string }[];
  const read = parseRateHistory(entries);
  if ('problem' in read) throw new Error(`a program policy has a rate that is none: ${read.problem.message}`);
  return read.history;
}

function readFeeTypes(value: unknown): ReadonlyMap<string, number> {
  const accounts = new Map<string, number>();
  for (const entry of Array.isArray(value) ? (value as unknown[]) : []) {
    const { fee_type: feeType, income_account: code } = entry as { fee_type?: unknown; income_account?: unknown };
    const account = typeof code === 'string' ? parseAccountCode(code) : undefined;
    if (typeof feeType !== 'string' || account === undefined) throw new Error('a fee type is not readable');
    accounts.set(feeType, account);
  }
  return accounts;
}
