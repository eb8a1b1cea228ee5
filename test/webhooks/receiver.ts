import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

/** A request that reached the receiver, whatever was answered to it. */
export type Delivery = {
  readonly event: { readonly journal_entry_id: string; readonly event_type: string } & Readonly<
    Record<string, unknown>
  >;
  readonly text: string;
  readonly headers: Readonly<IncomingMessage['headers']>;
  readonly path: string;
  /** When it came whole, in milliseconds since 1970. */
  readonly atMs: number;
  /** Whether the answer was a receipt. */
  readonly received: boolean;
};

/** Answers one request; true when the answer is a receipt. */
export type Behaviour = (answer: ServerResponse, delivery: Omit<Delivery, 'received'>, number: number) => boolean;

/** The usual answer. */
export const ACCEPT: Behaviour = (answer) => {
  answer.writeHead(204).end();
  return true;
};

/** Answers with this status and nothing else. */
export function answering(status: number): Behaviour {
  return (answer) => {
    answer.writeHead(status).end();
    return status >= 200 && status <= 299;
  };
}

/** Never answers. */
export const HANG: Behaviour = () => false;

/** Cuts the connection in place of an answer. */
export const CUT: Behaviour = (answer) => {
  answer.destroy();
  return false;
};

/** A receiver of webhooks on this machine: keeps what it is sent and answers as it is told. */
export class Receiver {
  readonly deliveries: Delivery[] = [];
  /** Connections that were opened to it. */
  connections = 0;
  /** The most requests that were open at once. */
  openMax = 0;
  #open = 0;
  behaviour: Behaviour;
  #server: Server;
  #port = 0;
  #waiting: { readonly met: () => boolean; readonly resolve: () => void }[] = [];

  private constructor(behaviour: Behaviour) {
    this.behaviour = behaviour;
    this.#server = this.#makeServer();
  }

  /** Listens on a free port of the loopback. */
  static async start(behaviour: Behaviour = ACCEPT): Promise<Receiver> {
    const receiver = new Receiver(behaviour);
    await receiver.#listen();
    return receiver;
  }

  /** Where it listens, with a path. */
  url(path = '/hook'): string {
    return `http://127.0.0.1:${this.#port}${path}`;
  }

  get port(): number {
    return this.#port;
  }

  /** Deliveries that were answered as received, each event once, in the order of its first receipt. */
  get receivedIds(): readonly string[] {
    return [...new Set(this.deliveries.filter(({ received }) => received).map(({ event }) => event.journal_entry_id))];
  }

  /** Resolves as soon as the condition holds, looked at after every delivery. */
  async until(met: () => boolean): Promise<void> {
    if (met()) return;
    await new Promise<void>((resolve) => this.#waiting.push({ met, resolve }));
  }

  /** Stops listening and cuts every connection. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Listens again, on the port it had. */
  async restart(): Promise<void> {
    this.#server = this.#makeServer();
    await this.#listen();
  }

  #makeServer(): Server {
    const server = createServer((request, answer) => {
      this.#take(request, answer).catch(() => answer.destroy());
    });
    server.on('connection', () => {
      this.connections += 1;
    });
    return server;
  }

  async #listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async #take(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    this.#open += 1;
    this.openMax = Math.max(this.openMax, this.#open);
    answer.once('close', () => {
      this.#open -= 1;
    });
    const text = (await buffer(request)).toString('utf8');
    const atMs = Date.now();
    const seen = { atMs, event: JSON.parse(text), text, headers: request.headers, path: request.url ?? '' };
    const received = this.behaviour(answer, seen, this.deliveries.length);
    this.deliveries.push({ ...seen, received });
    const met = this.#waiting.filter((waiting) => waiting.met());
    this.#waiting = this.#waiting.filter((waiting) => !met.includes(waiting));
    for (const { resolve } of met) resolve();
  }
}

/** Checks a delivery's signature with an independent implementation; throws when it does not hold. */
export function verifySignature(delivery: Pick<Delivery, 'text' | 'headers'>, secret: string): unknown {
  return new Webhook(secret).verify(delivery.text, delivery.headers as Record<string, string>);
}
