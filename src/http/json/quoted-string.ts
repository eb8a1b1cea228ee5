// biome-ignore lint/suspicious/noControlCharactersInRegex: the control characters are what JSON must escape.
const NEEDS_ESCAPE = /["\\\u0000-\u001f]/;

/** A string as RFC 8785 section 3.2.2.2 writes it: JSON.stringify escapes just the same, and most strings need not be given to it. */
export function quoted(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`;
}
