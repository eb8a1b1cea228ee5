import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Books, byEffect, type Fact, fold, lifeOf, loanOf, newBooks, putFact } from './model/reference/books.ts';
import type { Command } from './model/reference/command.ts';
import { linesOf } from './model/reference/posting.ts';
import { componentsOf, controlDifferences, foldDifferences } from './model/reference/reads.ts';
import { LAYERS, netOf } from './model/reference/terms.ts';
import { decideFact, pendingCommand } from './model/reference/verdict.ts';
import { Desk, disbursement, instant, LOAN, OTHER, run } from './model-desk.ts';
import { ACTION_KINDS, type Action, commandOf } from './model-history.ts';

const action: fc.Arbitrary<Action> = fc.record({
  kind: fc.constantFrom(...ACTION_KINDS),
  day: fc.integer({ min: 0, max: 27 }),
  amount: fc.integer({ min: 1, max: 400 }),
  pick: fc.nat({ max: 1000 }),
  flag: fc.nat({ max: 7 }),
});
const histories = fc.record({
  actions: fc.array(action, { minLength: 8, maxLength: 39, size: 'max' }),
  waterfall: fc.constantFrom(
    ['fees', 'interest', 'principal'] as const,
    ['interest', 'principal', 'fees'] as const,
    ['principal', 'fees', 'interest'] as const,
  ),
  overpayment: fc.constantFrom('suspense' as const, 'reject' as const),
  returns: fc.constantFrom('mirror' as const, 'principal' as const),
  chargeoff: fc.constantFrom('direct' as const, 'allowance' as const),
});
type History = typeof histories extends fc.Arbitrary<infer T> ? T : never;

const RUNS = Number(process.env['MODEL_RUNS'] ?? 300);

function newDesk({ waterfall, overpayment, returns, chargeoff }: History, backdating: 'append' | 'replay'): Desk {
  const annualRates = [
    { from: '2026-01-01', rate: '0.12' },
    { from: '2026-05-15', rate: '0.095' },
  ];
  return new Desk({ waterfall, overpayment, returns, chargeoff, backdating, annualRates });
}

/** Lives a history through: what was accepted and what refused, by kind. */
function live(history: History, backdating: 'append' | 'replay'): { desk: Desk; codes: string[] } {
  const desk = newDesk(history, backdating);
  const codes = [`disbursement ${desk.send(disbursement(700, '2026-05-03'))}`];
  for (const each of history.actions) {
    const command = commandOf(desk.books, each);
    if (command !== undefined) codes.push(`${command.kind} ${desk.send(command, 'one')}`);
    // An adjustment is approved by another principal as soon as it is proposed.
    if (command?.kind === 'proposal' && codes.at(-1)?.endsWith('posted')) {
      const adjustmentId = [...desk.books.proposals.keys()].at(-1) ?? '';
      codes.push(`approval ${desk.send({ kind: 'approval', adjustmentId }, 'two')}`);
    }
  }
  return { desk, codes };
}

/** Every account, loan, currency and layer at the end of every day that has an entry. */
function everyDay(books: Books): string[] {
  const entries = [...books.entries.values()];
  const days = [...new Set(entries.map(({ effectiveAt }) => effectiveAt))].sort();
  return days.flatMap((day) => {
    const lines = entries.filter(({ effectiveAt }) => effectiveAt <= day).flatMap((entry) => entry.lines);
    return [...netOf(lines)].map(([place, { netMinor }]) => `${day} ${place} ${netMinor}`).sort();
  });
}

/** The same facts folded from nothing in effective order: what they post, day by day. */
function inEffectiveOrder(books: Books): string[] {
  const standing = [...books.facts.values()].filter(({ reversed }) => !reversed).sort(byEffect);
  const fresh = newBooks([...books.programs.values()][0] ?? raise('a program'));
  for (const loan of books.loans.values()) fresh.loans.set(loan.loanId, loan);
  for (const fact of books.facts.values()) putFact(fresh, { ...fact, reversed: true });
  const days = new Set([...books.entries.values()].map(({ effectiveAt }) => effectiveAt));
  const posted: { day: string; lines: ReturnType<typeof linesOf> }[] = [];
  // Settlements against cash are part of no loan's life: they and their reversals stand where they were put.
  const apart = [...books.entries.values()].filter(({ eventId }) => books.facts.get(eventId)?.loanIds.length === 0);
  posted.push(...apart.map((entry) => ({ day: entry.effectiveAt, lines: [...entry.lines] })));
  for (const original of standing) {
    if (original.loanIds.length === 0) continue;
    const fact = { ...original, outcomes: new Map() };
    for (const loanId of fact.loanIds) {
      const loan = loanOf(fresh, loanId);
      const before = lifeOf(fresh, loan);
      const state = fold(fresh, loan, before);
      const verdict = decideFact(fresh, state, { fact, loan, life: before, again: true });
      if (typeof verdict === 'string') throw new Error(`${fact.command.kind} ${fact.eventId} is ${verdict}`);
      fact.outcomes.set(loanId, verdict);
    }
    putFact(fresh, fact);
    posted.push({ day: fact.effectiveAt, lines: linesOf(fact.outcomes) });
  }
  return [...days].sort().flatMap((day) => {
    const lines = posted.filter((entry) => entry.day <= day).flatMap((entry) => entry.lines);
    return [...netOf(lines)].map(([place, { netMinor }]) => `${day} ${place} ${netMinor}`).sort();
  });
}

function raise(what: string): never {
  throw new Error(`there is no ${what}`);
}

/** The balances of every day by the entries of loans alone. */
function everyDayOfLoans(books: Books, days: readonly string[]): string[] {
  const entries = [...books.entries.values()].filter(({ eventId }) => books.facts.get(eventId)?.loanIds.length !== 0);
  return days.flatMap((day) => {
    const lines = entries.filter(({ effectiveAt }) => effectiveAt <= day).flatMap((entry) => entry.lines);
    return [...netOf(lines)].map(([place, { netMinor }]) => `${day} ${place} ${netMinor}`).sort();
  });
}

/** The standing events sent anew, each as a request of its own, in effective order; undefined when one is then refused. */
function sentInEffectiveOrder(each: History, books: Books): Books | undefined {
  const desk = newDesk(each, 'replay');
  const ids = new Map<string, string>();
  const standing = [...books.facts.values()].filter(({ reversed, loanIds }) => !reversed && loanIds.length > 0);
  for (const fact of standing.sort(byEffect)) {
    const command = againOf(books, fact, ids);
    if (desk.send(command) !== 'posted') return undefined;
    if (command.kind === 'proposal') {
      const adjustmentId = [...desk.books.proposals.keys()].at(-1) ?? '';
      if (desk.send({ kind: 'approval', adjustmentId }, 'two') !== 'posted') return undefined;
    }
    const sent = desk.last?.facts.find(({ loanIds }) => loanIds.join() === fact.loanIds.join());
    // A run of another day finds other loans to accrue: such a history cannot be sent anew as it was.
    if (sent === undefined || desk.last?.facts.length !== 1) return undefined;
    ids.set(fact.eventId, sent.eventId);
  }
  return desk.books;
}

function againOf(books: Books, fact: Fact, ids: ReadonlyMap<string, string>): Command {
  const { command, effectiveAt } = fact;
  switch (command.kind) {
    case 'settled': {
      const kind = pendingCommand(books, command.pendingEventId)?.kind ?? raise('pending event');
      return { kind: `settle_${kind}`, eventId: ids.get(command.pendingEventId) ?? '', effectiveAt };
    }
    case 'server_accrual':
      return run(effectiveAt);
    case 'adjustment':
      return { kind: 'proposal', effectiveAt, lines: command.lines };
    case 'return':
      return { ...command, eventId: ids.get(command.eventId) ?? '', nsfFeeMinor: 0n };
    case 'correction':
      return { ...command, eventId: ids.get(command.eventId) ?? '' };
    case 'fee':
      return { ...command, currency: 'USD' };
    case 'cleared':
      return raise('loan in a clearing');
    default:
      return command;
  }
}

/** Balances below 0 at the end of a day; `onlyNow`: at the end of time. */
function negatives(books: Books, onlyNow: boolean): string[] {
  const days = onlyNow
    ? ['9999-12-31']
    : [...new Set([...books.entries.values()].map(({ effectiveAt }) => effectiveAt))];
  return [...books.loans.keys()].flatMap((loanId) =>
    days.flatMap((asOfDate) =>
      LAYERS.flatMap((layer) =>
        Object.entries(componentsOf(books, loanId, { asOfDate, knownAt: undefined, layer }))
          .filter(([, amount]) => amount < 0n)
          .map(([name, amount]) => `${loanId} ${asOfDate} ${layer} ${name} ${amount}`),
      ),
    ),
  );
}

/** Control accounts against sub-ledgers on every layer, at every date, at every instant. */
function untied(books: Books): string[] {
  const entries = [...books.entries.values()];
  const dates = new Set(entries.map(({ effectiveAt }) => effectiveAt));
  const instants = new Set(entries.map(({ postedAt }) => postedAt));
  const pasts = [
    ...[...dates].map((asOfDate) => ({ asOfDate, knownAt: undefined })),
    ...[...instants].map((knownAt) => ({ asOfDate: '9999-12-31', knownAt })),
    ...[...instants]
      .filter((_, at) => at % 7 === 0)
      .flatMap((knownAt) => [...dates].map((asOfDate) => ({ asOfDate, knownAt }))),
  ];
  return pasts.flatMap((past) => LAYERS.flatMap((layer) => controlDifferences(books, 'USD', { ...past, layer })));
}

describe('the reference model, over generated histories', () => {
  it('replay: any order of arrival gives the balances of effective order, by account, loan, component and date', () => {
    fc.assert(
      fc.property(histories, (each) => {
        const { books } = live(each, 'replay').desk;
        expect(everyDay(books)).toEqual(inEffectiveOrder(books));
      }),
      { numRuns: RUNS },
    );
  });

  it('replay: the same events sent anew in effective order, each as a request, make the same ledger', () => {
    let compared = 0;
    fc.assert(
      fc.property(histories, (each) => {
        const { books } = live(each, 'replay').desk;
        const anew = sentInEffectiveOrder(each, books);
        if (anew === undefined) return;
        compared += 1;
        const days = [...new Set([...books.entries.values()].map(({ effectiveAt }) => effectiveAt))].sort();
        expect(everyDayOfLoans(books, days)).toEqual(everyDayOfLoans(anew, days));
      }),
      { numRuns: RUNS },
    );
    expect(compared).toBeGreaterThan(RUNS / 10);
    if (process.env['MODEL_COUNTS'] !== undefined) console.log(`${compared} of ${RUNS} histories compared`);
  });

  it('both policies: control accounts equal sub-ledgers on every layer and date, on both clocks; events equal lines', () => {
    fc.assert(
      fc.property(histories, fc.constantFrom('append' as const, 'replay' as const), (each, backdating) => {
        const { books } = live(each, backdating).desk;
        expect(foldDifferences(books)).toEqual([]);
        expect(untied(books)).toEqual([]);
        for (const { lines } of books.entries.values()) {
          const sides = { DR: 0n, CR: 0n };
          for (const line of lines) sides[line.direction] += line.amountMinor;
          expect(sides.DR).toBe(sides.CR);
          expect(lines.every((line) => line.amountMinor > 0n)).toBe(true);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('nothing is negative that cannot be: at every date under replay, in the present under append', () => {
    fc.assert(
      fc.property(histories, (each) => {
        expect(negatives(live(each, 'replay').desk.books, false)).toEqual([]);
        expect(negatives(live(each, 'append').desk.books, true)).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it('a refused request changes nothing, a booking taken back leaves no trace, what was known stays known', () => {
    fc.assert(
      fc.property(
        histories,
        fc.constantFrom('append' as const, 'replay' as const),
        action,
        (each, backdating, next) => {
          const { desk } = live(each, backdating);
          const known = [LOAN, OTHER].map((loanId) => desk.balance('2026-05-20', { loanId, knownAt: desk.now }));
          const before = text(desk.books);
          const command = commandOf(desk.books, next);
          const outcome = command === undefined ? 'none' : desk.send(command);
          const after = [LOAN, OTHER].map((loanId) =>
            desk.balance('2026-05-20', { loanId, knownAt: instantBefore(desk, outcome) }),
          );
          expect(after).toEqual(known);
          if (outcome === 'posted') desk.undoLast();
          expect(text(desk.books)).toBe(before);
        },
      ),
      { numRuns: RUNS },
    );
  });
});

function instantBefore(desk: Desk, outcome: string): string {
  const count = Number(desk.now.slice(20, 26));
  return instant(outcome === 'posted' ? count - 1 : count);
}

function text(books: Books): string {
  return JSON.stringify(books, (_name, value: unknown) => {
    if (typeof value === 'bigint') return value.toString();
    return value instanceof Map ? [...value] : value;
  });
}

describe('what the generated histories hold', () => {
  it('every event is accepted and every refusal of their state and amounts is met', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(histories, fc.constantFrom('append' as const, 'replay' as const), (each, backdating) => {
        for (const code of live(each, backdating).codes) seen.set(code, (seen.get(code) ?? 0) + 1);
      }),
      { numRuns: RUNS * 2, seed: 1 },
    );
    if (process.env['MODEL_COUNTS'] !== undefined) console.log([...seen].sort());
    const accepted = new Set(
      [...seen.keys()].filter((code) => code.endsWith(' posted')).map((code) => code.split(' ')[0]),
    );
    expect([...new Set(ACTION_KINDS)].filter((kind) => !accepted.has(kind))).toEqual([]);
    const refused = new Set([...seen.keys()].map((code) => code.split(' ')[1]));
    for (const code of ['replay_blocked', 'balance_would_be_negative', 'not_reversible', 'loan_charged_off']) {
      expect(refused).toContain(code);
    }
  });
});
