import { LIMITS } from '../limits.ts';

/** Answers LIMITS.answersPerTurn in one turn of the event loop, then the others, turn by turn. Rejects with what `each` throws. */
export async function someATurn<One>(all: readonly One[], each: (one: One, place: number) => void): Promise<void> {
  for (const [place, one] of all.entries()) {
    if (place > 0 && place % LIMITS.answersPerTurn === 0) await nextTurn();
    each(one, place);
  }
}

/** Lets the event loop look after what has arrived. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
