import type { Command } from '../command.ts';
import { kindOf } from '../command-kinds.ts';
import { eventIdOf, isRebooking } from '../entry-id.ts';
import { type LedgerState, type ResolvedEntry, scopedKey } from '../ledger-state.ts';
import { tenantOf } from '../scene.ts';
import { programsUnderReplay, replayedLoans } from './replayed-loans.ts';

/** A command whose event does not stand behind all others of these loans: what stands behind it is decided again. */
export type Backdated = {
  /** The day from which the loans' events may differ. */
  readonly from: string;
  readonly loanIds: readonly string[];
  /** Events that drop out by it. */
  readonly drops: readonly string[];
};

const NOTHING: readonly string[] = [];

/** The corrections of a batch drop out with it. */
function withCorrections(
  drops: readonly string[],
  { corrections, tenants }: LedgerState,
  earlier: ResolvedEntry | undefined,
): readonly string[] {
  if (earlier === undefined) return drops;
  const { entryId } = earlier.entry;
  const own = [...tenants.keys()].flatMap((tenantId) => corrections.get(scopedKey(tenantId, entryId)) ?? []);
  return [...drops, ...own.filter((one) => !isRebooking(one.entryId)).map((one) => eventIdOf(one.entryId))];
}

/** What a command sets back; null for nearly every command, which is then decided on the present alone. */
export function backdatedBy(
  command: Command,
  state: LedgerState,
  earlier: ResolvedEntry | undefined,
): Backdated | null {
  const { tenantId } = command;
  if (programsUnderReplay(tenantOf(state, tenantId).configuration).size === 0) return null;
  const place = kindOf(command).place(command, earlier);
  if (place === null) return null;
  const from = place.effectiveAt;
  const drops = 'drops' in place && place.drops !== undefined ? withCorrections(place.drops, state, earlier) : NOTHING;
  const named = 'loanId' in place ? [place.loanId] : place.loanIds;
  const loanIds = [...replayedLoans(state, tenantId, named)].filter((loanId) => {
    const frontier = state.loans.get(scopedKey(tenantId, loanId))?.frontier ?? null;
    return drops.length > 0 || (frontier !== null && from < frontier);
  });
  return loanIds.length === 0 ? null : { from, loanIds, drops };
}
