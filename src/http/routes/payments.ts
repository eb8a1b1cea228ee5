import { layerNumber, SETTLED } from '../../domain/layer.ts';
import type { Allocation } from '../../domain/waterfall.ts';
import { LIMITS } from '../../limits.ts';
import {
  amountField,
  currencyField,
  dateField,
  freeTextField,
  metadataField,
  objectField,
  positiveAmountField,
  uuidField,
  wordField,
} from '../field-reader.ts';
import type { PostingRoute } from '../posting-operation.ts';
import { MONEY_MOVES, POSTING_LAYERS } from '../vocabulary.ts';

const body = objectField(
  {
    loan_id: uuidField,
    borrower_id: uuidField,
    amount_minor: positiveAmountField,
    currency: currencyField,
    effective_at: dateField,
    source_method: wordField(MONEY_MOVES),
  },
  {
    external_ref: freeTextField(LIMITS.textChars),
    allocation: objectField(
      {},
      {
        fees_minor: amountField,
        interest_minor: amountField,
        principal_minor: amountField,
        suspense_minor: amountField,
      },
    ),
    layer: wordField(POSTING_LAYERS),
    metadata: metadataField,
  },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

/** POST /v1/payments: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const payments: PostingRoute<Body> = {
  path: '/v1/payments',
  scope: 'hpts:payments:write',
  body,
  command: (payment, { metadata, errors }) => {
    const layer = layerNumber(payment.layer ?? 'SETTLED') ?? SETTLED;
    if (layer !== SETTLED && payment.allocation !== null) {
      const message = 'must be left out: a PENDING payment is allocated when it settles';
      errors.push({ field: 'allocation', code: 'not_supported', message });
    }
    return {
      kind: 'payment',
      payment: {
        loanId: payment.loan_id,
        borrowerId: payment.borrower_id,
        amountMinor: payment.amount_minor,
        currency: payment.currency,
        effectiveAt: payment.effective_at,
        sourceMethod: payment.source_method,
        externalRef: payment.external_ref,
        layer,
        split: splitOf(payment.allocation),
        metadata,
      },
    };
  },
};

function splitOf(allocation: Body['allocation']): Allocation | null {
  if (allocation === null) return null;
  return {
    fees: allocation.fees_minor ?? 0n,
    interest: allocation.interest_minor ?? 0n,
    principal: allocation.principal_minor ?? 0n,
    suspense: allocation.suspense_minor ?? 0n,
  };
}
