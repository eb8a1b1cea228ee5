/** Statements that propose and reject adjustments, in the transaction of an administrative act. */
import type pg from 'pg';
import type { Proposal, Verdict } from '../../domain/adjustment.ts';
import { newEntryId } from '../../posting/entry-id.ts';

/** Keeps a proposal; answers its id, and when it was kept, RFC 3339 with six digits. */
export async function insertProposal(
  client: pg.ClientBase,
  tenantId: string,
  proposal: Omit<Proposal, 'adjustmentId'>,
): Promise<{ readonly adjustmentId: string; readonly proposedAt: string }> {
  const { lines } = proposal;
  const { rows: clock } = await client.query<{ ms: string }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms',
  );
  const adjustmentId = newEntryId(Number(clock[0]?.ms ?? 0));
  const { rows } = await client.query<{ proposed_at: string }>(
    `INSERT INTO hpts.adjustment (tenant_id, adjustment_id, proposed_by, effective_at, reason_code, description, accounts,
       amounts, currencies, layers, loan_ids)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     RETURNING to_char(proposed_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS proposed_at`,
    [
      tenantId,
      adjustmentId,
      proposal.proposedBy,
      proposal.effectiveAt,
      proposal.reasonCode,
      proposal.description,
      lines.map((line) => line.account),
      lines.map((line) => line.amountMinor.toString()),
      lines.map((line) => line.currency),
      lines.map((line) => line.layer),
      lines.map((line) => line.loanId),
    ],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`adjustment ${adjustmentId} was not kept`);
  return { adjustmentId, proposedAt: row.proposed_at };
}

/** The verdict on a proposal, null while there is none; undefined when the tenant has no such proposal. */
export async function readVerdict(
  client: pg.ClientBase,
  tenantId: string,
  adjustmentId: string,
): Promise<Verdict | null | undefined> {
  const { rows } = await client.query<{ verdict: Verdict['verdict'] | null; judged_by: string | null }>(
    `SELECT v.verdict, v.judged_by FROM hpts.adjustment AS a
     LEFT JOIN hpts.adjustment_verdict AS v ON v.tenant_id = a.tenant_id AND v.adjustment_id = a.adjustment_id
     WHERE a.tenant_id = $1 AND a.adjustment_id = $2`,
    [tenantId, adjustmentId],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  return row.verdict === null || row.judged_by === null ? null : { verdict: row.verdict, judgedBy: row.judged_by };
}

/** Keeps that a proposal was rejected; answers when. Fails on its key when another verdict came first. */
export async function insertRejection(
  client: pg.ClientBase,
  tenantId: string,
  rejection: { readonly adjustmentId: string; readonly judgedBy: string; readonly note: string | null },
): Promise<string> {
  const { rows } = await client.query<{ judged_at: string }>(
    `INSERT INTO hpts.adjustment_verdict (tenant_id, adjustment_id, verdict, judged_by, note)
     VALUES ($1, $2, 'rejected', $3, $4) RETURNING to_char(judged_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS judged_at`,
    [tenantId, rejection.adjustmentId, rejection.judgedBy, rejection.note],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`the rejection of ${rejection.adjustmentId} was not kept`);
  return row.judged_at;
}
