import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { LedgerAnswer, LedgerRequest, TokenKind } from './model/request.ts';

/** A ledger to be put to the test: one or more server processes over one database. */
export interface SimulationTarget {
  /** `http://127.0.0.1:PORT` of every process. */
  readonly baseUrls: readonly string[];
  /** A valid token of the tenant with every scope of this simulation. Called for each request, so it may renew. */
  token(tenantIndex: number): string;
  /** A valid token of another client of the tenant with every scope; without it no adjustment is judged. */
  colleagueToken?(tenantIndex: number): string;
  /** A valid token that holds `hpts:balances:read` alone; without it `insufficient_scope` is not tried. */
  narrowToken?(tenantIndex: number): string;
  readonly tenants: readonly SimulationTenant[];
}

/** A tenant made for the run: its books must be empty. */
export interface SimulationTenant {
  readonly tenantId: string;
  /** `default_program_id`. */
  readonly programId: string;
  /** The tenant's business date when the run starts, `YYYY-MM-DD`. */
  readonly businessDate: string;
}

/** Sends requests to the processes of a target over kept-alive connections. */
export class Wire {
  readonly #target: SimulationTarget;
  readonly #agents: readonly Agent[];
  readonly #urls: readonly URL[];

  constructor(target: SimulationTarget) {
    this.#target = target;
    this.#urls = target.baseUrls.map((text) => new URL(text));
    this.#agents = this.#urls.map(() => new Agent({ keepAlive: true, maxSockets: 256 }));
  }

  /** How many processes there are to choose from. */
  get processes(): number {
    return this.#urls.length;
  }

  /** Sends one request to the process of that number, counted round. Throws when no answer comes. */
  async send(request: LedgerRequest, process: number): Promise<LedgerAnswer> {
    const at = process % this.#urls.length;
    const [url, agent] = [this.#urls[at], this.#agents[at]];
    if (url === undefined || agent === undefined) throw new Error('the target has no process');
    const { promise, resolve, reject } = Promise.withResolvers<LedgerAnswer>();
    const declared = request.declaredBytes;
    const outgoing = httpRequest({
      host: url.hostname,
      port: url.port,
      method: request.method,
      path: request.path,
      headers: this.#headers(request),
      // A body that is announced and never sent leaves its connection useless.
      agent: declared === undefined ? agent : false,
    });
    outgoing.setNoDelay(true);
    outgoing.once('error', (cause) =>
      reject(new Error(`${request.method} ${request.path}: ${cause.message}`, { cause })),
    );
    outgoing.once('response', (response) =>
      this.#collect({ outgoing, response, resolve, reject, cut: declared !== undefined }),
    );
    if (declared === undefined) outgoing.end(request.body);
    else outgoing.write(request.body);
    return promise;
  }

  /** Closes every idle connection. */
  close(): void {
    for (const agent of this.#agents) agent.destroy();
  }

  #headers(request: LedgerRequest): Record<string, string | string[]> {
    const headers: Record<string, string | string[]> = {};
    const token = this.#tokenText(request.token, request.tenant);
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    if (request.method !== 'GET') {
      headers['content-type'] = request.contentType;
      headers['content-length'] = String(request.declaredBytes ?? Buffer.byteLength(request.body));
    }
    if (request.keyHeaders.length > 0) headers['idempotency-key'] = [...request.keyHeaders];
    return headers;
  }

  #tokenText(kind: TokenKind, tenant: number): string | undefined {
    if (kind === 'absent') return undefined;
    if (kind === 'narrow') return this.#target.narrowToken?.(tenant);
    if (kind === 'colleague') return this.#target.colleagueToken?.(tenant);
    const token = this.#target.token(tenant);
    return kind === 'full' ? token : withBrokenSignature(token);
  }

  #collect({ outgoing, response, resolve, reject, cut }: Collecting): void {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.once('error', reject);
    response.once('end', () => {
      resolve({
        status: response.statusCode ?? 0,
        contentType: response.headers['content-type'] ?? '',
        idempotentReplayed: headerText(response, 'idempotent-replayed'),
        wwwAuthenticate: headerText(response, 'www-authenticate'),
        body: Buffer.concat(chunks).toString('utf8'),
      });
      if (cut) outgoing.destroy();
    });
  }
}

interface Collecting {
  readonly outgoing: ClientRequest;
  readonly response: IncomingMessage;
  readonly resolve: (answer: LedgerAnswer) => void;
  readonly reject: (reason: Error) => void;
  readonly cut: boolean;
}

function headerText(response: IncomingMessage, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** Changes a character inside the signature: the last one alone may carry bits that mean nothing. */
function withBrokenSignature(token: string): string {
  const at = token.lastIndexOf('.') + 5;
  const other = token[at] === 'A' ? 'B' : 'A';
  return `${token.slice(0, at)}${other}${token.slice(at + 1)}`;
}
