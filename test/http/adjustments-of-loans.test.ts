import { describe, expect, test } from 'vitest';
import { adjusted, adjustment, line } from './adjustment-story.ts';
import { serveLedger } from './ledger-server.ts';
import {
  chargeOff,
  disbursement,
  type Loan,
  newLoan,
  payment,
  posted,
  reversal,
  settlement,
  unmadeLoan,
} from './loan-story.ts';
import { expectRefusal } from './problem.ts';
import { componentsOf, entryIdOf, expectWholeLedger, lentUnder, replayingProgram, undo } from './restatement-story.ts';
import { runAccruals } from './run-story.ts';
import { textAt } from './tenant-api.ts';

const ledger = await serveLedger();
const { api } = ledger;

describe('an adjustment older than a charge-off of its loan', () => {
  const pairOf = (loanId: string, layer: string) => [
    line('1300', 'DR', '40', { loan_id: loanId, layer }),
    line('4100', 'CR', '40', { layer }),
  ];

  test.each([
    ['SETTLED', 'PENDING'],
    ['PENDING', 'SETTLED'],
    ['ENCUMBRANCE', 'PENDING'],
  ])('POST /v1/reversals: 422 loan_charged_off where it stands on %s and %s', async (first, second) => {
    const loan = await newLoan(api);
    const lines = [...pairOf(loan.loanId, first), ...pairOf(loan.loanId, second)];
    const entry = entryIdOf(await adjusted(api, adjustment(loan, { lines })));
    await posted(api.post('/v1/chargeoffs', chargeOff(loan)));
    const refused = { status: 422, code: 'loan_charged_off', fields: ['reverses_entry_id'] } as const;
    await expectRefusal(ledger, () => api.post('/v1/reversals', reversal(entry)), refused);
  });

  test('POST /v1/reversals: 201 where all of it stands on PENDING', async () => {
    const loan = await newLoan(api);
    const entry = entryIdOf(await adjusted(api, adjustment(loan, { lines: pairOf(loan.loanId, 'PENDING') })));
    await posted(api.post('/v1/chargeoffs', chargeOff(loan)));
    await posted(api.post('/v1/reversals', reversal(entry)));
  });
});

describe('a loan that an adjustment names without moving it, under replay', () => {
  test('POST /v1/reversals: 201 takes its beginning out from under the adjustment, which stands', async () => {
    const programId = await replayingProgram(api);
    const moved = await lentUnder(api, programId);
    const named = unmadeLoan();
    const lent = disbursement(named, { effective_at: '2026-05-01', program_id: programId });
    const beginning = entryIdOf(await posted(api.post('/v1/disbursements', lent)));
    const lines = [
      line('1300', 'DR', '40', { loan_id: moved.loanId }),
      line('4100', 'CR', '40', { loan_id: named.loanId }),
    ];
    await adjusted(api, adjustment(moved, { lines, effective_at: '2026-05-10' }));
    await undo(api, beginning);
    expect(await componentsOf(api, moved)).toEqual(['1000', '0', '40', '0']);
  });

  test('POST /v1/reversals: 201 counts from the day of the adjustment', async () => {
    const moved = await newLoan(api);
    const named = await lentUnder(api, await replayingProgram(api));
    const lines = [
      line('1300', 'DR', '40', { loan_id: moved.loanId }),
      line('4100', 'CR', '40', { loan_id: named.loanId }),
    ];
    await undo(api, entryIdOf(await adjusted(api, adjustment(moved, { lines, effective_at: '2026-05-10' }))));
    expect(await componentsOf(api, moved, '2026-05-10')).toEqual(['1000000', '0', '0', '0']);
  });
});

describe('a loan that lines name on other accounts alone', () => {
  test('GET /v1/loans/{loan_id}/journal-entries: 200 shows those lines, and the loan owes what it did', async () => {
    const moved = await newLoan(api);
    const named = await newLoan(api);
    const lines = [
      line('1300', 'DR', '40', { loan_id: moved.loanId }),
      line('4100', 'CR', '25', { loan_id: named.loanId }),
      line('4100', 'CR', '15'),
    ];
    const entryId = entryIdOf(await adjusted(api, adjustment(moved, { lines })));
    const { json } = await api.get(`/v1/loans/${named.loanId}/journal-entries?event_type=manual_adjustment`);
    const own = { account_code: '4100', direction: 'CR', amount_minor: '25', loan_id: named.loanId };
    expect(json).toMatchObject({ items: [{ journal_entry_id: entryId, lines: [own], lines_total: 3 }] });
    expect(await componentsOf(api, named)).toEqual(['1000000', '0', '0', '0']);
    await expectWholeLedger(ledger);
  });

  test('POST /v1/accruals/runs: 201 passes over one of a program under replay, when they are dated behind the day', async () => {
    const tenant = await ledger.newTenant();
    const programId = await replayingProgram(tenant, { annual_rates: [{ from: '2020-01-01', rate: '0.365' }] });
    const [named, other] = [await lentUnder(tenant, programId), await lentUnder(tenant, programId)];
    const lines = [line('1000', 'DR', '9'), line('4100', 'CR', '9', { loan_id: named.loanId })];
    await adjusted(tenant, adjustment(named, { lines, effective_at: '2026-05-10' }));
    const { loan_count, skipped_count } = await runAccruals(tenant, programId, '2026-05-06');
    expect({ loan_count, skipped_count }).toEqual({ loan_count: 1, skipped_count: 1 });
    expect(await componentsOf(tenant, other, '2026-05-06')).not.toEqual(['1000', '0', '0', '0']);
  });
});

describe('an adjustment that took of what waits', () => {
  const PENDING = { amount_minor: '877', layer: 'PENDING' };
  const taken = (account: string, side: 'DR' | 'CR', { loanId }: Loan) => [
    line(account, side, '500', { loan_id: loanId, layer: 'PENDING' }),
    line('3900', side === 'DR' ? 'CR' : 'DR', '500', { layer: 'PENDING' }),
  ];
  const refused = { status: 422, code: 'balance_would_be_negative' } as const;

  test.each(['settlements', 'cancellations'])(
    'POST /v1/disbursements/{disbursement_event_id}/%s: 422 balance_would_be_negative',
    async (act) => {
      const loan = await newLoan(api);
      const lent = await posted(api.post('/v1/disbursements', disbursement(loan, PENDING)));
      // Both at once: principal on SETTLED would pass 18 digits by the settling.
      const most = '999999999998999999';
      const full = [line('1100', 'DR', most, { loan_id: loan.loanId }), line('3900', 'CR', most)];
      await adjusted(api, adjustment(loan, { lines: [...taken('1100', 'CR', loan), ...full] }));
      const path = `/v1/disbursements/${textAt(lent, 'disbursement_event_id')}/${act}`;
      await expectRefusal(ledger, () => api.post(path, settlement()), refused);
    },
  );

  test.each(['settlements', 'cancellations'])(
    'POST /v1/payments/{payment_event_id}/%s: 422 balance_would_be_negative',
    async (act) => {
      const loan = await newLoan(api);
      const paid = await posted(api.post('/v1/payments', payment(loan, PENDING)));
      await adjusted(api, adjustment(loan, { lines: taken('2100', 'DR', loan) }));
      const path = `/v1/payments/${textAt(paid, 'payment_event_id')}/${act}`;
      await expectRefusal(ledger, () => api.post(path, settlement()), refused);
    },
  );
});
