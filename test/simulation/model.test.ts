import { describe, expect, it } from 'vitest';
import { addDays, addMicroseconds, daysBetween } from './instant.ts';
import { canonicalJson } from './model/canonical.ts';
import { type Expectation, expectAnswer } from './model/expectation.ts';
import { book, newTenantLedger, type TenantLedger } from './model/ledger.ts';
import { balanceBody, componentsOf, foldDifferences } from './model/reference/reads.ts';
import type { LedgerRequest } from './model/request.ts';
import { Random } from './random.ts';

const LOAN = '11111111-1111-4111-8111-111111111111';
const OTHER_LOAN = '33333333-3333-4333-8333-333333333333';
const BORROWER = '22222222-2222-4222-8222-222222222222';
const PROGRAM = '44444444-4444-4444-8444-444444444444';
const NOW = { businessDate: '2026-05-02', principal: 'one' };

/** Hand-made books: each posted command is the next microsecond's. */
class Books {
  readonly ledger: TenantLedger = newTenantLedger(PROGRAM);
  #count = 0;
  undoLast: () => void = () => undefined;

  /** Foretells a command and books it when it may be. */
  post(path: string, body: object, key?: string): Expectation {
    this.#count += 1;
    const request = requestOf(path, body, key ?? `test-key:${this.#count}`);
    const expected = expectAnswer(this.ledger, request, NOW);
    if (expected.kind === 'posted') {
      this.undoLast = book(this.ledger, expected, {
        entryIds: [entryId(this.#count)],
        eventIds: [],
        postedAt: instant(this.#count),
        body: `{"n":${this.#count}}`,
      });
    }
    return expected;
  }

  /** The code of the refusal that the command meets, or what else becomes of it. */
  outcome(path: string, body: object, key?: string): string {
    const expected = this.post(path, body, key);
    return expected.kind === 'refused' ? expected.refusal.code : expected.kind;
  }

  get lastEntryId(): string {
    return entryId(this.#count);
  }

  balance(question: { asOfDate?: string; knownAt?: string; layer?: 'SETTLED' | 'PENDING' } = {}) {
    const { asOfDate = NOW.businessDate, knownAt, layer = 'SETTLED' } = question;
    const past = { asOfDate, knownAt, layer };
    const { fees, interest, principal, suspense } = componentsOf(this.ledger.books, LOAN, past);
    return [fees, interest, principal, suspense];
  }
}

function requestOf(path: string, body: object, key: string): LedgerRequest {
  const text = JSON.stringify(body);
  return {
    tenant: 0,
    method: 'POST',
    path,
    token: 'full',
    contentType: 'application/json',
    keyHeaders: [key],
    body: text,
  };
}

function entryId(count: number): string {
  return `aaaaaaaa-aaaa-4aaa-8aaa-${count.toString().padStart(12, '0')}`;
}

function instant(count: number): string {
  return `2026-05-02T12:00:00.${count.toString().padStart(6, '0')}Z`;
}

function money(amountMinor: string, effectiveAt: string) {
  return {
    loan_id: LOAN,
    borrower_id: BORROWER,
    amount_minor: amountMinor,
    currency: 'USD',
    effective_at: effectiveAt,
  };
}

const disbursement = (amountMinor: string, effectiveAt: string) => ({
  ...money(amountMinor, effectiveAt),
  method: 'ach',
});
const payment = (amountMinor: string, effectiveAt: string) => ({
  ...money(amountMinor, effectiveAt),
  source_method: 'ach',
});
const fee = (amountMinor: string, effectiveAt: string) => ({ ...money(amountMinor, effectiveAt), fee_type: 'late' });
const reversal = (id: string, effectiveAt: string) => ({
  reverses_entry_id: id,
  reason_code: 'duplicate',
  effective_at: effectiveAt,
});
const accrual = (date: string, ...loans: (readonly [string, string])[]) => ({
  program_id: PROGRAM,
  accrual_date: date,
  day_count_convention: 'ACT_365',
  loans: loans.map(([loan_id, interest_minor]) => ({ loan_id, outstanding_principal_minor: '0', interest_minor })),
});

/** Principal 1,000,000 of 1 April, interest 10,000 of 30 April, a fee of 500 of 30 April. */
function workedExample(): Books {
  const books = new Books();
  books.post('/v1/disbursements', disbursement('1000000', '2026-04-01'));
  books.post('/v1/accruals/batch', accrual('2026-04-30', [LOAN, '10000']));
  books.post('/v1/fees', fee('500', '2026-04-30'));
  return books;
}

describe('the reference model, by hand', () => {
  it('comes out to the digit on the worked example', () => {
    const books = workedExample();
    const paid = books.post('/v1/payments', payment('88849', '2026-05-01'));
    expect(paid).toMatchObject({
      kind: 'posted',
      posting: {
        answer: {
          allocation: { fees_minor: '500', interest_minor: '10000', principal_minor: '78349', suspense_minor: '0' },
        },
      },
    });
    const past = { asOfDate: '2026-05-01', knownAt: undefined, layer: 'SETTLED' } as const;
    expect(balanceBody(books.ledger.books, LOAN, past)).toEqual({
      loan_id: LOAN,
      currency: 'USD',
      as_of_date: '2026-05-01',
      principal_outstanding_minor: '921651',
      interest_receivable_minor: '0',
      fees_receivable_minor: '0',
      total_exposure_minor: '921651',
      suspense_minor: '0',
      last_activity_at: instant(4),
    });
  });

  it('answers for both clocks: a date before an event, an instant before it was recorded', () => {
    const books = workedExample();
    books.post('/v1/payments', payment('88849', '2026-05-01'));
    expect(books.balance({ asOfDate: '2026-03-31' })).toEqual([0n, 0n, 0n, 0n]);
    expect(books.balance({ asOfDate: '2026-04-29' })).toEqual([0n, 0n, 1000000n, 0n]);
    expect(books.balance({ knownAt: instant(3) })).toEqual([500n, 10000n, 1000000n, 0n]);
    expect(books.balance({ knownAt: instant(4) })).toEqual([0n, 0n, 921651n, 0n]);
  });

  it('lets a past balance go below zero, never the present one', () => {
    const books = workedExample();
    books.post('/v1/payments', payment('10500', '2026-04-02'));
    expect(books.balance({ asOfDate: '2026-04-02' })).toEqual([-500n, -10000n, 1000000n, 0n]);
    expect(books.balance()).toEqual([0n, 0n, 1000000n, 0n]);
    expect(books.outcome('/v1/reversals', reversal(entryId(3), '2026-05-01'))).toBe('balance_would_be_negative');
  });

  it('keeps what is left over in suspense and gives back exactly what a payment took', () => {
    const books = workedExample();
    books.post('/v1/payments', payment('1010600', '2026-05-01'));
    expect(books.balance()).toEqual([0n, 0n, 0n, 100n]);
    expect(books.outcome('/v1/reversals', reversal(books.lastEntryId, '2026-04-30'))).toBe('validation_failed');
    expect(books.outcome('/v1/reversals', reversal(entryId(4), '2026-05-02'))).toBe('posted');
    expect(books.balance()).toEqual([500n, 10000n, 1000000n, 0n]);
    expect(books.outcome('/v1/reversals', reversal(books.lastEntryId, '2026-05-02'))).toBe('not_reversible');
    expect(books.outcome('/v1/reversals', reversal(entryId(4), '2026-05-02'))).toBe('already_reversed');
    expect(books.outcome('/v1/reversals', reversal(PROGRAM, '2026-05-02'))).toBe('journal_entry_not_found');
  });

  it('takes an explicit split, and only one that adds up and that the loan can bear', () => {
    const books = workedExample();
    const split = (allocation: object) =>
      books.outcome('/v1/payments', { ...payment('700', '2026-05-01'), allocation });
    expect(split({ fees_minor: '501', principal_minor: '199' })).toBe('amount_exceeds_outstanding');
    expect(split({ fees_minor: '500' })).toBe('allocation_mismatch');
    expect(split({ suspense_minor: '600', principal_minor: '100' })).toBe('posted');
    expect(books.balance()).toEqual([500n, 10000n, 999900n, 600n]);
  });

  it('withholds fees, and leaves no line of 0 when they take everything', () => {
    const books = new Books();
    const fees = (amount: string) => [{ fee_type: 'origination', amount_minor: amount }];
    const lines = (expected: Expectation) =>
      expected.kind === 'posted'
        ? (expected.posting.entries[0]?.lines ?? []).map(
            (line) => `${line.direction} ${line.accountCode} ${line.amountMinor}`,
          )
        : [];
    const part = books.post('/v1/disbursements', { ...disbursement('1000', '2026-04-01'), fees: fees('300') });
    expect(lines(part)).toEqual(['DR 1100 1000', 'CR 2000 700', 'CR 4100 300']);
    const all = books.post('/v1/disbursements', { ...disbursement('1000', '2026-04-01'), fees: fees('1000') });
    expect(lines(all)).toEqual(['DR 1100 1000', 'CR 4100 1000']);
    const above = books.post('/v1/disbursements', { ...disbursement('1000', '2026-04-01'), fees: fees('1001') });
    expect(above).toEqual({ kind: 'refused', refusal: { code: 'validation_failed', fields: ['fees'] } });
  });

  it('keeps a pending payment and a pending disbursement off the settled layer', () => {
    const books = workedExample();
    const pending = books.post('/v1/payments', { ...payment('900', '2026-05-01'), layer: 'PENDING' });
    expect(pending).toMatchObject({ posting: { answer: { allocation: { fees_minor: '0', suspense_minor: '900' } } } });
    books.post('/v1/disbursements', { ...disbursement('50', '2026-05-01'), layer: 'PENDING' });
    expect(books.balance()).toEqual([500n, 10000n, 1000000n, 0n]);
    expect(books.balance({ layer: 'PENDING' })).toEqual([0n, 0n, 50n, 900n]);
  });

  it('accrues a loan once for a date, all or nothing, and frees the date by a reversal', () => {
    const books = workedExample();
    books.post('/v1/disbursements', { ...disbursement('10', '2026-04-15'), loan_id: OTHER_LOAN });
    const again = books.post('/v1/accruals/batch', accrual('2026-04-30', [OTHER_LOAN, '1'], [LOAN, '1']));
    expect(again).toEqual({
      kind: 'refused',
      refusal: { code: 'accrual_already_posted', fields: ['loans[1]'] },
    });
    const early = books.post('/v1/accruals/batch', accrual('2026-04-14', [LOAN, '1'], [OTHER_LOAN, '1']));
    expect(early).toEqual({
      kind: 'refused',
      refusal: { code: 'effective_date_before_disbursement', fields: ['loans[1]'] },
    });
    expect(books.outcome('/v1/accruals/batch', accrual('2026-04-20', [LOAN, '1'], [LOAN, '1']))).toBe(
      'validation_failed',
    );
    expect(books.outcome('/v1/reversals', reversal(entryId(2), '2026-04-30'))).toBe('posted');
    const none = books.post('/v1/accruals/batch', accrual('2026-04-30', [OTHER_LOAN, '0'], [LOAN, '0']));
    expect(none).toMatchObject({
      kind: 'posted',
      posting: { entries: [{ lines: [] }], answer: { loan_count: 2, total_accrued_minor: '0' } },
    });
    expect(books.outcome('/v1/accruals/batch', accrual('2026-04-30', [LOAN, '5']))).toBe('accrual_already_posted');
  });

  it('refuses in the order of the contract', () => {
    const books = workedExample();
    const wrong = { ...payment('5', '2026-06-01'), borrower_id: PROGRAM, currency: 'EUR' };
    expect(books.outcome('/v1/payments', { ...wrong, loan_id: OTHER_LOAN })).toBe('loan_not_found');
    expect(books.outcome('/v1/payments', wrong)).toBe('borrower_mismatch');
    expect(books.outcome('/v1/payments', { ...wrong, borrower_id: BORROWER })).toBe('currency_mismatch');
    expect(books.outcome('/v1/payments', payment('5', '2026-06-01'))).toBe('effective_date_in_future');
    expect(books.outcome('/v1/payments', payment('5', '2026-03-31'))).toBe('effective_date_before_disbursement');
    expect(books.outcome('/v1/disbursements', { ...disbursement('5', '2026-06-01'), program_id: LOAN })).toBe(
      'program_not_found',
    );
    const most = '999999999999999999';
    expect(books.outcome('/v1/disbursements', disbursement(most, '2026-04-01'))).toBe('amount_out_of_range');
    expect(books.outcome('/v1/payments', { ...payment('0', '2026-05-01'), surplus: 1 })).toBe('validation_failed');
  });

  it('replays a key, tells another payload from it, and leaves the key of a refused request free', () => {
    const books = workedExample();
    const body = payment('5', '2026-05-01');
    expect(books.outcome('/v1/payments', payment('5', '2026-06-01'), 'payment:one:1')).toBe('effective_date_in_future');
    expect(books.outcome('/v1/payments', body, 'payment:one:1')).toBe('posted');
    const reordered = Object.fromEntries(Object.entries(body).reverse());
    expect(books.post('/v1/payments', reordered, '"payment:one:1"')).toEqual({ kind: 'replayed', body: '{"n":5}' });
    expect(books.outcome('/v1/payments', payment('6', '2026-05-01'), 'payment:one:1')).toBe('idempotency_mismatch');
    expect(books.outcome('/v1/fees', fee('5', '2026-05-01'), 'payment:one:1')).toBe('idempotency_mismatch');
  });

  it('takes a booking back without a trace', () => {
    const books = workedExample();
    const before = JSON.stringify(books.ledger, jsonText);
    books.post('/v1/reversals', reversal(entryId(2), '2026-05-01'));
    books.undoLast();
    books.post('/v1/disbursements', { ...disbursement('5', '2026-05-01'), loan_id: OTHER_LOAN });
    books.undoLast();
    expect(JSON.stringify(books.ledger, jsonText)).toBe(before);
    expect(foldDifferences(books.ledger.books)).toEqual([]);
    expect([...books.ledger.keys.keys()]).toHaveLength(3);
  });
});

function jsonText(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Map || value instanceof Set ? [...value] : value;
}

describe('what the model counts with', () => {
  it('writes the sample of RFC 8785 section 3.2.3 in the order of UTF-16 units', () => {
    const sample = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    const order = ['Carriage', 'One', 'Control', 'Latin', 'Euro', 'Emoji', 'Hebrew'];
    const places = order.map((word) => canonicalJson(sample).indexOf(word));
    expect(places).toEqual(places.toSorted((left, right) => left - right));
    expect(canonicalJson({ b: [1e2, 'x'], a: null })).toBe('{"a":null,"b":[100,"x"]}');
  });

  it('steps over days and microseconds', () => {
    expect(addDays('2024-02-28', 2)).toBe('2024-03-01');
    expect(daysBetween({ from: '2025-12-31', to: '2026-03-01' })).toBe(60);
    expect(addMicroseconds('2026-01-01T00:00:00.000000Z', -1n)).toBe('2025-12-31T23:59:59.999999Z');
    expect(addMicroseconds('2026-05-01T12:00:00.999999Z', 1n)).toBe('2026-05-01T12:00:01.000000Z');
  });

  it('repeats a stream from its seed', () => {
    const stream = (seed: string) => {
      const random = new Random(seed);
      return [random.word(), random.uuid(), random.amount(1n, 10n ** 18n), random.shuffled([1, 2, 3, 4])];
    };
    expect(stream('seed')).toEqual(stream('seed'));
    expect(stream('seed')).not.toEqual(stream('seed2'));
  });
});
