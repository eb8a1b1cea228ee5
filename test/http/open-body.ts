import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export type OpenBodyOptions = {
  readonly url: string;
  /** null sends none. */
  readonly token: string | null;
  readonly path?: string;
  /** What Content-Length says; left out, the body comes in chunks. */
  readonly announcedBytes?: number;
  readonly headers?: readonly string[];
};

/** A request whose body goes on for as long as the test likes, on a connection that the client never closes of itself. */
export class OpenBody {
  readonly #socket: Socket;
  readonly #isChunked: boolean;
  /** All that came back. */
  answer = '';
  /** Resolves when the server has closed its side. */
  readonly closed: Promise<unknown>;

  constructor({ url, token, path = '/v1/accruals/batch', announcedBytes, headers = [] }: OpenBodyOptions) {
    const { hostname, port, host } = new URL(url);
    this.#isChunked = announcedBytes === undefined;
    this.#socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    // The server may cut it while we send.
    this.#socket.on('error', () => undefined);
    this.#socket.setEncoding('latin1').on('data', (text: string) => {
      this.answer += text;
    });
    this.closed = Promise.race([once(this.#socket, 'end'), once(this.#socket, 'close')]);
    const lines = [
      `POST ${path} HTTP/1.1`,
      `Host: ${host}`,
      ...(token === null ? [] : [`Authorization: Bearer ${token}`]),
      `Idempotency-Key: open:${randomUUID()}`,
      'Content-Type: application/json',
      announcedBytes === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${announcedBytes}`,
      ...headers,
    ];
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  }

  /** Sends a part of the body; as a chunk of its own where it comes in chunks. */
  send(part: Uint8Array | string): this {
    const bytes = Buffer.from(part as string);
    if (this.#isChunked) this.#socket.write(`${bytes.length.toString(16)}\r\n`);
    this.#socket.write(bytes);
    if (this.#isChunked) this.#socket.write('\r\n');
    return this;
  }

  /** Sends bytes that are framed already. */
  sendRaw(bytes: Uint8Array): this {
    this.#socket.write(bytes);
    return this;
  }

  /** Resolves when the system has taken all that was sent, or the server has closed the connection. */
  async taken(): Promise<void> {
    await Promise.race([new Promise<void>((resolve) => this.#socket.write('', () => resolve())), this.closed]);
  }

  cut(): void {
    this.#socket.destroy();
  }
}
