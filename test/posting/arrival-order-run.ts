import { parseArgs } from 'node:util';
import { checkArrivalOrder } from './arrival-order-property.ts';

/** The long form of arrival-order.test.ts: `node test/posting/arrival-order-run.ts --histories 20000 --events 40`. */
const { values } = parseArgs({
  options: { histories: { type: 'string', default: '20000' }, events: { type: 'string', default: '40' } },
});
const size = { histories: Number(values.histories), eventsMax: Number(values.events) };
const seen = checkArrivalOrder(size);
console.log(`${size.histories} histories of up to ${size.eventsMax} events: the order of arrival made no difference`);
for (const [what, times] of [...seen].sort(([, one], [, other]) => other - one)) console.log(`${what}: ${times}`);
