import { createSecretKey, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureMasterKey, readMasterKey } from './master-key.ts';
import { makeSigningKey, openSigningKey, sealSigningKey } from './sealed-key.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hpts-master-key-'));
});

afterAll(() => rm(folder, { recursive: true }));

test('a sealed key opens to itself, and never seals twice to the same bytes', async () => {
  const masterKey = createSecretKey(randomBytes(32));
  const key = await makeSigningKey();
  const sealed = sealSigningKey(key, masterKey);
  const opened = await openSigningKey({ kid: key.kid, sealed }, masterKey);
  expect(opened.publicJwk).toEqual(key.publicJwk);
  expect(sealSigningKey(key, masterKey).equals(sealed)).toBe(false);
  expect(sealed.includes(key.privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(40, 72))).toBe(false);
});

test('no changed byte, other kid or other master key opens it', async () => {
  const masterKey = createSecretKey(randomBytes(32));
  const key = await makeSigningKey();
  const sealed = sealSigningKey(key, masterKey);
  for (const at of [0, 1, 13, 29, sealed.length - 1]) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await expect(openSigningKey({ kid: key.kid, sealed: changed }, masterKey)).rejects.toThrow(key.kid);
  }
  await expect(openSigningKey({ kid: 'other', sealed }, masterKey)).rejects.toThrow('does not open');
  await expect(openSigningKey({ kid: key.kid, sealed }, createSecretKey(randomBytes(32)))).rejects.toThrow('not open');
  await expect(openSigningKey({ kid: key.kid, sealed: sealed.subarray(0, 20) }, masterKey)).rejects.toThrow('damaged');
});

test('a key sealed under a name that is not its own is refused', async () => {
  const masterKey = createSecretKey(randomBytes(32));
  const key = await makeSigningKey();
  const sealed = sealSigningKey({ ...key, kid: 'A'.repeat(43) }, masterKey);
  await expect(openSigningKey({ kid: 'A'.repeat(43), sealed }, masterKey)).rejects.toThrow('another key');
});

test('of several processes that start at once one makes the master key, for its owner only', async () => {
  const file = join(folder, 'master.key');
  const keys = await Promise.all(Array.from({ length: 8 }, () => ensureMasterKey(file)));
  expect(new Set(keys.map((key) => key.export().toString('hex'))).size).toBe(1);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const content = await readFile(file);
  await ensureMasterKey(file);
  expect(await readFile(file)).toEqual(content);
});

test('a master key is read as bytes, in hexadecimal and in base64', async () => {
  const bytes = randomBytes(32);
  const spellings = [bytes, bytes.toString('hex'), `${bytes.toString('base64')}\n`, bytes.toString('base64url')];
  for (const [at, content] of spellings.entries()) {
    const file = join(folder, `spelling-${at}`);
    await writeFile(file, content);
    expect((await readMasterKey(file)).export()).toEqual(bytes);
  }
});

test.each(['', 'secret', 'ab'.repeat(31), 'x'.repeat(64)])('%j is no master key', async (content) => {
  const file = join(folder, 'bad');
  await writeFile(file, content);
  await expect(readMasterKey(file)).rejects.toThrow('must hold 32 bytes');
});

test('a file that is not there is named, with the reason', async () => {
  await expect(readMasterKey(join(folder, 'none'))).rejects.toThrow(/none cannot be read \(ENOENT\)/);
  await expect(ensureMasterKey(join(folder, 'no-folder', 'key'))).rejects.toThrow(/cannot be made \(ENOENT\)/);
});
