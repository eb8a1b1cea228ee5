import { LIMITS } from '../../limits.ts';
import {
  currencyField,
  dateField,
  freeTextField,
  metadataField,
  objectField,
  patternField,
  positiveAmountField,
  uuidField,
} from '../field-reader.ts';
import type { PostingRoute } from '../posting-operation.ts';
import { FEE_TYPE } from '../vocabulary.ts';

const body = objectField(
  {
    loan_id: uuidField,
    fee_type: patternField(FEE_TYPE),
    amount_minor: positiveAmountField,
    currency: currencyField,
    effective_at: dateField,
  },
  {
    borrower_id: uuidField,
    external_ref: freeTextField(LIMITS.textChars),
    description: freeTextField(LIMITS.textChars),
    metadata: metadataField,
  },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

/** POST /v1/fees: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const fees: PostingRoute<Body> = {
  path: '/v1/fees',
  scope: 'hpts:fees:write',
  body,
  command: (fee, { metadata }) => ({
    kind: 'fee',
    fee: {
      loanId: fee.loan_id,
      borrowerId: fee.borrower_id,
      feeType: fee.fee_type,
      amountMinor: fee.amount_minor,
      currency: fee.currency,
      effectiveAt: fee.effective_at,
      externalRef: fee.external_ref,
      description: fee.description,
      metadata,
    },
  }),
};
