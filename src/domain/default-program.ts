import type { StoredPolicy } from './program.ts';

/** The program that a loan belongs to when it is disbursed without one. */
export const DEFAULT_PROGRAM_NAME = 'Default program';

/**
 * A program policy with each field at its default (CONTRACT.md section 4, "program"), in the form in which versions are
 * stored and answered. No currency (any), no rates (an accrual run skips the loans), no fee types (all post to 4100).
 */
export const DEFAULT_PROGRAM_POLICY: StoredPolicy = {
  waterfall: ['fees', 'interest', 'principal'],
  day_count_convention: 'ACT_365',
  annual_rates: [],
  rounding: 'half_even',
  overpayment: 'suspense',
  backdating: 'append',
  returns: 'mirror',
  chargeoff: 'direct',
  principal_check: 'record',
  fee_types: [],
};
