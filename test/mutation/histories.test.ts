import { expect, test } from 'vitest';
import { Counts } from '../histories/counts.ts';
import { historyOf } from '../histories/history.ts';
import { live } from '../histories/live.ts';

const HISTORIES = 10;

test.each(Array.from({ length: 8 }, (_, at) => 20_260_501 + at * HISTORIES))(
  'the histories from seed %i: the ledger decides, answers and keeps what the reference model says',
  (first) => {
    for (let seed = first; seed < first + HISTORIES; seed += 1) {
      expect(live(historyOf(seed), new Counts()).found).toEqual([]);
    }
  },
);
