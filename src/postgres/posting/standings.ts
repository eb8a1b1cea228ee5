import type { EntryStanding, ReturnedParts, Settling } from '../../domain/posted-entry.ts';
import { NOTHING_ALLOCATED } from '../../domain/waterfall.ts';
import { scopedKey } from '../../posting/ledger-state.ts';
import type { Statement, TextRow } from '../statement-train.ts';
import { entryColumn, entryOf, joinEntry, reversalOf, settlingBy, stands } from './entry-lookup.ts';

/** True of a row of returns `alias` that is the last which was said of its entry. */
function isLast(alias: string): string {
  return `(SELECT l.turn FROM hpts.payment_return AS l WHERE l.tenant_id = ${alias}.tenant_id AND l.entry_id = ${alias}.entry_id
        AND l.turn > ${alias}.turn ORDER BY l.entry_id, l.turn LIMIT 1) IS NULL`;
}

/** The sum over the standing returns of a payment. */
function returned(column: string): string {
  return `coalesce(sum(p.${column}) FILTER (WHERE ${stands('p')} AND ${isLast('p')}), 0) AS ${column}`;
}

/** The first entry of the event of an entry, which is itself unless a restatement posted it. */
function firstEntry(alias: string): string {
  return `CASE WHEN right(${alias}.entry_id::text, 1) <> '2' THEN ${alias}.entry_id
        ELSE (left(${entryColumn('event_id', entryOf(alias))}::text, 35) || '0')::uuid END`;
}

/**
 * One look-up for each kind of fact that may have befallen an entry, behind the locks. Of a pending entry the one that settled
 * it is answered too, and the other way round: returns are counted under the first, clearings under the second.
 */
export const READ_STANDINGS: Statement = {
  name: 'read_standings',
  text: `WITH asked AS (SELECT unnest($1::uuid[]) AS tenant_id, unnest($2::uuid[]) AS entry_id),
    wanted AS (
      SELECT tenant_id, entry_id FROM asked
      UNION SELECT s.tenant_id, s.entry_id FROM asked AS a CROSS JOIN LATERAL (
        SELECT * FROM hpts.settling AS t WHERE t.tenant_id = a.tenant_id AND t.pending_entry_id = a.entry_id
        ORDER BY t.pending_entry_id, t.turn OFFSET 0) AS s
      UNION SELECT s.tenant_id, s.pending_entry_id FROM (
        SELECT a.tenant_id, ${settlingBy('pending_entry_id', 'a')} AS pending_entry_id FROM asked AS a) AS s
        WHERE s.pending_entry_id IS NOT NULL)
    SELECT w.tenant_id, w.entry_id, ${reversalOf('w')},
      (SELECT count(*) FROM (
        SELECT FROM hpts.settling AS t WHERE t.tenant_id = w.tenant_id AND t.pending_entry_id = w.entry_id
        ORDER BY t.pending_entry_id, t.turn OFFSET 0) AS s),
      settled.entry_id, settled.effective_at, settled.accounts, settled.amounts,
      ${settlingBy('pending_entry_id', 'w')},
      cleared.clearings, cleared.entry_id, took.returns, took.entry_ids, took.fees_minor, took.interest_minor,
      took.principal_minor, took.suspense_minor,
      back.payment_entry_id, back.fees_minor, back.interest_minor, back.principal_minor, back.suspense_minor,
      (SELECT x.successor_id FROM hpts.superseded_entry AS x WHERE x.tenant_id = w.tenant_id AND x.entry_id = w.entry_id), settled.is_recovery
    FROM wanted AS w
    LEFT JOIN LATERAL (
      SELECT s.entry_id, e.effective_at, line.accounts, line.amounts,
        e.event_type = 'recovery' AS is_recovery
      FROM (
        SELECT * FROM hpts.settling AS t WHERE t.tenant_id = w.tenant_id AND t.pending_entry_id = w.entry_id
        ORDER BY t.pending_entry_id, t.turn OFFSET 0) AS s
      ${joinEntry('e', entryOf('s'))}
      CROSS JOIN LATERAL (
        SELECT array_agg(l.account ORDER BY l.sequence) AS accounts, array_agg(l.amount ORDER BY l.sequence) AS amounts
        FROM unnest(e.accounts, e.amounts, e.layers) WITH ORDINALITY AS l (account, amount, layer, sequence)
        WHERE coalesce(l.layer, e.layer) = 0) AS line
      WHERE ${stands('s')} OFFSET 0) AS settled ON true
    LEFT JOIN LATERAL (
      SELECT count(*) AS clearings, min(c.entry_id::text) FILTER (WHERE ${stands('c')}) AS entry_id
      FROM hpts.clearing AS c WHERE c.tenant_id = w.tenant_id AND c.cleared_entry_id = ${firstEntry('w')}) AS cleared ON true
    LEFT JOIN LATERAL (
      SELECT count(*) AS returns, array_agg(p.entry_id ORDER BY p.turn) FILTER (WHERE ${stands('p')} AND ${isLast('p')}) AS entry_ids,
        ${returned('fees_minor')}, ${returned('interest_minor')}, ${returned('principal_minor')}, ${returned('suspense_minor')}
      FROM (
        SELECT * FROM hpts.payment_return AS t WHERE t.tenant_id = w.tenant_id AND t.payment_entry_id = ${firstEntry('w')}
        ORDER BY t.payment_entry_id, t.turn OFFSET 0) AS p) AS took ON true
    LEFT JOIN LATERAL (
      SELECT * FROM hpts.payment_return AS p WHERE p.tenant_id = w.tenant_id AND p.entry_id = w.entry_id
      ORDER BY p.entry_id DESC, p.turn DESC LIMIT 1) AS back ON true`,
};

type Amounts = [fees: string, interest: string, principal: string, suspense: string];

type StandingRow = readonly [
  tenantId: string,
  entryId: string,
  reversedBy: string | null,
  settlings: string,
  settledBy: string | null,
  settledOn: string | null,
  accounts: string | null,
  amounts: string | null,
  settles: string | null,
  clearings: string,
  clearedBy: string | null,
  returns: string,
  returnedBy: string | null,
  ...returned: Amounts,
  returnOf: string | null,
  ...parts: Amounts | [null, null, null, null],
  supersededBy: string | null,
  isRecovery: string | null,
];

/** What was done to entries, by scopedKey. */
export function standingsOf(rows: readonly TextRow[]): Map<string, EntryStanding> {
  return new Map(
    (rows as unknown as readonly StandingRow[]).map((row) => [scopedKey(row[0], row[1]), standingOfRow(row)]),
  );
}

function standingOfRow(row: StandingRow): EntryStanding {
  const [, , reversedBy, settlings, , , , , settles, clearings, clearedBy, returns, returnedBy] = row;
  return {
    reversedBy,
    supersededBy: row[22],
    settledBy: settlingOf(row),
    settlings: Number(settlings),
    settles,
    clearedBy,
    clearings: Number(clearings),
    returnedBy: listOf(returnedBy),
    returned: returnedBy === null ? NOTHING_ALLOCATED : allocationOf([row[13], row[14], row[15], row[16]]),
    returns: Number(returns),
    returnOf: returnOf(row),
  };
}

function settlingOf(row: StandingRow): Settling | null {
  const [, , , , entryId, effectiveAt, accounts, amounts] = row;
  if (entryId === null || effectiveAt === null) return null;
  const minor = listOf(amounts);
  const lines = listOf(accounts).map((account, index) => ({
    account: Number(account),
    amountMinor: BigInt(minor[index] ?? '0'),
  }));
  return { entryId, effectiveAt, lines, isRecovery: row[23] === 't' };
}

function returnOf(row: StandingRow): ReturnedParts | null {
  const [paymentEntryId, fees, interest, principal, suspense] = [row[17], row[18], row[19], row[20], row[21]];
  if (paymentEntryId === null || fees === null || interest === null || principal === null || suspense === null) {
    return null;
  }
  return { paymentEntryId, parts: allocationOf([fees, interest, principal, suspense]) };
}

function allocationOf([fees, interest, principal, suspense]: Amounts): ReturnedParts['parts'] {
  return {
    fees: BigInt(fees),
    interest: BigInt(interest),
    principal: BigInt(principal),
    suspense: BigInt(suspense),
  };
}

/** An array of plain values as PostgreSQL writes it: `{1,2}`. */
function listOf(stored: string | null): readonly string[] {
  return stored === null || stored === '{}' ? [] : stored.slice(1, -1).split(',');
}
