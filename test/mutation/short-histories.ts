import { expect, test } from 'vitest';
import { Counts } from '../histories/counts.ts';
import { historyOf } from '../histories/history.ts';
import { live } from '../histories/live.ts';

const FIRST_SEED = 20_260_501;
const TESTS = 8;
const HISTORIES_EACH = 10;

// Several tests, so that a mutant is given those alone that come by it, and dies of the first.
test.each(Array.from({ length: TESTS }, (_, at) => FIRST_SEED + at * HISTORIES_EACH))(
  'histories from seed %i on: the ledger decides, answers and keeps what the reference model says',
  (first) => {
    for (let seed = first; seed < first + HISTORIES_EACH; seed += 1) {
      expect(live(historyOf(seed), new Counts()).found).toEqual([]);
    }
  },
);
