/**
 * A PostgreSQL array literal of elements that can hold no special character: ids, numbers, dates, codes. The driver's own
 * conversion escapes every element of every array.
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
