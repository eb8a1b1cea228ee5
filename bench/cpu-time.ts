import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU time for user space in hundredths of a second whatever its own clock (proc(5), USER_HZ). */
const TICK_US = 10_000;

type ProcessTimes = { readonly parent: number; readonly ownTicks: number; readonly reapedTicks: number };

function timesOf(pid: number): ProcessTimes | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    // It ended between the listing and the reading; its parent has its time by now.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined;
    throw error;
  }
  // The name in parentheses may itself hold spaces and parentheses; fields are counted after the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  return { parent: field(4), ownTicks: field(14) + field(15), reapedTicks: field(16) + field(17) };
}

/** A process and all that descend from it, the process first. */
function processTree(root: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const parent = timesOf(pid)?.parent;
    if (parent === undefined) continue;
    const known = children.get(parent);
    if (known === undefined) children.set(parent, [pid]);
    else known.push(pid);
  }
  const tree = [root];
  // The list grows while it is walked.
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/**
 * CPU time that a process tree has used so far, user and system, in microseconds. Processes that ended count through the
 * parent that waited for them, so a difference of two readings misses nobody.
 */
export function cpuTimeUs(root: number): number {
  let ticks = 0;
  for (const pid of processTree(root)) {
    const times = timesOf(pid);
    if (times !== undefined) ticks += times.ownTicks + times.reapedTicks;
  }
  return ticks * TICK_US;
}

/** The most memory that any process of the tree has held at once (VmHWM), in bytes. */
export function peakResidentBytes(root: number): number {
  return largestOf(root, /^VmHWM:\s+(\d+) kB$/m);
}

/** The memory that the largest process of the tree holds now (VmRSS), in bytes. */
export function residentBytes(root: number): number {
  return largestOf(root, /^VmRSS:\s+(\d+) kB$/m);
}

function largestOf(root: number, line: RegExp): number {
  let largest = 0;
  for (const pid of processTree(root)) {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const kilobytes = line.exec(status)?.[1];
    if (kilobytes !== undefined) largest = Math.max(largest, Number(kilobytes) * 1024);
  }
  return largest;
}
