import type { BoundStatement, Statement } from '../statement-train.ts';

const SORT_OFF: Statement = { name: 'sort_off', text: `SELECT set_config('enable_sort', 'off', true)` };
const SORT_ON: Statement = { name: 'sort_on', text: `SELECT set_config('enable_sort', 'on', true)` };

/**
 * The questions between a statement that forbids plans to sort and one that allows it again: what an index has in the order
 * wanted is read from there, since where nobody has counted the tables yet every index looks as good, and only the one in that
 * order is the right one (entry-lookup.ts). Locks do not belong there: a plan would rather go through a whole table in their
 * order. No question, no statement.
 */
export function inIndexOrder(questions: readonly BoundStatement[]): readonly BoundStatement[] {
  return questions.length === 0 ? questions : [[SORT_OFF, []], ...questions, [SORT_ON, []]];
}

/** The two, for a connection to prepare. */
export const SORTING_STATEMENTS: readonly Statement[] = [SORT_OFF, SORT_ON];

/** The same as queries of their own, within a transaction. */
export const SORTING = { off: SORT_OFF.text, on: SORT_ON.text };
