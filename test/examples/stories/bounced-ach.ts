import type { StoryScript } from '../story.ts';
import { expectRefused } from '../teller.ts';

/** A debit by ACH is announced, settles, meets the bank, and comes back for insufficient funds. */
export const bouncedAch: StoryScript = {
  name: 'bounced-ach',
  title: 'A bounced ACH payment, with its fee, from the bank and back',
  async tell(story) {
    const loan = story.loan('the loan');
    await loan.disburse('2025-04-01', 2_000_00n);
    // 1.00 a night.
    await loan.accrue('2025-04-21', { on: 2_000_00n, interest: 20_00n });
    await loan.charge('2025-04-25', 10_00n);

    // While the debit is on its way, nothing of it counts.
    const announced = await loan.announce('2025-05-01', 300_00n);
    await loan.is('active', { principal: 2_000_00n, interest: 20_00n, fees: 10_00n });
    const settled = await loan.settle('2025-05-03', announced, { fees: 10_00n, interest: 20_00n, principal: 270_00n });
    await story.clear('2025-05-05', 'statement 81', settled);
    await expectRefused('already_settled', () => story.clear('2025-05-05', 'statement 81', settled));
    const paid = await story.remember('2025-05-02', '2025-05-05', '2025-05-31');
    await story.books('2025-05-05', {
      USD: { 1000: 300_00n, 1100: 1_730_00n, 2000: 2_000_00n, 4000: 20_00n, 4100: 10_00n },
    });

    // It gives back to each component what it took, and a fee of 25.00 comes with it, in one step.
    const comesFrom = { fees: 10_00n, interest: 20_00n, principal: 270_00n };
    const bounced = await loan.bounce('2025-05-08', settled, { nsfFee: 25_00n, comesFrom });
    await loan.is('active', { principal: 2_000_00n, interest: 20_00n, fees: 35_00n });
    await expectRefused('amount_exceeds_payment', () => loan.bounce('2025-05-09', settled, { comesFrom: {} }));
    // The bank takes its 300.00.
    await story.clear('2025-05-09', 'statement 82', bounced);

    // Of the twenty nights to 11 May five were on 1,730.00: 15 x 1.00 + 5 x 0.865 = 19.325, half-even 19.32.
    await loan.accrue('2025-05-11', { on: 2_000_00n, interest: 19_32n });
    const wired = await loan.pay('2025-05-12', 355_00n, { fees: 35_00n, interest: 39_32n, principal: 280_68n });
    await story.clear('2025-05-13', 'statement 83', wired);

    await loan.is('active', { principal: 1_719_32n });
    await loan.hasPending({
      '2025-05-01': { suspense: 300_00n },
      '2025-05-02': { suspense: 300_00n },
      '2025-05-03': {},
    });
    await loan.owes({
      '2025-05-02': { principal: 2_000_00n, interest: 20_00n, fees: 10_00n },
      '2025-05-03': { principal: 1_730_00n },
      '2025-05-08': { principal: 2_000_00n, interest: 20_00n, fees: 35_00n },
      '2025-05-11': { principal: 2_000_00n, interest: 39_32n, fees: 35_00n },
      '2025-05-31': { principal: 1_719_32n },
    });
    await loan.owes({ '2025-05-31': { principal: 1_730_00n } }, paid);
    await story.books('2025-05-09', {
      USD: { 1100: 2_000_00n, 1200: 20_00n, 1300: 35_00n, 2000: 2_000_00n, 4000: 20_00n, 4100: 35_00n },
    });
    // All that came in is at the bank; nothing waits on clearing.
    await story.books('2025-05-31', {
      USD: { 1000: 355_00n, 1100: 1_719_32n, 2000: 2_000_00n, 4000: 39_32n, 4100: 35_00n },
    });
  },
};
