import { formatAccountCode } from '../../domain/account-code.ts';
import { LAYERS } from '../../domain/layer.ts';
import { ADJUSTMENT_STATUSES, type AdjustmentView } from '../../postgres/reading/adjustments.ts';
import { type JsonSchema, listOf, objectOf, orNull, schemaRef } from '../openapi/json-schema.ts';
import type { Problem } from '../problem.ts';

/** What is answered for an adjustment that the tenant has not. */
export const NO_ADJUSTMENT: Problem = { code: 'not_found', detail: 'there is no such adjustment' };

/** The word for what an adjustment is. */
export const STATUS_SCHEMA: JsonSchema = {
  type: 'string',
  enum: ADJUSTMENT_STATUSES,
  description: '`proposed` until another client approves it (`posted`) or somebody rejects it.',
};

/** A proposal of the examples: interest that was booked to income moves to another account of it. */
export const EXAMPLE_LINES = [
  { account_code: '4000', direction: 'DR', amount_minor: '250', currency: 'USD', layer: 'SETTLED', loan_id: null },
  { account_code: '4100', direction: 'CR', amount_minor: '250', currency: 'USD', layer: 'SETTLED', loan_id: null },
];

export const EXAMPLE_ID = '01a1fbed-0b70-7648-804f-c378f75457f0';

const EXAMPLE = {
  adjustment_id: EXAMPLE_ID,
  status: 'posted',
  effective_at: '2026-05-02',
  reason_code: 'error_correction',
  description: 'Late fees of April were booked as interest',
  lines: EXAMPLE_LINES,
  proposed_by: 'back_office',
  proposed_at: '2026-11-21T02:26:18.254007Z',
  judged_by: 'controller',
  judged_at: '2026-11-21T02:31:02.000001Z',
  note: null,
  journal_entry_id: '01a1fbed-0b70-7648-804f-c378f7545800',
};

const LINE = objectOf({
  account_code: schemaRef('AccountCode'),
  direction: schemaRef('Direction'),
  amount_minor: schemaRef('Money'),
  currency: schemaRef('Currency'),
  layer: schemaRef('Layer'),
  loan_id: orNull(schemaRef('Uuid')),
});

const SCHEMA = objectOf({
  adjustment_id: schemaRef('Uuid'),
  status: STATUS_SCHEMA,
  effective_at: schemaRef('CalendarDate'),
  reason_code: schemaRef('AdjustmentReason'),
  description: orNull({ type: 'string' }),
  lines: listOf(LINE, 'As proposed, and as posted.'),
  proposed_by: { type: 'string', description: 'The client that proposed it.' },
  proposed_at: schemaRef('Instant'),
  judged_by: orNull({ type: 'string' }),
  judged_at: orNull(schemaRef('Instant')),
  note: orNull({ type: 'string' }),
  journal_entry_id: orNull(schemaRef('Uuid')),
});

/** An adjustment as it stands. */
export const ADJUSTMENT = { name: 'Adjustment', schema: SCHEMA, example: EXAMPLE };

/** A page of them. */
export const ADJUSTMENT_PAGE = {
  name: 'AdjustmentPage',
  schema: objectOf({
    items: listOf(schemaRef('Adjustment'), 'The newest first.'),
    next_page_token: orNull({ type: 'string', description: 'null on the last page.' }),
  }),
  example: { items: [EXAMPLE], next_page_token: null },
};

/** An adjustment as it is answered. */
export function adjustmentObject(view: AdjustmentView): Record<string, unknown> {
  return {
    adjustment_id: view.adjustmentId,
    status: view.status,
    effective_at: view.effectiveAt,
    reason_code: view.reasonCode,
    description: view.description,
    lines: view.lines.map(({ account, amountMinor, currency, layer, loanId }) => ({
      account_code: formatAccountCode(account),
      direction: amountMinor > 0n ? 'DR' : 'CR',
      amount_minor: (amountMinor > 0n ? amountMinor : -amountMinor).toString(),
      currency,
      layer: LAYERS[layer],
      loan_id: loanId,
    })),
    proposed_by: view.proposedBy,
    proposed_at: view.proposedAt,
    judged_by: view.judgedBy,
    judged_at: view.judgedAt,
    note: view.note,
    journal_entry_id: view.entryId,
  };
}
