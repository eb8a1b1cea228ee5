import { describe, expect, test } from 'vitest';
import { CHARGED_OFF, line, loanWith, ON_NON_ACCRUAL, programOf } from '../../test/domain/scene.ts';
import { decideAccrualRun, type InterestFacts, interestAgain, interestBefore } from './accrual-run.ts';
import type { CalendarDate } from './calendar-date.ts';
import { programTerms } from './interest-terms.ts';
import type { LoanState } from './loan.ts';
import type { InterestEvent } from './loan-accruals.ts';
import { MINOR_MAX } from './money.ts';
import { rational, whole } from './rational.ts';

const date = (text: string) => text as CalendarDate;
const LENT_ON = date('2026-04-28');
/** 365,000 at 10 % by ACT/365 earn 100 a night; at 20 % 200. */
const PRINCIPAL = 365_000n;
const TENTH = rational({ numerator: 1n, denominator: 10n });
const program = programOf({ annual_rates: [{ from: '2026-01-01', rate: '0.1' }] });

function event(entryId: string, changes: Partial<InterestEvent>): InterestEvent {
  return {
    entryId,
    eventType: 'payment_received',
    effectiveAt: LENT_ON,
    principalMinor: 0n,
    interestMinor: 0n,
    reversesEntryId: null,
    correctsEntryId: null,
    exact: null,
    beginsOn: null,
    ...changes,
  };
}

const LENT = event('lent', { eventType: 'disbursement', principalMinor: PRINCIPAL, beginsOn: LENT_ON });
const FACTS: InterestFacts = {
  accruedOn: null,
  annualRate: null,
  maturity: null,
  accruedThrough: null,
  checkpoint: null,
  events: [LENT],
};

type Met = { readonly loan?: LoanState; readonly facts?: Partial<InterestFacts> };
const lent = (changes: Partial<LoanState> = {}) =>
  loanWith({ principal: PRINCIPAL }, { firstDisbursedOn: LENT_ON, ...changes });

function run(loans: Readonly<Record<string, Met>>, accrualDate = '2026-05-01', versions = program) {
  const portion = {
    accrualRunId: 'run',
    portion: 1,
    programId: 'program',
    accrualDate,
    loanIds: Object.keys(loans),
    lookedAt: 9,
    lastLoanId: null,
    isLast: true,
  };
  return decideAccrualRun(portion, {
    program: versions,
    loan: (loanId) => ({ ...(loans[loanId]?.loan ?? lent()), loanId }),
    facts: (loanId) => ({ ...FACTS, ...loans[loanId]?.facts }),
  });
}

const accruedBy = (...given: Parameters<typeof run>) =>
  run(...given).flatMap(({ loans }) => loans.map(({ loanId, interestMinor }) => [loanId, interestMinor]));

test('a run of 1 May books the three nights since 28 April: DR 1200 a loan, CR 4000 the sum', () => {
  const [entry, ...others] = run({ a: {}, b: {} });
  expect(others).toEqual([]);
  expect(entry?.draft).toEqual({
    eventType: 'accrual',
    effectiveAt: '2026-05-01',
    currency: 'USD',
    layer: 0,
    loanId: null,
    borrowerId: null,
    lines: [line(1200, 300n, 'a'), line(1200, 300n, 'b'), line(4000, -600n)],
    unmovedLoanIds: [],
    reversesEntryId: null,
    externalRef: null,
    description: null,
    eventInput: { program_id: 'program', day_count_convention: 'ACT_365', loan_count: 2, accrual_run_id: 'run' },
    metadata: null,
  });
  expect(entry).toMatchObject({ dayCountConvention: 'ACT_365', accruedMinor: 600n });
  const checkpoint = {
    through: '2026-05-01',
    exact: whole(300n),
    postedMinor: 300n,
    principalFrom: LENT_ON,
    principalMinor: PRINCIPAL,
  };
  const of = { principalMinor: PRINCIPAL, interestMinor: 300n, exact: whole(300n), checkpoint };
  expect(entry?.loans).toEqual([
    { loanId: 'a', ...of },
    { loanId: 'b', ...of },
  ]);
});

test('loans on non-accrual stand in the same entry: DR 9100, CR 9200', () => {
  const [entry] = run({ a: {}, b: { loan: lent({ standing: ON_NON_ACCRUAL }) } });
  expect(entry?.draft.lines).toEqual([
    line(1200, 300n, 'a'),
    line(9100, 300n, 'b'),
    line(4000, -300n),
    line(9200, -300n),
  ]);
  expect(entry?.accruedMinor).toBe(600n);
});

test('each currency has an entry of its own', () => {
  const euro = { loan: lent({ currency: 'EUR' }) };
  const entries = run({ a: {}, b: euro, c: {} });
  expect(entries.map(({ draft, loans }) => [draft.currency, loans.map(({ loanId }) => loanId)])).toEqual([
    ['USD', ['a', 'c']],
    ['EUR', ['b']],
  ]);
});

describe('a loan is passed over', () => {
  test.each<[string, Met]>([
    ['that is not there', { loan: lent({ borrowerId: null }) }],
    ['without a currency', { loan: lent({ currency: null }) }],
    ['that is charged off', { loan: lent({ standing: CHARGED_OFF }) }],
    ['that has not begun', { loan: lent({ firstDisbursedOn: null }) }],
    [
      'that has not begun, although interest was counted of it before',
      {
        loan: lent({ firstDisbursedOn: null }),
        facts: { accruedThrough: LENT_ON },
      },
    ],
    ['that begins later', { loan: lent({ firstDisbursedOn: '2026-05-02' }) }],
    ['that has accrued on the date', { facts: { accruedOn: '2026-05-01' } }],
    ['that has accrued after the date', { facts: { accruedOn: '2026-05-02' } }],
  ])('%s', (_, met) => {
    expect(accruedBy({ a: met, b: {} })).toEqual([['b', 300n]]);
  });

  test('under `replay`, when something of a later date moved it; under `append` not', () => {
    const moved = (frontier: string | null) => ({ a: { loan: lent({ frontier }) } });
    const replay = programOf({ annual_rates: [{ from: '2026-01-01', rate: '0.1' }], backdating: 'replay' });
    expect(run(moved('2026-05-02'), '2026-05-01', replay)).toEqual([]);
    for (const frontier of ['2026-05-01', null])
      expect(accruedBy(moved(frontier), '2026-05-01', replay)).toEqual([['a', 300n]]);
    expect(accruedBy(moved('2026-05-02'))).toEqual([['a', 300n]]);
  });

  test('without a rate in its last night, unless it has its own', () => {
    const later = programOf({ annual_rates: [{ from: '2026-05-01', rate: '0.1' }] });
    expect(run({ a: {} }, '2026-05-01', later)).toEqual([]);
    expect(accruedBy({ a: {} }, '2026-05-02', later)).toEqual([['a', 100n]]);
    expect(accruedBy({ a: { facts: { annualRate: TENTH } } }, '2026-05-01', later)).toEqual([['a', 300n]]);
  });

  test('whose interest would pass 18 digits, by itself or with what there is', () => {
    const full = (interest: bigint) =>
      Object.assign(lent(), { layers: [{ ...lent().layers[0], interest }, null, null] });
    expect(accruedBy({ a: { loan: full(MINOR_MAX - 299n) }, b: {} })).toEqual([['b', 300n]]);
    expect(accruedBy({ a: { loan: full(MINOR_MAX - 300n) } })).toEqual([['a', 300n]]);
    const memo = lent({ standing: ON_NON_ACCRUAL });
    memo.layers[0].memoInterest = MINOR_MAX;
    expect(run({ a: { loan: memo } })).toEqual([]);
    memo.layers[0].memoInterest = 0n;
    memo.layers[0].interest = MINOR_MAX;
    expect(accruedBy({ a: { loan: memo } })).toEqual([['a', 300n]]);
    const dear = { annualRate: rational({ numerator: MINOR_MAX, denominator: 300n }) };
    expect(run({ a: { facts: dear } })).toEqual([]);
  });
});

describe('a loan accrues', () => {
  test('on the day after it began, 0 on the day itself; a loan without interest has no line', () => {
    expect(accruedBy({ a: {} }, '2026-04-29')).toEqual([['a', 100n]]);
    const [entry, ...others] = run({ a: {} }, LENT_ON);
    expect(others).toEqual([]);
    expect(entry?.draft.lines).toEqual([]);
    expect(entry?.loans).toMatchObject([{ principalMinor: 0n, interestMinor: 0n }]);
    expect(entry?.draft.eventInput).toMatchObject({ loan_count: 1 });
  });

  test('since an earlier accrual alone', () => {
    const accrual = event('accrual', {
      eventType: 'accrual',
      effectiveAt: date('2026-04-30'),
      interestMinor: 200n,
      exact: whole(200n),
    });
    const met = { facts: { accruedOn: '2026-04-30', events: [LENT, accrual] } };
    expect(accruedBy({ a: met })).toEqual([['a', 100n]]);
    expect(run({ a: met })[0]?.loans[0]?.checkpoint).toMatchObject({ exact: whole(300n), postedMinor: 300n });
  });

  test('of an opening from the day through which it was accrued', () => {
    const opened = { ...LENT, beginsOn: date('2026-04-26') };
    const met = (accruedThrough: string) => ({
      facts: { accruedThrough: date(accruedThrough), events: [{ ...opened, beginsOn: date(accruedThrough) }] },
    });
    // It stands from 28 April on, and was owed elsewhere in the two nights before that.
    expect(accruedBy({ a: met('2026-04-26') })).toEqual([['a', 500n]]);
    const early = { ...opened, effectiveAt: date('2026-04-26') };
    expect(accruedBy({ a: { facts: { accruedThrough: date('2026-04-26'), events: [early] } } })).toEqual([['a', 500n]]);
  });

  test('of an opening that a disbursement was filed behind: from that on', () => {
    const before = { ...LENT, entryId: 'before', effectiveAt: date('2026-04-26'), beginsOn: date('2026-04-26') };
    const opened = { ...LENT, principalMinor: 0n };
    const met = {
      loan: lent({ firstDisbursedOn: '2026-04-26' }),
      facts: { accruedThrough: LENT_ON, events: [opened, before] },
    };
    expect(accruedBy({ a: met })).toEqual([['a', 500n]]);
  });

  test('by its own rate, night by night', () => {
    const fifth = rational({ numerator: 1n, denominator: 5n });
    expect(accruedBy({ a: { facts: { annualRate: fifth } } })).toEqual([['a', 600n]]);
  });

  test('by the rounding of the version in force on the date, and by the day count of the last night', () => {
    const [first] = programOf({ annual_rates: [{ from: '2026-01-01', rate: '0.1' }], rounding: 'down' });
    const [second] = programOf({
      annual_rates: [{ from: '2026-01-01', rate: '0.1' }],
      rounding: 'half_up',
      day_count_convention: 'ACT_360',
    });
    if (first === undefined || second === undefined) throw new Error('no versions');
    const from = (effectiveFrom: string) => [
      { ...first, version: 1 },
      { ...second, version: 2, effectiveFrom },
    ];
    const odd = { facts: { events: [{ ...LENT, principalMinor: 366_000n }] } };
    // 100.27 a night: 300.82 rounded down, and up.
    expect(accruedBy({ a: odd }, '2026-05-01', from('2026-05-02'))).toEqual([['a', 300n]]);
    expect(accruedBy({ a: odd }, '2026-05-01', from('2026-05-01'))).toEqual([['a', 301n]]);
    expect(run({ a: odd }, '2026-05-01', from('2026-05-01'))[0]?.dayCountConvention).toBe('ACT_365');
    expect(run({ a: odd }, '2026-05-01', from('2026-04-30'))[0]?.dayCountConvention).toBe('ACT_360');
  });

  test('of the principal that it had in the last night, paid in part before it', () => {
    const paid = event('paid', { effectiveAt: date('2026-04-30'), principalMinor: -PRINCIPAL / 2n });
    const onTheDay = event('paid', { effectiveAt: date('2026-05-01'), principalMinor: -PRINCIPAL / 2n });
    const loanOf = (events: readonly InterestEvent[]) => run({ a: { facts: { events } } })[0]?.loans[0];
    expect(loanOf([LENT, paid])).toMatchObject({ principalMinor: PRINCIPAL / 2n, interestMinor: 250n });
    expect(loanOf([LENT, onTheDay])).toMatchObject({
      principalMinor: PRINCIPAL,
      interestMinor: 300n,
      checkpoint: { principalFrom: '2026-05-01', principalMinor: PRINCIPAL / 2n },
    });
  });

  test('without a checkpoint where a later change of principal is known already', () => {
    const later = event('paid', { effectiveAt: date('2026-05-02'), principalMinor: -5n });
    const [entry] = run({ a: { facts: { events: [LENT, later] } }, b: { facts: { events: [] } } });
    expect(entry?.loans).toMatchObject([
      { loanId: 'a', interestMinor: 300n, checkpoint: null },
      { loanId: 'b', interestMinor: 0n, checkpoint: null },
    ]);
  });
});

describe('from a checkpoint on', () => {
  const checkpoint = {
    through: date('2026-04-30'),
    exact: whole(200n),
    postedMinor: 199n,
    principalFrom: LENT_ON,
    principalMinor: PRINCIPAL,
  };

  test('only what is new is counted, with what was left over', () => {
    const [entry] = run({ a: { facts: { checkpoint, events: [] } } });
    expect(entry?.loans).toMatchObject([
      { interestMinor: 101n, exact: whole(100n), checkpoint: { exact: whole(300n), postedMinor: 300n } },
    ]);
  });

  test('interest that begins behind it begins there', () => {
    const later = { loan: lent({ firstDisbursedOn: '2026-04-29' }), facts: { checkpoint, events: [] } };
    expect(run({ a: later })[0]?.loans[0]).toMatchObject({ exact: whole(100n) });
  });

  test('events that reach behind it are a fault of ours: the loan was read in part', () => {
    const earlier = event('paid', { effectiveAt: LENT_ON, principalMinor: -5n });
    expect(() => run({ a: { facts: { checkpoint, events: [earlier] } } })).toThrow('loan a was read in part');
  });
});

test('an entry takes no more income than 18 digits; what is over stands in another', () => {
  const half = MINOR_MAX / 2n;
  // One night of so many minor units at 100 % by ACT/365.
  const big = (interest: bigint) => ({
    facts: { annualRate: rational({ numerator: interest, denominator: 1_000n }) },
  });
  const events = [event('lent', { eventType: 'disbursement', principalMinor: 365_000n, beginsOn: date('2026-04-30') })];
  const met = (interest: bigint, standing = {}) => ({
    loan: lent({ firstDisbursedOn: '2026-04-30', ...standing }),
    facts: { ...big(interest).facts, events: events.map((one) => ({ ...one, effectiveAt: date('2026-04-30') })) },
  });
  const entriesOf = (loans: Readonly<Record<string, Met>>) =>
    run(loans).map(({ loans: own, accruedMinor }) => [own.map(({ loanId }) => loanId).join(' '), accruedMinor]);
  expect(entriesOf({ a: met(half), b: met(half + 1n) })).toEqual([['a b', MINOR_MAX]]);
  expect(entriesOf({ a: met(half), b: met(half + 2n), c: met(5n) })).toEqual([
    ['a', half],
    ['b c', half + 7n],
  ]);
  const memo = { standing: ON_NON_ACCRUAL };
  expect(entriesOf({ a: met(half, memo), b: met(half + 2n) })).toEqual([
    ['a', half],
    ['b', half + 2n],
  ]);
});

test('a date that is none is a fault of ours', () => {
  expect(() => run({}, '2026-02-30')).toThrow('2026-02-30 is not a date');
});

describe('one loan of a run again, at its place', () => {
  const MAY_1 = date('2026-05-01');
  const replayed = programOf({ backdating: 'replay', annual_rates: [{ from: '2026-01-01', rate: '0.1' }] });
  const again = (loan: LoanState, facts: Partial<InterestFacts> = {}, versions = replayed) =>
    interestAgain(loan, { ...FACTS, ...facts }, { date: MAY_1, program: versions, terms: programTerms(versions) });

  test('is what a run would post, whatever has accrued and happened behind it', () => {
    const three = { interestMinor: 300n, exact: whole(300n) };
    expect(again(lent({ frontier: '2026-05-09' }), { accruedOn: '2026-05-09' })).toMatchObject(three);
    expect(accruedBy({ a: { loan: lent({ frontier: '2026-05-09' }) } }, MAY_1, replayed)).toEqual([]);
  });

  test('is nothing where a run would pass the loan over: charged off, not begun, without a rate, past 18 digits', () => {
    expect(again(lent({ standing: CHARGED_OFF }))).toBeNull();
    expect(again(lent({ firstDisbursedOn: null }))).toBeNull();
    expect(again(lent({ firstDisbursedOn: '2026-05-02' }))).toBeNull();
    expect(again(lent(), {}, programOf({ backdating: 'replay' }))).toBeNull();
    expect(again(loanWith({ interest: MINOR_MAX - 299n }, { firstDisbursedOn: LENT_ON }))).toBeNull();
    expect(again(loanWith({ interest: MINOR_MAX - 300n }, { firstDisbursedOn: LENT_ON }))?.interestMinor).toBe(300n);
  });

  test('under replay counts in order of effect: a run behind a reversed one stands for the nights of both', () => {
    const apr = (day: number) => date(`2026-04-${day}`);
    const events = [
      LENT,
      event('one', { eventType: 'accrual', effectiveAt: apr(29), interestMinor: 100n, exact: whole(100n) }),
      event('two', { eventType: 'accrual', effectiveAt: apr(30), interestMinor: 100n, exact: whole(200n) }),
      event('no one', { eventType: 'reversal', effectiveAt: apr(29), reversesEntryId: 'one' }),
      event('more of two', { eventType: 'accrual', effectiveAt: apr(30), interestMinor: 100n, correctsEntryId: 'two' }),
    ];
    expect(again(lent(), { events })).toMatchObject({ interestMinor: 100n, exact: whole(100n) });
  });

  test('what was known before a day leaves out what counts from it on, and an opening of that day', () => {
    const opened = event('opened', {
      eventType: 'manual_adjustment',
      effectiveAt: date('2026-04-30'),
      principalMinor: 5n,
      beginsOn: LENT_ON,
    });
    const facts = { ...FACTS, accruedOn: '2026-05-09', accruedThrough: LENT_ON, events: [opened] };
    expect(interestBefore(facts, '2026-04-30')).toEqual({ ...FACTS, events: [] });
    expect(interestBefore(facts, '2026-05-01')).toEqual({ ...FACTS, accruedThrough: LENT_ON, events: [opened] });
    const checkpoint = { through: MAY_1, exact: whole(0n), postedMinor: 0n, principalFrom: MAY_1, principalMinor: 0n };
    expect(() => interestBefore({ ...facts, checkpoint }, '2026-05-01')).toThrow('no whole life');
  });
});
