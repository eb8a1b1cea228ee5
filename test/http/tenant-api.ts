import { randomUUID } from 'node:crypto';
import { SCOPES, type Scope } from '../../src/domain/scope.ts';
import { type ClientCredentials, createClient } from '../../src/postgres/access/client.ts';
import { createTenant } from '../../src/postgres/access/tenant.ts';
import type { DatabaseAddress } from '../../src/postgres/connection.ts';
import type { HttpAnswer, HttpClient } from './http-client.ts';

/** What a request may have of its own; without it a test need not speak of keys and tokens. */
export type RequestOptions = {
  /** The Idempotency-Key; null sends none. Left out, each request has a fresh one. */
  readonly key?: string | null;
  /** The access token; null sends none. Left out, one that holds every scope. */
  readonly token?: string | null;
  /** More headers, or others in place of those of this list: names and values in turn. */
  readonly headers?: readonly string[];
};

const ACTOR = { actor: 'test' };

/** One tenant of a ledger under test, as its client with every scope sees it. */
export class TenantApi {
  readonly tenantId: string;
  readonly defaultProgramId: string;
  readonly clientId: string;
  readonly #credentials: ClientCredentials;
  readonly #http: HttpClient;
  readonly #address: DatabaseAddress;
  readonly #tokens = new Map<string, Promise<string>>();

  private constructor(
    { http, address }: { readonly http: HttpClient; readonly address: DatabaseAddress },
    tenant: { readonly tenantId: string; readonly defaultProgramId: string; readonly credentials: ClientCredentials },
  ) {
    this.tenantId = tenant.tenantId;
    this.defaultProgramId = tenant.defaultProgramId;
    this.clientId = tenant.credentials.clientId;
    this.#credentials = tenant.credentials;
    this.#http = http;
    this.#address = address;
  }

  /** Makes a tenant and its client in the database and answers their API. */
  static async create(
    address: DatabaseAddress,
    http: HttpClient,
    options: {
      readonly timezone?: string;
      readonly scopes?: readonly Scope[];
      readonly fiscalYearEndMonth?: number;
    } = {},
  ): Promise<TenantApi> {
    const { fiscalYearEndMonth } = options;
    const fiscal = fiscalYearEndMonth === undefined ? {} : { fiscalYearEndMonth };
    const tenant = await createTenant(
      address,
      { name: 'Lender', timezone: options.timezone ?? 'UTC', currency: 'USD', ...fiscal },
      ACTOR,
    );
    const scopes = options.scopes ?? SCOPES;
    const credentials = await createClient(address, { tenantId: tenant.tenantId, name: null, scopes }, ACTOR);
    return new TenantApi({ http, address }, { ...tenant, credentials });
  }

  /** Another client of the same tenant, with every scope. */
  async colleague(): Promise<TenantApi> {
    const { tenantId, defaultProgramId } = this;
    const credentials = await createClient(this.#address, { tenantId, name: null, scopes: SCOPES }, ACTOR);
    return new TenantApi({ http: this.#http, address: this.#address }, { tenantId, defaultProgramId, credentials });
  }

  /** A token of the token endpoint; `scope` as it stands in the request, every scope when left out. */
  token(scope?: string): Promise<string> {
    const known = this.#tokens.get(scope ?? '');
    if (known !== undefined) return known;
    const fetched = this.freshToken(scope);
    this.#tokens.set(scope ?? '', fetched);
    return fetched;
  }

  /** POST with the body as JSON, or as it stands when it is text or bytes. */
  async post(path: string, body: object | string | Uint8Array, options: RequestOptions = {}): Promise<HttpAnswer> {
    const key = options.key === undefined ? `test:${randomUUID()}` : options.key;
    const own = options.headers ?? [];
    const preset = [
      ...(key === null ? [] : ['idempotency-key', key]),
      ...(hasHeader(own, 'content-type') ? [] : ['content-type', 'application/json']),
    ];
    const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    const headers = [...(await this.#authorization(options)), ...preset, ...own];
    return this.#http.send({ method: 'POST', path, headers, body: bytes });
  }

  async get(path: string, options: RequestOptions = {}): Promise<HttpAnswer> {
    return this.request('GET', path, options);
  }

  /** A request without a body. */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<HttpAnswer> {
    const headers = [...(await this.#authorization(options)), ...(options.headers ?? [])];
    return this.#http.send({ method, path, headers });
  }

  /** The answer of a loan's balance, byte for byte. */
  async balanceText(loanId: string, query = ''): Promise<string> {
    const answer = await this.get(`/v1/loans/${loanId}/balance${query}`);
    if (answer.status !== 200) throw new Error(`no balance: ${answer.status} ${answer.text}`);
    return answer.text;
  }

  async #authorization(options: RequestOptions): Promise<string[]> {
    const token = options.token === undefined ? await this.token() : options.token;
    return token === null ? [] : ['authorization', `Bearer ${token}`];
  }

  /** The same, asked for anew. */
  async freshToken(scope?: string): Promise<string> {
    const { clientId, clientSecret } = this.#credentials;
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      ...(scope === undefined ? {} : { scope }),
    });
    const answer = await this.#http.send({
      method: 'POST',
      path: '/oauth2/token',
      headers: ['content-type', 'application/x-www-form-urlencoded'],
      body: form.toString(),
    });
    if (answer.status !== 200) throw new Error(`no token: ${answer.status} ${answer.text}`);
    return textAt(answer, 'access_token');
  }
}

/** A member of an answer's body that is text. */
export function textAt(answer: HttpAnswer, name: string): string {
  const value: unknown = Reflect.get(Object(answer.json), name);
  if (typeof value !== 'string') throw new Error(`${name} is missing: ${answer.status} ${answer.text}`);
  return value;
}

function hasHeader(headers: readonly string[], name: string): boolean {
  return headers.some((text, at) => at % 2 === 0 && text.toLowerCase() === name);
}
