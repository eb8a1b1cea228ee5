/** A path as one word of a shell's command, for messages that say what to type. */
export function shellWord(path: string): string {
  return /^[\w/.+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
