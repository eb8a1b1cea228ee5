import type { StoryScript } from '../story.ts';

/** A loan that another ledger kept until the end of 2024 comes with its balances, against opening balances (3900). */
export const loanTakenOver: StoryScript = {
  name: 'loan-taken-over',
  title: 'A loan taken over from another ledger, with its balances',
  program: { waterfall: ['interest', 'principal', 'fees'] },
  async tell(story) {
    const loan = story.loan('the loan');
    await loan.open(
      '2025-01-01',
      { principal: 800_00n, interest: 12_50n, fees: 5_00n, suspense: 20_00n },
      '2025-01-01',
    );
    const begun = await story.remember('2024-12-31', '2025-01-01', '2025-01-31');
    // 800.00 + 12.50 + 5.00 less the 20.00 that are owed to the borrower.
    await story.books('2025-01-01', { USD: { 1100: 800_00n, 1200: 12_50n, 1300: 5_00n, 2100: 20_00n, 3900: 797_50n } });

    // 0.40 a night, thirty nights. Fees come last in this product: 124.50 leave them alone.
    await loan.accrue('2025-01-31', { on: 800_00n, interest: 12_00n });
    await loan.pay('2025-01-31', 124_50n, { interest: 24_50n, principal: 100_00n });
    await loan.applySuspense('2025-02-01', 20_00n, { principal: 20_00n });
    // The borrower settles: 680.00, then the fee; the lender chooses the order once, by its own split.
    await loan.payAs('2025-02-01', { fees: 5_00n, principal: 80_00n });

    await loan.is('active', { principal: 600_00n });
    await loan.owes({
      '2024-12-31': {},
      '2025-01-01': { principal: 800_00n, interest: 12_50n, fees: 5_00n, suspense: 20_00n },
      '2025-01-31': { principal: 700_00n, fees: 5_00n, suspense: 20_00n },
      '2025-02-01': { principal: 600_00n },
    });
    await loan.owes({ '2025-01-31': { principal: 800_00n, interest: 12_50n, fees: 5_00n, suspense: 20_00n } }, begun);
    await story.books('2025-02-01', { USD: { 1010: 209_50n, 1100: 600_00n, 3900: 797_50n, 4000: 12_00n } });
  },
};
