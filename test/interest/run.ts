import { parseArgs } from 'node:util';
import { lackOf, liveTenYears } from './ten-years.ts';

/** The long form of ten-years.test.ts: `node test/interest/run.ts --loans 1000`. It needs no database. */
const { values } = parseArgs({
  options: { loans: { type: 'string', default: '1000' }, help: { type: 'boolean', default: false } },
});
if (values.help)
  console.log('--loans N: how many loans live through ten years of daily runs, compared with a second computation');
else report(Number(values.loans));

function report(loans: number): void {
  if (!Number.isInteger(loans) || loans < 1) throw new Error('--loans wants a whole number');
  const lived = liveTenYears(loans);
  for (const [what, times] of lived.counts) console.log(`${what}: ${times}`);
  const { nights, loweringPayments, rateChanges } = lived.least;
  console.log(`least of a loan: ${nights} nights, ${loweringPayments} lowering payments, ${rateChanges} rate changes`);
  console.log(`CPU seconds: ${Math.round(process.cpuUsage().user / 1e6)}`);
  const lacking = lackOf(lived, loans);
  for (const what of lacking) console.error(`lacking: ${what}`);
  if (lacking.length > 0) process.exitCode = 1;
  else console.log('every accrual is the exact interest, rounded once');
}
