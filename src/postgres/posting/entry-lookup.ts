/**
 * SQL that finds entries, and what was done to them, by their ids. A plan made before anybody counted the tables takes a
 * tenant's rows for a few, and would begin with all of them, or go through them once for each row asked for. So whatever is
 * looked up stands in a subquery that cannot be turned round: a value, or a LATERAL behind `OFFSET 0` or `LIMIT`. Of two
 * indexes even the wrong one looks as good for an equation; hence tables with two indexes are asked in the order of the right
 * one, and for what an equation leaves no order of, as an entry's id, it is the first one not below.
 */

type Sought = { readonly tenantId: string; readonly entryId: string };

// Aliases in here are long: a short one would hide the caller's of the same name.
const sought = (what: string, { tenantId, entryId }: Sought): string =>
  `(SELECT ${what} FROM hpts.journal_entry AS sought WHERE sought.tenant_id = ${tenantId} AND sought.entry_id >= ${entryId}
      ORDER BY sought.entry_id LIMIT 1)`;

/** One column of an entry that there is. */
export function entryColumn(column: string, id: Sought): string {
  return sought(`sought.${column}`, id);
}

/**
 * Joins an entry that there is, as `alias`; nothing where the id is NULL. Of an id that may be unknown it gives the next entry:
 * then `alias.entry_id` has to be compared behind it.
 */
export function joinEntry(alias: string, id: Sought): string {
  return `CROSS JOIN LATERAL ${sought('*', id)} AS ${alias}`;
}

/** The entry that a row `alias` names. */
export function entryOf(alias: string): Sought {
  return { tenantId: `${alias}.tenant_id`, entryId: `${alias}.entry_id` };
}

/** The first entry of the event of an entry `alias`. */
export function firstEntryOf(alias: string): Sought {
  return { tenantId: `${alias}.tenant_id`, entryId: `(left(${alias}.event_id::text, 35) || '0')::uuid` };
}

/** One column of what a row of hpts.settling says of the entry of a row `alias` that settles another, or NULL. */
export function settlingBy(column: string, alias: string): string {
  return `(SELECT settling.${column} FROM (
      SELECT * FROM hpts.settling AS nearest WHERE nearest.tenant_id = ${alias}.tenant_id AND nearest.entry_id >= ${alias}.entry_id
      ORDER BY nearest.entry_id LIMIT 1) AS settling WHERE settling.entry_id = ${alias}.entry_id)`;
}

/** The entry that reversed that of a row `alias`, or NULL. */
export function reversalOf(alias: string): string {
  return `(SELECT undoing.entry_id FROM hpts.reversal AS undoing
      WHERE undoing.tenant_id = ${alias}.tenant_id AND undoing.reversed_entry_id = ${alias}.entry_id)`;
}

/** True of a row `alias` whose entry was not reversed. */
export function stands(alias: string): string {
  return `${reversalOf(alias)} IS NULL`;
}
