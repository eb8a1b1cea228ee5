/**
 * Resolves with the name of the signal that tells the program to end in order. A second Ctrl-C ends it at once, with 1; a second
 * SIGTERM or SIGHUP changes nothing, since whoever ends a process group sends two: its own, and the one that a launcher passes on.
 */
export function untilTold(): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (asked && signal === 'SIGINT') process.exit(1);
        asked = true;
        resolve(signal);
      });
    }
  });
}
