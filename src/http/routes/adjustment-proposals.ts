import { parseAccountCode } from '../../domain/account-code.ts';
import { type Adjustment, refuseAdjustment, refuseJudged } from '../../domain/adjustment.ts';
import { parseUuid } from '../../domain/identifier.ts';
import { LAYERS, layerNumber, SETTLED } from '../../domain/layer.ts';
import { LIMITS } from '../../limits.ts';
import { insertProposal, insertRejection, readVerdict } from '../../postgres/adjustments/proposal-registry.ts';
import { readAdjustmentContext } from '../../postgres/reading/adjustment-context.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import type { AdministrativeRoute } from '../administrative-operation.ts';
import {
  currencyField,
  dateField,
  described,
  freeTextField,
  listField,
  objectField,
  patternField,
  positiveAmountField,
  uuidField,
  wordField,
} from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { objectOf, schemaRef } from '../openapi/json-schema.ts';
import { ADJUSTMENT_REASONS } from '../vocabulary.ts';
import { EXAMPLE_ID, EXAMPLE_LINES, NO_ADJUSTMENT, STATUS_SCHEMA } from './adjustment-schemas.ts';

const line = objectField(
  {
    account_code: described(patternField(/^[0-9]{4}$/), 'An account of the chart.'),
    direction: wordField(['DR', 'CR'], 'Direction'),
    amount_minor: positiveAmountField,
    currency: currencyField,
  },
  {
    layer: wordField(LAYERS, 'Layer'),
    loan_id: described(uuidField, 'Required on the control accounts 1100, 1200, 1300, 2100 and 9100.'),
  },
);

const body = objectField(
  {
    lines: listField(line, { itemsMin: 2, itemsMax: LIMITS.adjustmentLines }),
    reason_code: wordField(ADJUSTMENT_REASONS, 'AdjustmentReason'),
    effective_at: described(dateField, 'Not in the future, not before the first disbursement of a loan that it moves.'),
  },
  { description: described(freeTextField(LIMITS.textChars), "Becomes the entry's description.") },
);

/** What a verdict says besides. */
export const judgement = objectField(
  {},
  { note: described(freeTextField(LIMITS.textChars), 'Kept with the verdict.') },
);

type Body = NonNullable<ReturnType<typeof body.read>>;
type Judgement = NonNullable<ReturnType<typeof judgement.read>>;

const proposalAbout: KeyedPostAbout = {
  id: 'proposeAdjustment',
  tag: 'Adjustments',
  summary: 'Propose an adjustment',
  description:
    'Keeps lines that are to be posted as they stand, and posts nothing: another client has to approve them. Debits equal credits per currency and layer, memo accounts (9xxx) among themselves. Judged as the approval will be, but for what the loans hold by then.',
  bodyName: 'AdjustmentRequest',
  request: {
    lines: EXAMPLE_LINES.map(({ layer: _layer, loan_id: _loan, ...one }) => one),
    reason_code: 'error_correction',
    effective_at: '2026-05-02',
    description: 'Late fees of April were booked as interest',
  },
  answer: {
    name: 'AdjustmentProposal',
    schema: objectOf({
      adjustment_id: schemaRef('Uuid'),
      status: STATUS_SCHEMA,
      proposed_at: schemaRef('Instant'),
    }),
    example: { adjustment_id: EXAMPLE_ID, status: 'proposed', proposed_at: '2026-11-21T02:26:18.254007Z' },
  },
  problems: [
    'account_not_found',
    'loan_not_found',
    'currency_mismatch',
    'effective_date_in_future',
    'effective_date_before_disbursement',
    'period_closed',
    'unbalanced_entry',
  ],
};

const rejectionAbout: KeyedPostAbout = {
  id: 'rejectAdjustment',
  tag: 'Adjustments',
  summary: 'Reject an adjustment',
  description:
    'Nothing is posted, now or later. The client that proposed an adjustment may take it back in this way, if it holds the scope.',
  bodyName: 'AdjustmentRejectionRequest',
  request: { note: 'The fees were booked rightly' },
  answer: {
    name: 'AdjustmentRejection',
    schema: objectOf({
      adjustment_id: schemaRef('Uuid'),
      status: STATUS_SCHEMA,
      judged_at: schemaRef('Instant'),
    }),
    example: { adjustment_id: EXAMPLE_ID, status: 'rejected', judged_at: '2026-11-21T02:31:02.000001Z' },
  },
  problems: ['not_found', 'already_settled'],
};

/** POST /v1/adjustments: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export function adjustmentProposal(reader: ReaderPool): AdministrativeRoute<Body, Adjustment> {
  return {
    path: '/v1/adjustments',
    scope: 'hpts:adjustments:write',
    about: proposalAbout,
    body,
    steps: ({ tenantId, actor, body: asked }) => ({
      async prepare() {
        const adjustment = adjustmentOf(asked);
        const refusal = refuseAdjustment(adjustment, await readAdjustmentContext(reader, tenantId, adjustment));
        return refusal === null ? { prepared: adjustment } : { refusal };
      },
      async perform(transaction, adjustment) {
        const proposal = { ...adjustment, proposedBy: actor };
        const { adjustmentId, proposedAt } = await insertProposal(transaction, tenantId, proposal);
        const { effectiveAt, reasonCode } = adjustment;
        return {
          body: JSON.stringify({ adjustment_id: adjustmentId, status: 'proposed', proposed_at: proposedAt }),
          act: {
            action: 'adjustment.propose',
            subject: adjustmentId,
            detail: { effective_at: effectiveAt, reason_code: reasonCode, lines: adjustment.lines.length },
          },
        };
      },
    }),
  };
}

/** POST /v1/adjustments/{adjustment_id}/rejections: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const adjustmentRejection: AdministrativeRoute<Judgement, string> = {
  path: '/v1/adjustments/:adjustment_id/rejections',
  scope: 'hpts:adjustments:approve',
  about: rejectionAbout,
  body: judgement,
  steps: ({ tenantId, actor, params, body: { note } }) => ({
    prepare: async () => {
      const adjustmentId = parseUuid(params['adjustment_id'] ?? '');
      return adjustmentId === undefined ? { refusal: NO_ADJUSTMENT } : { prepared: adjustmentId };
    },
    async perform(transaction, adjustmentId) {
      const judged = await readVerdict(transaction, tenantId, adjustmentId);
      const proposal = judged === undefined ? null : adjustmentId;
      const refusal = refuseJudged({ adjustmentId, proposal }, judged ?? null);
      if (refusal !== null) return { refusal };
      const judgedAt = await insertRejection(transaction, tenantId, { adjustmentId, judgedBy: actor, note });
      return {
        body: JSON.stringify({ adjustment_id: adjustmentId, status: 'rejected', judged_at: judgedAt }),
        act: { action: 'adjustment.reject', subject: adjustmentId, detail: { note } },
      };
    },
  }),
};

function adjustmentOf({ lines, reason_code, effective_at, description }: Body): Adjustment {
  return {
    effectiveAt: effective_at,
    reasonCode: reason_code,
    description,
    lines: lines.map((one) => ({
      account: parseAccountCode(one.account_code) ?? 0,
      amountMinor: one.direction === 'DR' ? one.amount_minor : -one.amount_minor,
      currency: one.currency,
      layer: layerNumber(one.layer ?? 'SETTLED') ?? SETTLED,
      loanId: one.loan_id,
    })),
  };
}
