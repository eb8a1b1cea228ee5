import { accessSync, chmodSync, constants, existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { errorCode, errorMessage } from './error-code.ts';

/**
 * Finds the data folder and creates it (CONTRACT 5): `HPTS_DATA_DIR`, else `.hpts` beside package.json, else, where
 * that cannot be written, `$XDG_STATE_HOME/hpts` (by default `~/.local/state/hpts`). Throws when none can be written;
 * a folder that was asked for by name is never replaced by another.
 */
export function resolveDataFolder(options: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly packageDir: string;
}): string {
  const named = options.env['HPTS_DATA_DIR'];
  if (named !== undefined && named !== '') {
    const dataDir = resolve(named);
    const refusal = whyNotWritable(dataDir);
    if (refusal !== undefined) throw new Error(`HPTS_DATA_DIR names ${dataDir}, which cannot be used: ${refusal}`);
    return dataDir;
  }
  const candidates = defaultFolders(options);
  const refusals: string[] = [];
  for (const dataDir of candidates) {
    const refusal = whyNotWritable(dataDir);
    if (refusal === undefined) return dataDir;
    refusals.push(`${dataDir} (${refusal})`);
  }
  throw new Error(`No folder for the data can be written: ${refusals.join('; ')}. Set HPTS_DATA_DIR to one that can.`);
}

type Present = { readonly dataDir: string } | { readonly dataDir: undefined; readonly why: string };

/**
 * The data folder that there is already, of those that resolveDataFolder chooses from, or why none is to be had. Creates none.
 * Throws where HPTS_DATA_DIR names one that is there and cannot be used.
 */
export function presentDataFolder(options: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly packageDir: string;
}): Present {
  const named = options.env['HPTS_DATA_DIR'];
  const isNamed = named !== undefined && named !== '';
  const absent: string[] = [];
  const refused: string[] = [];
  for (const dataDir of isNamed ? [resolve(named)] : defaultFolders(options)) {
    const refusal = whyNotUsed(dataDir);
    if (refusal === undefined) return { dataDir };
    if (refusal === 'ENOENT') absent.push(dataDir);
    else if (isNamed) throw new Error(`HPTS_DATA_DIR names ${dataDir}, which cannot be used: ${refusal}`);
    else refused.push(`${dataDir} cannot be used (${refusal})`);
  }
  const none = absent.length === 0 ? [] : [`there is no ledger in ${absent.join(' or ')}`];
  return { dataDir: undefined, why: `${[...refused, ...none].join('; ')}: look at HPTS_DATA_DIR` };
}

/** The folder that holds this package's package.json. */
export function packageFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('package.json is missing above the program.');
    folder = parent;
  }
  return folder;
}

/** Creates the data folder if it is missing. */
export function createDataFolder(dataDir: string): void {
  const created = mkdirSync(dataDir, { recursive: true });
  if (created !== undefined) letServerPass(dataDir);
}

/**
 * Gives a folder of ours the mode of a data folder. Nobody but its owner may list it; when the owner is root, the
 * unprivileged user that PostgreSQL runs as must be able to pass through it.
 */
export function letServerPass(dataDir: string): void {
  // chmod, because the umask of whoever starts us would narrow a mode given to mkdir.
  chmodSync(dataDir, process.geteuid?.() === 0 ? 0o711 : 0o700);
}

function defaultFolders(options: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly packageDir: string;
}): readonly string[] {
  return [join(options.packageDir, '.hpts'), join(stateFolder(options.env), 'hpts')];
}

function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const named = env['XDG_STATE_HOME'];
  // The XDG base directory specification has relative paths ignored.
  return named !== undefined && isAbsolute(named) ? named : join(homedir(), '.local', 'state');
}

function whyNotWritable(dataDir: string): string | undefined {
  try {
    createDataFolder(dataDir);
  } catch (error) {
    return errorCode(error) ?? errorMessage(error);
  }
  return whyNotUsed(dataDir);
}

function whyNotUsed(dataDir: string): string | undefined {
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return errorCode(error) ?? errorMessage(error);
  }
}
