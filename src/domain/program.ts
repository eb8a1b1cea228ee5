export const RETURN_POLICIES = ['mirror', 'principal'] as const;

/** A receivable that a waterfall may pay. */
export type WaterfallComponent = 'fees' | 'interest' | 'principal';

/** What varies between loan products, as far as the events built so far ask for it (CONTRACT.md section 4, "program"). */
export type ProgramPolicy = {
  readonly waterfall: readonly WaterfallComponent[];
  /** Whether what a return takes back comes out of what the payment paid, or out of principal. */
  readonly returns: (typeof RETURN_POLICIES)[number];
  /** Whether principal that is lost goes to 5000 at once, or out of the allowance. */
  readonly chargeoff: 'direct' | 'allowance';
  /** Income account by fee type; a type that is not named posts to 4100. */
  readonly feeIncomeAccounts: ReadonlyMap<string, number>;
};

/** A version of a program; `effectiveFrom` is null for version 1, which holds from the beginning of time. */
export type ProgramVersion = {
  readonly programId: string;
  readonly version: number;
  readonly effectiveFrom: string | null;
  readonly policy: ProgramPolicy;
};

/** The version in force on a day: "an event uses the version in force on its effective date". */
export function versionInForce(versions: readonly ProgramVersion[], day: string): ProgramVersion {
  let found: ProgramVersion | undefined;
  for (const version of versions) {
    const begun = version.effectiveFrom === null || version.effectiveFrom <= day;
    if (begun && (found === undefined || version.version > found.version)) found = version;
  }
  if (found === undefined) throw new Error('a program without a first version');
  return found;
}

/** Reads a stored policy. Throws when it is not one, since only this program writes them. */
export function readPolicy(stored: unknown): ProgramPolicy {
  if (typeof stored !== 'object' || stored === null) throw new Error('a program policy is not an object');
  const { waterfall, returns, chargeoff, fee_types: feeTypes } = stored as Readonly<Record<string, unknown>>;
  if (!Array.isArray(waterfall) || !waterfall.every(isWaterfallComponent)) {
    throw new Error('a program policy has no waterfall');
  }
  const accounts = new Map<string, number>();
  for (const entry of Array.isArray(feeTypes) ? (feeTypes as unknown[]) : []) {
    const { fee_type: feeType, income_account: account } = entry as { fee_type?: unknown; income_account?: unknown };
    if (typeof feeType !== 'string' || typeof account !== 'string') throw new Error('a fee type is not readable');
    accounts.set(feeType, Number.parseInt(account, 10));
  }
  return {
    waterfall,
    returns: returns === 'principal' ? 'principal' : 'mirror',
    chargeoff: chargeoff === 'allowance' ? 'allowance' : 'direct',
    feeIncomeAccounts: accounts,
  };
}

function isWaterfallComponent(value: unknown): value is WaterfallComponent {
  return value === 'fees' || value === 'interest' || value === 'principal';
}
