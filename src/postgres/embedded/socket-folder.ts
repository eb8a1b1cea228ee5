import { createHash, randomUUID } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorMessage } from './error-code.ts';
import { createServerFolder, type Place } from './place.ts';
import { folderInTheWay } from './server-user.ts';

/** The socket's name is `.s.PGSQL.<port>`; the port means nothing else, for the server listens nowhere else. */
export const SOCKET_PORT = 5432;

/** sun_path holds 108 bytes with the closing NUL (unix(7)). */
const SOCKET_PATH_BYTES_MAX = 107;

/**
 * Chooses the folder of the server's socket, which only its user (and root) may enter: at the place itself, so that
 * no cleaner of temporary files comes by, else, where the path is too long or the file system bears no sockets,
 * under the folder for temporary files. The same place always gets the same folder while it can be had.
 */
export async function chooseSocketFolder(place: Place): Promise<string> {
  const refusals: string[] = [];
  for (const path of candidates(place.dir)) {
    try {
      if (Buffer.byteLength(join(path, `.s.PGSQL.${SOCKET_PORT}`)) > SOCKET_PATH_BYTES_MAX) {
        throw new Error('the path is too long for a socket');
      }
      createServerFolder({ path, user: place.user });
      const closed = folderInTheWay({ path, user: place.user });
      if (closed !== undefined) throw new Error(`the user ${place.user.uid} may not pass ${closed}`);
      await proveSocket(path);
      return path;
    } catch (error) {
      refusals.push(`${path}: ${errorMessage(error)}`);
    }
  }
  throw new Error(`No folder can take PostgreSQL's socket. ${refusals.join('; ')}`);
}

function candidates(dir: string): string[] {
  const name = `hpts-${createHash('sha256').update(dir).digest('hex').slice(0, 16)}`;
  const temporary = [...new Set([realpathSync(tmpdir()), '/tmp'])];
  // Somebody else may have put something under the plain name; a second name is enough against an accident, and
  // an attacker who takes both has stopped us with a clear message and no more.
  return [join(dir, 'socket'), ...temporary.flatMap((root) => [join(root, name), join(root, `${name}-2`)])];
}

/** Some mounted drives take a socket file only to fail when it is bound. */
function proveSocket(folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(join(folder, `.p${randomUUID().slice(0, 8)}`), () => {
      probe.close((error) => (error === undefined ? resolve() : reject(error)));
    });
  });
}
