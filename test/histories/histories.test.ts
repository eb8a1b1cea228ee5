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

test.each([
  [781_019, 'an adjustment whose amount was made one too many for 18 digits'],
  [2_031_985, 'a run behind which an adjustment only names a loan'],
  [3_010_864, 'the reversal of the mirror of an accrual of 0, whose day is closed'],
  [7_002_517, 'the same of a mark of non-accrual, which has no lines either and is about its loan'],
])('history %i, where they once differed: %s', (firstSeed) => {
  expect(runPortion({ firstSeed, stride: 1, events: 1 }).difference).toBeUndefined();
});
