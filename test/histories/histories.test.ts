import { expect, test } from 'vitest';
import { countsText, shortfalls } from './counts.ts';
import { runPortion } from './run-histories.ts';

const EVENTS = 12_000;

test(`${EVENTS} commands of generated histories: the ledger decides, answers and keeps what the reference model says`, () => {
  const { counts, difference } = runPortion({ firstSeed: 20_260_501, stride: 1, events: EVENTS });
  expect(difference).toBeUndefined();
  // The property says nothing unless every event, refusal and meeting comes up.
  expect(shortfalls(counts, 1), countsText(counts)).toEqual([]);
});
