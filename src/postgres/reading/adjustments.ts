import type { Adjustment } from '../../domain/adjustment.ts';
import type { LayerNumber } from '../../domain/layer.ts';
import type { Statement } from '../statement-train.ts';
import type { ReaderPool } from './reader-pool.ts';

/** What an adjustment is: a proposal, or what its verdict made of it. */
export const ADJUSTMENT_STATUSES = ['proposed', 'posted', 'rejected'] as const;
export type AdjustmentStatus = (typeof ADJUSTMENT_STATUSES)[number];

/** An adjustment as it stands. Times are RFC 3339 with six digits; what a verdict says is null before there is one. */
export type AdjustmentView = Adjustment & {
  readonly adjustmentId: string;
  readonly status: AdjustmentStatus;
  readonly proposedBy: string;
  readonly proposedAt: string;
  readonly judgedBy: string | null;
  readonly judgedAt: string | null;
  readonly note: string | null;
  readonly entryId: string | null;
};

/** A page of the tenant's adjustments, the newest first, behind the place `before` (null: from the newest). */
export type AdjustmentsQuestion = {
  readonly tenantId: string;
  readonly status: AdjustmentStatus | null;
  readonly before: { readonly proposedAt: string; readonly adjustmentId: string } | null;
  readonly limit: number;
};

const SELECT = `SELECT a.adjustment_id, coalesce(v.verdict, 'proposed') AS status, a.proposed_by,
      to_char(a.proposed_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), a.effective_at, a.reason_code, a.description, a.accounts,
      a.amounts, a.currencies, a.layers, a.loan_ids, v.judged_by,
      to_char(v.judged_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), v.note, v.entry_id
    FROM hpts.adjustment AS a
    LEFT JOIN hpts.adjustment_verdict AS v ON v.tenant_id = a.tenant_id AND v.adjustment_id = a.adjustment_id`;

const READ_ADJUSTMENT: Statement = {
  name: 'read_adjustment',
  text: `${SELECT} WHERE a.tenant_id = $1 AND a.adjustment_id = $2`,
};

const READ_ADJUSTMENTS: Statement = {
  name: 'read_adjustments',
  text: `${SELECT} WHERE a.tenant_id = $1 AND ($2::text IS NULL OR coalesce(v.verdict, 'proposed') = $2)
      AND (a.proposed_at, a.adjustment_id) < ($3::timestamptz, $4::uuid)
    ORDER BY a.proposed_at DESC, a.adjustment_id DESC LIMIT $5`,
};

const NEWEST = { proposedAt: 'infinity', adjustmentId: '00000000-0000-0000-0000-000000000000' };

type AdjustmentRow = [
  adjustmentId: string,
  status: AdjustmentStatus,
  proposedBy: string,
  proposedAt: string,
  effectiveAt: string,
  reasonCode: string,
  description: string | null,
  accounts: number[],
  amounts: string[],
  currencies: string[],
  layers: LayerNumber[],
  loanIds: (string | null)[],
  judgedBy: string | null,
  judgedAt: string | null,
  note: string | null,
  entryId: string | null,
];

/** Answers undefined when the tenant has no such adjustment. */
export async function readAdjustment(
  reader: ReaderPool,
  { tenantId, adjustmentId }: { readonly tenantId: string; readonly adjustmentId: string },
): Promise<AdjustmentView | undefined> {
  const [row] = await reader.read(tenantId, READ_ADJUSTMENT, [tenantId, adjustmentId]);
  return row === undefined ? undefined : adjustmentOf(row as AdjustmentRow);
}

/** A page of adjustments. */
export async function readAdjustments(
  reader: ReaderPool,
  { tenantId, status, before, limit }: AdjustmentsQuestion,
): Promise<readonly AdjustmentView[]> {
  const { proposedAt, adjustmentId } = before ?? NEWEST;
  const rows = await reader.read(tenantId, READ_ADJUSTMENTS, [tenantId, status, proposedAt, adjustmentId, limit]);
  return (rows as AdjustmentRow[]).map(adjustmentOf);
}

function adjustmentOf(row: AdjustmentRow): AdjustmentView {
  const [adjustmentId, status, proposedBy, proposedAt, effectiveAt, reasonCode, description] = row;
  const [accounts, amounts, currencies, layers, loanIds] = [row[7], row[8], row[9], row[10], row[11]];
  const [judgedBy, judgedAt, note, entryId] = [row[12], row[13], row[14], row[15]];
  const lines = accounts.map((account, index) => ({
    account,
    amountMinor: BigInt(amounts[index] ?? '0'),
    currency: currencies[index] ?? '',
    layer: layers[index] ?? (0 as const),
    loanId: loanIds[index] ?? null,
  }));
  const proposal = { adjustmentId, status, proposedBy, proposedAt, effectiveAt, reasonCode, description, lines };
  return { ...proposal, judgedBy, judgedAt, note, entryId };
}
