import type { StoryScript } from '../story.ts';

/** The lender's letter went astray, and with it a due date. It pays for its mistake: no cash moves. */
export const goodwillCredit: StoryScript = {
  name: 'goodwill-credit',
  title: 'Goodwill: the lender pays for its own mistake',
  async tell(story) {
    const loan = story.loan('the loan');
    await loan.disburse('2025-07-01', 2_000_00n);
    // 1.00 a night.
    await loan.accrue('2025-07-21', { on: 2_000_00n, interest: 20_00n });
    await loan.charge('2025-07-22', 25_00n);
    const angry = await story.remember('2025-07-22', '2025-07-31');

    // The first 25.00 undo the fee, 20.00 the interest: income given up. 15.00 on principal are an expense.
    await loan.credit('2025-07-25', 60_00n, { fees: 25_00n, interest: 20_00n, principal: 15_00n });
    const paid = await loan.pay('2025-07-26', 1_985_00n, { principal: 1_985_00n });
    // An apology on top, when nothing is owed any more: the borrower's money.
    await loan.credit('2025-07-27', 10_00n, { suspense: 10_00n });
    await loan.refund('2025-07-28', 10_00n);

    await loan.is('active', {});
    await loan.owes({
      '2025-07-22': { principal: 2_000_00n, interest: 20_00n, fees: 25_00n },
      '2025-07-25': { principal: 1_985_00n },
      '2025-07-27': { suspense: 10_00n },
      '2025-07-28': {},
    });
    await loan.owes({ '2025-07-27': {} }, paid.postedAt);
    await loan.owes({ '2025-07-31': { principal: 2_000_00n, interest: 20_00n, fees: 25_00n } }, angry);
    await story.books('2025-07-31', {
      USD: { 1010: 1_975_00n, 2000: 2_000_00n, 4000: 20_00n, 4100: 25_00n, 4900: 20_00n, 4910: 25_00n, 5200: 25_00n },
    });
  },
};
