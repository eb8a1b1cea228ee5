import { isIncomeOrExpense } from '../domain/account-code.ts';
import { type EntryDraft, linesByLayer } from '../domain/journal-entry.ts';
import { SETTLED } from '../domain/layer.ts';
import { lastDayOf, type Period } from '../domain/period.ts';
import type { IncomeAndExpense } from '../domain/period-close.ts';
import type { LedgerState, TenantPeriods } from './ledger-state.ts';
import { tenantOf } from './scene.ts';

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
  const { effectiveAt } = draft;
  if (periods.earliestDay === null || effectiveAt < periods.earliestDay) periods.earliestDay = effectiveAt;
  const settled = linesByLayer(draft).filter(({ layer }) => layer === SETTLED);
  for (const { period, balances } of periods.yearEnds) {
    if (effectiveAt > lastDayOf(period)) continue;
    for (const { currency, lines } of settled) {
      const held = balances.get(currency) ?? new Map<number, bigint>();
      balances.set(currency, held);
      for (const { account, amountMinor } of lines) {
        if (isIncomeOrExpense(account)) held.set(account, (held.get(account) ?? 0n) + amountMinor);
      }
    }
  }
}
