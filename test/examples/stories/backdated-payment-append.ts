import { livesUntilTheOldPaymentArrives } from '../backdated-payment.ts';
import type { StoryScript } from '../story.ts';

/**
 * A payment of 50.00 that was made on 5 March arrives on 6 April. Under `append` it is allocated to what is owed when it
 * arrives, and what was posted stands.
 */
export const backdatedPaymentAppend: StoryScript = {
  name: 'backdated-payment-append',
  title: 'A backdated payment under append: judged by what is owed today',
  program: { backdating: 'append' },
  async tell(story) {
    const loan = story.loan('the loan');
    const { before } = await livesUntilTheOldPaymentArrives(story, loan);

    // Owed today: fees 20.00, interest 14.52, principal 940.00. 50.00 - 20.00 - 14.52 = 15.48 are left for principal.
    await loan.pay('2025-03-05', 50_00n, { fees: 20_00n, interest: 14_52n, principal: 15_48n });

    await loan.is('active', { principal: 924_52n });
    await loan.owes({
      '2025-03-04': { principal: 1_000_00n, interest: 10_00n },
      // The fee of April and the interest of 31 March are paid before they are there: 10.00 - 14.52, and 0 - 20.00.
      '2025-03-05': { principal: 984_52n, interest: -4_52n, fees: -20_00n },
      '2025-03-10': { principal: 984_52n, interest: -4_52n, fees: 10_00n },
      '2025-03-15': { principal: 924_52n, interest: -14_52n, fees: -20_00n },
      '2025-03-31': { principal: 924_52n, fees: -20_00n },
      '2025-04-05': { principal: 924_52n },
    });
    // Before it arrived, 5 March looked like this, and still does for whoever asks as of then.
    await loan.owes({ '2025-03-05': { principal: 1_000_00n, interest: 10_00n } }, before);
    await story.books('2025-04-06', {
      USD: { 1010: 150_00n, 1100: 924_52n, 2000: 1_000_00n, 4000: 24_52n, 4100: 50_00n },
    });
  },
};
