import { connect, type Socket } from 'node:net';

/** Where a connection goes and who is told. `onAnswer` gets the status and the bytes of the whole answer, valid until it returns. */
export type HttpConnectionOptions = {
  readonly port: number;
  readonly onAnswer: (status: number, answer: Buffer) => void;
  /** The server closed it, or it broke. An answer that was awaited will not come. */
  readonly onLost: (error: Error) => void;
};

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const LENGTH_NAMES = [Buffer.from('\r\ncontent-length:'), Buffer.from('\r\nContent-Length:')];
const READ_BYTES = 65_536;

// Sockets are read one after the other and each read is handled before the next, so all of them may share one buffer.
const readBuffer = Buffer.allocUnsafe(READ_BYTES);

/**
 * One kept-alive HTTP/1.1 connection with one request under way at a time, by hand: a general client costs more CPU than
 * the server's share that is to be measured. Understands answers with Content-Length only.
 */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #options: HttpConnectionOptions;
  /** What has come of an answer that did not come whole. */
  #partial: Buffer | null = null;
  #closing = false;

  constructor(options: HttpConnectionOptions, onReady: () => void) {
    this.#options = options;
    this.#socket = connect({
      host: '127.0.0.1',
      port: options.port,
      noDelay: true,
      onread: { buffer: readBuffer, callback: (bytes) => this.#read(bytes) },
    });
    this.#socket.once('connect', onReady);
    this.#socket.on('error', (error) => this.#lost(error));
    this.#socket.on('close', () => this.#lost(new Error('the server closed the connection')));
  }

  /** Sends a request, whole. The bytes must stay as they are until the answer is there. */
  send(request: Buffer): void {
    this.#socket.write(request);
  }

  close(): void {
    this.#closing = true;
    this.#socket.destroy();
  }

  #lost(error: Error): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#socket.destroy();
    this.#options.onLost(error);
  }

  #read(bytes: number): boolean {
    const came = readBuffer.subarray(0, bytes);
    const answer = this.#partial === null ? came : Buffer.concat([this.#partial, came]);
    const length = answerLength(answer);
    if (length < 0 || answer.length < length) {
      this.#partial = this.#partial === null ? Buffer.from(came) : answer;
      return true;
    }
    this.#partial = null;
    // "HTTP/1.1 201 …"
    const status = digit(answer, 9) * 100 + digit(answer, 10) * 10 + digit(answer, 11);
    this.#options.onAnswer(status, answer);
    return true;
  }
}

/** Bytes of the answer, head and body, or -1 while the head is not whole. */
function answerLength(answer: Buffer): number {
  const end = answer.indexOf(END_OF_HEAD);
  if (end < 0) return -1;
  for (const name of LENGTH_NAMES) {
    let at = answer.indexOf(name);
    if (at < 0 || at > end) continue;
    at += name.length;
    let length = 0;
    for (; at < end; at += 1) {
      const byte = answer[at] ?? 0;
      if (byte === 13) break;
      if (byte >= 48 && byte <= 57) length = length * 10 + byte - 48;
    }
    return end + END_OF_HEAD.length + length;
  }
  throw new Error(`an answer without Content-Length: ${answer.toString('latin1', 0, end)}`);
}

function digit(answer: Buffer, at: number): number {
  return (answer[at] ?? 0) - 48;
}
