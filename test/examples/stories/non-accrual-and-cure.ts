import type { StoryScript } from '../story.ts';
import { expectRefused } from '../teller.ts';

/** Interest that nobody expects to be paid is no income: it stands beside the books, on 9100 and 9200, until it is. */
export const nonAccrualAndCure: StoryScript = {
  name: 'non-accrual-and-cure',
  title: 'Non-accrual, and the cure',
  async tell(story) {
    const loan = story.loan('the loan');
    await loan.disburse('2025-01-01', 2_000_00n);
    // 1.00 a night: 30 nights, then 59.
    await loan.accrue('2025-01-31', { on: 2_000_00n, interest: 30_00n });
    await loan.accrue('2025-03-31', { on: 2_000_00n, interest: 59_00n });
    const before = await story.remember('2025-03-31', '2025-05-31', '2025-06-30');

    // Ninety days without a payment: the 89.00 leave income.
    await loan.nonAccrual('2025-04-01', 'enter');
    await expectRefused('validation_failed', () => loan.nonAccrual('2025-04-02', 'enter'));
    await loan.is('active', { principal: 2_000_00n, memoInterest: 89_00n });
    await loan.isNonAccrualSince('2025-04-01');
    await loan.accrue('2025-04-30', { on: 2_000_00n, interest: 30_00n });
    await loan.charge('2025-05-01', 20_00n);

    // What comes in goes to fees and principal first; memo interest waits.
    await loan.pay('2025-05-05', 150_00n, { fees: 20_00n, principal: 130_00n });
    // Five nights of 1.00, 26 of 0.935: 5.00 + 24.31.
    await loan.accrue('2025-05-31', { on: 1_870_00n, interest: 29_31n });
    await loan.is('active', { principal: 1_870_00n, memoInterest: 148_31n });
    await story.books('2025-05-31', {
      USD: { 1010: 150_00n, 1100: 1_870_00n, 2000: 2_000_00n, 4100: 20_00n, 9100: 148_31n, 9200: 148_31n },
    });
    // The lender takes 48.31 as interest: income when it is there in cash.
    await loan.payAs('2025-06-10', { interest: 48_31n });
    await loan.is('active', { principal: 1_870_00n, memoInterest: 100_00n });

    // Fifteen nights of 0.935 are 14.025, half-even 14.02. The borrower has paid for long enough: the 114.02 are income again.
    await loan.accrue('2025-06-15', { on: 1_870_00n, interest: 14_02n });
    await loan.nonAccrual('2025-06-15', 'exit');
    await loan.isNonAccrualSince(null);
    await loan.pay('2025-06-20', 214_02n, { interest: 114_02n, principal: 100_00n });

    await loan.is('active', { principal: 1_770_00n });
    await loan.owes({
      '2025-03-31': { principal: 2_000_00n, interest: 89_00n },
      '2025-04-01': { principal: 2_000_00n },
      '2025-05-01': { principal: 2_000_00n, fees: 20_00n },
      '2025-05-05': { principal: 1_870_00n },
      '2025-06-15': { principal: 1_870_00n, interest: 114_02n },
      '2025-06-30': { principal: 1_770_00n },
    });
    await loan.owes({ '2025-06-30': { principal: 2_000_00n, interest: 89_00n } }, before);
    // Interest of 89.00 + 30.00 + 29.31 + 14.02 = 162.33 is income in the end, all of it paid, and no memo is left.
    await story.books('2025-06-30', {
      USD: { 1010: 412_33n, 1100: 1_770_00n, 2000: 2_000_00n, 4000: 162_33n, 4100: 20_00n },
    });
  },
};
