import fc from 'fast-check';
import { parseRateHistory } from '../../src/domain/annual-rate.ts';
import { DEFAULT_PROGRAM_POLICY } from '../../src/domain/default-program.ts';
import { type ProgramPolicy, type ProgramVersion, readPolicy } from '../../src/domain/program.ts';
import type { TenantState } from '../../src/posting/ledger-state.ts';
import { DAYS, id, PROGRAM_IDS } from './arrival-order-events.ts';
import { BUSINESS_DATE } from './memory-books.ts';

/** Where some versions book late fees. */
export const LATE_FEE_INCOME = 4150;
/** The tenant of these histories. */
export const TENANT_ID = id('a', 1);

/** Versions with other policies begin on one of these days, or have begun long before. */
const BEGINNINGS = ['2026-01-01', ...DAYS];

const POLICY: ProgramPolicy = { ...readPolicy(DEFAULT_PROGRAM_POLICY), backdating: 'replay' };

/** Rates a year: none, one, or another from some day on. 60 at 3 earn 0.49… a night: a payment may change what runs stand for and nothing that they post. */
const rates = fc.constantFrom(
  ratesOf([{ from: '0001-01-01', rate: '3' }]),
  ratesOf([{ from: '0001-01-01', rate: '3' }]),
  ratesOf([
    { from: '0001-01-01', rate: '3' },
    { from: '2026-05-04', rate: '0.9' },
  ]),
  ratesOf([{ from: '2026-05-04', rate: '7.5' }]),
  ratesOf([]),
);

const policy: fc.Arbitrary<ProgramPolicy> = fc
  .record({
    waterfall: fc.constantFrom(
      POLICY.waterfall,
      ['principal', 'interest', 'fees'] as const,
      ['interest', 'principal', 'fees'] as const,
    ),
    dayCountConvention: fc.constantFrom('ACT_365', 'ACT_360', 'THIRTY_E_360'),
    annualRates: rates,
    rounding: fc.constantFrom('half_even', 'half_up', 'down'),
    overpayment: fc.constantFrom('suspense', 'suspense', 'reject'),
    returns: fc.constantFrom('mirror', 'principal'),
    chargeoff: fc.constantFrom('direct', 'allowance'),
    principalCheck: fc.constantFrom('record', 'record', 'record', 'reject'),
    feeIncomeAccounts: fc.constantFrom(new Map(), new Map([['late_fee', LATE_FEE_INCOME]])),
  })
  .map((one) => ({ ...POLICY, ...one }));

/** The versions of each program, by its id. */
export type Programs = ReadonlyMap<string, readonly ProgramVersion[]>;

/** The programs that a history has from the beginning, with up to three versions; all replay (decisions/0016 answer 3). */
export function programs(): fc.Arbitrary<Programs> {
  return fc
    .tuple(...PROGRAM_IDS.map((programId) => fc.tuple(fc.constant(programId), versionsOf(programId))))
    .map((all) => new Map(all));
}

function versionsOf(programId: string): fc.Arbitrary<readonly ProgramVersion[]> {
  const ofProgram = { programId, currency: null };
  const later = fc.array(fc.tuple(fc.constantFrom(...BEGINNINGS), policy), { maxLength: 2 });
  return fc.tuple(policy, later).map(([first, others]) => [
    { ...ofProgram, version: 1, effectiveFrom: null, policy: first },
    ...others.map(([from, changed], index) => ({
      ...ofProgram,
      version: index + 2,
      effectiveFrom: from,
      policy: changed,
    })),
  ]);
}

function ratesOf(steps: readonly { readonly from: string; readonly rate: string }[]): ProgramPolicy['annualRates'] {
  const read = parseRateHistory(steps);
  if ('problem' in read) throw new Error(read.problem.message);
  return read.history;
}

/** The tenant with its programs. */
export function tenantWith(all: Programs): TenantState {
  return {
    businessDate: BUSINESS_DATE,
    closedThrough: null,
    configuration: {
      tenantId: TENANT_ID,
      configEpoch: 1n,
      currency: 'USD',
      defaultProgramId: PROGRAM_IDS[0] ?? '',
      closedThrough: null,
      programs: all,
    },
  };
}

/** The same programs but that a client's principal is compared and never refused: that is judged when a batch arrives (decisions/0016 answer 35). */
export function withoutPrincipalCheck(all: Programs): Programs {
  const recorded = (version: ProgramVersion): ProgramVersion => ({
    ...version,
    policy: { ...version.policy, principalCheck: 'record' },
  });
  return new Map([...all].map(([programId, versions]) => [programId, versions.map(recorded)]));
}
