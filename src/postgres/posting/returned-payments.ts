import type pg from 'pg';
import { scopedKey } from '../../posting/ledger-state.ts';
import type { ReturnedPayment } from '../../posting/restatement/loan-history.ts';
import { uuidArray } from '../binary-array.ts';
import { type Statement, sendTrain } from '../statement-train.ts';
import { entryOf, joinEntry, stands } from './entry-lookup.ts';
import { type PostedRow, READ_LIVE_ENTRIES, resolvedEntries } from './posted-entries.ts';
import { READ_STANDINGS, standingsOf } from './standings.ts';

// All that was ever said of the returns of a payment, by its own event's first entry.
export const READ_RETURNS: Statement = {
  name: 'read_returns',
  text: `SELECT p.payment_entry_id, p.entry_id, e.effective_at, ${stands('p')}, p.fees_minor, p.interest_minor, p.principal_minor, p.suspense_minor
    FROM unnest($2::uuid[]) AS asked (payment_entry_id)
    CROSS JOIN LATERAL (
      SELECT * FROM hpts.payment_return AS a WHERE a.tenant_id = $1 AND a.payment_entry_id = asked.payment_entry_id
      ORDER BY a.payment_entry_id, a.turn OFFSET 0) AS p
    ${joinEntry('e', entryOf('p'))}
    ORDER BY p.payment_entry_id, p.turn`,
};

type ReturnRow = [
  paymentEntryId: string,
  entryId: string,
  effectiveAt: string,
  stands: boolean,
  fees: bigint,
  interest: bigint,
  principal: bigint,
  suspense: bigint,
];

/** Payments with what went back of each, by the first entries of their events; their loans are locked. */
export async function readReturnedPayments(
  client: pg.Client,
  tenantId: string,
  paymentEntryIds: readonly string[],
): Promise<readonly ReturnedPayment[]> {
  const asked = [...new Set(paymentEntryIds)];
  if (asked.length === 0) return [];
  const ask = async <Row>({ name, text }: Statement, ...values: unknown[]): Promise<Row[]> =>
    (await client.query({ name, text, values, rowMode: 'array' })).rows as Row[];
  const rows = await ask<ReturnRow>(READ_RETURNS, tenantId, asked);
  const tenantIds = asked.map(() => tenantId);
  const entries = resolvedEntries(await ask<PostedRow>(READ_LIVE_ENTRIES, tenantIds, asked));
  const live = [...entries.values()].map(({ entry }) => entry.entryId);
  const columns = [uuidArray(live, () => tenantId), uuidArray(live, (entryId) => entryId)];
  const [answer] = await sendTrain(client, [[READ_STANDINGS, columns]]);
  const standings = standingsOf(answer?.rows ?? []);
  return asked.map((paymentEntryId) => {
    const payment = entries.get(scopedKey(tenantId, paymentEntryId))?.entry;
    if (payment === undefined) throw new Error(`payment ${paymentEntryId} has returns and no entry`);
    const said = rows.filter(([paidBy]) => paidBy === paymentEntryId);
    const { settledBy = null } = standings.get(scopedKey(tenantId, payment.entryId)) ?? {};
    return { payment, settledBy, turns: said.length, took: standingReturns(said) };
  });
}

/** What was said last of each return that stands. */
function standingReturns(said: readonly ReturnRow[]): ReturnedPayment['took'] {
  const last = new Map(said.map((row) => [row[1], row] as const));
  return [...last.values()].flatMap(([, entryId, effectiveAt, stands, fees, interest, principal, suspense]) =>
    stands ? [{ entryId, effectiveAt, parts: { fees, interest, principal, suspense } }] : [],
  );
}
