import type { JsonObject } from './strict-json.ts';

/** Up to this many names, sorting by insertion takes a third of the built-in sort's time. */
const FEW_NAMES = 16;
/** Orders with a longer name are not kept: a stranger's names must not fill the memory. */
const KEPT_NAME_CHARS = 64;

type Order = { readonly names: readonly string[]; readonly sorted: readonly string[] };

/** By the number of names, what was sorted last: most bodies that come one after the other have the same names in the same order. */
const lastOrders: (Order | undefined)[] = new Array(FEW_NAMES + 1).fill(undefined);

/** The names of an object's members by UTF-16 code units, which is what `<` on strings and a sort without a comparison do. */
export function namesInOrder(object: Readonly<JsonObject>): readonly string[] {
  const names = Object.keys(object);
  if (names.length < 2) return names;
  if (names.length > FEW_NAMES) return names.sort();
  const last = lastOrders[names.length];
  if (last !== undefined && areSame(last.names, names)) return last.sorted;
  const sorted = sortedByInsertion(names);
  if (names.every((name) => name.length <= KEPT_NAME_CHARS)) lastOrders[names.length] = { names, sorted };
  return sorted;
}

function areSame(some: readonly string[], others: readonly string[]): boolean {
  for (let i = 0; i < some.length; i++) if (some[i] !== others[i]) return false;
  return true;
}

function sortedByInsertion(names: readonly string[]): readonly string[] {
  const sorted = [...names];
  for (let i = 1; i < sorted.length; i++) {
    const name = sorted[i] as string;
    let to = i;
    while (to > 0 && (sorted[to - 1] as string) > name) {
      sorted[to] = sorted[to - 1] as string;
      to--;
    }
    sorted[to] = name;
  }
  return sorted;
}
