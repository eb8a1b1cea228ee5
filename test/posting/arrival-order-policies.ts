import fc from 'fast-check';
import { parseRateHistory } from '../../src/domain/annual-rate.ts';
import { DEFAULT_PROGRAM_POLICY } from '../../src/domain/default-program.ts';
import { type ProgramPolicy, type ProgramVersion, readPolicy } from '../../src/domain/program.ts';
import type { TenantState } from '../../src/posting/ledger-state.ts';
import { id, PROGRAM_ID } from './arrival-order-events.ts';
import { BUSINESS_DATE } from './memory-books.ts';

/** The tenant of these histories. */
export const TENANT_ID = id('a', 1);

/** The versions that a history's program has from the beginning; all replay (decisions/0016 answer 3). */
export function programVersions(): fc.Arbitrary<readonly ProgramVersion[]> {
  return fc.constant([version(1, null, POLICY)]);
}

const POLICY: ProgramPolicy = {
  ...readPolicy(DEFAULT_PROGRAM_POLICY),
  backdating: 'replay',
  // 60 earn 0.49… a night: a payment may change what runs stand for and nothing that they post.
  annualRates: ratesOf([{ from: '0001-01-01', rate: '3' }]),
};

function version(number: number, effectiveFrom: string | null, policy: ProgramPolicy): ProgramVersion {
  return { programId: PROGRAM_ID, currency: null, version: number, effectiveFrom, policy };
}

function ratesOf(steps: readonly { readonly from: string; readonly rate: string }[]): ProgramPolicy['annualRates'] {
  const read = parseRateHistory(steps);
  if ('problem' in read) throw new Error(read.problem.message);
  return read.history;
}

/** The tenant with its one program. */
export function tenantWith(versions: readonly ProgramVersion[]): TenantState {
  return {
    businessDate: BUSINESS_DATE,
    closedThrough: null,
    configuration: {
      tenantId: TENANT_ID,
      configEpoch: 1n,
      currency: 'USD',
      defaultProgramId: PROGRAM_ID,
      closedThrough: null,
      programs: new Map([[PROGRAM_ID, versions]]),
    },
  };
}
