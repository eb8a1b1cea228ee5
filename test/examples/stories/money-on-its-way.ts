import type { StoryScript } from '../story.ts';
import { expectRefused } from '../teller.ts';

/** Money that is promised is on the PENDING layer; what is settled waits on a clearing account until the bank has it. */
export const moneyOnItsWay: StoryScript = {
  name: 'money-on-its-way',
  title: 'Money on its way: pending, cancelled, settled, and at the bank',
  async tell(story) {
    const loan = story.loan('the loan');
    const withheld = { layer: 'PENDING', fees: [{ fee_type: 'origination_fee', amount_minor: '3000' }] };
    // The account does not exist: the first attempt is cancelled.
    const closed = await loan.disburse('2025-05-01', 1_000_00n, withheld);
    await loan.cancelDisbursement('2025-05-02', closed);

    const sent = await loan.disburse('2025-05-03', 1_000_00n, withheld);
    await loan.hasPending({
      '2025-05-01': { principal: 1_000_00n },
      '2025-05-02': {},
      '2025-05-03': { principal: 1_000_00n },
    });
    const promised = await story.remember('2025-05-03', '2025-05-05');
    await loan.settleDisbursement('2025-05-05', sent);
    // 970.00 leave: the fee of 30.00 was withheld and is earned now.
    await loan.settleDisbursement('2025-05-06', sent);
    await expectRefused('already_settled', () => loan.settleDisbursement('2025-05-07', sent));
    await story.books('2025-05-06', { USD: { 1000: -970_00n, 1100: 1_000_00n, 4100: 30_00n } });

    // A debit that the borrower's bank never takes, then one that it does. 0.50 a night, twenty nights.
    const stopped = await loan.announce('2025-05-20', 110_00n);
    await loan.cancelPayment('2025-05-21', stopped);
    await expectRefused('already_reversed', () => loan.settle('2025-05-22', stopped, {}));
    const announced = await loan.announce('2025-05-24', 110_00n);
    await loan.accrue('2025-05-25', { on: 1_000_00n, interest: 10_00n });
    const settled = await loan.settle('2025-05-26', announced, { interest: 10_00n, principal: 100_00n });
    await story.clear('2025-05-28', 'statement 90', settled);

    await loan.is('active', { principal: 900_00n });
    await loan.hasPending({
      '2025-05-20': { suspense: 110_00n },
      '2025-05-25': { suspense: 110_00n },
      '2025-05-26': {},
    });
    await loan.owes({
      '2025-05-04': {},
      '2025-05-05': { principal: 1_000_00n },
      '2025-05-25': { principal: 1_000_00n, interest: 10_00n },
      '2025-05-26': { principal: 900_00n },
    });
    await loan.owes({ '2025-05-05': {} }, promised);
    await story.books('2025-05-27', {
      USD: { 1000: -970_00n, 1010: 110_00n, 1100: 900_00n, 4000: 10_00n, 4100: 30_00n },
    });
    await story.books('2025-05-28', { USD: { 1000: -860_00n, 1100: 900_00n, 4000: 10_00n, 4100: 30_00n } });
  },
};
