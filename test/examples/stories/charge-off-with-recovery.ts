import type { StoryScript } from '../story.ts';
import { expectRefused } from '../teller.ts';

export const chargeOffWithRecovery: StoryScript = {
  name: 'charge-off-with-recovery',
  title: 'A charge-off, and what was recovered of it',
  async tell(story) {
    const loan = story.loan('the loan');
    await loan.disburse('2025-01-01', 3_000_00n);
    // 1.50 a night: 30 nights, then 120.
    await loan.accrue('2025-01-31', { on: 3_000_00n, interest: 45_00n });
    await loan.charge('2025-02-05', 35_00n);
    await loan.accrue('2025-05-31', { on: 3_000_00n, interest: 180_00n });
    // June's interest is not posted any more: nobody expects it.
    const hopeful = await story.remember('2025-05-31', '2025-06-30', '2025-12-31');

    const chargeOff = await loan.chargeOff('2025-06-30', 'uncollectible', {
      principal: 3_000_00n,
      interest: 225_00n,
      fees: 35_00n,
    });
    await loan.is('charged_off', {});
    // A loan that is charged off takes neither interest nor plain payments.
    await expectRefused('loan_charged_off', () => loan.accrue('2025-07-01', { on: 0n, interest: 0n }));
    await expectRefused('loan_charged_off', () => loan.pay('2025-07-15', 500_00n, {}));

    // A collector brings 500.00: fees 35.00, interest 225.00, and 240.00 of principal.
    const first = await loan.recover('2025-07-15', 500_00n, { fees: 35_00n, interest: 225_00n, principal: 240_00n });
    await loan.lost(
      { principal: 3_000_00n, interest: 225_00n, fees: 35_00n },
      { principal: 240_00n, interest: 225_00n, fees: 35_00n },
    );
    await expectRefused('not_reversible', () => story.reverse('2025-08-01', chargeOff));

    // The collector's transfer was not his to make; it is taken back, and everything is unrecovered again.
    await story.reverse('2025-08-01', first, 'returned_payment');
    await loan.lost({ principal: 3_000_00n, interest: 225_00n, fees: 35_00n }, {});

    // The estate pays 3,400.00 where 3,260.00 were lost: 140.00 are the borrower's and go back.
    const all = { principal: 3_000_00n, interest: 225_00n, fees: 35_00n };
    await loan.recover('2025-09-15', 3_400_00n, { ...all, suspense: 140_00n });
    await loan.lost(all, all);
    await expectRefused('loan_not_charged_off', () => loan.recover('2025-09-16', 1_00n, {}));
    await loan.refund('2025-09-20', 140_00n);

    await loan.is('charged_off', {});
    await loan.owes({
      '2025-02-05': { principal: 3_000_00n, interest: 45_00n, fees: 35_00n },
      '2025-06-29': { principal: 3_000_00n, interest: 225_00n, fees: 35_00n },
      '2025-06-30': {},
      '2025-09-15': { suspense: 140_00n },
      '2025-12-31': {},
    });
    await loan.owes({ '2025-12-31': { principal: 3_000_00n, interest: 225_00n, fees: 35_00n } }, hopeful);
    await story.books('2025-07-31', {
      USD: {
        1010: 500_00n,
        2000: 3_000_00n,
        4000: 225_00n,
        4100: 35_00n,
        4200: 500_00n,
        4900: 225_00n,
        4910: 35_00n,
        5000: 3_000_00n,
      },
    });
    // What was lost came back as income: 3,260.00 of recoveries against 3,000.00 of loss, 225.00 and 35.00 given up.
    await story.books('2025-12-31', {
      USD: {
        1010: 3_260_00n,
        2000: 3_000_00n,
        4000: 225_00n,
        4100: 35_00n,
        4200: 3_260_00n,
        4900: 225_00n,
        4910: 35_00n,
        5000: 3_000_00n,
      },
    });
  },
};
