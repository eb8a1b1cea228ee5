import { isIncomeOrExpense } from '../domain/account-code.ts';
import type { EntryDraft } from '../domain/journal-entry.ts';
import { SETTLED } from '../domain/layer.ts';
import { lastDayOf, type Period } from '../domain/period.ts';
import type { IncomeAndExpense } from '../domain/period-close.ts';
import type { StandingClose } from '../domain/period-reopening.ts';
import type { LedgerState } from './ledger-state.ts';
import { tenantOf } from './scene.ts';

/** What income and expense accounts hold at the end of a period, changed by whatever the batch posts up to that day. */
export type YearEnd = { readonly period: Period; readonly balances: Map<string, Map<number, bigint>> };

/**
 * What is known of a tenant's periods behind its head's lock, so that nothing can be posted meanwhile. Changed by each
 * posting of the batch.
 */
export type TenantPeriods = {
  /** Closes that were not reopened, the latest last. */
  readonly closes: StandingClose[];
  /** The date of the tenant's earliest line, on any layer; null when it has none. */
  earliestDay: string | null;
  /** For periods that are to be closed and end a fiscal year. */
  readonly yearEnds: readonly YearEnd[];
};

/** The periods of a tenant of which a command closes or reopens one. */
export function periodsOf(state: LedgerState, tenantId: string): TenantPeriods {
  const periods = state.periods.get(tenantId);
  if (periods === undefined) throw new Error(`the periods of tenant ${tenantId} were not read`);
  return periods;
}

/** What a year's end has to close; null when no fiscal year ends with the period. */
export function atYearEnd(periods: TenantPeriods, period: Period): IncomeAndExpense | null {
  return periods.yearEnds.find((one) => one.period === period)?.balances ?? null;
}

/** Lets the state of the batch say what is closed after its standing closes changed. */
export function closeThrough(state: LedgerState, tenantId: string): void {
  const latest = periodsOf(state, tenantId).closes.at(-1);
  tenantOf(state, tenantId).closedThrough = latest === undefined ? null : lastDayOf(latest.period);
}

/** Lets a close that comes later in the batch see an entry that comes before it. */
export function tellPeriods(state: LedgerState, tenantId: string, draft: EntryDraft): void {
  const periods = state.periods.get(tenantId);
  if (periods === undefined || draft.lines.length === 0) return;
  const { effectiveAt, layer, currency, lines } = draft;
  if (periods.earliestDay === null || effectiveAt < periods.earliestDay) periods.earliestDay = effectiveAt;
  if (layer !== SETTLED) return;
  for (const { period, balances } of periods.yearEnds) {
    if (effectiveAt > lastDayOf(period)) continue;
    const held = balances.get(currency) ?? new Map<number, bigint>();
    balances.set(currency, held);
    for (const { account, amountMinor } of lines) {
      if (isIncomeOrExpense(account)) held.set(account, (held.get(account) ?? 0n) + amountMinor);
    }
  }
}
