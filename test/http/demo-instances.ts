import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import { startServer } from '../../src/main.ts';
import type { DatabaseAddress } from '../../src/postgres/connection.ts';
import { freePort } from './free-port.ts';

/** Two servers of one demo instance, as `npm start` makes it; each takes the tokens of the other. */
export type DemoInstances = { readonly urls: readonly [string, string]; stop(): Promise<void> };

/** Starts them over a database that may be empty. */
export async function startDemoInstances(address: DatabaseAddress): Promise<DemoInstances> {
  const folder = await mkdtemp(join(tmpdir(), 'hpts-demo-'));
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  const start = async (): Promise<string> => {
    const config = readConfig({
      HPTS_PORT: String(await freePort()),
      HPTS_ISSUER: 'http://127.0.0.1',
      HPTS_LOG_LEVEL: 'error',
    });
    const server = await startServer({ config, address, demoFolder: folder });
    closers.push(server.stop);
    return server.url;
  };
  try {
    return { urls: [await start(), await start()], stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
