/**
 * One promise of the ledger and the query that looks for what breaks it. None of the functions that write the journal is
 * used here, and neither is the view hpts.journal_line: whatever is wrong in those must not hide itself (TRUST.md
 * section 2).
 *
 * `sql` answers one row per disagreement: `tenant_id` (NULL: the whole database), `place` (bigint, where in the tenant's
 * history: the smallest is shown first), `subject` (what disagrees, by id), `detail` (how). $1 is the one tenant to look
 * at, or NULL.
 */
export type LedgerCheck = {
  readonly name: string;
  readonly promise: string;
  readonly sql: string;
};

/** Accounts that only the loan sub-ledger may move (ACCOUNTING.md section 1), by component, in the order of components. */
export const CONTROL_ACCOUNTS = [
  { account: 1100, component: 'principal', sign: '' },
  { account: 1200, component: 'interest', sign: '' },
  { account: 1300, component: 'fees', sign: '' },
  { account: 2100, component: 'suspense', sign: '-' },
  { account: 9100, component: 'memo_interest', sign: '' },
] as const;

/** `1100, 1200, …` for an IN list. */
export const CONTROL_ACCOUNT_LIST = CONTROL_ACCOUNTS.map(({ account }) => account).join(', ');

/** Restricts a table to the tenant asked for. */
export function ofTenant(alias: string): string {
  return `($1::uuid IS NULL OR ${alias}.tenant_id = $1)`;
}

/** The published name of a layer's number. */
export function layerName(layer: string): string {
  return `(ARRAY['SETTLED', 'PENDING', 'ENCUMBRANCE'])[${layer} + 1]`;
}

/** An account's code as published, four digits. */
export function accountCode(account: string): string {
  return `lpad(${account}::text, 4, '0')`;
}

/** Five columns named after the components, folded from lines with `account` and `amount`. Of type numeric. */
export const FOLDED_COMPONENTS = CONTROL_ACCOUNTS.map(
  ({ account, component, sign }) =>
    `${sign}coalesce(sum(l.amount) FILTER (WHERE l.account = ${account}), 0) AS ${component}`,
).join(',\n           ');

/** `expression(component)` for each of the five, comma-separated. */
export function eachComponent(expression: (component: string, place: number) => string): string {
  return CONTROL_ACCOUNTS.map(({ component }, index) => expression(component, index + 1)).join(', ');
}

/** True when two rows of five columns named after the components differ; a missing row counts as zeros. */
export function componentsDiffer(one: string, other: string): string {
  const row = (alias: string): string => `(${eachComponent((component) => `coalesce(${alias}.${component}, 0)`)})`;
  return `${row(one)} <> ${row(other)}`;
}

/** Says which components differ: `principal 500 in hpts.loan, 400 by the lines; fees …`. */
export function describeComponents(
  one: { alias: string; where: string },
  other: { alias: string; where: string },
): string {
  const parts = eachComponent(
    (component) =>
      `CASE WHEN coalesce(${one.alias}.${component}, 0) <> coalesce(${other.alias}.${component}, 0) THEN
         format('${component} %s ${one.where}, %s ${other.where}',
                coalesce(${one.alias}.${component}, 0), coalesce(${other.alias}.${component}, 0)) END`,
  );
  return `concat_ws('; ', ${parts})`;
}
