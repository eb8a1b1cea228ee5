/**
 * The key that seals what must not lie open in the database. It stands in a file of its own, so that a copy of the
 * database alone signs no tokens.
 */
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { shellWord } from '../shell-word.ts';

const MASTER_KEY_BYTES = 32;
const HEX = /^[0-9a-fA-F]{64}$/;
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;

/** Thrown when the master key cannot be read or made; the message names the file and what to do, never the key. */
export class MasterKeyUnusable extends Error {
  override readonly name = 'MasterKeyUnusable';
}

/**
 * Reads the master key (`HPTS_MASTER_KEY_FILE`): 32 bytes as they are, or written as 64 hexadecimal digits or in base64,
 * white space around it allowed. Throws MasterKeyUnusable.
 */
export async function readMasterKey(file: string): Promise<KeyObject> {
  let content: Buffer;
  try {
    content = await readFile(file);
  } catch (error) {
    throw new MasterKeyUnusable(`the master key file ${file} cannot be read (${errorCode(error)})`, { cause: error });
  }
  const key = decodeMasterKey(content);
  if (key === undefined) {
    throw new MasterKeyUnusable(
      `the master key file ${file} must hold ${MASTER_KEY_BYTES} bytes, as they are, in hexadecimal or in base64: ` +
        'make one with `openssl rand -base64 32`',
    );
  }
  return createSecretKey(key);
}

/**
 * The same for a ledger that has things sealed under its master key: a file that is missing is then the one that they were
 * sealed under, and another in its place would open none of them. Throws MasterKeyUnusable, with what to do.
 */
export async function readLedgersMasterKey(file: string): Promise<KeyObject> {
  try {
    return await readMasterKey(file);
  } catch (error) {
    if (!(error instanceof MasterKeyUnusable) || errorCode(error.cause) !== 'ENOENT') throw error;
    throw new MasterKeyUnusable(
      `the master key file ${file} is missing (ENOENT), and the keys of this ledger are sealed under what it held. ` +
        'Restore it from its copy. If there is none, the sealed keys have to be given up, which ends every token: ' +
        `(umask 077; openssl rand -base64 32 > ${shellWord(file)}), then npx hpts key rotate --abandon-sealed; ` +
        'docs/operations.md, "A lost master key", says what else is lost with it',
      { cause: error },
    );
  }
}

/**
 * The same for a demo instance whose ledger has nothing sealed yet: makes the file, readable by its owner only, when there
 * is none. Of several processes that start at once one makes it and all read the same. Throws MasterKeyUnusable.
 */
export async function ensureMasterKey(file: string): Promise<KeyObject> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, `${randomBytes(MASTER_KEY_BYTES).toString('base64')}\n`, {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    });
    // link() fails when the name is taken: a file that is there is never replaced, nor seen half written.
    await link(draft, file);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') {
      throw new MasterKeyUnusable(`the master key file ${file} cannot be made (${errorCode(error)})`, { cause: error });
    }
  } finally {
    await rm(draft, { force: true });
  }
  return readMasterKey(file);
}

function decodeMasterKey(content: Buffer): Buffer | undefined {
  if (content.length === MASTER_KEY_BYTES) return content;
  const text = content.toString('latin1').trim();
  if (HEX.test(text)) return Buffer.from(text, 'hex');
  return BASE64.test(text) ? Buffer.from(text, 'base64') : undefined;
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
