import { describe, expect, it } from 'vitest';
import type { Command } from './model/reference/command.ts';
import { DEFAULT_POLICY } from './model/reference/program.ts';
import { standingOf } from './model/reference/reads.ts';
import {
  accrual,
  allocation,
  BORROWER,
  chargeoff,
  clearing,
  correction,
  Desk,
  disbursement,
  fee,
  goodwill,
  LOAN,
  nonAccrual,
  OTHER,
  PROGRAM,
  payment,
  pending,
  recovery,
  refinance,
  refund,
  restructure,
  returned,
  reversal,
  run,
  waiver,
} from './model-desk.ts';

/** A loan of 100,000 of 1 May. */
function lent(...policy: ConstructorParameters<typeof Desk>): Desk {
  const desk = new Desk(...policy);
  desk.event(disbursement(100_000, '2026-05-01'));
  return desk;
}

/** What an amount went to: fees, interest, principal, suspense. */
const split = (fees: number, interest: number, principal: number, suspense: number) => ({
  fees_minor: `${fees}`,
  interest_minor: `${interest}`,
  principal_minor: `${principal}`,
  suspense_minor: `${suspense}`,
});

describe('interest by hand', () => {
  it('50.00 at 7.99 % ACT/360 makes 33 cents in 30 days, never 30', () => {
    // 5000 × 0.0799 ÷ 360 is 1.1097 a night; each night rounded alone would be 1, and 30 in the month.
    const desk = new Desk({ dayCount: 'ACT_360', annualRates: [{ from: '2026-01-01', rate: '0.0799' }] });
    desk.event(disbursement(5_000, '2026-05-01'));
    for (let day = 2; day <= 31; day += 1) desk.event(run(`2026-05-${day.toString().padStart(2, '0')}`));
    // 30 nights: 33.29, rounded 33.
    expect(desk.balance('2026-05-31')).toEqual([0, 33, 5_000, 0, 0]);
    // After 5 nights 5.55 is 6: on that day 2 are posted.
    expect(desk.balance('2026-05-05')[1]).toBe(4);
    expect(desk.balance('2026-05-06')[1]).toBe(6);
  });

  it('a client’s batch counts at the amount sent, and a reversed accrual is caught up by the next run', () => {
    // 10,000 at 36.5 % ACT/365: exactly 10 a night.
    const desk = new Desk({ annualRates: [{ from: '2026-01-01', rate: '0.365' }] });
    desk.event(disbursement(10_000, '2026-05-01'));
    desk.event(accrual('2026-05-04', [LOAN, 99]));
    const fifth = desk.entry(run('2026-05-05'));
    expect(desk.written).toEqual([['DR 1200 10', 'CR 4000 10']]);
    desk.event(run('2026-05-06'));
    desk.event(reversal(fifth, '2026-05-06'));
    expect(desk.balance('2026-06-30')[1]).toBe(109);
    // Nights 4→5 (freed) and 6→7.
    desk.event(run('2026-05-07'));
    expect(desk.written).toEqual([['DR 1200 20', 'CR 4000 20']]);
  });

  it('under append a backdated payment leaves accrued nights alone; under replay they are computed anew', () => {
    const rates = { annualRates: [{ from: '2026-01-01', rate: '0.365' }] };
    for (const [backdating, interest] of [
      ['append', 20],
      ['replay', 15],
    ] as const) {
      const desk = new Desk({ ...rates, backdating, waterfall: ['principal', 'fees', 'interest'] });
      desk.event(disbursement(10_000, '2026-05-01'));
      desk.event(run('2026-05-02'));
      desk.event(run('2026-05-03'));
      desk.event(payment(5_000, '2026-05-02'));
      expect(desk.balance('2026-05-03')).toEqual([0, interest, 5_000, 0, 0]);
      // The night 2→3 on 5,000 makes 5 of the 10: a difference of 5 on the accrual's own day.
      if (backdating === 'replay') expect(desk.written[1]).toEqual(['CR 1200 5', 'DR 4000 5']);
    }
  });

  it('a reversed charge-off does not interrupt interest', () => {
    const desk = new Desk({ annualRates: [{ from: '2026-01-01', rate: '0.365' }] });
    desk.event(disbursement(10_000, '2026-05-01'));
    desk.event(run('2026-05-02'));
    const off = desk.entry(chargeoff('2026-05-02'));
    desk.event(run('2026-05-05'));
    expect(desk.last?.answer).toMatchObject({ loan_count: 0, skipped_count: 1 });
    desk.event(reversal(off, '2026-05-10'));
    desk.event(run('2026-05-12'));
    // The ten nights 2→12, eight of them while the loan stood charged off.
    expect(desk.written).toEqual([['DR 1200 100', 'CR 4000 100']]);
  });

  it('a correction posts the difference for the loan named', () => {
    const desk = lent();
    const batch = desk.event(accrual('2026-05-31', [LOAN, 900]));
    desk.event(correction(batch, '2026-06-02', [LOAN, 850]));
    expect(desk.written).toEqual([['CR 1200 50', 'DR 4000 50']]);
    desk.event(correction(batch, '2026-06-03', [LOAN, 860]));
    expect(desk.written).toEqual([['DR 1200 10', 'CR 4000 10']]);
    // Reversing the batch takes both corrections along: 900 − 50 + 10 goes.
    desk.event(reversal(desk.books.facts.get(batch)?.liveEntryId ?? '', '2026-06-01'));
    expect(desk.balance()).toEqual([0, 0, 100_000, 0, 0]);
    expect(desk.last?.entries.map(({ effectiveAt }) => effectiveAt)).toEqual([
      '2026-06-01',
      '2026-06-02',
      '2026-06-03',
    ]);
  });
});

describe('payments, returns and suspense by hand', () => {
  it('bounced ACH: the payment’s suspense part comes back first, then fees, interest, principal; then the fee', () => {
    const desk = lent();
    desk.event(fee(500, '2026-05-02'));
    desk.event(accrual('2026-05-10', [LOAN, 1_000]));
    const paid = desk.event(payment(101_700, '2026-05-11'));
    expect(desk.allocation).toEqual(split(500, 1_000, 100_000, 200));
    desk.event(returned(paid, '2026-05-13', { amountMinor: 900n, nsfFeeMinor: 25n }));
    expect(desk.written).toEqual([
      ['DR 2100 200', 'DR 1300 500', 'DR 1200 200', 'CR 1010 900'],
      ['DR 1300 25', 'CR 4100 25'],
    ]);
    desk.event(returned(paid, '2026-05-14'));
    expect(desk.written).toEqual([['DR 1200 800', 'DR 1100 100000', 'CR 1010 100800']]);
    expect(desk.send(returned(paid, '2026-05-15'))).toBe('amount_exceeds_payment');
    expect(desk.balance()).toEqual([525, 1_000, 100_000, 0, 0]);
  });

  it('a return that is reversed gives its part back, whatever came back after it', () => {
    const desk = lent();
    const paid = desk.event(payment(281, '2026-05-10'));
    const first = desk.entry(returned(paid, '2026-05-11', { amountMinor: 140n }));
    desk.event(returned(paid, '2026-05-12', { amountMinor: 10n }));
    expect(desk.send(reversal(first, '2026-05-12'))).toBe('posted');
    expect(desk.send(returned(paid, '2026-05-13', { amountMinor: 272n }))).toBe('amount_exceeds_payment');
    expect(desk.send(returned(paid, '2026-05-13'))).toBe('posted');
    expect(desk.balance()).toEqual([0, 0, 100_000, 0, 0]);
  });

  it('what suspense no longer holds comes back to principal; the policy principal takes suspense, then principal', () => {
    const desk = lent();
    const paid = desk.event(payment(100_300, '2026-05-11'));
    desk.event(refund(250, '2026-05-12'));
    expect(desk.send(refund(51, '2026-05-12'))).toBe('amount_exceeds_suspense');
    desk.event(returned(paid, '2026-05-13', { amountMinor: 300n }));
    expect(desk.written).toEqual([['DR 2100 50', 'DR 1100 250', 'CR 1010 300']]);
    const plain = lent({ returns: 'principal' });
    plain.event(fee(40, '2026-05-02'));
    const other = plain.event(payment(100, '2026-05-11'));
    plain.event(returned(other, '2026-05-13'));
    expect(plain.written).toEqual([['DR 1100 100', 'CR 1010 100']]);
    expect(plain.balance()).toEqual([0, 0, 100_040, 0, 0]);
  });

  it('suspense is applied as far as it is asked, there and owed', () => {
    const desk = lent();
    desk.event(payment(100_300, '2026-05-11'));
    expect(desk.send(allocation(undefined, '2026-05-12'))).toBe('amount_exceeds_outstanding');
    desk.event(fee(100, '2026-05-12'));
    expect(desk.balance()).toEqual([100, 0, 0, 300, 0]);
    desk.event(allocation(500, '2026-05-12'));
    expect(desk.written).toEqual([['DR 2100 100', 'CR 1300 100']]);
    expect(lent({ overpayment: 'reject' }).send(payment(100_001, '2026-05-11'))).toBe('amount_exceeds_outstanding');
  });

  it('pending stands apart, settles once with the allocation of then, or is cancelled', () => {
    const desk = lent();
    const waiting = desk.event(payment(700, '2026-05-02', { layer: 'PENDING' }));
    desk.event(fee(300, '2026-05-03'));
    expect(desk.balance('2026-05-03', { layer: 'PENDING' })).toEqual([0, 0, 0, 700, 0]);
    expect(desk.send(returned(waiting, '2026-05-04'))).toBe('amount_exceeds_payment');
    desk.event(pending('settle_payment')(waiting, '2026-05-04'));
    expect(desk.written).toEqual([
      ['CR 1010 700 PENDING', 'DR 2100 700 PENDING', 'DR 1010 700', 'CR 1300 300', 'CR 1100 400'],
    ]);
    expect(desk.send(pending('settle_payment')(waiting, '2026-05-05'))).toBe('already_settled');
    expect(desk.send(pending('cancel_payment')(waiting, '2026-05-05'))).toBe('already_settled');
    desk.event(returned(waiting, '2026-05-06', { amountMinor: 350n }));
    expect(desk.balance()).toEqual([300, 0, 99_650, 0, 0]);
    const second = desk.event(payment(5, '2026-05-02', { layer: 'PENDING' }));
    desk.event(pending('cancel_payment')(second, '2026-05-07'));
    expect(desk.send(pending('settle_payment')(second, '2026-05-08'))).toBe('already_reversed');
  });

  it('clearing meets the bank: the net of what is named, each once', () => {
    const desk = lent();
    const paid = desk.event(payment(700, '2026-05-02'));
    const first = desk.last?.entries[0]?.entryId ?? '';
    const back = desk.entry(returned(paid, '2026-05-04'));
    const other = desk.entry(payment(200, '2026-05-04'));
    desk.event(clearing([back, other], '2026-05-05'));
    expect(desk.written).toEqual([['DR 1010 500', 'CR 1000 500']]);
    expect(desk.send(clearing([first, other], '2026-05-05'))).toBe('already_settled');
    expect(desk.send(reversal(other, '2026-05-06'))).toBe('not_reversible');
    const out = desk.event(disbursement(1_000, '2026-05-05', { fees: [{ feeType: 'origination', amountMinor: 30n }] }));
    desk.event(pending('settle_disbursement')(out, '2026-05-06'));
    expect(desk.written).toEqual([['DR 2000 970', 'CR 1000 970']]);
  });

  it('goodwill pays by the waterfall out of the lender’s own accounts; a waiver takes fees only', () => {
    const desk = lent();
    desk.event(fee(50, '2026-05-02'));
    desk.event(accrual('2026-05-10', [LOAN, 10]));
    expect(desk.send(waiver(51, '2026-05-11'))).toBe('amount_exceeds_outstanding');
    desk.event(waiver(30, '2026-05-11'));
    expect(desk.written).toEqual([['DR 4920 30', 'CR 1300 30']]);
    desk.event(goodwill(100, '2026-05-11'));
    expect(desk.written).toEqual([
      ['DR 5200 70', 'DR 4900 10', 'DR 4910 20', 'CR 1300 20', 'CR 1200 10', 'CR 1100 70'],
    ]);
  });
});

describe('backdating by hand', () => {
  /** A fee of 100 of 20 May is paid by 500 on 21 May; then a payment of 60 dated 20 May arrives. */
  function backdated(backdating: 'append' | 'replay'): Desk {
    const desk = lent({ backdating });
    desk.event(fee(100, '2026-05-20'));
    desk.event(payment(500, '2026-05-21'));
    desk.event(payment(60, '2026-05-20'));
    return desk;
  }

  it('append: judged in the present, later entries stand', () => {
    const desk = backdated('append');
    expect(desk.allocation).toEqual(split(0, 0, 60, 0));
    expect(desk.balance('2026-05-20')).toEqual([100, 0, 99_940, 0, 0]);
    expect(desk.balance()).toEqual([0, 0, 99_540, 0, 0]);
  });

  it('replay: judged at its place, the later payment is reversed and posted again on its own day', () => {
    const desk = backdated('replay');
    expect(desk.allocation).toEqual(split(60, 0, 0, 0));
    expect(desk.written).toEqual([
      ['DR 1010 60', 'CR 1300 60'],
      ['CR 1010 500', 'DR 1300 100', 'DR 1100 400'],
      ['DR 1010 500', 'CR 1300 40', 'CR 1100 460'],
    ]);
    expect(desk.last?.answer['restatement']).toMatchObject({ entries: 1 });
    expect(desk.last?.entries.map(({ effectiveAt }) => effectiveAt)).toEqual([
      '2026-05-20',
      '2026-05-21',
      '2026-05-21',
    ]);
    expect(desk.balance('2026-05-20')).toEqual([40, 0, 100_000, 0, 0]);
    expect(desk.balance()).toEqual([0, 0, 99_540, 0, 0]);
  });

  it('replay: a reversal drops out on its own day, by the older id too, and once', () => {
    const desk = lent({ backdating: 'replay' });
    desk.event(fee(100, '2026-05-20'));
    const paid = desk.entry(payment(500, '2026-05-21'));
    const early = desk.entry(payment(60, '2026-05-20'));
    desk.event(reversal(early, '2026-06-01'));
    expect(desk.last?.entries[0]?.effectiveAt).toBe('2026-05-20');
    expect(desk.balance('2026-05-20')).toEqual([100, 0, 100_000, 0, 0]);
    desk.event(reversal(paid, '2026-06-01'));
    expect(desk.last?.answer['reverses_entry_id']).toBe(paid);
    expect(desk.balance('2026-05-21')).toEqual([100, 0, 100_000, 0, 0]);
    expect(desk.send(reversal(paid, '2026-06-01'))).toBe('already_reversed');
  });

  it('replay: what would be refused later blocks; money never does; a closed period is in the way', () => {
    const desk = lent({ backdating: 'replay' });
    desk.event(fee(100, '2026-05-20'));
    desk.event(waiver(80, '2026-05-22'));
    expect(desk.send(payment(30, '2026-05-21'))).toBe('replay_blocked');
    desk.event(payment(20, '2026-05-21'));
    // A split that asked 90 of the fees finds 70 of them once 30 were paid a day before: 20 wait in suspense.
    const other = lent({ backdating: 'replay' });
    other.event(fee(100, '2026-05-20'));
    const asked = { fees: 90n, interest: 0n, principal: 0n, suspense: 0n };
    other.event(payment(90, '2026-05-22', { allocation: asked }));
    other.event(payment(30, '2026-05-21'));
    expect(other.written[2]).toEqual(['DR 1010 90', 'CR 1300 70', 'CR 2100 20']);
    other.event({ kind: 'close', period: '2026-04' });
    other.event(fee(1, '2026-05-20'));
    other.event({ kind: 'close', period: '2026-05' });
    expect(other.send(fee(1, '2026-05-20'))).toBe('period_closed');
  });

  it('replay: a request that would restate more than the limit is refused by name', () => {
    const desk = lent({ backdating: 'replay' });
    desk.event(payment(500, '2026-05-21'));
    desk.event(payment(500, '2026-05-22'));
    desk.books.restatementLimit = 1;
    // 600 of fees take 500 of the first payment and 100 of the second: two entries differ; 400 differ in one.
    expect(desk.send(fee(600, '2026-05-20'))).toBe('restatement_too_large');
    expect(desk.send(fee(400, '2026-05-20'))).toBe('posted');
  });

  it('a refinance between policies: the replayed loan is put in order, the appended one is not', () => {
    const desk = lent({ backdating: 'append' });
    const policy = { ...DEFAULT_POLICY, backdating: 'replay' } as const;
    desk.books.programs.set(OTHER, { programId: OTHER, currency: undefined, versions: [{ from: '', policy }] });
    desk.event({ ...refinance(0, '2026-05-11'), programId: OTHER } as Command);
    const late = { loanId: OTHER };
    desk.event({ ...payment(500, '2026-05-20'), ...late } as Command);
    desk.event({ ...fee(30, '2026-05-15'), ...late } as Command);
    expect(desk.written.at(-1)).toEqual(['DR 1010 500', 'CR 1300 30', 'CR 1100 470']);
    // The old loan is paid after it was refinanced, by a date before that: judged in the present, nothing is owed.
    desk.event(payment(70, '2026-05-10'));
    expect(desk.written).toEqual([['DR 1010 70', 'CR 2100 70']]);
  });

  it('replay: a refund that suspense no longer covers is lent anew', () => {
    const desk = lent({ backdating: 'replay' });
    desk.event(payment(100_050, '2026-05-10'));
    desk.event(refund(50, '2026-05-12'));
    desk.event(fee(20, '2026-05-09'));
    // The payment now pays the fee: 30 are left in suspense, and 20 of the refund go to principal.
    expect(desk.written.at(-1)).toEqual(['DR 2100 30', 'DR 1100 20', 'CR 1010 50']);
    expect(desk.balance()).toEqual([0, 0, 20, 0, 0]);
  });
});

describe('charge-off and recovery by hand', () => {
  it('takes all, then recoveries by the waterfall, a return of one, and no reversal meanwhile', () => {
    const desk = lent();
    desk.event(fee(50, '2026-05-02'));
    desk.event(accrual('2026-05-10', [LOAN, 10]));
    const off = desk.entry(chargeoff('2026-06-01'));
    expect(desk.written).toEqual([
      ['DR 5000 100000', 'DR 4900 10', 'DR 4910 50', 'CR 1100 100000', 'CR 1200 10', 'CR 1300 50'],
    ]);
    expect(desk.send(payment(10, '2026-06-02'))).toBe('loan_charged_off');
    expect(desk.send(chargeoff('2026-06-02'))).toBe('already_charged_off');
    const got = desk.event(recovery(160, '2026-06-03'));
    expect(desk.allocation).toEqual(split(50, 10, 100, 0));
    expect(desk.written).toEqual([['DR 1010 160', 'CR 4200 160']]);
    expect(desk.send(reversal(off, '2026-06-04'))).toBe('not_reversible');
    desk.event(returned(got, '2026-06-05', { amountMinor: 55n }));
    expect(desk.written).toEqual([['DR 4200 55', 'CR 1010 55']]);
    expect(standingOf(desk.books, LOAN)).toMatchObject({
      status: 'charged_off',
      chargedOff: { fees: 50n, interest: 10n, principal: 100_000n },
      recovered: { fees: 0n, interest: 5n, principal: 100n },
    });
    desk.event(recovery(200_000, '2026-06-06'));
    expect(desk.written).toEqual([['DR 1010 200000', 'CR 4200 99955', 'CR 2100 100045']]);
    expect(desk.send(recovery(1, '2026-06-06'))).toBe('loan_not_charged_off');
  });

  it('fraud takes 5010, the allowance 1900; a bounced payment adds to what is charged off', () => {
    const desk = lent({ chargeoff: 'allowance' });
    const paid = desk.event(payment(400, '2026-05-20'));
    desk.event(chargeoff('2026-06-01'));
    expect(desk.written).toEqual([['DR 1900 99600', 'CR 1100 99600']]);
    desk.event(returned(paid, '2026-06-02'));
    expect(desk.written).toEqual([['DR 1900 400', 'CR 1010 400']]);
    desk.event(recovery(99_700, '2026-06-03'));
    expect(desk.written).toEqual([['DR 1010 99700', 'CR 1900 99700']]);
    const fraud = lent({ chargeoff: 'allowance' });
    fraud.event(chargeoff('2026-06-01', 'fraud'));
    expect(fraud.written[0]?.[0]).toBe('DR 5010 100000');
    fraud.event(recovery(5, '2026-06-03'));
    expect(fraud.written).toEqual([['DR 1010 5', 'CR 4200 5']]);
  });

  it('by components the loan stays active until its principal is gone', () => {
    const desk = lent();
    desk.event(fee(50, '2026-05-02'));
    desk.event(chargeoff('2026-06-01', 'other', [50, 0, 0]));
    expect(standingOf(desk.books, LOAN).status).toBe('active');
    desk.event(recovery(20, '2026-06-02'));
    desk.event(chargeoff('2026-06-03', 'other', [0, 0, 100_000]));
    expect(standingOf(desk.books, LOAN).status).toBe('charged_off');
  });

  it('replay: a charge-off that arrives late turns the later payment into a recovery, its reversal back', () => {
    const desk = lent({ backdating: 'replay' });
    desk.event(payment(300, '2026-05-20'));
    const off = desk.entry(chargeoff('2026-05-15'));
    expect(desk.written).toEqual([
      ['DR 5000 100000', 'CR 1100 100000'],
      ['CR 1010 300', 'DR 1100 300'],
      ['DR 1010 300', 'CR 4200 300'],
    ]);
    expect(desk.last?.entries[2]?.eventType).toBe('recovery');
    desk.event(reversal(off, '2026-06-01'));
    expect(desk.balance()).toEqual([0, 0, 99_700, 0, 0]);
    expect(standingOf(desk.books, LOAN).status).toBe('active');
  });
});

describe('non-accrual, restructure, refinance, adjustments by hand', () => {
  it('non-accrual: interest leaves income, is noted beside the books, is income as it is paid, and comes back by the cure', () => {
    const desk = lent();
    desk.event(accrual('2026-05-10', [LOAN, 100]));
    desk.event(nonAccrual('enter', '2026-05-11'));
    expect(desk.written).toEqual([['DR 4000 100', 'DR 9100 100', 'CR 1200 100', 'CR 9200 100']]);
    expect(desk.send(nonAccrual('enter', '2026-05-11'))).toBe('validation_failed');
    desk.event(accrual('2026-05-12', [LOAN, 30]));
    expect(desk.written).toEqual([['DR 9100 30', 'CR 9200 30']]);
    const paid = desk.event(payment(100_040, '2026-05-13'));
    expect(desk.written).toEqual([['DR 1010 100040', 'CR 1100 100000', 'CR 4000 40', 'DR 9200 40', 'CR 9100 40']]);
    expect(desk.balance()).toEqual([0, 0, 0, 0, 90]);
    desk.event(returned(paid, '2026-05-14', { amountMinor: 25n }));
    expect(desk.written).toEqual([['DR 4000 25', 'DR 9100 25', 'CR 9200 25', 'CR 1010 25']]);
    desk.event(nonAccrual('exit', '2026-05-15'));
    expect(desk.written).toEqual([['DR 9200 115', 'DR 1200 115', 'CR 9100 115', 'CR 4000 115']]);
    expect(desk.balance()).toEqual([0, 115, 0, 0, 0]);
  });

  it('restructure capitalises and forgives', () => {
    const desk = lent();
    desk.event(fee(50, '2026-05-02'));
    desk.event(accrual('2026-05-10', [LOAN, 100]));
    const asked = {
      capitalizeInterestMinor: 60n,
      forgiveInterestMinor: 40n,
      capitalizeFeesMinor: 50n,
      forgivePrincipalMinor: 1_000n,
    };
    expect(desk.send(restructure('2026-05-11', { ...asked, forgiveInterestMinor: 41n }))).toBe(
      'amount_exceeds_outstanding',
    );
    desk.event(restructure('2026-05-11', asked));
    expect(desk.balance()).toEqual([0, 0, 99_110, 0, 0]);
    expect(desk.written[0]).toEqual([
      'DR 1100 110',
      'DR 5100 1000',
      'DR 4900 40',
      'CR 1200 100',
      'CR 1300 50',
      'CR 1100 1000',
    ]);
  });

  it('refinance moves what is owed and what is in suspense, lends new money, and is never made otherwise', () => {
    const desk = lent({ backdating: 'replay' });
    desk.event(accrual('2026-05-10', [LOAN, 100]));
    desk.event(payment(40, '2026-05-10', { allocation: { fees: 0n, interest: 0n, principal: 0n, suspense: 40n } }));
    const moved = desk.event(refinance(5_000, '2026-05-11'));
    expect(desk.written).toEqual([
      ['DR 1100 105100', 'DR 2100 40', 'CR 1100 100000', 'CR 1200 100', 'CR 2000 5000', 'CR 2100 40'],
    ]);
    expect(desk.balance('2026-05-11', { loanId: OTHER })).toEqual([0, 0, 105_100, 40, 0]);
    expect(desk.balance()).toEqual([0, 0, 0, 0, 0]);
    expect(desk.send(payment(5, '2026-05-10'))).toBe('replay_blocked');
    expect(desk.send(refinance(5_000, '2026-05-12'))).toBe('loan_already_exists');
    desk.event(pending('settle_disbursement')(moved, '2026-05-12'));
    expect(desk.written).toEqual([['DR 2000 5000', 'CR 1000 5000']]);
  });

  it('an adjustment balances, names its loans, and needs two people', () => {
    const desk = lent();
    const line = { currency: 'USD', layer: 'SETTLED', amountMinor: 7n } as const;
    const up = { ...line, accountCode: '1300', direction: 'DR', loanId: LOAN } as const;
    const against = { ...line, accountCode: '4100', direction: 'CR', loanId: undefined } as const;
    const propose = (...lines: (typeof up | typeof against)[]) =>
      ({ kind: 'proposal', effectiveAt: '2026-05-09', lines }) as const;
    expect(desk.send(propose(up))).toBe('unbalanced_entry');
    desk.event(propose(up, against));
    expect(desk.balance()).toEqual([0, 0, 100_000, 0, 0]);
    const approve = { kind: 'approval', adjustmentId: 'adjustment-1' } as const;
    expect(desk.send(approve, 'one')).toBe('approver_is_proposer');
    expect(desk.send(approve, 'two')).toBe('posted');
    expect(desk.send(approve, 'two')).toBe('already_settled');
    expect(desk.balance()).toEqual([7, 0, 100_000, 0, 0]);
  });

  it('a registered loan brings its balances against 3900 and accrues from where it was accrued through', () => {
    const desk = new Desk();
    const opening = {
      asOf: '2026-05-01',
      accruedThrough: '2026-05-03',
      fees: 0n,
      interest: 5n,
      principal: 10_000n,
      suspense: 20n,
    };
    const registration = {
      kind: 'registration',
      loanId: LOAN,
      borrowerId: BORROWER,
      currency: 'USD',
      programId: PROGRAM,
    } as const;
    desk.event({ ...registration, annualRate: '0.365', maturity: undefined, opening });
    expect(desk.written).toEqual([['DR 1100 10000', 'DR 1200 5', 'CR 2100 20', 'CR 3900 9985']]);
    // 10 a night by the loan's own rate: 3→4 and 4→5.
    desk.event(run('2026-05-05'));
    expect(desk.written).toEqual([['DR 1200 20', 'CR 4000 20']]);
  });
});
