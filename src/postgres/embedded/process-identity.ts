import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { errorCode } from './error-code.ts';

/**
 * A process that cannot be mistaken for a later one with the same pid: `startTime` is the boot's id and the
 * process's start in clock ticks since that boot (proc(5), stat field 22). Neither moves when the clock is stepped.
 */
export type ProcessIdentity = { readonly pid: number; readonly startTime: string };

/** The identity of the process that holds `pid` now; undefined when there is none or only its zombie is left. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const startTime = process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
  return startTime === undefined ? undefined : { pid, startTime };
}

/** The identity of this process. */
export function ownIdentity(): ProcessIdentity {
  const identity = identityOf(process.pid);
  if (identity === undefined) throw new Error('The start time of this process cannot be read.');
  return identity;
}

/** Whether that very process, not merely one with its pid, still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.startTime === identity.startTime;
}

function startFromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    // ESRCH: the process ended between open and read.
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ESRCH') return undefined;
    throw error;
  }
  // The command name (field 2) may hold blanks and brackets, so counting starts behind its last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const ticks = fields[19];
  if (state === undefined || ticks === undefined || state === 'Z' || state === 'X') return undefined;
  return `${bootId()}:${ticks}`;
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function startFromPs(pid: number): string | undefined {
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' });
    return started.trim() === '' ? undefined : started.trim();
  } catch (error) {
    // ps answers 1 for a pid that nobody holds.
    if (error instanceof Error && 'status' in error && error.status === 1) return undefined;
    throw error;
  }
}
