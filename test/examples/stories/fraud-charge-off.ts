import type { StoryScript } from '../story.ts';
import { expectRefused } from '../teller.ts';

/** A lender with an allowance for credit losses: it bears what is not paid, but not what is stolen. */
export const fraudChargeOff: StoryScript = {
  name: 'fraud-charge-off',
  title: 'A charge-off for fraud beside one that the allowance bears',
  program: { chargeoff: 'allowance' },
  async tell(story) {
    const stolen = story.loan('the stolen loan');
    const unpaid = story.loan('the unpaid loan');
    await stolen.disburse('2025-03-01', 4_000_00n);
    await unpaid.disburse('2025-03-01', 1_000_00n);
    // Ten nights: 2.00 and 0.50 each.
    await story.accrue(
      '2025-03-11',
      [stolen, { on: 4_000_00n, interest: 20_00n }],
      [unpaid, { on: 1_000_00n, interest: 5_00n }],
    );
    const unaware = await story.remember('2025-03-11', '2025-04-30');

    await stolen.chargeOff('2025-03-12', 'fraud', { principal: 4_000_00n, interest: 20_00n });
    await unpaid.chargeOff('2025-03-31', 'uncollectible', { principal: 1_000_00n, interest: 5_00n });
    await expectRefused('loan_charged_off', () => stolen.disburse('2025-03-31', 1_00n));
    await expectRefused('already_charged_off', () => stolen.chargeOff('2025-03-31', 'uncollectible', {}));

    // The bank that paid the thief gives 1,000.00 back: income, since no allowance bore the loss.
    await stolen.recover('2025-04-10', 1_000_00n, { interest: 20_00n, principal: 980_00n });
    // Of the unpaid loan 305.00 come in: interest is income, principal goes back to the allowance.
    await unpaid.recover('2025-04-20', 305_00n, { interest: 5_00n, principal: 300_00n });

    await stolen.is('charged_off', {});
    await unpaid.is('charged_off', {});
    await stolen.lost({ principal: 4_000_00n, interest: 20_00n }, { principal: 980_00n, interest: 20_00n });
    await unpaid.lost({ principal: 1_000_00n, interest: 5_00n }, { principal: 300_00n, interest: 5_00n });
    await stolen.owes({
      '2025-03-10': { principal: 4_000_00n },
      '2025-03-11': { principal: 4_000_00n, interest: 20_00n },
      '2025-03-12': {},
    });
    await unpaid.owes({ '2025-03-30': { principal: 1_000_00n, interest: 5_00n }, '2025-03-31': {} });
    await stolen.owes({ '2025-04-30': { principal: 4_000_00n, interest: 20_00n } }, unaware);
    // The allowance had nothing in it: it is 1,000.00 short by the loss, 700.00 after the recovery.
    await story.books('2025-03-31', {
      USD: { 1900: -1_000_00n, 2000: 5_000_00n, 4000: 25_00n, 4900: 25_00n, 5010: 4_000_00n },
    });
    await story.books('2025-04-30', {
      USD: {
        1010: 1_305_00n,
        1900: -700_00n,
        2000: 5_000_00n,
        4000: 25_00n,
        4200: 1_005_00n,
        4900: 25_00n,
        5010: 4_000_00n,
      },
    });
  },
};
