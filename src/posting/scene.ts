import { refuseOutOfRange } from '../domain/component-range.ts';
import { type Booked, type EntryDraft, effectOfLines, linesByLayer } from '../domain/journal-entry.ts';
import type { LayerNumber } from '../domain/layer.ts';
import { addComponents, type Components, type LoanState, unmadeLoan } from '../domain/loan.ts';
import { type EntryStanding, untouched } from '../domain/posted-entry.ts';
import type { ProgramVersion } from '../domain/program.ts';
import type { Refusal } from '../domain/refusal.ts';
import { type LedgerState, scopedKey, type TenantState } from './ledger-state.ts';

/** What decisions look up in the state of a batch. */

/** What an event on one loan meets. */
export type LoanScene = {
  readonly loan: LoanState;
  readonly program: readonly ProgramVersion[];
  readonly calendar: TenantState;
  readonly again?: true;
};

/** The tenant of a command. */
export function tenantOf(state: LedgerState, tenantId: string): TenantState {
  const tenant = state.tenants.get(tenantId);
  if (tenant === undefined) throw new Error(`tenant ${tenantId} has no configuration`);
  return tenant;
}

/** A loan that the command locked; unmade when there is none. */
export function loanOf(state: LedgerState, tenantId: string, loanId: string): LoanState {
  const key = scopedKey(tenantId, loanId);
  const known = state.loans.get(key);
  if (known !== undefined) return known;
  const unmade = unmadeLoan(tenantId, loanId);
  state.loans.set(key, unmade);
  return unmade;
}

/** A loan with its program, the default one while it is unmade, and its tenant's calendar. */
export function loanScene(state: LedgerState, tenantId: string, loanId: string): LoanScene {
  const tenant = tenantOf(state, tenantId);
  const loan = loanOf(state, tenantId, loanId);
  const program = tenant.configuration.programs.get(loan.programId ?? tenant.configuration.defaultProgramId);
  if (program === undefined) throw new Error(`loan ${loanId} has a program that is not configured`);
  if (state.again === undefined) return { loan, program, calendar: tenant };
  return { loan, program: asAccepted(program, state.again.version), calendar: tenant, again: true };
}

/** An event is decided again by the version that it was accepted under (decisions/0016 answer 4). */
function asAccepted(program: readonly ProgramVersion[], accepted: number | null): readonly ProgramVersion[] {
  const found = program.find(({ version }) => version === accepted);
  return found === undefined ? program : [{ ...found, effectiveFrom: null }];
}

/** The principal that a loan has for the night that begins on `day`; the command that asks has named the night. */
export function nightPrincipal(state: LedgerState, at: { tenantId: string; loanId: string; day: string }): bigint {
  return state.nights.get(scopedKey(at.tenantId, at.loanId))?.find(({ day }) => day === at.day)?.principalMinor ?? 0n;
}

/** What was done to an earlier entry since it was posted. */
export function standingOf(state: LedgerState, tenantId: string, entryId: string): EntryStanding {
  const key = scopedKey(tenantId, entryId);
  const known = state.standings.get(key);
  if (known !== undefined) return known;
  const standing = untouched();
  state.standings.set(key, standing);
  return standing;
}

/** Amounts come last in the order of refusals, and one rule judges them for every event on one loan. */
export function inRange(loan: LoanState, booked: Refusal | Booked): Refusal | Booked {
  if ('code' in booked) return booked;
  if (!('first' in booked)) {
    const [only, further] = linesByLayer(booked);
    if (only !== undefined && further === undefined) {
      const movement = { layer: only.layer, effect: effectOfLines(only.lines), field: 'amount_minor' };
      return refuseOutOfRange(loan, movement) ?? booked;
    }
  }
  const effects = new Map<LayerNumber, Components>();
  const drafts: readonly EntryDraft[] =
    'first' in booked ? [booked.first, ...booked.following.map(({ draft }) => draft)] : [booked];
  for (const { layer, lines } of drafts.flatMap(linesByLayer)) {
    const known = effects.get(layer);
    if (known === undefined) effects.set(layer, effectOfLines(lines));
    else addComponents(known, effectOfLines(lines));
  }
  const refusals = [...effects].flatMap(([layer, effect]) => {
    return refuseOutOfRange(loan, { layer, effect, field: 'amount_minor' }) ?? [];
  });
  // Of two layers at once, below zero comes first (decisions/0016 answer 45).
  return refusals.find(({ code }) => code === 'balance_would_be_negative') ?? refusals[0] ?? booked;
}

/** The same for a command whose body has no amount and names no loan. */
export function inRangeWithoutField(
  state: LedgerState,
  tenantId: string,
  booked: Refusal | EntryDraft,
): Refusal | Booked {
  if ('code' in booked || booked.loanId === null) return booked;
  const judged = inRange(loanOf(state, tenantId, booked.loanId), booked);
  return 'code' in judged ? { code: judged.code, detail: judged.detail } : judged;
}
