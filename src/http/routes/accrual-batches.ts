import type { FieldProblem } from '../../domain/refusal.ts';
import { LIMITS } from '../../limits.ts';
import { amountField, dateField, listField, objectField, uuidField, wordField } from '../field-reader.ts';
import type { PostingRoute } from '../posting-operation.ts';
import { DAY_COUNT_CONVENTIONS } from '../vocabulary.ts';

const body = objectField(
  {
    program_id: uuidField,
    accrual_date: dateField,
    day_count_convention: wordField(DAY_COUNT_CONVENTIONS),
    loans: listField(
      objectField({ loan_id: uuidField, outstanding_principal_minor: amountField, interest_minor: amountField }, {}),
      { itemsMin: 1, itemsMax: LIMITS.accrualBatchLoans },
    ),
  },
  {},
);

type Body = NonNullable<ReturnType<typeof body.read>>;

/** POST /v1/accruals/batch: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const accrualBatches: PostingRoute<Body> = {
  path: '/v1/accruals/batch',
  scope: 'hpts:accruals:write',
  bodyBytesMax: LIMITS.accrualBatchBodyBytes,
  body,
  command: (batch, { errors }) => {
    nameTwins(batch.loans, errors);
    return {
      kind: 'accrual',
      accrual: {
        programId: batch.program_id,
        accrualDate: batch.accrual_date,
        dayCountConvention: batch.day_count_convention,
        loans: batch.loans.map((loan) => ({
          loanId: loan.loan_id,
          outstandingPrincipalMinor: loan.outstanding_principal_minor,
          interestMinor: loan.interest_minor,
        })),
      },
    };
  },
};

function nameTwins(loans: Body['loans'], errors: FieldProblem[]): void {
  const places = new Map<string, number>();
  loans.forEach((loan, index) => {
    const earlier = places.get(loan.loan_id);
    if (earlier === undefined) places.set(loan.loan_id, index);
    else
      errors.push({
        field: `loans[${index}].loan_id`,
        code: 'duplicate',
        message: `names the loan of loans[${earlier}] again`,
      });
  });
}
