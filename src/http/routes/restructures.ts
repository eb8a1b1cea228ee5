import { LIMITS } from '../../limits.ts';
import {
  amountField,
  dateField,
  described,
  freeTextField,
  metadataField,
  objectField,
  uuidField,
} from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { PostingRoute } from '../posting-operation.ts';

const AMOUNTS = {
  capitalize_interest_minor: described(amountField, 'Interest that becomes principal.'),
  capitalize_fees_minor: described(amountField, 'Fees that become principal.'),
  forgive_principal_minor: described(
    amountField,
    'Principal that the lender gives up; no more than before anything is capitalised.',
  ),
  forgive_interest_minor: described(amountField, 'Interest that the lender gives up, besides what is capitalised.'),
};

const body = objectField(
  {
    loan_id: described(uuidField, 'The loan with new terms.'),
    effective_at: described(dateField, "Not in the future, not before the loan's first disbursement."),
  },
  {
    ...AMOUNTS,
    description: described(freeTextField(LIMITS.textChars), "Becomes the entry's description."),
    metadata: metadataField,
  },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

const about: KeyedPostAbout = {
  id: 'postRestructure',
  tag: 'Events',
  summary: 'Restructure a loan',
  description:
    'Makes interest and fees into principal, and forgives principal and interest. An amount that is left out is "0"; one at least is not. Memo interest is left alone.',
  bodyName: 'RestructureRequest',
  request: {
    loan_id: '11111111-1111-1111-1111-111111111111',
    effective_at: '2026-05-02',
    capitalize_interest_minor: '10000',
    capitalize_fees_minor: '500',
    forgive_principal_minor: '50000',
  },
  answer: {
    name: 'RestructureReceipt',
    schema: objectOf({
      restructure_event_id: schemaRef('Uuid'),
      journal_entry_id: schemaRef('Uuid'),
      posted_at: schemaRef('Instant'),
      correlation_id: schemaRef('Uuid'),
    }),
    example: {
      restructure_event_id: '01a1fbed-0b70-7648-804f-c378f75457f1',
      journal_entry_id: '01a1fbed-0b70-7648-804f-c378f75457f0',
      posted_at: '2026-11-21T02:26:18.254007Z',
      correlation_id: '01a1fbed-0b70-7648-804f-c378f75457f1',
    },
  },
  problems: [
    'loan_not_found',
    'effective_date_in_future',
    'effective_date_before_disbursement',
    'period_closed',
    'loan_charged_off',
    'amount_exceeds_outstanding',
    'amount_out_of_range',
  ],
};

/** POST /v1/restructures: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const restructures: PostingRoute<Body> = {
  path: '/v1/restructures',
  scope: 'hpts:restructures:write',
  about,
  body,
  command: (asked, { metadata, errors }) => {
    const restructure = {
      loanId: asked.loan_id,
      effectiveAt: asked.effective_at,
      capitalizeInterestMinor: asked.capitalize_interest_minor ?? 0n,
      capitalizeFeesMinor: asked.capitalize_fees_minor ?? 0n,
      forgivePrincipalMinor: asked.forgive_principal_minor ?? 0n,
      forgiveInterestMinor: asked.forgive_interest_minor ?? 0n,
      description: asked.description,
      metadata,
    };
    const capitalized = restructure.capitalizeInterestMinor + restructure.capitalizeFeesMinor;
    if (capitalized + restructure.forgivePrincipalMinor + restructure.forgiveInterestMinor === 0n) {
      const message = `must have an amount above "0" in one of ${Object.keys(AMOUNTS).join(', ')}`;
      errors.push({ field: 'body', code: 'required', message });
    }
    return { kind: 'restructure', restructure };
  },
};
