/**
 * PostgreSQL array literals, built by hand: the driver's own conversion escapes every element of every array, which was
 * the dearest part of a batch. `plainArray` is for elements that can hold no special character (ids, numbers, dates,
 * codes); `textArray` is for everything that a client wrote.
 */
export function plainArray(elements: readonly (string | number | bigint | null)[]): string {
  let literal = '{';
  for (let index = 0; index < elements.length; index += 1) {
    const element = elements[index];
    if (index > 0) literal += ',';
    literal += element === null || element === undefined ? 'NULL' : element;
  }
  return `${literal}}`;
}

const NEEDS_ESCAPE = /["\\]/g;

/** Every element quoted and escaped; null stays NULL. */
export function textArray(elements: readonly (string | null)[]): string {
  let literal = '{';
  for (let index = 0; index < elements.length; index += 1) {
    const element = elements[index];
    if (index > 0) literal += ',';
    if (element === null || element === undefined) literal += 'NULL';
    else literal += `"${element.replace(NEEDS_ESCAPE, '\\$&')}"`;
  }
  return `${literal}}`;
}
