import type { StoryScript } from '../story.ts';
import { expectRefused } from '../teller.ts';

export const overPaymentAndRefund: StoryScript = {
  name: 'over-payment-and-refund',
  title: 'An over-payment: suspense, applied in part, refunded in part',
  async tell(story) {
    const loan = story.loan('the loan');
    await loan.disburse('2025-01-10', 1_200_00n);
    // 0.60 a night, twenty nights.
    await loan.accrue('2025-01-30', { on: 1_200_00n, interest: 12_00n });
    // The borrower owes 1,212.00 and pays 1,500.00.
    await loan.pay('2025-01-30', 1_500_00n, { interest: 12_00n, principal: 1_200_00n, suspense: 288_00n });

    // He draws 200.00 again. Neither that nor the interest on it (0.10 a night) takes from suspense by itself.
    await loan.disburse('2025-02-03', 200_00n);
    await loan.accrue('2025-02-23', { on: 200_00n, interest: 2_00n });
    const before = await story.remember('2025-01-30', '2025-02-23', '2025-03-31');

    // The lender applies 50.00 of it, then as much of the rest as is owed: 152.00 although 238.00 are asked for.
    await loan.applySuspense('2025-02-23', 50_00n, { interest: 2_00n, principal: 48_00n });
    await loan.applySuspense('2025-02-24', 238_00n, { principal: 152_00n });

    // 288.00 less 202.00 are left, and go back.
    await expectRefused('amount_exceeds_suspense', () => loan.refund('2025-02-25', 86_01n));
    await loan.refund('2025-02-25', 86_00n);

    // A product that takes no over-payment: one cent more than is owed is refused.
    const strict = story.loan('the strict loan', { program: await story.program({ overpayment: 'reject' }) });
    await strict.disburse('2025-02-01', 100_00n);
    await expectRefused('amount_exceeds_outstanding', () => strict.pay('2025-02-11', 100_01n, {}));
    await strict.pay('2025-02-11', 100_00n, { principal: 100_00n });

    await loan.is('active', {});
    await strict.is('active', {});
    await loan.owes({
      '2025-01-29': { principal: 1_200_00n },
      '2025-01-30': { suspense: 288_00n },
      '2025-02-22': { principal: 200_00n, suspense: 288_00n },
      '2025-02-23': { principal: 152_00n, suspense: 238_00n },
      '2025-02-24': { suspense: 86_00n },
      '2025-02-25': {},
    });
    await loan.owes({ '2025-03-31': { principal: 200_00n, interest: 2_00n, suspense: 288_00n } }, before);
    await strict.owes({ '2025-02-10': { principal: 100_00n }, '2025-02-11': {} });
    // In: 1,500.00 and 100.00; out: 86.00. Lent: 1,200.00, 200.00 and 100.00.
    await story.books('2025-02-25', { USD: { 1010: 1_514_00n, 2000: 1_500_00n, 4000: 14_00n } });
  },
};
