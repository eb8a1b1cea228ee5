import { textAt } from '../../http/tenant-api.ts';
import type { StoryScript } from '../story.ts';
import { expectRefused } from '../teller.ts';

export const refinanceWithNewMoney: StoryScript = {
  name: 'refinance-with-new-money',
  title: 'A refinance: a cheaper loan takes the place of an old one, with new money',
  async tell(story) {
    const old = story.loan('the old loan');
    const cheaper = await story.program({ annual_rates: [{ from: '2024-01-01', rate: '0.073' }] });
    const into = story.loan('the new loan', { program: cheaper, borrowerOf: old });
    await old.disburse('2025-03-01', 1_000_00n);
    await old.charge('2025-03-22', 15_00n);
    // The borrower leaves 30.00 with the lender, for nothing in particular.
    await old.payAs('2025-03-25', { suspense: 30_00n });
    // Thirty nights of 0.50.
    await old.accrue('2025-03-31', { on: 1_000_00n, interest: 15_00n });
    const before = await story.remember('2025-03-30', '2025-03-31', '2025-04-30');

    // 1,000.00 + 15.00 + 15.00 are owed, and 500.00 are lent anew: 1,530.00. The 30.00 move along.
    const refinance = await story.refinance('2025-03-31', { old, into }, 500_00n);
    await old.is('active', {});
    await into.is('active', { principal: 1_530_00n, suspense: 30_00n });
    await expectRefused('loan_already_exists', () => story.refinance('2025-03-31', { old, into }, 1_00n));

    // Two days later the new money has left the bank: 500.00 of the 1,500.00 that stand on disbursement clearing.
    const newMoney = { ...refinance, eventId: textAt(refinance.answer, 'disbursement_event_id') };
    await into.settleDisbursement('2025-04-02', newMoney);

    // At 7.3 % a night is 0.306; ten nights.
    await into.accrue('2025-04-10', { on: 1_530_00n, interest: 3_06n });
    await into.applySuspense('2025-04-10', 30_00n, { interest: 3_06n, principal: 26_94n });

    await into.is('active', { principal: 1_503_06n });
    await old.owes({
      '2025-03-30': { principal: 1_000_00n, fees: 15_00n, suspense: 30_00n },
      '2025-03-31': {},
      '2025-04-30': {},
    });
    await into.owes({
      '2025-03-30': {},
      '2025-03-31': { principal: 1_530_00n, suspense: 30_00n },
      '2025-04-10': { principal: 1_503_06n },
    });
    await old.owes(
      { '2025-04-30': { principal: 1_000_00n, interest: 15_00n, fees: 15_00n, suspense: 30_00n } },
      before,
    );
    // No income and no cash by the refinance: 1,500.00 were lent in two parts.
    await story.books('2025-03-31', {
      USD: { 1010: 30_00n, 1100: 1_530_00n, 2000: 1_500_00n, 2100: 30_00n, 4000: 15_00n, 4100: 15_00n },
    });
    await story.books('2025-04-10', {
      USD: { 1000: -500_00n, 1010: 30_00n, 1100: 1_503_06n, 2000: 1_000_00n, 4000: 18_06n, 4100: 15_00n },
    });
  },
};
