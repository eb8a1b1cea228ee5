import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Expectation, expectAnswer } from './model/reference/expectation.ts';
import { book } from './model/reference/posting.ts';
import type { LedgerRequest } from './model/request.ts';
import { BORROWER, Desk, instant, LOAN, OTHER, PROGRAM, TODAY } from './model-desk.ts';

/** Requests as they come over the wire, to books that name events and entries as a server would. */
class Counter {
  readonly desk = new Desk();
  #count = 0;

  ask(path: string, body?: object, key = `asked-key:${this.#count}`): Expectation {
    const request: LedgerRequest = {
      tenant: 0,
      method: body === undefined ? 'GET' : 'POST',
      path,
      token: 'full',
      contentType: 'application/json',
      keyHeaders: [key],
      body: body === undefined ? '' : JSON.stringify(body),
    };
    return expectAnswer(this.desk.books, request, { businessDate: TODAY, principal: 'one' });
  }

  /** Asks and books; the new event is called by the id given. */
  post(path: string, body: object, called?: string): Expectation {
    this.#count += 1;
    const expected = this.ask(path, body, `test-key:${this.#count}`);
    if (expected.kind !== 'posted') return expected;
    const { key: text, fingerprint } = expected;
    const key = { text, fingerprint, body: `{"n":${this.#count}}` };
    const ids = called === undefined ? {} : { eventIds: [called], entryIds: [called], programId: called };
    book(this.desk.books, expected.posting, { postedAt: instant(this.#count), key, ...ids });
    return expected;
  }

  outcome(path: string, body: object): string {
    const expected = this.ask(path, body);
    return expected.kind === 'refused' ? expected.refusal.code : expected.kind;
  }
}

const money = (amount_minor: string, effective_at: string) => ({
  loan_id: LOAN,
  borrower_id: BORROWER,
  amount_minor,
  currency: 'USD',
  effective_at,
});
const PAYMENT = 'aaaaaaaa-aaaa-4aaa-8aaa-000000000001';

/** Principal 1,000,000, interest 10,000, fees 500. */
function workedExample(): Counter {
  const counter = new Counter();
  counter.post('/v1/disbursements', { ...money('1000000', '2026-04-01'), method: 'ach' });
  counter.post('/v1/accruals/batch', {
    program_id: PROGRAM,
    accrual_date: '2026-04-30',
    day_count_convention: 'ACT_365',
    loans: [{ loan_id: LOAN, outstanding_principal_minor: '1000000', interest_minor: '10000' }],
  });
  counter.post('/v1/fees', { ...money('500', '2026-04-30'), fee_type: 'late' });
  return counter;
}

describe('the reference model, asked over the contract', () => {
  it('comes out to the digit on the worked example', () => {
    const counter = workedExample();
    const paid = counter.post('/v1/payments', { ...money('88849', '2026-05-01'), source_method: 'ach' }, PAYMENT);
    expect(paid).toMatchObject({
      posting: {
        answer: {
          allocation: { fees_minor: '500', interest_minor: '10000', principal_minor: '78349', suspense_minor: '0' },
        },
      },
    });
    expect(counter.ask(`/v1/loans/${LOAN}/balance?as_of_date=2026-05-01`)).toEqual({
      kind: 'balance',
      body: {
        loan_id: LOAN,
        currency: 'USD',
        as_of_date: '2026-05-01',
        principal_outstanding_minor: '921651',
        interest_receivable_minor: '0',
        fees_receivable_minor: '0',
        total_exposure_minor: '921651',
        suspense_minor: '0',
        last_activity_at: instant(4),
      },
    });
    expect(counter.ask('/v1/accounts/1100/balance?currency=USD&as_of_date=2026-05-01')).toMatchObject({
      body: { dr_balance_minor: '1000000', cr_balance_minor: '78349', normal_balance_minor: '921651' },
    });
    expect(counter.ask(`/v1/journal-entries/${PAYMENT.toUpperCase()}`)).toMatchObject({
      kind: 'entry',
      entry: { eventType: 'payment_received' },
    });
    expect(counter.ask(`/v1/loans/${LOAN}`)).toMatchObject({ kind: 'loan', standing: { status: 'active' } });
    expect(counter.ask(`/v1/loans/${LOAN}/balance?known_at=${instant(0)}`)).toMatchObject({
      refusal: { code: 'loan_not_found' },
    });
  });

  it('returns a payment by the id that its answer gave, and shows a preview that writes nothing', () => {
    const counter = workedExample();
    counter.post('/v1/payments', { ...money('600', '2026-05-01'), source_method: 'ach' }, PAYMENT);
    const body = { return_code: 'R01', effective_at: '2026-05-04', nsf_fee_minor: '25' };
    expect(counter.ask(`/v1/payments/${PAYMENT}/returns?preview=true`, body, '')).toMatchObject({ kind: 'preview' });
    const back = counter.post(`/v1/payments/${PAYMENT}/returns`, body);
    expect(back).toMatchObject({ kind: 'posted', posting: { entries: [{}, { eventType: 'fee_assessed' }] } });
    expect(counter.outcome(`/v1/payments/${OTHER}/returns`, body)).toBe('not_found');
  });

  it('refuses in the order of the contract: fields, not found, whose, when, state, amounts', () => {
    const counter = workedExample();
    const wrong = { ...money('5', '2026-09-01'), borrower_id: OTHER, currency: 'EUR', method: 'ach' };
    expect(counter.outcome('/v1/suspense-refunds', { ...wrong, surplus: 1 })).toBe('validation_failed');
    expect(counter.outcome('/v1/payments/elsewhere', wrong)).toBe('not_found');
    const { method: _method, ...plain } = wrong;
    const credit = (more: object) => counter.outcome('/v1/goodwill-credits', { ...plain, ...more });
    expect(credit({ loan_id: OTHER })).toBe('loan_not_found');
    expect(credit({})).toBe('borrower_mismatch');
    expect(credit({ borrower_id: BORROWER })).toBe('currency_mismatch');
    const right = { borrower_id: BORROWER, currency: 'USD' };
    expect(credit(right)).toBe('effective_date_in_future');
    expect(credit({ ...right, effective_at: '2026-03-01' })).toBe('effective_date_before_disbursement');
    counter.post('/v1/periods/2026-04/close', {});
    expect(credit({ ...right, effective_at: '2026-04-30' })).toBe('period_closed');
    const allocation = { fees_minor: '501' };
    expect(credit({ ...right, effective_at: '2026-05-02', allocation })).toBe('allocation_mismatch');
    expect(credit({ ...right, amount_minor: '501', effective_at: '2026-05-02', allocation })).toBe(
      'amount_exceeds_outstanding',
    );
    counter.post('/v1/chargeoffs', { loan_id: LOAN, effective_at: '2026-05-01', reason_code: 'bankruptcy' });
    expect(credit({ ...right, effective_at: '2026-05-02', allocation })).toBe('loan_charged_off');
  });

  it('names every loan of a batch that is refused, and every field that is wrong', () => {
    const counter = workedExample();
    const loans = [OTHER, LOAN].map((loan_id) => ({ loan_id, outstanding_principal_minor: '0', interest_minor: '1' }));
    const batch = { program_id: PROGRAM, accrual_date: '2026-04-30', day_count_convention: 'ACT_360', loans };
    expect(counter.ask('/v1/accruals/batch', batch)).toEqual({
      kind: 'refused',
      refusal: { code: 'loan_not_found', fields: ['loans[0]', 'loans[1]'] },
    });
    const empty = { loan_id: LOAN, effective_at: '2026-05-01', reason_code: 'other', components: { fees_minor: '0' } };
    expect(counter.ask('/v1/chargeoffs', empty)).toMatchObject({ refusal: { fields: ['components'] } });
    const nothing = { loan_id: LOAN, effective_at: '2026-05-01' };
    expect(counter.outcome('/v1/restructures', nothing)).toBe('validation_failed');
    const ids = { journal_entry_ids: [OTHER, OTHER.toUpperCase()], bank_ref: 'x', effective_at: '2026-05-01' };
    expect(counter.ask('/v1/payments/settlements', ids)).toMatchObject({
      refusal: { code: 'journal_entry_not_found', fields: ['journal_entry_ids[0]', 'journal_entry_ids[1]'] },
    });
  });

  it('replays a key, tells another payload from it', () => {
    const counter = workedExample();
    const body = { ...money('5', '2026-05-01'), fee_type: 'late' };
    counter.post('/v1/fees', body);
    const again = Object.fromEntries(Object.entries(body).reverse());
    expect(counter.ask('/v1/fees', again, '"test-key:4"')).toEqual({ kind: 'replayed', body: '{"n":4}' });
    expect(counter.ask('/v1/fees', { ...body, amount_minor: '6' }, 'test-key:4')).toMatchObject({
      refusal: { code: 'idempotency_mismatch' },
    });
  });

  it('keeps the backdating policy of a program, and uses the version in force on the effective date', () => {
    const counter = new Counter();
    const program = { name: 'Second', backdating: 'replay', fee_types: [{ fee_type: 'late', income_account: '4110' }] };
    expect(counter.post('/v1/programs', program, OTHER)).toMatchObject({ kind: 'posted' });
    const versions = `/v1/programs/${OTHER}/versions`;
    const later = { effective_at: '2026-05-01', fee_types: [{ fee_type: 'late', income_account: '4120' }] };
    expect(counter.ask(versions, { ...later, backdating: 'append' })).toMatchObject({
      refusal: { fields: ['backdating'] },
    });
    counter.post(versions, later);
    const loan = { ...money('900', '2026-04-01'), method: 'ach' };
    counter.post('/v1/disbursements', { ...loan, program_id: OTHER });
    for (const [date, account] of [
      ['2026-04-30', '4110'],
      ['2026-05-01', '4120'],
    ]) {
      const fee = counter.post('/v1/fees', { ...money('9', date ?? ''), fee_type: 'late' });
      expect(fee).toMatchObject({
        posting: { entries: [{ lines: [{ accountCode: '1300' }, { accountCode: account }] }] },
      });
    }
  });
});

describe('what the reference model is made of', () => {
  it('shares no code with the ledger', () => {
    const folder = join(import.meta.dirname, 'model');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(30);
    const guilty = files.filter((name) => importsLedger(readFileSync(join(folder, name), 'utf8')));
    expect(guilty).toEqual([]);
    expect(importsLedger("import { x } from '../../../src/domain/fee.ts';")).toBe(true);
    expect(importsLedger("const x = await import('../../src/main.ts');")).toBe(true);
    expect(importsLedger(readFileSync(join(folder, '../../interest/interest-oracle.ts'), 'utf8'))).toBe(false);
  });
});

/** Any import of a file under src, or of what is not a file of the tests. */
function importsLedger(source: string): boolean {
  const named = [...source.matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*)'([^'\n]+)'/g)].map(([, path]) => path ?? '');
  return named.some((path) => path.split('/').includes('src') || !path.startsWith('.'));
}
