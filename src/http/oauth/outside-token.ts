/** Access tokens of other issuers: what each is trusted with decides what its tokens may say. */
import { compactVerify, errors } from 'jose';
import { isScope, type Scope } from '../../domain/scope.ts';
import type { JsonValue } from '../json/strict-json.ts';
import { type AccessClaims, readAccessClaims } from './access-claims.ts';
import { IssuerKeys, type IssuerKeysTimes } from './issuer-keys.ts';
import type { TokenText } from './token-text.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';

/** What a token of an outside issuer says, as far as the issuer is trusted with saying it. */
export type OutsideClaims = {
  readonly ok: true;
  readonly claims: AccessClaims;
  readonly scopes: ReadonlySet<Scope>;
  /** Who the journal names as actor: the issuer and its client. No client of ours has such an id. */
  readonly actor: string;
  /** The moment of performance.now() until which the issuer's key need not be looked at again. */
  readonly knownUntilMs: number;
};

export type OutsideVerdict = OutsideClaims | { readonly ok: false; readonly refusal: 'invalid' | 'issuer_unavailable' };

const INVALID: OutsideVerdict = { ok: false, refusal: 'invalid' };
const UNAVAILABLE: OutsideVerdict = { ok: false, refusal: 'issuer_unavailable' };

/** The issuers besides this server, each with its keys. */
export class OutsideIssuers {
  readonly #issuers: ReadonlyMap<JsonValue | undefined, { readonly trust: TrustedIssuer; readonly keys: IssuerKeys }>;

  constructor(
    trusted: readonly TrustedIssuer[],
    onProblem: (problem: unknown) => void,
    times: Partial<IssuerKeysTimes> = {},
  ) {
    this.#issuers = new Map(
      trusted.map((trust) => [trust.issuer, { trust, keys: new IssuerKeys(trust, onProblem, times) }]),
    );
  }

  /** Whether the claim names one of them, letter by letter. */
  has(iss: JsonValue | undefined): boolean {
    return this.#issuers.has(iss);
  }

  /** Checks a token that names one of them: key, signature, claims, client, tenant. Never rejects for bad input. */
  async examine(token: string, text: TokenText, clock: { readonly nowSeconds: () => number }): Promise<OutsideVerdict> {
    const outside = this.#issuers.get(text.claims['iss']);
    if (outside === undefined || !outside.trust.algorithms.has(text.alg)) return INVALID;
    const { trust, keys } = outside;
    const finding = await keys.find(text.kid);
    if (finding.found === 'unavailable') return UNAVAILABLE;
    if (finding.found === 'none' || !finding.key.algorithms.has(text.alg)) return INVALID;
    if (!(await isSignedBy(token, finding.key.publicKey, text.alg))) return INVALID;
    const claims = readAccessClaims(text.claims, { ...trust, nowSeconds: clock.nowSeconds(), nbfOptional: true });
    if (claims === undefined || !trust.tenants.has(claims.tenantId)) return INVALID;
    const granted = trust.clients.get(claims.clientId);
    if (granted === undefined) return INVALID;
    return {
      ok: true,
      claims,
      scopes: new Set(claims.scopes.filter(isScope).filter((scope) => granted.has(scope))),
      actor: `${trust.issuer}#${claims.clientId}`,
      knownUntilMs: finding.knownUntilMs,
    };
  }
}

/** Whether the compact JWS was signed with the private half of the key, by that algorithm and no other. */
export async function isSignedBy(
  token: string,
  publicKey: Parameters<typeof compactVerify>[1],
  alg: string,
): Promise<boolean> {
  try {
    await compactVerify(token, publicKey, { algorithms: [alg] });
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}
