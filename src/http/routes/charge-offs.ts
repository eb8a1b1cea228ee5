import type { Receivables } from '../../domain/loan.ts';
import { isNothing } from '../../domain/loss.ts';
import type { FieldProblem } from '../../domain/refusal.ts';
import { LIMITS } from '../../limits.ts';
import {
  amountField,
  dateField,
  described,
  freeTextField,
  metadataField,
  objectField,
  uuidField,
  wordField,
} from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { PostingRoute } from '../posting-operation.ts';
import { CHARGE_OFF_REASONS } from '../vocabulary.ts';

const componentsField = objectField(
  {},
  { principal_minor: amountField, interest_minor: amountField, fees_minor: amountField },
);

const body = objectField(
  {
    loan_id: described(uuidField, 'The loan that is charged off.'),
    effective_at: described(dateField, "Not in the future, not before the loan's first disbursement."),
    reason_code: wordField(CHARGE_OFF_REASONS, 'ChargeOffReason'),
  },
  {
    components: described(
      componentsField,
      'In place of all that is outstanding. An absent part is 0, and not all of them are; none is more than is outstanding.',
    ),
    description: described(freeTextField(LIMITS.textChars), "Becomes the entry's description."),
    metadata: metadataField,
  },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

const about: KeyedPostAbout = {
  id: 'postChargeOff',
  tag: 'Events',
  summary: 'Charge a loan off',
  description:
    'Takes what is outstanding, or `components` of it, off the books as lost; suspense is left alone. The loan is charged off when `components` are absent or take the last of its principal; it then takes recoveries in place of payments. Fraud, and the policy of the program, say which account principal is lost to.',
  bodyName: 'ChargeOffRequest',
  request: {
    loan_id: '11111111-1111-1111-1111-111111111111',
    effective_at: '2026-05-02',
    reason_code: 'uncollectible',
  },
  answer: {
    name: 'ChargeOffReceipt',
    schema: objectOf({
      chargeoff_event_id: schemaRef('Uuid'),
      journal_entry_id: schemaRef('Uuid'),
      allocation: schemaRef('Allocation', 'What was charged off of each component.'),
      posted_at: schemaRef('Instant'),
      correlation_id: schemaRef('Uuid'),
    }),
    example: {
      chargeoff_event_id: '01a1fbed-0b70-7648-804f-c378f75457c1',
      journal_entry_id: '01a1fbed-0b70-7648-804f-c378f75457c0',
      allocation: { fees_minor: '500', interest_minor: '10000', principal_minor: '1000000', suspense_minor: '0' },
      posted_at: '2026-11-21T02:26:18.254007Z',
      correlation_id: '01a1fbed-0b70-7648-804f-c378f75457c1',
    },
  },
  problems: [
    'loan_not_found',
    'effective_date_in_future',
    'effective_date_before_disbursement',
    'period_closed',
    'already_charged_off',
    'amount_exceeds_outstanding',
  ],
};

/** POST /v1/chargeoffs: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const chargeOffs: PostingRoute<Body> = {
  path: '/v1/chargeoffs',
  scope: 'hpts:chargeoffs:write',
  about,
  body,
  command: (chargeOff, { metadata, errors }) => ({
    kind: 'charge_off',
    chargeOff: {
      loanId: chargeOff.loan_id,
      effectiveAt: chargeOff.effective_at,
      reasonCode: chargeOff.reason_code,
      components: componentsOf(chargeOff.components, errors),
      description: chargeOff.description,
      metadata,
    },
  }),
};

/** An absent part is 0; a charge-off of nothing is none. */
function componentsOf(components: Body['components'], errors: FieldProblem[]): Receivables | null {
  if (components === null) return null;
  const amounts = {
    principal: components.principal_minor ?? 0n,
    interest: components.interest_minor ?? 0n,
    fees: components.fees_minor ?? 0n,
  };
  if (isNothing(amounts)) {
    errors.push({ field: 'components', code: 'out_of_range', message: 'must have a part that is not "0"' });
  }
  return amounts;
}
