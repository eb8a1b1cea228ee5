import type { Receivable } from './terms.ts';

/** What varies between loan products (CONTRACT.md section 4, 'program'). */
export interface Policy {
  readonly waterfall: readonly Receivable[];
  readonly dayCount: string;
  /** Steps of the annual rate, each from its day on. */
  readonly annualRates: readonly { readonly from: string; readonly rate: string }[];
  readonly rounding: 'half_even' | 'half_up' | 'down';
  readonly overpayment: 'suspense' | 'reject';
  readonly backdating: 'append' | 'replay';
  readonly returns: 'mirror' | 'principal';
  readonly chargeoff: 'direct' | 'allowance';
  readonly principalCheck: 'record' | 'reject';
  /** Income account by fee type; a type that is not named posts to 4100. */
  readonly feeAccounts: Readonly<Record<string, string>>;
}

/** Every field at its default. */
export const DEFAULT_POLICY: Policy = {
  waterfall: ['fees', 'interest', 'principal'],
  dayCount: 'ACT_365',
  annualRates: [],
  rounding: 'half_even',
  overpayment: 'suspense',
  backdating: 'append',
  returns: 'mirror',
  chargeoff: 'direct',
  principalCheck: 'record',
  feeAccounts: {},
};

/** A version; `from` is empty for the first one, which holds from the beginning of time. */
export interface Version {
  readonly from: string;
  readonly policy: Policy;
}

/** A loan product. */
export interface Program {
  readonly programId: string;
  /** undefined: any currency. */
  readonly currency: string | undefined;
  readonly versions: Version[];
}

/** The policy in force on a day: of the version that began last by then, of two from one day the one made later. */
export function policyOn(program: Program, day: string): Policy {
  let version: Version | undefined;
  for (const each of program.versions) {
    if (each.from <= day && (version === undefined || each.from >= version.from)) version = each;
  }
  if (version === undefined) throw new Error(`program ${program.programId} has no first version`);
  return version.policy;
}

/** The annual rate of the night that begins on a day; undefined when none is in force. */
export function rateOn(policy: Policy, day: string): string | undefined {
  let found: { readonly from: string; readonly rate: string } | undefined;
  for (const step of policy.annualRates) {
    if (step.from <= day && (found === undefined || step.from >= found.from)) found = step;
  }
  return found?.rate;
}

/** The income account of a fee type. */
export function feeAccount(policy: Policy, feeType: string): string {
  return policy.feeAccounts[feeType] ?? '4100';
}
