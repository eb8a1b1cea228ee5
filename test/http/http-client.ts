import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';
import type { SecureContextOptions } from 'node:tls';
import { checkAnswer } from '../openapi/answer-check.ts';
import { tellAnswered } from '../openapi/answered.ts';

/** A request as it goes out. `headers` is a flat list of names and values, so that a header can be sent twice. */
export type HttpRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body?: Uint8Array | string;
};

/** An answer with its body as bytes came and, where it is JSON, read. */
export type HttpAnswer = {
  readonly status: number;
  readonly headers: Readonly<IncomingMessage['headers']>;
  readonly text: string;
  /** undefined when the body is not JSON. */
  readonly json: unknown;
};

/** Sends requests to one server over connections that are kept. */
export class HttpClient {
  readonly #agent: Agent;
  readonly #url: URL;

  /** `connection`: the address to come from; for an https address, whom to trust and what to show. */
  constructor(url: string, connectionsMax = 512, connection: SecureContextOptions & { localAddress?: string } = {}) {
    this.#url = new URL(url);
    const options = { keepAlive: true, maxSockets: connectionsMax, ...connection };
    this.#agent = this.#url.protocol === 'https:' ? new TlsAgent(options) : new Agent(options);
  }

  /** Resolves with what is answered; rejects when nothing is, and when the answer is not one that openapi.json describes. */
  async send({ method, path, headers, body }: HttpRequest): Promise<HttpAnswer> {
    const length =
      body === undefined || method === 'GET' ? [] : ['content-length', String(Buffer.byteLength(body as string))];
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const open = this.#url.protocol === 'https:' ? tlsRequest : httpRequest;
      const outgoing = open({
        host: this.#url.hostname,
        port: this.#url.port,
        method,
        path,
        headers: ['host', this.#url.host, ...headers, ...length],
        agent: this.#agent,
      });
      outgoing.once('response', resolve);
      outgoing.once('error', reject);
      outgoing.end(body);
    });
    const text = (await buffer(response)).toString('utf8');
    const answer = { status: response.statusCode ?? 0, headers: response.headers, text };
    const operation = checkAnswer({ method, path }, answer);
    if (operation !== undefined) tellAnswered(operation, answer);
    return { ...answer, json: readJson(response, text) };
  }

  /** Closes the connections. */
  close(): void {
    this.#agent.destroy();
  }
}

function readJson(response: IncomingMessage, text: string): unknown {
  return /json/.test(response.headers['content-type'] ?? '') && text !== '' ? JSON.parse(text) : undefined;
}
