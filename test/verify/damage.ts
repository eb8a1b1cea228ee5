import { entryId } from './hand-books.ts';
import { TENANT } from './hand-ledger.ts';

/** `named` are findings (`check: subject`) that must be among those made after `sql`. */
export type Damage = { readonly what: string; readonly sql: () => string; readonly named: () => readonly string[] };

/** Picks the rows of an entry by its name in the hand-made ledger. */
export function entry(name: string): string {
  return `tenant_id = '${TENANT}' AND entry_id = '${entryId(name)}'`;
}

/** Picks the rows of a loan. */
export function loan(id: string): string {
  return `tenant_id = '${TENANT}' AND loan_id = '${id}'`;
}
