/** Which bearer token a request carries: every scope, the same of another client, `hpts:balances:read` alone, a broken signature, none. */
export type TokenKind = 'full' | 'colleague' | 'narrow' | 'forged' | 'absent';

/** One request as the model and the wire both see it. */
export interface LedgerRequest {
  /** Place of the tenant in the target's list. */
  readonly tenant: number;
  readonly method: string;
  /** Path with its query, from `/v1` on. */
  readonly path: string;
  readonly token: TokenKind;
  readonly contentType: string;
  /** Every `Idempotency-Key` header line, in order; empty for none. */
  readonly keyHeaders: readonly string[];
  /** The bytes of the body, as text; empty for none. */
  readonly body: string;
  /** Announce a body of this many bytes and send only the beginning: the server must refuse by the announcement. */
  readonly declaredBytes?: number;
}

/** What came back. */
export interface LedgerAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly idempotentReplayed: string | undefined;
  readonly wwwAuthenticate: string | undefined;
  /** The body byte for byte, as UTF-8 text. */
  readonly body: string;
}
