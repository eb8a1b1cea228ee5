import type { StoryScript } from '../story.ts';
import { expectRefused } from '../teller.ts';

/** Dollars have cents, yen have nothing smaller, dinars of Kuwait have a thousand fils: minor units are whole in each. */
export const severalCurrencies: StoryScript = {
  name: 'several-currencies',
  title: 'Loans in dollars, yen and dinars: each currency balances by itself',
  async tell(story) {
    const dollars = story.loan('the dollar loan');
    const yen = story.loan('the yen loan', { currency: 'JPY', program: await story.program({ currency: 'JPY' }) });
    const dinars = story.loan('the dinar loan', { currency: 'KWD' });
    await dollars.disburse('2025-06-01', 1_000_00n);
    await yen.disburse('2025-06-01', 500_000n);
    await dinars.disburse('2025-06-01', 300_000n);

    // Twenty nights of 0.05 %: 0.50 dollars, 250 yen, 0.150 dinars each. One batch has one currency.
    await expectRefused('currency_mismatch', () =>
      story.accrue(
        '2025-06-21',
        [dollars, { on: 1_000_00n, interest: 10_00n }],
        [dinars, { on: 300_000n, interest: 3_000n }],
      ),
    );
    await dollars.accrue('2025-06-21', { on: 1_000_00n, interest: 10_00n });
    await yen.accrue('2025-06-21', { on: 500_000n, interest: 5_000n });
    await dinars.accrue('2025-06-21', { on: 300_000n, interest: 3_000n });
    await yen.charge('2025-06-25', 1_000n);
    const before = await story.remember('2025-06-21', '2025-06-30');

    // A loan is paid in its own currency, and a program of yen lends no dollars.
    await expectRefused('currency_mismatch', () => dollars.pay('2025-06-30', 210_00n, {}, { currency: 'EUR' }));
    const odd = story.loan('the odd loan', { program: yen.facts.program });
    await expectRefused('currency_mismatch', () => odd.disburse('2025-06-30', 1_00n));
    await dollars.pay('2025-06-30', 210_00n, { interest: 10_00n, principal: 200_00n });
    await yen.pay('2025-06-30', 106_000n, { fees: 1_000n, interest: 5_000n, principal: 100_000n });
    await dinars.pay('2025-06-30', 304_500n, { interest: 3_000n, principal: 300_000n, suspense: 1_500n });

    await dollars.is('active', { principal: 800_00n });
    await yen.is('active', { principal: 400_000n });
    await dinars.is('active', { suspense: 1_500n });
    await dollars.owes({ '2025-06-20': { principal: 1_000_00n }, '2025-06-30': { principal: 800_00n } });
    await yen.owes({
      '2025-06-21': { principal: 500_000n, interest: 5_000n },
      '2025-06-29': { principal: 500_000n, interest: 5_000n, fees: 1_000n },
      '2025-06-30': { principal: 400_000n },
    });
    await dinars.owes({ '2025-06-21': { principal: 300_000n, interest: 3_000n }, '2025-06-30': { suspense: 1_500n } });
    await yen.owes({ '2025-06-30': { principal: 500_000n, interest: 5_000n, fees: 1_000n } }, before);
    await story.books('2025-06-30', {
      USD: { 1010: 210_00n, 1100: 800_00n, 2000: 1_000_00n, 4000: 10_00n },
      JPY: { 1010: 106_000n, 1100: 400_000n, 2000: 500_000n, 4000: 5_000n, 4100: 1_000n },
      KWD: { 1010: 304_500n, 2000: 300_000n, 2100: 1_500n, 4000: 3_000n },
    });
  },
};
