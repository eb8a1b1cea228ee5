import type { StoryScript } from '../story.ts';

/**
 * 10,000.00 at 12 % a year, months of 30 days in years of 360: one percent a month. Twelve instalments of 888.49, of which the
 * last is what is left. A fee of 100.00 is withheld when the loan is paid out.
 *
 * Interest is one percent of the principal before the instalment, rounded as a running total: by 1 May the exact total is
 * 352.3745, of which 276.27 was posted before, so April's interest is 76.10 although one percent of 7,610.80 is 76.108.
 */
const INSTALMENTS = [
  // due, principal before it, interest, principal paid
  ['2025-02-01', 10_000_00n, 100_00n, 788_49n], // running total 100.0000
  ['2025-03-01', 9_211_51n, 92_12n, 796_37n], //             192.1151
  ['2025-04-01', 8_415_14n, 84_15n, 804_34n], //             276.2665
  ['2025-05-01', 7_610_80n, 76_10n, 812_39n], //             352.3745
  ['2025-06-01', 6_798_41n, 67_99n, 820_50n], //             420.3586
  ['2025-07-01', 5_977_91n, 59_78n, 828_71n], //             480.1377
  ['2025-08-01', 5_149_20n, 51_49n, 837_00n], //             531.6297
  ['2025-09-01', 4_312_20n, 43_12n, 845_37n], //             574.7517
  ['2025-10-01', 3_466_83n, 34_67n, 853_82n], //             609.4200
  ['2025-11-01', 2_613_01n, 26_13n, 862_36n], //             635.5501
  ['2025-12-01', 1_750_65n, 17_51n, 870_98n], //             653.0566
  ['2026-01-01', 879_67n, 8_79n, 879_67n], //                661.8533
] as const;

export const amortisingLoan: StoryScript = {
  name: 'amortising-loan',
  title: 'A plain amortising loan: twelve instalments, and nothing is left',
  program: { day_count_convention: 'THIRTY_E_360', annual_rates: [{ from: '2024-01-01', rate: '0.12' }] },
  async tell(story) {
    const loan = story.loan('the loan');
    await loan.disburse('2025-01-01', 10_000_00n, { fees: [{ fee_type: 'origination_fee', amount_minor: '10000' }] });

    for (const [due, on, interest, principal] of INSTALMENTS.slice(0, 6)) {
      await loan.accrue(due, { on, interest });
      await loan.pay(due, interest + principal, { interest, principal });
    }
    // Six instalments of 888.49 are 5,330.94: 480.14 of interest and 4,850.80 of principal.
    const inJuly = await story.remember('2025-02-15', '2025-07-01', '2025-12-31');
    await story.books('2025-07-01', {
      USD: { 1010: 5_330_94n, 1100: 5_149_20n, 2000: 9_900_00n, 4000: 480_14n, 4100: 100_00n },
    });

    for (const [due, on, interest, principal] of INSTALMENTS.slice(6)) {
      await loan.accrue(due, { on, interest });
      await loan.pay(due, interest + principal, { interest, principal });
    }

    await loan.is('active', {});
    await loan.owes({
      '2024-12-31': {},
      '2025-01-01': { principal: 10_000_00n },
      '2025-02-15': { principal: 9_211_51n },
      '2025-07-01': { principal: 5_149_20n },
      '2025-12-31': { principal: 879_67n },
      '2026-01-01': {},
    });
    // In July nobody knew of the instalments after it.
    await loan.owes({ '2025-07-01': { principal: 5_149_20n }, '2025-12-31': { principal: 5_149_20n } }, inJuly);
    // 10,661.85 came in: eleven times 888.49 and 888.46.
    await story.books('2026-01-01', { USD: { 1010: 10_661_85n, 2000: 9_900_00n, 4000: 661_85n, 4100: 100_00n } });
  },
};
