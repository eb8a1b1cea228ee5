import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DatabaseAddress } from '../../src/postgres/connection.ts';
import { databaseUrl } from './database-url.ts';
import { freePort } from './free-port.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/hpts.mjs', import.meta.url));
const START_MS_MAX = 60_000;
const STOP_MS_MAX = 20_000;
const OUTPUT_CHARS_KEPT = 8_000;

/** `hpts serve` in a process of its own. It ends when we do, in whatever way that happens. */
export type ServerProcess = {
  readonly url: string;
  readonly pid: number;
  /** SIGTERM; resolves with the exit code when the process is gone. */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
};

type ServerProcessOptions = {
  readonly address: DatabaseAddress;
  readonly masterKeyFile: string;
  /** The same for every process of one installation. */
  readonly issuer: string;
};

/** Starts `hpts serve` on a free port and waits until it says that it serves. Throws with its output when it does not. */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, [PROGRAM, 'serve'], {
    // The channel closes when we end, and HPTS_LAUNCHED makes the program end with it.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      PATH: process.env['PATH'],
      HPTS_LAUNCHED: '1',
      HPTS_DATABASE_URL: databaseUrl(options.address),
      HPTS_MASTER_KEY_FILE: options.masterKeyFile,
      HPTS_ISSUER: options.issuer,
      HPTS_PORT: String(port),
      HPTS_LOG_LEVEL: 'error',
      // Receivers of tests live on this machine.
      HPTS_WEBHOOK_RECEIVERS: 'loopback',
    },
  });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  try {
    await saysThatItServes(child, url);
  } catch (error) {
    child.kill('SIGKILL');
    await exited;
    throw error;
  }
  const { pid } = child;
  if (pid === undefined) throw new Error('the server has no process id');
  return {
    url,
    pid,
    async stop() {
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
      child.kill('SIGTERM');
      await exited;
      clearTimeout(timer);
      return child.exitCode;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Two processes of one installation. */
export type TwoProcesses = {
  readonly urls: readonly [string, string];
  readonly processes: readonly [ServerProcess, ServerProcess];
  stop(): Promise<void>;
};

/** Starts two server processes over one database; stop() ends both and removes their master key. */
export async function startTwoProcesses(address: DatabaseAddress): Promise<TwoProcesses> {
  const folder = await mkdtemp(join(tmpdir(), 'hpts-processes-'));
  const started: ServerProcess[] = [];
  const stop = async () => {
    await Promise.all(started.splice(0).map((process) => process.stop()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const masterKeyFile = join(folder, 'master.key');
    await writeFile(masterKeyFile, randomBytes(32), { mode: 0o600 });
    const options = { address, masterKeyFile, issuer: 'http://ledger.test' };
    // Both at once: whichever comes first migrates and makes the signing key.
    const starting = [startServerProcess(options), startServerProcess(options)] as const;
    for (const one of await Promise.allSettled(starting)) if (one.status === 'fulfilled') started.push(one.value);
    const [first, second] = await Promise.all(starting);
    return { urls: [first.url, second.url], processes: [first, second], stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function saysThatItServes(child: ChildProcess, url: string): Promise<void> {
  let output = '';
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const hear = (text: string) => {
    output = (output + text).slice(-OUTPUT_CHARS_KEPT);
    if (output.includes(`HPTS serves on ${url}`)) resolve();
  };
  child.stdout?.setEncoding('utf8').on('data', hear);
  child.stderr?.setEncoding('utf8').on('data', hear);
  child.once('exit', (code, signal) => reject(new Error(`the server ended (${signal ?? code}); it said:\n${output}`)));
  child.once('error', reject);
  const timer = setTimeout(() => reject(new Error(`the server did not start; it said:\n${output}`)), START_MS_MAX);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
  }
}
