import { lastDayOf } from '../../domain/period.ts';
import { decidePeriodClose } from '../../domain/period-close.ts';
import { decidePeriodReopening } from '../../domain/period-reopening.ts';
import { LIMITS } from '../../limits.ts';
import type { CommandOf } from '../command.ts';
import { atYearEnd, closeThrough, periodsOf } from '../periods.ts';
import type { PlannedEntry } from '../posting-plan.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import { tenantOf } from '../scene.ts';
import type { CommandKind, PostedEntries, Target } from './command-kind.ts';

/** A close holds its tenant's head from its first read on, so it travels alone, on the heavy thread. */
const ALONE = LIMITS.batchWeight;

/** POST /v1/periods/{YYYY-MM}/close. */
export const PERIOD_CLOSE: CommandKind<CommandOf<'period_close'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  weight: () => ALONE,
  reads: ({ change }, reads) => reads.periodToClose(change.period),
  place: () => null,
  decide: ({ change, tenantId }, state) => {
    const tenant = tenantOf(state, tenantId);
    const periods = periodsOf(state, tenantId);
    return decidePeriodClose(change, {
      calendar: tenant,
      currency: tenant.configuration.currency,
      earliestDay: periods.earliestDay,
      atYearEnd: atYearEnd(periods, change.period),
    });
  },
  remember: ({ change, tenantId }, posted, { state, plan }) => {
    const { period } = change;
    plan.periodCloses.push({ tenantId, entryId: posted.entry.entryId, closedThrough: lastDayOf(period) });
    plan.raisedEpochs.add(tenantId);
    periodsOf(state, tenantId).closes.push({ period, entries: entriesOf(posted).map(closingEntry) });
    closeThrough(state, tenantId);
  },
  receiptVersion: RECEIPT_VERSION,
};

/** POST /v1/periods/{YYYY-MM}/reopen. */
export const PERIOD_REOPENING: CommandKind<CommandOf<'period_reopening'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  correlation: ({ change, tenantId }, state) => {
    const latest = periodsOf(state, tenantId).closes.at(-1);
    return latest?.period === change.period ? latest.entries?.[0]?.correlationId : undefined;
  },
  weight: () => ALONE,
  reads: ({ change }, reads) => reads.periodToReopen(change.period),
  place: () => null,
  decide: ({ change, tenantId }, state) =>
    decidePeriodReopening(change, { latest: periodsOf(state, tenantId).closes.at(-1) }),
  remember: ({ tenantId }, posted, target) => rememberReopening(tenantId, posted, target),
  receiptVersion: RECEIPT_VERSION,
};

function rememberReopening(tenantId: string, posted: PostedEntries, { state, plan }: Target): void {
  for (const { entryId, draft } of entriesOf(posted)) {
    if (draft.reversesEntryId === null) throw new Error(`entry ${entryId} reopens a period and mirrors nothing`);
    plan.reversals.push({ tenantId, reversedEntryId: draft.reversesEntryId, entryId });
  }
  plan.raisedEpochs.add(tenantId);
  periodsOf(state, tenantId).closes.pop();
  closeThrough(state, tenantId);
}

function entriesOf({ entry, following }: PostedEntries): readonly PlannedEntry[] {
  return [entry, ...following];
}

function closingEntry({ entryId, correlationId, draft }: PlannedEntry) {
  return { entryId, correlationId, currency: draft.currency, lines: draft.lines };
}
