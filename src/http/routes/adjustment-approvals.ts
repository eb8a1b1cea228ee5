import { readAdjustment } from '../../postgres/reading/adjustments.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { PostingRoute } from '../posting-operation.ts';
import { judgement } from './adjustment-proposals.ts';
import { EXAMPLE_ID, NO_ADJUSTMENT, STATUS_SCHEMA } from './adjustment-schemas.ts';

type Judgement = NonNullable<ReturnType<typeof judgement.read>>;

const about: KeyedPostAbout = {
  id: 'approveAdjustment',
  tag: 'Adjustments',
  summary: 'Approve an adjustment',
  description:
    'Posts the lines as they were proposed, if another client than the proposer says so and the loans can bear it now. The entry carries the id of the adjustment as its correlation.',
  bodyName: 'AdjustmentApprovalRequest',
  request: { note: 'Checked against the April statement' },
  answer: {
    name: 'AdjustmentReceipt',
    schema: objectOf({
      adjustment_id: schemaRef('Uuid'),
      status: STATUS_SCHEMA,
      adjustment_event_id: schemaRef('Uuid'),
      journal_entry_id: schemaRef('Uuid'),
      posted_at: schemaRef('Instant'),
      correlation_id: schemaRef('Uuid', 'The id of the adjustment.'),
    }),
    example: {
      adjustment_id: EXAMPLE_ID,
      status: 'posted',
      adjustment_event_id: '01a1fbed-0b70-7648-804f-c378f7545801',
      journal_entry_id: '01a1fbed-0b70-7648-804f-c378f7545800',
      posted_at: '2026-11-21T02:31:02.000001Z',
      correlation_id: EXAMPLE_ID,
    },
  },
  problems: [
    'not_found',
    'already_settled',
    'approver_is_proposer',
    'effective_date_before_disbursement',
    'period_closed',
    'balance_would_be_negative',
    'amount_out_of_range',
  ],
};

/** POST /v1/adjustments/{adjustment_id}/approvals: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export function adjustmentApprovals(reader: ReaderPool): PostingRoute<Judgement> {
  return {
    path: '/v1/adjustments/:adjustment_id/approvals',
    scope: 'hpts:adjustments:approve',
    about,
    missing: NO_ADJUSTMENT,
    body: judgement,
    command: ({ note }, { params }) => ({
      kind: 'adjustment',
      approval: { adjustmentId: params['adjustment_id'] ?? '', note, proposal: null },
    }),
    complete: async (command) => {
      if (command.kind !== 'adjustment') return command;
      const { tenantId, approval } = command;
      const { adjustmentId } = approval;
      const proposal = (await readAdjustment(reader, { tenantId, adjustmentId })) ?? null;
      return { ...command, approval: { ...approval, proposal } };
    },
  };
}
