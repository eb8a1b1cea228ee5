import { layerNumber, SETTLED } from '../../domain/layer.ts';
import { LIMITS } from '../../limits.ts';
import {
  currencyField,
  dateField,
  freeTextField,
  listField,
  metadataField,
  objectField,
  patternField,
  positiveAmountField,
  uuidField,
  wordField,
} from '../field-reader.ts';
import type { PostingRoute } from '../posting-operation.ts';
import { FEE_TYPE, MONEY_MOVES, POSTING_LAYERS } from '../vocabulary.ts';

const body = objectField(
  {
    loan_id: uuidField,
    borrower_id: uuidField,
    amount_minor: positiveAmountField,
    currency: currencyField,
    effective_at: dateField,
    method: wordField(MONEY_MOVES),
  },
  {
    destination_ref: freeTextField(LIMITS.textChars),
    metadata: metadataField,
    program_id: uuidField,
    fees: listField(objectField({ fee_type: patternField(FEE_TYPE), amount_minor: positiveAmountField }, {}), {
      itemsMin: 0,
      itemsMax: LIMITS.withheldFees,
    }),
    layer: wordField(POSTING_LAYERS),
  },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

/** POST /v1/disbursements: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const disbursements: PostingRoute<Body> = {
  path: '/v1/disbursements',
  scope: 'hpts:disbursements:write',
  body,
  command: (disbursement, { metadata, errors }) => {
    const fees = (disbursement.fees ?? []).map((fee) => ({ feeType: fee.fee_type, amountMinor: fee.amount_minor }));
    const withheld = fees.reduce((sum, fee) => sum + fee.amountMinor, 0n);
    if (withheld > disbursement.amount_minor) {
      const message = `must not sum to more than amount_minor: ${withheld} is withheld from ${disbursement.amount_minor}`;
      errors.push({ field: 'fees', code: 'out_of_range', message });
    }
    const layer = layerNumber(disbursement.layer ?? 'SETTLED') ?? SETTLED;
    if (layer !== SETTLED && fees.length > 0) {
      const message = 'must be left out: fees are withheld when a PENDING disbursement settles';
      errors.push({ field: 'fees', code: 'not_supported', message });
    }
    return {
      kind: 'disbursement',
      disbursement: {
        loanId: disbursement.loan_id,
        borrowerId: disbursement.borrower_id,
        amountMinor: disbursement.amount_minor,
        currency: disbursement.currency,
        effectiveAt: disbursement.effective_at,
        method: disbursement.method,
        destinationRef: disbursement.destination_ref,
        metadata,
        programId: disbursement.program_id,
        fees,
        layer,
      },
    };
  },
};
