import type { Story } from './story.ts';
import type { StoryLoan } from './story-loan.ts';
import type { Posted } from './teller.ts';

/** The late fee of 10 March, and the instant before the old payment arrives. */
export type UntilTheArrival = { readonly fee: Posted; readonly before: string };

/** What happens in both stories of a backdated payment before it arrives. On 1,000.00 a night is 0.50. */
export async function livesUntilTheOldPaymentArrives(story: Story, loan: StoryLoan): Promise<UntilTheArrival> {
  await loan.disburse('2025-02-09', 1_000_00n);
  // Twenty nights.
  await loan.accrue('2025-03-01', { on: 1_000_00n, interest: 10_00n });
  const fee = await loan.charge('2025-03-10', 30_00n);
  await loan.pay('2025-03-15', 100_00n, { fees: 30_00n, interest: 10_00n, principal: 60_00n });
  // 14 nights on 1,000.00 (7.00) and 16 on 940.00 (7.52).
  await loan.accrue('2025-03-31', { on: 940_00n, interest: 14_52n });
  await loan.charge('2025-04-05', 20_00n);
  await loan.is('active', { principal: 940_00n, interest: 14_52n, fees: 20_00n });
  return { fee, before: await story.remember('2025-03-05', '2025-03-15', '2025-04-05') };
}
