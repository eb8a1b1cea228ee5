import { describe, expect, it } from 'vitest';
import { type JournalList, type JournalWalk, walkDifferences } from './journal-walk.ts';
import { journalOf, shownLines } from './model/journal.ts';
import { book, newTenantLedger, type TenantLedger } from './model/ledger.ts';
import type { Command } from './model/reference/command.ts';
import { decide } from './model/reference/decide.ts';
import { accountBody } from './model/reference/reads.ts';
import { accrual, disbursement, fee, refinance, reversal } from './model-desk.ts';

const LOANS = ['11111111-1111-4111-8111-111111111111', '33333333-3333-4333-8333-333333333333'] as const;
const LIST: JournalList = {
  tenant: 0,
  loanId: undefined,
  fromDate: undefined,
  toDate: undefined,
  eventType: undefined,
  accountCode: undefined,
  order: 'asc',
  pageSize: 50,
  pagesMax: 1,
  isSettled: true,
};

/** Two disbursements, an accrual over both loans, then two fees of one batch. */
const ledger: TenantLedger = newTenantLedger('44444444-4444-4444-8444-444444444444');
const post = (name: string, second: number, command: Command, into = ledger): void => {
  const decision = decide(into.books, command, { businessDate: '2026-05-02', principal: 'one' });
  if ('refusal' in decision) throw new Error(`${name} is ${decision.refusal.code}`);
  const foretold = { posting: decision.posting, key: `key:${name}`, fingerprint: name };
  book(into, foretold, { entryIds: [name], eventIds: [], postedAt: instant(second), body: name });
};
for (const [at, loanId] of LOANS.entries()) {
  post(`disbursed-${at}`, at, disbursement(100, `2026-01-0${at + 1}`, { loanId }));
}
post('accrued', 2, accrual('2026-02-01', [LOANS[0], 3], [LOANS[1], 4]));
for (const name of ['fee-a', 'fee-b']) post(name, 3, fee(5, '2026-01-15'));
const ALL = ['disbursed-0', 'disbursed-1', 'accrued', 'fee-b', 'fee-a'];

function instant(second: number): string {
  return `2026-05-02T12:00:0${second}.000000Z`;
}

function walkOf(ids: readonly string[], changes: Partial<JournalList> = {}, walk: Partial<JournalWalk> = {}): string[] {
  const shown = ids.map((entryId) => ({ entryId, postedAt: ledger.entries.get(entryId)?.postedAt ?? instant(1) }));
  return walkDifferences(ledger, {
    list: { ...LIST, ...changes },
    shown,
    isWhole: true,
    newestBefore: instant(3),
    ...walk,
  });
}

describe('a walk that is a stretch of its list', () => {
  it('whole, either way round, whichever of one batch comes first', () => {
    expect(walkOf(ALL)).toEqual([]);
    expect(walkOf(ALL.toReversed(), { order: 'desc' })).toEqual([]);
    expect(walkOf([...ALL.slice(0, 3), 'fee-a', 'fee-b'])).toEqual([]);
  });

  it('in part, also when its end divides a batch', () => {
    expect(walkOf(ALL.slice(0, 4), {}, { isWhole: false })).toEqual([]);
    expect(walkOf(['fee-a'], { order: 'desc' }, { isWhole: false })).toEqual([]);
    expect(walkOf(['fee-a', 'fee-b', 'accrued'], { order: 'desc' }, { isWhole: false })).toEqual([]);
  });

  it('behind an entry, also one that shares its time with others', () => {
    const behind = { entryId: 'disbursed-1', postedAt: instant(1) };
    expect(walkOf(ALL.slice(2), {}, { behind })).toEqual([]);
    const amid = { entryId: 'fee-a', postedAt: instant(3) };
    expect(walkOf(['fee-b'], {}, { behind: amid })).toEqual([]);
    expect(walkOf([], {}, { behind: amid })).toEqual([]);
  });

  it('of a filter', () => {
    expect(walkOf(['disbursed-0', 'disbursed-1'], { eventType: 'disbursement' }, { newestBefore: '' })).toEqual([]);
    expect(walkOf(['accrued'], { fromDate: '2026-01-20' }, { newestBefore: '' })).toEqual([]);
    expect(walkOf(['disbursed-1', 'accrued'], { loanId: LOANS[1] }, { newestBefore: '' })).toEqual([]);
  });
});

describe('a walk is found out', () => {
  it('when an entry is missing, in the middle or at an end that was known', () => {
    expect(walkOf(['disbursed-0', 'accrued', 'fee-b', 'fee-a']).join()).toMatch(/disbursed-1 .* is missing/);
    expect(walkOf(['disbursed-0', 'disbursed-1', 'accrued']).join()).toMatch(/was known/);
    expect(walkOf(ALL.slice(0, 3).reverse(), { order: 'desc' }).join()).toMatch(/was known/);
    expect(walkOf(['fee-a', 'accrued'], { order: 'desc' }, { isWhole: false }).join()).toMatch(/fee-b .* is missing/);
  });

  it('behind an entry, when the next one is missing, or the entry itself or one before it comes', () => {
    const behind = { entryId: 'disbursed-1', postedAt: instant(1) };
    expect(walkOf(['fee-a', 'fee-b'], {}, { behind }).join()).toMatch(/accrued .* is missing/);
    expect(walkOf(ALL.slice(1), {}, { behind }).join()).toMatch(/begins with the entry that it begins behind/);
    expect(walkOf(ALL, {}, { behind }).join()).toMatch(/disbursed-0 does not belong/);
    expect(walkOf([], {}, { behind }).join()).toMatch(/was known/);
  });

  it('when an entry comes twice, out of order, or does not belong', () => {
    expect(walkOf([...ALL, 'fee-a']).join()).toMatch(/1 entries came twice/);
    expect(walkOf(['disbursed-1', 'disbursed-0', ...ALL.slice(2)]).join()).toMatch(/out of order/);
    expect(walkOf(ALL, { eventType: 'fee_assessed' }).join()).toMatch(/accrued does not belong/);
    expect(walkOf([...ALL.slice(0, 2), 'made-up', ...ALL.slice(2)]).join()).toMatch(/made-up does not belong/);
  });
});

describe('the model of lists and accounts', () => {
  it('shows the lines of one loan where an entry touches several, and all of them elsewhere', () => {
    const [, accrued] = journalOf(ledger, { ...LIST, loanId: LOANS[0] });
    if (accrued === undefined) throw new Error('the loan has no accrual');
    expect(shownLines(accrued, LOANS[0]).map(({ amountMinor }) => amountMinor)).toEqual([3n]);
    expect(shownLines(accrued, undefined).length).toBe(3);
    const [disbursed] = journalOf(ledger, { ...LIST, loanId: LOANS[0] });
    expect(disbursed === undefined ? 0 : shownLines(disbursed, LOANS[0]).length).toBe(2);
  });

  it('shows the new money of a refinance with the new loan', () => {
    const books = newTenantLedger(ledger.programId);
    post('disbursed', 0, disbursement(100, '2026-01-01'), books);
    post('refinanced', 1, refinance(36, '2026-02-01'), books);
    post('undone', 2, reversal('refinanced', '2026-02-02'), books);
    const shown = (loanId: string) =>
      journalOf(books, { ...LIST, loanId })
        .slice(-2)
        .map((entry) => shownLines(entry, loanId).map(({ direction, accountCode }) => `${direction} ${accountCode}`));
    expect(shown(LOANS[0])).toEqual([['CR 1100'], ['DR 1100']]);
    expect(shown(LOANS[1])).toEqual([
      ['DR 1100', 'CR 2000'],
      ['CR 1100', 'DR 2000'],
    ]);
  });

  it('sums an account on both clocks, on its normal side', () => {
    const ask = (accountCode: '1100' | '4100', asOfDate: string, knownAt?: string) =>
      accountBody(ledger.books, { accountCode, currency: 'USD' }, { asOfDate, knownAt, layer: 'SETTLED' })?.[
        'normal_balance_minor'
      ];
    expect(ask('1100', '2026-01-01')).toBe('100');
    expect(ask('1100', '2026-01-02')).toBe('200');
    expect(ask('4100', '2026-05-01')).toBe('10');
    expect(ask('4100', '2026-05-01', instant(2))).toBe('0');
    expect(ask('4100', '2026-01-14')).toBe('0');
  });
});
