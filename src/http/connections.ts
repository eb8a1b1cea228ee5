import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A request that was accepted, and what answers it. */
export type Exchange = { readonly request: FastifyRequest; readonly reply: FastifyReply };

/** One connection; requests of it may be under way together (RFC 9112 section 9.3.2), and are answered in their order. */
type Connection = {
  /** Accepted and not answered, in order. */
  readonly underWay: Exchange[];
  /** The first of those was answered. One function for all of them: it is called for every request. */
  readonly answered: () => void;
  /** Nothing more is accepted: the newest one's answer says that the connection closes, or nothing behind it can be read. */
  isLast: boolean;
  isUnreadable: boolean;
};

/**
 * The connections of one listener and what is under way on each. RFC 9112 section 9.6: behind an answer that says
 * `Connection: close` nothing may be processed, since nobody will hear what became of it. So whoever lets an answer say so
 * tells it here, only the newest request of a connection may be answered so, and what is read behind it is not accepted.
 */
export class Connections {
  readonly #open = new Map<Socket, Connection>();
  /** Over TLS, connections whose handshake is not finished, by the address that they come from. */
  readonly #handshakes = new Map<string, Socket>();
  #isEnding = false;

  /** Follows every connection of `server` from its beginning. */
  follow(server: HttpServer, isTls: boolean): void {
    // Node has a connection idle whose answer is written and on its way to a slow reader, and would cut it when the server closes.
    server.closeIdleConnections = () => undefined;
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      const connection = this.#open.get(request.socket);
      const before = connection?.underWay.at(-1);
      if (before === undefined) response.writeContinue();
      else continueBehind(before, response);
      server.emit('request', request, response);
      // Answered without it, a request closes its connection: its client may leave the body out.
      if (connection !== undefined && before !== undefined) connection.isLast = true;
    });
    server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#handshakes.delete(remoteOf(socket));
      if (this.#isEnding) {
        socket.destroy();
        return;
      }
      this.#open.set(socket, newConnection());
      socket.once('close', () => this.#open.delete(socket));
    });
    if (!isTls) return;
    server.on('connection', (socket: Socket) => {
      const remote = remoteOf(socket);
      this.#handshakes.set(remote, socket);
      socket.once('close', () => this.#handshakes.delete(remote));
    });
  }

  /** Whether a request may be processed. One that may not has no answer either: the connection closes before it. */
  accepts(request: FastifyRequest, reply: FastifyReply): boolean {
    const connection = this.#open.get(request.raw.socket);
    // What was not opened by a listener of ours, such as a request that is injected, has nothing behind it.
    if (connection === undefined) return true;
    if (connection.isLast) {
      // What is read would be kept until the answers before it have left. Behind this turn: Node reads on after each request.
      process.nextTick(() => request.raw.socket.pause());
      return false;
    }
    connection.underWay.push({ request, reply });
    reply.raw.on('finish', connection.answered);
    return true;
  }

  /**
   * An answer is about to say `Connection: close`. When requests behind it were accepted, and may be posted by now, it must not:
   * the newest of them says so in its place.
   */
  closesBehind(request: FastifyRequest, reply: FastifyReply): void {
    const connection = this.#open.get(request.raw.socket);
    if (connection === undefined) return;
    if (connection.underWay.at(-1)?.reply !== reply) reply.removeHeader('connection');
    this.#end(connection);
  }

  /**
   * What came over a connection cannot be read any further, and nothing of it is accepted any more. Calls `then` once: when the
   * requests before it that have arrived whole are answered.
   */
  unreadable(socket: Socket, then: () => void): void {
    const connection = this.#open.get(socket);
    if (connection === undefined) then();
    if (connection === undefined || connection.isUnreadable) return;
    connection.isUnreadable = true;
    connection.isLast = true;
    const before = connection.underWay.findLast(({ request }) => request.raw.complete);
    if (before === undefined) then();
    else before.reply.raw.once('finish', then);
  }

  /**
   * From now on nothing is accepted. A connection with nothing under way is closed at once, any other one behind its newest
   * request, whose answer says so.
   */
  end(): void {
    this.#isEnding = true;
    for (const socket of this.#handshakes.values()) socket.destroy();
    for (const [socket, connection] of this.#open) {
      if (connection.underWay.length > 0) this.#end(connection);
      else {
        connection.isLast = true;
        socket.destroySoon();
      }
    }
  }

  /** What was accepted and has no answer yet. */
  unanswered(): readonly Exchange[] {
    return [...this.#open.values()].flatMap(({ underWay }) => underWay).filter(({ reply }) => !reply.sent);
  }

  #end(connection: Connection): void {
    const newest = connection.underWay.at(-1);
    if (connection.isLast || newest === undefined) return;
    connection.isLast = true;
    const { raw } = newest.reply;
    if (!raw.headersSent) raw.setHeader('Connection', 'close');
    // A long answer that is on its way has said that the connection stays; it does not.
    else raw.once('finish', () => raw.req.socket.destroySoon());
  }
}

/**
 * RFC 9110 section 10.1.1. 100 waits for the answers before it: Node would put it between the headers and the body of the answer
 * to its request, and what stands behind would be taken for something else.
 */
function continueBehind({ reply }: Exchange, response: ServerResponse): void {
  response.setHeader('Connection', 'close');
  reply.raw.once('finish', () => {
    if (!response.headersSent) response.writeContinue();
  });
}

function newConnection(): Connection {
  const underWay: Exchange[] = [];
  return { underWay, answered: () => underWay.shift(), isLast: false, isUnreadable: false };
}

function remoteOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
