/**
 * Every scope there is, in the order of the contract (CONTRACT.md section 2). Each can be granted from the first version
 * on, also those whose operations come later, so that no client has to be made anew.
 */
export const SCOPES = [
  'hpts:payments:write',
  'hpts:disbursements:write',
  'hpts:balances:read',
  'hpts:ledger:read',
  'hpts:accruals:write',
  'hpts:reversals:write',
  'hpts:fees:write',
  'hpts:chargeoffs:write',
  'hpts:restructures:write',
  'hpts:adjustments:write',
  'hpts:adjustments:approve',
  'hpts:programs:read',
  'hpts:programs:write',
  'hpts:periods:write',
  'hpts:reconciliation:read',
  'hpts:reconciliation:write',
  'hpts:webhooks:manage',
  'hpts:audit:read',
] as const;

/** A right to one group of operations. Scopes are compared as whole words, case included (RFC 6749 section 3.3). */
export type Scope = (typeof SCOPES)[number];

const KNOWN: ReadonlySet<string> = new Set(SCOPES);

/** Whether the text is a scope, letter by letter. */
export function isScope(text: string): text is Scope {
  return KNOWN.has(text);
}

/** The scopes among the words, each once, in the order of the words; and the words that are none. */
export function readScopes(words: readonly string[]): { readonly scopes: Scope[]; readonly unknown: string[] } {
  const distinct = [...new Set(words)];
  return { scopes: distinct.filter(isScope), unknown: distinct.filter((word) => !isScope(word)) };
}
