import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { DatabaseAddress } from '../../src/postgres/connection.ts';

/**
 * What becomes of a COMMIT on its way: it arrives, its answer is lost with the connection, or PostgreSQL runs a statement in its
 * place and says so.
 */
export type CommitFate = 'arrives' | 'answer lost' | { readonly runs: string };

/** A way to PostgreSQL that may do something to a batch's COMMIT, and to nothing else. */
export type CommitProxy = {
  readonly address: DatabaseAddress;
  fate: CommitFate;
  /** Cuts every connection. */
  close(): Promise<void>;
};

const BIND = 0x42;
const PARSE = 0x50;
/** The name under which the poster prepares COMMIT. */
const COMMIT = 'commit';
const COMMITTED = Buffer.from('COMMIT\0');
const NOTHING = Buffer.alloc(0);

/** Listens on a free port and passes on to a database whatever comes, in both directions. */
export async function openCommitProxy(target: DatabaseAddress): Promise<CommitProxy> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const database = target.host.startsWith('/')
      ? connect(join(target.host, `.s.PGSQL.${target.port}`))
      : connect(target.port, target.host);
    passOn({ client, database, fate: () => proxy.fate });
    for (const socket of [client, database]) {
      open.add(socket);
      socket.on('close', () => open.delete(socket));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the proxy has no port');
  const proxy: CommitProxy = {
    address: { ...target, host: '127.0.0.1', port: bound.port },
    fate: 'arrives',
    close: async () => {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
  return proxy;
}

type Way = { readonly client: Socket; readonly database: Socket; readonly fate: () => CommitFate };

function passOn({ client, database, fate }: Way): void {
  const cut = (): void => {
    client.destroy();
    database.destroy();
  };
  for (const socket of [client, database]) {
    // A side that breaks ends the other, and that is all there is to do about it.
    socket.on('error', cut);
    socket.on('close', cut);
  }
  let unread: Buffer = NOTHING;
  /** What PostgreSQL said since an answer to COMMIT was to be lost. */
  let lost: Buffer | null = null;
  // The first message has no type before its length.
  let typeBytes = 0;
  client.on('data', (bytes: Buffer) => {
    unread = Buffer.concat([unread, bytes]);
    while (unread.length >= typeBytes + 4) {
      const end = typeBytes + unread.readInt32BE(typeBytes);
      if (unread.length < end) return;
      const message = unread.subarray(0, end);
      unread = unread.subarray(end);
      const meets = typeBytes === 1 && bindsCommit(message) ? fate() : 'arrives';
      typeBytes = 1;
      if (meets === 'answer lost') lost = NOTHING;
      database.write(typeof meets === 'string' ? message : inItsPlace(meets.runs));
    }
  });
  database.on('data', (bytes: Buffer) => {
    if (lost === null) {
      client.write(bytes);
      return;
    }
    lost = Buffer.concat([lost, bytes]);
    if (lost.includes(COMMITTED)) cut();
  });
}

/** Bind (B): its length, the portal's name, the statement's name. */
function bindsCommit(message: Buffer): boolean {
  if (message[0] !== BIND) return false;
  const portalEnd = message.indexOf(0, 5);
  return message.toString('latin1', portalEnd + 1, message.indexOf(0, portalEnd + 1)) === COMMIT;
}

/** The statement prepared without a name and bound without parameters: what is executed next is it. */
function inItsPlace(text: string): Buffer {
  const parse = Buffer.from(`\0${text}\0\0\0`);
  const bind = Buffer.from('\0\0\0\0\0\0\0\0');
  return Buffer.concat([message(PARSE, parse), message(BIND, bind)]);
}

function message(type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(type, 0);
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}
