import type { StoryScript } from '../story.ts';

/** The lender's own system sends interest that is wrong for two loans of three. */
export const batchCorrection: StoryScript = {
  name: 'batch-correction',
  title: 'A batch of interest, corrected for two of its loans',
  async tell(story) {
    const right = story.loan('the right loan');
    const low = story.loan('the loan with too little');
    const high = story.loan('the loan with too much');
    for (const loan of [right, low]) await loan.disburse('2025-08-01', 1_000_00n);
    await high.disburse('2025-08-01', 2_000_00n);

    // Twenty nights of 0.50, 0.50 and 1.00 are 10.00, 10.00 and 20.00.
    const batch = await story.accrue(
      '2025-08-21',
      [right, { on: 1_000_00n, interest: 10_00n }],
      [low, { on: 1_000_00n, interest: 7_00n }],
      [high, { on: 2_000_00n, interest: 26_00n }],
    );
    const uncorrected = await story.remember('2025-08-21', '2025-08-31');

    // 3.00 more and 6.00 less: one entry of its own, and the batch stands. Income is 3.00 lower by it.
    await story.correct('2025-08-25', batch, [low, 10_00n], [high, 20_00n]);
    await right.pay('2025-08-26', 10_00n, { interest: 10_00n });
    await low.pay('2025-08-26', 10_00n, { interest: 10_00n });
    await high.pay('2025-08-26', 26_00n, { interest: 20_00n, principal: 6_00n });

    await right.is('active', { principal: 1_000_00n });
    await low.is('active', { principal: 1_000_00n });
    await high.is('active', { principal: 1_994_00n });
    await low.owes({
      '2025-08-20': { principal: 1_000_00n },
      '2025-08-24': { principal: 1_000_00n, interest: 7_00n },
      '2025-08-25': { principal: 1_000_00n, interest: 10_00n },
      '2025-08-26': { principal: 1_000_00n },
    });
    await high.owes({
      '2025-08-24': { principal: 2_000_00n, interest: 26_00n },
      '2025-08-25': { principal: 2_000_00n, interest: 20_00n },
    });
    await high.owes({ '2025-08-31': { principal: 2_000_00n, interest: 26_00n } }, uncorrected);
    await story.books('2025-08-21', { USD: { 1100: 4_000_00n, 1200: 43_00n, 2000: 4_000_00n, 4000: 43_00n } });
    await story.books('2025-08-26', { USD: { 1010: 46_00n, 1100: 3_994_00n, 2000: 4_000_00n, 4000: 40_00n } });
  },
};
