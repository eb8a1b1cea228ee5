import type { StoryScript } from '../story.ts';
import { expectRefused } from '../teller.ts';

/** 5,000.00 at 7.3 % over 365 days: one dollar a night while the whole is out. */
export const earlyPayoff: StoryScript = {
  name: 'early-payoff',
  title: 'An early payoff: interest to the day, a part of a fee waived',
  program: { annual_rates: [{ from: '2024-01-01', rate: '0.073' }] },
  async tell(story) {
    const loan = story.loan('the loan');
    await loan.disburse('2025-03-03', 5_000_00n);

    // 29 nights from 3 March to 1 April.
    await loan.accrue('2025-04-01', { on: 5_000_00n, interest: 29_00n });
    await loan.pay('2025-04-01', 1_029_00n, { interest: 29_00n, principal: 1_000_00n });
    // On 4,000.00 a night is 0.80.
    await loan.charge('2025-04-18', 15_00n);

    // The borrower asks what it takes to be free on 21 April: 4,000.00, twenty nights for 16.00, and the fee.
    await loan.accrue('2025-04-21', { on: 4_000_00n, interest: 16_00n });
    const asked = await story.remember('2025-04-01', '2025-04-20', '2025-04-21');

    // The lender lets 10.00 of the fee go; it cannot let go more than there is.
    await expectRefused('amount_exceeds_outstanding', () => loan.waive('2025-04-21', 15_01n));
    await loan.waive('2025-04-21', 10_00n);
    await loan.pay('2025-04-21', 4_021_00n, { fees: 5_00n, interest: 16_00n, principal: 4_000_00n });

    await loan.is('active', {});
    await loan.owes({
      '2025-03-31': { principal: 5_000_00n },
      '2025-04-01': { principal: 4_000_00n },
      '2025-04-20': { principal: 4_000_00n, fees: 15_00n },
      '2025-04-21': {},
    });
    await loan.owes({ '2025-04-21': { principal: 4_000_00n, interest: 16_00n, fees: 15_00n } }, asked);
    // 45.00 of interest and 15.00 of fees were earned, of which 10.00 was given up: 50.00 more came in than went out.
    await story.books('2025-04-21', {
      USD: { 1010: 5_050_00n, 2000: 5_000_00n, 4000: 45_00n, 4100: 15_00n, 4920: 10_00n },
    });
  },
};
