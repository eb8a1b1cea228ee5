import type { StoryScript } from '../story.ts';
import { expectRefused } from '../teller.ts';

export const restructuredLoan: StoryScript = {
  name: 'restructured-loan',
  title: 'A restructure: a part is forgiven, a part becomes principal',
  async tell(story) {
    const loan = story.loan('the loan');
    await loan.disburse('2025-02-01', 2_400_00n);
    // 1.20 a night, fifty nights.
    await loan.accrue('2025-03-23', { on: 2_400_00n, interest: 60_00n });
    await loan.charge('2025-03-25', 40_00n);
    const before = await story.remember('2025-03-31', '2025-04-01', '2025-04-30');

    // Of 60.00 of interest 15.00 are forgiven and 45.00 become principal; one cent more than there is is refused.
    await expectRefused('amount_exceeds_outstanding', () =>
      loan.restructure('2025-04-01', { capitalize_interest: 45_01n, forgive_interest: 15_00n }),
    );
    await loan.restructure('2025-04-01', {
      capitalize_interest: 45_00n,
      capitalize_fees: 40_00n,
      forgive_principal: 200_00n,
      forgive_interest: 15_00n,
    });
    // 2,400.00 - 200.00 + 45.00 + 40.00
    await loan.is('active', { principal: 2_285_00n });

    // Nine nights of 1.20 (10.80) and twenty of 1.1425 (22.85).
    await loan.accrue('2025-04-21', { on: 2_285_00n, interest: 33_65n });
    await loan.pay('2025-04-21', 500_00n, { interest: 33_65n, principal: 466_35n });

    await loan.is('active', { principal: 1_818_65n });
    await loan.owes({
      '2025-03-31': { principal: 2_400_00n, interest: 60_00n, fees: 40_00n },
      '2025-04-01': { principal: 2_285_00n },
      '2025-04-20': { principal: 2_285_00n },
      '2025-04-30': { principal: 1_818_65n },
    });
    await loan.owes({ '2025-04-30': { principal: 2_400_00n, interest: 60_00n, fees: 40_00n } }, before);
    await story.books('2025-04-01', {
      USD: { 1100: 2_285_00n, 2000: 2_400_00n, 4000: 60_00n, 4100: 40_00n, 4900: 15_00n, 5100: 200_00n },
    });
    await story.books('2025-04-30', {
      USD: { 1010: 500_00n, 1100: 1_818_65n, 2000: 2_400_00n, 4000: 93_65n, 4100: 40_00n, 4900: 15_00n, 5100: 200_00n },
    });
  },
};
