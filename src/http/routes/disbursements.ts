import { layerNumber, SETTLED } from '../../domain/layer.ts';
import { LIMITS } from '../../limits.ts';
import {
  currencyField,
  dateField,
  described,
  freeTextField,
  listField,
  metadataField,
  objectField,
  patternField,
  positiveAmountField,
  uuidField,
  wordField,
} from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { PostingRoute } from '../posting-operation.ts';
import { FEE_TYPE, MONEY_MOVES, POSTING_LAYERS } from '../vocabulary.ts';

const body = objectField(
  {
    loan_id: described(uuidField, 'The first disbursement makes the loan.'),
    borrower_id: described(uuidField, 'Its borrower.'),
    amount_minor: described(positiveAmountField, 'Gross: with what is withheld.'),
    currency: described(currencyField, 'Of a loan that is there: its own.'),
    effective_at: described(dateField, 'Not in the future.'),
    method: wordField(MONEY_MOVES, 'MoneyMove'),
  },
  {
    destination_ref: described(freeTextField(LIMITS.textChars), 'Where the money goes.'),
    metadata: metadataField,
    program_id: described(uuidField, "Of a loan that is there: its own. Without it the tenant's default program."),
    fees: described(
      listField(objectField({ fee_type: patternField(FEE_TYPE), amount_minor: positiveAmountField }, {}), {
        itemsMin: 0,
        itemsMax: LIMITS.withheldFees,
      }),
      'Withheld from the amount; on PENDING when it settles.',
    ),
    layer: wordField(POSTING_LAYERS, 'PostingLayer'),
  },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

const about: KeyedPostAbout = {
  id: 'postDisbursement',
  tag: 'Events',
  summary: 'Post a disbursement',
  description:
    'Books money lent. The first disbursement of a loan id makes the loan and fixes its borrower, currency and program.',
  bodyName: 'DisbursementRequest',
  request: {
    loan_id: '11111111-1111-1111-1111-111111111111',
    borrower_id: '22222222-2222-2222-2222-222222222222',
    amount_minor: '1000000',
    currency: 'USD',
    effective_at: '2026-03-31',
    method: 'wire',
    fees: [{ fee_type: 'origination_fee', amount_minor: '10000' }],
  },
  answer: {
    name: 'DisbursementReceipt',
    schema: objectOf({
      disbursement_event_id: schemaRef('Uuid'),
      journal_entry_id: schemaRef('Uuid'),
      posted_at: schemaRef('Instant'),
    }),
    example: {
      disbursement_event_id: '01a1fbed-0b70-7648-804f-c378f7545781',
      journal_entry_id: '01a1fbed-0b70-7648-804f-c378f7545780',
      posted_at: '2026-11-21T02:26:18.254007Z',
    },
  },
  problems: [
    'program_not_found',
    'borrower_mismatch',
    'currency_mismatch',
    'program_mismatch',
    'effective_date_in_future',
    'period_closed',
    'loan_charged_off',
    'amount_out_of_range',
  ],
};

/** POST /v1/disbursements: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const disbursements: PostingRoute<Body> = {
  path: '/v1/disbursements',
  scope: 'hpts:disbursements:write',
  about,
  body,
  command: (disbursement, { metadata, errors }) => {
    const fees = (disbursement.fees ?? []).map((fee) => ({ feeType: fee.fee_type, amountMinor: fee.amount_minor }));
    const withheld = fees.reduce((sum, fee) => sum + fee.amountMinor, 0n);
    if (withheld > disbursement.amount_minor) {
      const message = `must not sum to more than amount_minor: ${withheld} is withheld from ${disbursement.amount_minor}`;
      errors.push({ field: 'fees', code: 'out_of_range', message });
    }
    const layer = layerNumber(disbursement.layer ?? 'SETTLED') ?? SETTLED;
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
