import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packageFolder } from '../src/postgres/embedded/data-folder.ts';
import { identityOf } from '../src/postgres/embedded/process-identity.ts';

/** A package with the real launcher, the Node that runs this test as the installed one, and a program of our own. */
let folder: string;
const started: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hpts launcher '));
  for (const name of ['bin', 'src/cli', `node_modules/node-linux-${process.arch}/bin`]) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  cpSync(join(packageFolder(), 'bin', 'hpts.mjs'), join(folder, 'bin', 'hpts.mjs'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(process.execPath, join(folder, `node_modules/node-linux-${process.arch}/bin/node`));
});

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** `main` is the body of the program's main function. An old Node is played by a new one that gives another version. */
function launch(run: {
  readonly main: string;
  readonly version: string;
  readonly args?: readonly string[];
  readonly canReplaceItself?: boolean;
}) {
  writeFileSync(join(folder, 'src/cli/main.ts'), `export async function main(argv: string[]) { ${run.main} }`);
  const pretence = `${run.canReplaceItself ? '' : 'delete process.execve; '}Object.defineProperty(process.versions, 'node', { value: '${run.version}' })`;
  const preload = `data:text/javascript,${encodeURIComponent(pretence)}`;
  const args = ['--import', preload, join(folder, 'bin', 'hpts.mjs'), ...(run.args ?? [])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
  started.push(child);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => String((await lines.next()).value);
  const exit = once(child, 'close').then(([status, signal]) => ({ status, signal, errors }));
  return { child, nextLine, exit };
}

const WAITING = `
  process.on('SIGTERM', () => { console.log('ending'); process.exit(7); });
  setInterval(() => {}, 1000);
  console.log(process.pid);
  return new Promise(() => {});`;

it('runs the program in a Node that is new enough, without a notice', async () => {
  const main = `await import('node:sqlite'); console.log(process.pid, process.env.HPTS_LAUNCHED, argv.join('|')); return 3;`;
  const run = launch({ main, version: process.versions.node, args: ['a b', '--json'] });
  expect(await run.nextLine()).toBe(`${run.child.pid} undefined a b|--json`);
  expect(await run.exit).toEqual({ status: 3, signal: null, errors: '' });
});

it('starts the installed Node under an old one and gives its status', async () => {
  const run = launch({
    main: 'console.log(process.versions.node, argv[0]); return 4;',
    version: '20.20.2',
    args: ['x'],
  });
  expect(await run.nextLine()).toBe(`${process.versions.node} x`);
  expect(await run.exit).toEqual({ status: 4, signal: null, errors: '' });
});

it.each([
  ['a Node that is new enough, in its own place', process.versions.node, { inPlace: true }],
  ['the installed Node under an old one', '20.20.2', { inPlace: false }],
])('gives a server room to allocate: %s', async (_what, version, { inPlace }) => {
  const main = `console.log(process.pid, process.execArgv.filter((flag) => /semi-space|pretenuring/.test(flag)).join('|'), argv.join('|')); return 0;`;
  const run = launch({ main, version, args: ['serve', '--now'], ...(inPlace ? { canReplaceItself: true } : {}) });
  const [pid, flags, args] = (await run.nextLine()).split(' ');
  expect([flags, args]).toEqual([
    '--max-semi-space-size=32|--min-semi-space-size=32|--no-allocation-site-pretenuring',
    'serve|--now',
  ]);
  expect(Number(pid) === run.child.pid).toBe(inPlace);
  expect(await run.exit).toEqual({ status: 0, signal: null, errors: '' });
});

it('passes a signal on, and waits for the program to end in order', async () => {
  const run = launch({ main: WAITING, version: '20.20.2' });
  await run.nextLine();
  run.child.kill('SIGTERM');
  expect(await run.nextLine()).toBe('ending');
  expect(await run.exit).toMatchObject({ status: 7 });
});

it('dies by the signal that the program died by', async () => {
  const run = launch({ main: `process.kill(process.pid, 'SIGKILL'); return 0;`, version: '20.20.2' });
  expect(await run.exit).toMatchObject({ status: null, signal: 'SIGKILL' });
});

it('leaves no orphan when it is killed itself', async () => {
  const run = launch({ main: WAITING, version: '20.20.2' });
  const pid = Number(await run.nextLine());
  run.child.kill('SIGKILL');
  expect(await run.nextLine()).toBe('ending');
  await expect.poll(() => identityOf(pid), { interval: 10 }).toBeUndefined();
});

it('says in one sentence what is needed where no Node fits', async () => {
  rmSync(join(folder, 'node_modules'), { recursive: true });
  const run = launch({ main: 'return 0;', version: '20.20.2' });
  const { status, errors } = await run.exit;
  expect(status).toBe(1);
  expect(errors).toMatch(/^HPTS needs Node 24\.12 or newer.*HPTS_DATABASE_URL.*20\.20\.2.*\n$/);
});
