import { DAY_COUNT_CONVENTIONS } from '../../domain/day-count.ts';
import type { FieldProblem } from '../../domain/refusal.ts';
import { LIMITS } from '../../limits.ts';
import { amountField, dateField, described, listField, objectField, uuidField, wordField } from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { PostingRoute } from '../posting-operation.ts';

const body = objectField(
  {
    program_id: described(uuidField, 'The program of every loan named.'),
    accrual_date: described(dateField, 'A loan accrues once for a date.'),
    day_count_convention: wordField(DAY_COUNT_CONVENTIONS, 'DayCountConvention'),
    loans: listField(
      objectField(
        {
          loan_id: uuidField,
          outstanding_principal_minor: described(
            amountField,
            "What the interest was computed on; compared with the ledger's own principal for the night.",
          ),
          interest_minor: described(amountField, '0 is counted, takes the date and gets no line.'),
        },
        {},
      ),
      { itemsMin: 1, itemsMax: LIMITS.accrualBatchLoans },
    ),
  },
  {},
);

type Body = NonNullable<ReturnType<typeof body.read>>;

const about: KeyedPostAbout = {
  id: 'postAccrualBatch',
  tag: 'Events',
  summary: "Post a day's interest of many loans",
  description:
    'Books interest as the client computed it, as one journal entry with one debit line per loan. All or nothing: status and code are those of the first refused loan, and `errors[]` names every one as `loans[3].…`. All loans share one currency; none is named twice.',
  bodyName: 'AccrualBatchRequest',
  request: {
    program_id: '33333333-3333-3333-3333-333333333333',
    accrual_date: '2026-04-30',
    day_count_convention: 'ACT_365',
    loans: [
      {
        loan_id: '11111111-1111-1111-1111-111111111111',
        outstanding_principal_minor: '1000000',
        interest_minor: '10000',
      },
    ],
  },
  answer: {
    name: 'AccrualBatchReceipt',
    schema: objectOf({
      accrual_event_id: schemaRef('Uuid'),
      journal_entry_id: schemaRef('Uuid'),
      loan_count: { type: 'integer', minimum: 1, description: 'The loans that were named.' },
      total_accrued_minor: schemaRef('TotalMoney'),
      posted_at: schemaRef('Instant'),
    }),
    example: {
      accrual_event_id: '01a1fbed-0b70-7648-804f-c378f7545761',
      journal_entry_id: '01a1fbed-0b70-7648-804f-c378f7545760',
      loan_count: 1,
      total_accrued_minor: '10000',
      posted_at: '2026-11-21T02:26:18.254007Z',
    },
  },
  problems: [
    'loan_not_found',
    'program_not_found',
    'accrual_already_posted',
    'currency_mismatch',
    'program_mismatch',
    'effective_date_in_future',
    'effective_date_before_disbursement',
    'period_closed',
    'loan_charged_off',
    'amount_out_of_range',
    'principal_mismatch',
  ],
};

/** POST /v1/accruals/batch: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const accrualBatches: PostingRoute<Body> = {
  path: '/v1/accruals/batch',
  scope: 'hpts:accruals:write',
  about,
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

/** Puts a problem on `errors` for every loan that is named again. */
export function nameTwins(loans: readonly { readonly loan_id: string }[], errors: FieldProblem[]): void {
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
