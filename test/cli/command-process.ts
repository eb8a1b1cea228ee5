import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../bin/hpts.mjs', import.meta.url));

/** How `npx hpts …` ended: `code` is null when it had to be killed after `waitMsMax`. */
export type Ended = { readonly code: number | null; readonly out: readonly string[]; readonly err: readonly string[] };

/** Runs a command in a process of its own, as people do, with these settings and no others. */
export function runCommand(
  argv: readonly string[],
  run: { readonly env: Readonly<Record<string, string>>; readonly waitMsMax?: number },
): Promise<Ended> {
  const env = { PATH: process.env['PATH'], ...run.env };
  const options = { env, timeout: run.waitMsMax ?? 0, killSignal: 'SIGKILL' } as const;
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [PROGRAM, ...argv], options, (_failed, out, err) => {
      resolve({ code: child.exitCode, out: linesOf(out), err: linesOf(err) });
    });
  });
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}
