import { type LedgerState, scopedKey, type TenantConfiguration } from '../ledger-state.ts';
import { tenantOf } from '../scene.ts';

const replayedPrograms = new WeakMap<TenantConfiguration, ReadonlySet<string>>();

/** Programs whose first version, and so each of them, has backdating `replay` (decisions/0016 answer 3). */
export function programsUnderReplay(configuration: TenantConfiguration): ReadonlySet<string> {
  const known = replayedPrograms.get(configuration);
  if (known !== undefined) return known;
  const replayed = [...configuration.programs].filter(([, versions]) => versions[0]?.policy.backdating === 'replay');
  const programIds = new Set(replayed.map(([programId]) => programId));
  replayedPrograms.set(configuration, programIds);
  return programIds;
}

/** Those of some loans whose program has backdating `replay`. */
export function replayedLoans(state: LedgerState, tenantId: string, loanIds: readonly string[]): ReadonlySet<string> {
  const programs = programsUnderReplay(tenantOf(state, tenantId).configuration);
  if (programs.size === 0) return new Set();
  return new Set(
    loanIds.filter((loanId) => programs.has(state.loans.get(scopedKey(tenantId, loanId))?.programId ?? '')),
  );
}
