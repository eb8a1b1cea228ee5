import { parseArgs } from 'node:util';
import { seenText, shortfalls } from './arrival-order-counts.ts';
import { checkArrivalOrder } from './arrival-order-property.ts';

const HELP = `node test/posting/arrival-order-run.ts --histories 20000 --events 40

The long form of arrival-order.test.ts: generated histories under replay, in order of arrival and in order of effect.

  --histories N    how many (20000)
  --events N       most events of each (40)
  --seed N         makes a run again (another each time)

Exits with 1 when two ledgers differ, with the smallest such history found, when a control account differs from its loans, when
a kind of event never came up, or when too many histories have no counterpart.`;

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '20000' },
    events: { type: 'string', default: '40' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(HELP);
else run({ histories: Number(values.histories), eventsMax: Number(values.events), seed: Number(values.seed) });

function run(size: { readonly histories: number; readonly eventsMax: number; readonly seed: number }): void {
  const seen = checkArrivalOrder(size);
  console.log(seenText(seen));
  const short = shortfalls(seen);
  for (const text of short) console.log(text);
  if (short.length > 0) process.exitCode = 1;
  const what = `${size.histories} histories of up to ${size.eventsMax} events, seed ${size.seed}`;
  console.log(`${what}: the order of arrival made no difference`);
}
