import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from './error-code.ts';

/** The user that PostgreSQL runs as, in the form that node's `spawn` takes. */
export type ServerUser = { readonly uid: number; readonly gid: number };

/** The overflow ids of the kernel, which `nobody` has where /etc/passwd does not say otherwise. */
const NOBODY: ServerUser = { uid: 65_534, gid: 65_534 };

/**
 * PostgreSQL refuses to run as root. For root this is the owner of the cluster if there is one already, else the
 * user `postgres` of the system, else `nobody`; anybody else runs it as themselves.
 */
export function chooseServerUser(cluster: string): ServerUser {
  const uid = process.geteuid?.();
  const gid = process.getegid?.();
  if (uid === undefined || gid === undefined) throw new Error('The embedded PostgreSQL runs on Linux only.');
  if (uid !== 0) return { uid, gid };
  if (existsSync(cluster)) {
    const owner = statSync(cluster);
    if (owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  }
  const users = passwdUsers();
  return users.get('postgres') ?? users.get('nobody') ?? NOBODY;
}

/** The innermost folder on the way to `path`, itself included, that the user may not pass; undefined if none. */
export function folderInTheWay(way: { readonly path: string; readonly user: ServerUser }): string | undefined {
  for (let folder = way.path; ; folder = dirname(folder)) {
    const { mode, uid, gid } = statSync(folder);
    const executeBit = uid === way.user.uid ? 0o100 : gid === way.user.gid ? 0o010 : 0o001;
    if ((mode & executeBit) === 0) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/**
 * Creates a folder, or accepts one that is certain to be ours: in a folder such as /tmp somebody else could have
 * put one, or a link, under the same name before us. Throws when it is not.
 */
export function createOwnFolder(folder: { readonly path: string; readonly mode: number }): void {
  try {
    mkdirSync(folder.path);
    chmodSync(folder.path, folder.mode);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  const found = lstatSync(folder.path);
  const writableByOthers = (found.mode & 0o022) !== 0;
  if (!found.isDirectory() || found.uid !== process.geteuid?.() || writableByOthers) {
    throw new Error(`${folder.path} is not a folder that only this user can write.`);
  }
}

function passwdUsers(): Map<string, ServerUser> {
  const users = new Map<string, ServerUser>();
  if (!existsSync('/etc/passwd')) return users;
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':');
    const user = { uid: Number(uid), gid: Number(gid) };
    if (name !== undefined && user.uid > 0 && Number.isSafeInteger(user.gid)) users.set(name, user);
  }
  return users;
}
