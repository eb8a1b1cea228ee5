import type { StoryScript } from '../story.ts';
import { expectRefused } from '../teller.ts';

/** An accountant sets 3 % of the loans aside; a settlement with a borrower uses most of it. */
export const allowance: StoryScript = {
  name: 'allowance',
  title: 'An allowance, set aside under four eyes and used by a charge-off',
  program: { chargeoff: 'allowance' },
  async tell(story) {
    const loan = story.loan('the loan');
    await loan.disburse('2025-09-01', 2_000_00n);

    // Nobody approves what he proposed himself, and no line moves a control account without its loan.
    const setAside = await story.propose('2025-09-30', ['DR', 5000, 60_00n], ['CR', 1900, 60_00n]);
    await expectRefused('approver_is_proposer', () => story.approve(setAside, 'proposer'));
    const unprovided = await story.remember('2025-09-30', '2025-10-31');
    await story.approve(setAside, 'colleague');
    await expectRefused('unbalanced_entry', () =>
      story.propose('2025-09-30', ['DR', 5000, 60_00n], ['CR', 1900, 59_99n]),
    );
    await expectRefused('validation_failed', () =>
      story.propose('2025-09-30', ['DR', 1300, 12_00n], ['CR', 4100, 12_00n]),
    );
    // A fee that the old system forgot to send.
    const forgotten = await story.propose('2025-10-01', ['DR', 1300, 12_00n, loan], ['CR', 4100, 12_00n]);
    await story.approve(forgotten, 'colleague');
    await expectRefused('already_settled', () => story.approve(forgotten, 'colleague'));

    // Lender and borrower agree: 50.00 of principal are let go, the rest is paid. The loan stays active.
    await loan.chargeOffPart('2025-10-10', 'settlement', { principal: 50_00n });
    await loan.is('active', { principal: 1_950_00n, fees: 12_00n });
    await loan.pay('2025-10-11', 1_962_00n, { fees: 12_00n, principal: 1_950_00n });
    // 20.00 of the 50.00 come in after all, and go back to the allowance.
    await loan.recover('2025-10-20', 20_00n, { principal: 20_00n });

    await loan.is('active', {});
    await loan.lost({ principal: 50_00n }, { principal: 20_00n });
    await loan.owes({
      '2025-09-30': { principal: 2_000_00n },
      '2025-10-01': { principal: 2_000_00n, fees: 12_00n },
      '2025-10-10': { principal: 1_950_00n, fees: 12_00n },
      '2025-10-11': {},
    });
    await loan.owes({ '2025-10-31': { principal: 2_000_00n } }, unprovided);
    await story.books('2025-09-30', { USD: { 1100: 2_000_00n, 1900: 60_00n, 2000: 2_000_00n, 5000: 60_00n } });
    // Of 60.00 set aside, 30.00 were used; the expense is what was set aside.
    await story.books('2025-10-20', {
      USD: { 1010: 1_982_00n, 1900: 30_00n, 2000: 2_000_00n, 4100: 12_00n, 5000: 60_00n },
    });
  },
};
