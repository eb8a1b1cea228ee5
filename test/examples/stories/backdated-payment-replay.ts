import { livesUntilTheOldPaymentArrives } from '../backdated-payment.ts';
import type { StoryScript } from '../story.ts';

/**
 * The same payment of 50.00 from 5 March, which arrives on 6 April, under `replay`: it is allocated to what was owed on
 * 5 March, and what comes after it is decided again.
 */
export const backdatedPaymentReplay: StoryScript = {
  name: 'backdated-payment-replay',
  title: 'A backdated payment under replay: as if it had arrived in time',
  program: { backdating: 'replay' },
  async tell(story) {
    const loan = story.loan('the loan');
    const { fee, before } = await livesUntilTheOldPaymentArrives(story, loan);

    // On 5 March interest of 10.00 was owed and no fee: 40.00 go to principal. The payment of 15 March then finds no
    // interest: 30.00 to fees, 70.00 to principal. It is reversed and posted again on its own day.
    const late = await loan.pay('2025-03-05', 50_00n, { interest: 10_00n, principal: 40_00n });
    story.restated(late, 1);
    await loan.is('active', { principal: 890_00n, interest: 14_52n, fees: 20_00n });
    await loan.owes({
      '2025-03-04': { principal: 1_000_00n, interest: 10_00n },
      '2025-03-05': { principal: 960_00n },
      '2025-03-10': { principal: 960_00n, fees: 30_00n },
      '2025-03-15': { principal: 890_00n },
      '2025-03-31': { principal: 890_00n, interest: 14_52n },
      '2025-04-05': { principal: 890_00n, interest: 14_52n, fees: 20_00n },
    });
    // 890.00 + 14.52 + 20.00 = 924.52: the same sum as under `append`, of other parts.
    await story.books('2025-04-06', {
      USD: { 1010: 150_00n, 1100: 890_00n, 1200: 14_52n, 1300: 20_00n, 2000: 1_000_00n, 4000: 24_52n, 4100: 50_00n },
    });

    const restated = await story.remember('2025-03-10', '2025-03-15');

    // The fee of 10 March was a mistake. Whatever day is sent, its reversal counts from 10 March: the payment of 15 March is
    // decided once more, and all of it goes to principal.
    story.restated(await story.reverse('2025-04-07', fee), 1);
    await loan.is('active', { principal: 860_00n, interest: 14_52n, fees: 20_00n });
    await loan.owes({
      '2025-03-09': { principal: 960_00n },
      '2025-03-10': { principal: 960_00n },
      '2025-03-15': { principal: 860_00n },
      '2025-04-07': { principal: 860_00n, interest: 14_52n, fees: 20_00n },
    });
    await story.books('2025-04-07', {
      USD: { 1010: 150_00n, 1100: 860_00n, 1200: 14_52n, 1300: 20_00n, 2000: 1_000_00n, 4000: 24_52n, 4100: 20_00n },
    });

    // Each instant of the story keeps its answer.
    await loan.owes(
      { '2025-03-05': { principal: 1_000_00n, interest: 10_00n }, '2025-03-15': { principal: 940_00n } },
      before,
    );
    await loan.owes(
      { '2025-03-10': { principal: 960_00n, fees: 30_00n }, '2025-03-15': { principal: 890_00n } },
      restated,
    );
  },
};
