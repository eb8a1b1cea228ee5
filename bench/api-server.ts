import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DatabaseAddress } from '../src/postgres/connection.ts';

const PROGRAM = fileURLToPath(new URL('../bin/hpts.mjs', import.meta.url));
const START_MS_MAX = 60_000;
const STOP_MS_MAX = 20_000;
const OUTPUT_CHARS_KEPT = 8_000;

/** The server as its operator starts it, in a process of its own. */
export type ApiServer = {
  readonly port: number;
  /** The root of its processes. */
  readonly pid: number;
  readonly stop: () => Promise<void>;
};

/** `hpts serve` against a database, on a free port of the loopback. Throws with its output when it does not become ready. */
export async function startApiServer(database: DatabaseAddress): Promise<ApiServer> {
  const port = await freePort();
  const dataDir = await mkdtemp(join(tmpdir(), 'hpts-bench-api-'));
  const masterKeyFile = join(dataDir, 'master-key');
  await writeFile(masterKeyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  const child = spawn(process.execPath, [PROGRAM, 'serve'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HPTS_DATABASE_URL: databaseUrl(database),
      HPTS_HOST: '127.0.0.1',
      HPTS_PORT: String(port),
      HPTS_DATA_DIR: dataDir,
      HPTS_MASTER_KEY_FILE: masterKeyFile,
    },
  });
  let output = '';
  const keep = (text: string) => {
    output = (output + text).slice(-OUTPUT_CHARS_KEPT);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const stop = async () => {
    await end(child);
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await untilReady(child, port);
  } catch (error) {
    await stop();
    throw new Error(`the server did not start; it said:\n${output}`, { cause: error });
  }
  const { pid } = child;
  if (pid === undefined) throw new Error('the server has no process id');
  return { port, pid, stop };
}

/** An access token by client credentials, over the server's own token endpoint. */
export async function fetchToken(
  server: ApiServer,
  client: { clientId: string; clientSecret: string },
): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${server.port}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: client.clientId,
      client_secret: client.clientSecret,
    }),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`no token: ${answer.status} ${text}`);
  const token: unknown = JSON.parse(text);
  if (
    typeof token === 'object' &&
    token !== null &&
    'access_token' in token &&
    typeof token.access_token === 'string'
  ) {
    return token.access_token;
  }
  throw new Error(`no token in ${text}`);
}

function databaseUrl(address: DatabaseAddress): string {
  const url = new URL(`postgres://localhost:${address.port}/${encodeURIComponent(address.database)}`);
  url.username = encodeURIComponent(address.user);
  url.password = encodeURIComponent(address.password);
  if (address.host.startsWith('/')) url.searchParams.set('host', address.host);
  else url.hostname = address.host;
  return url.href;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('the loopback has no port for us');
  return address.port;
}

async function untilReady(child: ChildProcess, port: number): Promise<void> {
  const deadline = performance.now() + START_MS_MAX;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`it ended (${child.signalCode ?? child.exitCode})`);
    const ready = await fetch(`http://127.0.0.1:${port}/v1/health/ready`).then(
      (answer) => answer.status === 200,
      () => false,
    );
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`it was not ready within ${START_MS_MAX} ms`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  await ended;
  clearTimeout(timer);
}
