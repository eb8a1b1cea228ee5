#!/usr/bin/env node
// Whatever Node people have reads this file: no syntax newer than Node 18, no dependency, no TypeScript.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const NEEDED = 'HPTS needs Node 24.12 or newer and, where no embedded PostgreSQL is installed, HPTS_DATABASE_URL.';
/** Set for the process that the launcher started, so that it never starts another. */
const MARK = 'HPTS_LAUNCHED';
/**
 * Room for what a server allocates between two collections, given whole from the start: with Node's own the heap grows and
 * shrinks, and what a batch of payments lives on is copied more often. And everything begins there: V8 would put objects of
 * requests among those that live long, where each keeps what it refers to alive (decisions/0009). V8 takes these only when
 * a process begins.
 */
const SERVER_FLAGS = ['--max-semi-space-size=32', '--min-semi-space-size=32', '--no-allocation-site-pretenuring'];

function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 12);
}

/** The Node that npm installed beside us, also when we are somebody's dependency and it was hoisted. */
function installedNode() {
  if (process.platform !== 'linux') return undefined;
  for (let folder = new URL('../', import.meta.url); ; folder = new URL('../', folder)) {
    const path = fileURLToPath(new URL(`node_modules/node-linux-${process.arch}/bin/node`, folder));
    if (existsSync(path)) return path;
    if (folder.pathname === '/') return undefined;
  }
}

async function run() {
  leaveWithLauncher();
  hideExperimentalWarnings();
  keepCompiled();
  const { main } = await import(new URL('../src/cli/main.ts', import.meta.url).href);
  process.exitCode = await main(process.argv.slice(2));
}

/** A launcher that was killed can forward nothing any more; the closed channel tells us, and we end in order. */
function leaveWithLauncher() {
  const launched = process.env[MARK] !== undefined;
  delete process.env[MARK];
  if (process.channel === undefined || !launched) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}

/** Type stripping and SQLite carried a notice in some of the releases that we run on; it tells users nothing. */
function hideExperimentalWarnings() {
  const emit = process.emitWarning;
  process.emitWarning = (warning, ...rest) => {
    const kind = typeof rest[0] === 'object' && rest[0] !== null ? rest[0].type : rest[0];
    if (kind !== 'ExperimentalWarning') emit.call(process, warning, ...rest);
  };
}

/**
 * Half of what a command costs is stripping types and compiling. Kept beside what was installed, by whoever may write there,
 * since what lies in a folder that others can write to could be anybody's code; where nobody may, nothing is kept.
 */
function keepCompiled() {
  module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/hpts', import.meta.url)));
}

/** Node 22.15 can put the other Node in its own place; before that it has to stay above it as its parent. */
function runUnder(node) {
  // Built for glibc: on a machine without it, the file is there and does not run; execve would abort on that.
  const trial = spawnSync(node, ['--version'], { stdio: 'ignore' });
  if (trial.status !== 0) refuse(`${NEEDED} The Node installed here (${node}) does not run on this machine.`);
  const args = [...flags(), fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  if (typeof process.execve === 'function') become(node, args);
  const child = spawn(node, args, {
    env: { ...process.env, [MARK]: '1' },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  const onTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  // A terminal sends Ctrl-C to the child as well, and a second one may mean "at once".
  process.on('SIGINT', () => onTerminal || child.kill('SIGINT'));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));
  child.once('error', (error) => refuse(`${NEEDED} The Node installed here does not start: ${error.message}`));
  child.once('exit', (status, signal) => {
    if (signal === null) process.exit(status);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function flags() {
  return process.argv[2] === 'serve' ? SERVER_FLAGS : [];
}

function become(node, args) {
  process.execve(node, [node, ...args], { ...process.env, [MARK]: '1' });
}

/** Whether this process has to begin anew for its flags. Not under a parent that holds a channel, which would break. */
function lacksFlags() {
  if (typeof process.execve !== 'function' || process.channel !== undefined) return false;
  return process.env[MARK] === undefined && flags().some((flag) => !process.execArgv.includes(flag));
}

function refuse(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

const node = installedNode();
if (isNewEnough(process.versions.node)) {
  if (lacksFlags()) become(process.execPath, [...process.execArgv, ...flags(), ...process.argv.slice(1)]);
  await run();
} else if (process.env[MARK] === undefined && node !== undefined) runUnder(node);
else refuse(`${NEEDED} This is Node ${process.versions.node} on ${process.platform} ${process.arch}.`);
