/**
 * Resolves with the name of the signal that tells the program to end in order. A second Ctrl-C ends it at once, with 1; a second
 * SIGTERM or SIGHUP changes nothing, since whoever ends a process group sends two: its own, and the one that a launcher passes on.
 * With `patient` nor does a second Ctrl-C: for what nobody would clear away behind a process that left it.
 */
export function untilTold({ patient = false } = {}): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (asked && signal === 'SIGINT' && !patient) process.exit(1);
        asked = true;
        resolve(signal);
      });
    }
  });
}
