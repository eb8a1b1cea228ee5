import type { Books, Fact } from './books.ts';
import type { PeriodCommand } from './command.ts';
import { lastDayOf, latestClosed, monthAfter, monthOf, standingClosesOf } from './period.ts';
import { Draft, emptyPosting } from './posting.ts';
import { DEFAULT_POLICY } from './program.ts';
import { type Code, refuse } from './refusal.ts';
import { type Decision, newFact, type Setting } from './setting.ts';
import { COMPONENT_MAX_MINOR, type Line, least, netOf } from './terms.ts';

/**
 * POST /v1/periods/{period}/close: an entry for each currency at the end of a fiscal year, else one without lines, all on the
 * month's last day and under one correlation id (ACCOUNTING.md section 5, decisions/0023-periods.md).
 */
export function decideClose(setting: Setting, { period }: PeriodCommand): Decision {
  const { books } = setting;
  const wrong = wrongClose(setting, period);
  if (wrong !== undefined) return refuse(wrong);
  const effectiveAt = lastDayOf(period);
  const endsYear = period.endsWith(`-${books.fiscalYearEndMonth}`);
  const closings = endsYear ? closingsOf(books, effectiveAt) : [];
  const draft = new Draft(books);
  const facts: Fact[] = [];
  for (const lines of closings.length > 0 ? closings : [[]]) {
    const correlation = facts.slice(0, 1).map(({ correlationId }) => ({ correlationId }))[0];
    const about = { command: { kind: 'close', period }, effectiveAt, loanIds: [], policy: DEFAULT_POLICY } as const;
    const fact = newFact(draft, { ...about, ...correlation });
    fact.outcomes.set('', { eventType: 'period_closed', lines, effects: [] });
    draft.first(fact);
    facts.push(fact);
  }
  return { posting: { ...emptyPosting({ period, status: 'closed' }), facts, entries: draft.entries } };
}

/** The running month, or one to come; one that is closed; one that is not next. */
function wrongClose({ books, now }: Setting, period: string): Code | undefined {
  if (period >= monthOf(now.businessDate)) return 'effective_date_in_future';
  const latest = latestClosed(books);
  if (latest !== undefined && period <= latest) return 'period_closed';
  if (latest !== undefined) return period === monthAfter(latest) ? undefined : 'period_not_next';
  // The first may be the month of the earliest line, or any before it.
  const earliest = earliestDay(books);
  return earliest !== undefined && period > monthOf(earliest) ? 'period_not_next' : undefined;
}

/** The earliest day that any line of the books is dated on. */
function earliestDay({ entries }: Books): string | undefined {
  let earliest: string | undefined;
  for (const { effectiveAt, lines } of entries.values()) {
    if (lines.length > 0 && (earliest === undefined || effectiveAt < earliest)) earliest = effectiveAt;
  }
  return earliest;
}

/** Every 4xxx and 5xxx account by its SETTLED balance on its other side, the remainder to 3000; by currency, none of nothing. */
function closingsOf({ entries }: Books, day: string): Line[][] {
  const counted = [...entries.values()].filter(({ effectiveAt }) => effectiveAt <= day);
  const all = counted
    .flatMap(({ lines }) => lines)
    .filter(({ accountCode, layer }) => /^[45]/.test(accountCode) && layer === 'SETTLED')
    .map((line) => ({ ...line, loanId: undefined }));
  const byCurrency = Map.groupBy(netOf(all).values(), ({ line }) => line.currency);
  return [...byCurrency].sort().map(([, accounts]) => {
    const closing = accounts.flatMap(({ line, netMinor }) => strokes(line, -netMinor));
    const remainder = accounts.reduce((sum, { netMinor }) => sum + netMinor, 0n);
    const [{ line }] = accounts as [(typeof accounts)[number]];
    return [...closing, ...strokes({ ...line, accountCode: '3000' }, remainder)];
  });
}

/** An amount with its sign, debits above zero; what has more than 18 digits takes several lines. */
function strokes(line: Line, netMinor: bigint): Line[] {
  const direction = netMinor > 0n ? 'DR' : 'CR';
  const all: Line[] = [];
  for (let left = netMinor > 0n ? netMinor : -netMinor; left > 0n; left -= COMPONENT_MAX_MINOR) {
    all.push({ ...line, direction, amountMinor: least(left, COMPONENT_MAX_MINOR) });
  }
  return all;
}

/** POST /v1/periods/{period}/reopen, the latest closed month alone: the mirror of each entry of its close, on the same day. */
export function decideReopening({ books }: Setting, { period }: PeriodCommand): Decision {
  if (period !== latestClosed(books)) return refuse('period_not_next');
  const dropped = standingClosesOf(books, period);
  const draft = new Draft(books);
  for (const fact of dropped) {
    const entry = books.entries.get(fact.liveEntryId);
    if (entry === undefined) throw new Error(`event ${fact.eventId} has no entry`);
    const { correlationId, effectiveAt } = entry;
    draft.mirror(fact, entry, { eventType: 'period_closed', effectiveAt, correlationId });
  }
  return { posting: { ...emptyPosting({ period, status: 'open' }), dropped, entries: draft.entries } };
}
