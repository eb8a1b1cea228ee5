import type { StoryScript } from '../story.ts';
import { expectRefused } from '../teller.ts';

/** 1,500.00 were paid out where 1,050.00 were signed for, less a fee of 15.00 that was withheld. */
export const reversedDisbursement: StoryScript = {
  name: 'reversed-disbursement',
  title: 'A disbursement of the wrong amount, reversed and made again',
  async tell(story) {
    const loan = story.loan('the loan');
    const withheld = { fees: [{ fee_type: 'origination_fee', amount_minor: '1500' }] };
    const wrong = await loan.disburse('2025-05-05', 1_500_00n, withheld);
    // 0.75 a night, ten nights.
    const night = await loan.accrue('2025-05-15', { on: 1_500_00n, interest: 7_50n });
    const paid = await loan.pay('2025-05-16', 107_50n, { interest: 7_50n, principal: 100_00n });
    const before = await story.remember('2025-05-15', '2025-05-16', '2025-05-31');

    // The disbursement cannot be taken back from under a payment: principal would stand at -100.00.
    await expectRefused('balance_would_be_negative', () => story.reverse('2025-05-20', wrong));
    // Each is reversed on its own date, so that the past shows the loan as it should have been.
    await story.reverse('2025-05-16', paid);
    await story.reverse('2025-05-15', night);
    await story.reverse('2025-05-05', wrong);
    await loan.is('undisbursed', {});
    await expectRefused('already_reversed', () => story.reverse('2025-05-20', wrong));
    // The loan has no beginning any more.
    await expectRefused('effective_date_before_disbursement', () => loan.pay('2025-05-20', 107_50n, {}));

    // Made again as of the same day: 0.525 a night are 5.25 in ten. The same payment pays 2.25 more of principal.
    await loan.disburse('2025-05-05', 1_050_00n, withheld);
    await loan.accrue('2025-05-15', { on: 1_050_00n, interest: 5_25n });
    await loan.pay('2025-05-16', 107_50n, { interest: 5_25n, principal: 102_25n });

    await loan.is('active', { principal: 947_75n });
    await loan.owes({
      '2025-05-05': { principal: 1_050_00n },
      '2025-05-15': { principal: 1_050_00n, interest: 5_25n },
      '2025-05-16': { principal: 947_75n },
      '2025-05-31': { principal: 947_75n },
    });
    // Who asks what was known before the error was found, is told the error.
    await loan.owes({ '2025-05-16': { principal: 1_400_00n }, '2025-05-31': { principal: 1_400_00n } }, before);
    // 1,050.00 were lent, of which 15.00 are the fee, and 107.50 came in.
    await story.books('2025-05-31', {
      USD: { 1010: 107_50n, 1100: 947_75n, 2000: 1_035_00n, 4000: 5_25n, 4100: 15_00n },
    });
  },
};
