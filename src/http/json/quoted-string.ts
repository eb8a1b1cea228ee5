/** Anything but what JSON lets stand for itself: the control characters, the quotation mark and the backslash. */
const NEEDS_ESCAPE = /[^ !#-[\]-\uffff]/;

/** A string as RFC 8785 section 3.2.2.2 writes it: JSON.stringify escapes just the same, and most strings need not be given to it. */
export function quoted(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`;
}
