import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as requestPlain } from 'node:http';
import { Agent as HttpsAgent, request as requestSecure } from 'node:https';
import { isIP } from 'node:net';
import type { WebhookUrl } from '../../domain/webhook-url.ts';
import { LIMITS } from '../../limits.ts';
import type { AttemptRecord } from '../../postgres/webhooks/delivery-state.ts';

/** A request to a receiver: to this address and no other, under the name in the URL. */
export type ReceiverRequest = {
  readonly url: WebhookUrl;
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Ends the attempt: its outcome is not known then. */
  readonly signal: AbortSignal;
};

/** How long the parts of an attempt may take; only tests shorten them. */
export type AttemptWaits = { readonly connectMs: number; readonly headersMs: number; readonly attemptMs: number };

export const ATTEMPT_WAITS: AttemptWaits = {
  connectMs: LIMITS.webhookConnectMs,
  headersMs: LIMITS.webhookHeadersMs,
  attemptMs: LIMITS.webhookAttemptMs,
};

/** A connection that was kept had been closed by the receiver: nothing was heard, and a fresh one may do. */
type Ended = AttemptRecord | 'stale' | 'aborted';

/** What a receiver's answer may be as long as, in its headers. */
const HEADER_BYTES = 16 * 1024;

/**
 * Connections to the receiver of one endpoint, kept while it is being served and closed with it. No redirect is followed,
 * no name is looked up, and of an answer only the status counts.
 */
export class ReceiverConnection {
  readonly #plain = new HttpAgent({ keepAlive: true, maxSockets: 1 });
  readonly #secure: HttpsAgent;
  readonly #waits: AttemptWaits;

  /** `trusted`: certificates trusted beside the usual ones, in PEM; only tests name any. */
  constructor(options: { readonly waits?: AttemptWaits; readonly trusted?: string } = {}) {
    this.#waits = options.waits ?? ATTEMPT_WAITS;
    this.#secure = new HttpsAgent({
      keepAlive: true,
      maxSockets: 1,
      ...(options.trusted === undefined ? {} : { ca: options.trusted }),
    });
  }

  /** Makes one attempt. Never rejects; undefined when it was aborted. */
  async send(request: ReceiverRequest): Promise<AttemptRecord | undefined> {
    const beganMs = performance.now();
    const first = await this.#exchange(request, beganMs);
    const ended = first === 'stale' ? await this.#exchange(request, beganMs) : first;
    if (ended === 'aborted') return undefined;
    return ended === 'stale' ? failed('connection_lost', beganMs) : ended;
  }

  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }

  #exchange(asked: ReceiverRequest, beganMs: number): Promise<Ended> {
    const { promise, resolve } = Promise.withResolvers<Ended>();
    const outgoing = this.#open(asked);
    const timers: NodeJS.Timeout[] = [];
    const end = (ended: Ended): void => {
      for (const timer of timers) clearTimeout(timer);
      asked.signal.removeEventListener('abort', abort);
      resolve(ended);
    };
    const giveUp = (ended: Ended): void => {
      end(ended);
      outgoing.destroy();
    };
    const abort = (): void => giveUp('aborted');
    const after = (waitMs: number, error: string): NodeJS.Timeout => {
      const timer = setTimeout(() => giveUp(failed(error, beganMs)), waitMs);
      timers.push(timer);
      return timer;
    };
    asked.signal.addEventListener('abort', abort);
    const spentMs = performance.now() - beganMs;
    after(Math.max(1, this.#waits.attemptMs - spentMs), 'answer_timeout');
    const headers = after(Math.max(1, this.#waits.headersMs - spentMs), 'answer_timeout');
    let connected = false;
    outgoing.once('socket', (socket) => {
      connected = !socket.connecting;
      if (connected) return;
      const connecting = after(this.#waits.connectMs, 'connect_timeout');
      socket.once(asked.url.secure ? 'secureConnect' : 'connect', () => {
        connected = true;
        clearTimeout(connecting);
      });
    });
    let heard: AttemptRecord | undefined;
    outgoing.once('response', (answer) => {
      clearTimeout(headers);
      heard = outcomeOf(answer, beganMs);
      // What follows the status changes nothing; it is read, within bounds, so that the connection can be used again.
      drain(answer, () => end(heard ?? failed('connection_lost', beganMs)));
    });
    outgoing.on('error', (error) =>
      end(heard ?? (outgoing.reusedSocket ? 'stale' : failed(wordFor(error, connected), beganMs))),
    );
    outgoing.once('close', () => end(heard ?? failed('connection_lost', beganMs)));
    if (asked.signal.aborted) abort();
    else outgoing.end(asked.body);
    return promise;
  }

  #open({ url, address, headers, body }: ReceiverRequest): ClientRequest {
    const options = {
      host: address,
      port: url.port,
      path: url.path,
      method: 'POST',
      maxHeaderSize: HEADER_BYTES,
      headers: { host: url.authority, 'content-length': String(Buffer.byteLength(body)), ...headers },
    };
    if (!url.secure) return requestPlain({ ...options, agent: this.#plain });
    // The certificate has to be that of the name, whatever address the connection goes to.
    return requestSecure({ ...options, agent: this.#secure, servername: isIP(url.host) === 0 ? url.host : '' });
  }
}

/** An attempt that did not come as far as an answer. */
export function failed(error: string, beganMs: number): AttemptRecord {
  return { error, httpStatus: null, durationMs: Math.round(performance.now() - beganMs) };
}

function outcomeOf(answer: IncomingMessage, beganMs: number): AttemptRecord {
  const httpStatus = answer.statusCode ?? 0;
  const error = httpStatus >= 200 && httpStatus <= 299 ? null : 'not_accepted';
  return { error, httpStatus, durationMs: Math.round(performance.now() - beganMs) };
}

function drain(answer: IncomingMessage, ended: () => void): void {
  let bytes = 0;
  const timer = setTimeout(() => answer.destroy(), LIMITS.webhookAnswerMs);
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > LIMITS.webhookAnswerBytes) answer.destroy();
  });
  // An answer that breaks off behind its status has been heard all the same.
  answer.on('error', () => undefined);
  answer.once('close', () => {
    clearTimeout(timer);
    ended();
  });
}

/** Not the error's own text: it may tell of what lives where we can connect and the receiver's owner cannot. */
function wordFor(error: Error, connected: boolean): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (/^ERR_(?:TLS|SSL)|CERT|SELF_SIGNED|UNABLE_TO_|EPROTO/.test(code)) return 'tls_failed';
  return connected ? 'connection_lost' : 'connect_failed';
}
