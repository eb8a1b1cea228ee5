import type { Cancellation } from '../../domain/cancellation.ts';
import { LIMITS } from '../../limits.ts';
import { dateField, described, freeTextField, objectField } from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import { objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { PostingRoute } from '../posting-operation.ts';

const body = objectField(
  { effective_at: described(dateField, "Not in the future, not before the event's own.") },
  { reason_description: described(freeTextField(LIMITS.textChars), "Becomes the entry's description.") },
);

type Body = NonNullable<ReturnType<typeof body.read>>;

function about(of: Cancellation['of']): KeyedPostAbout {
  return {
    id: of === 'payment' ? 'cancelPayment' : 'cancelDisbursement',
    tag: 'Events',
    summary: `Cancel a pending ${of}`,
    description: `Posts the mirror of a ${of} that has not settled, on PENDING: a reversal.`,
    bodyName: 'CancellationRequest',
    request: { effective_at: '2026-05-03', reason_description: 'Refused by the bank' },
    answer: {
      name: 'CancellationReceipt',
      schema: objectOf({
        journal_entry_id: schemaRef('Uuid'),
        reverses_entry_id: schemaRef('Uuid'),
        posted_at: schemaRef('Instant'),
        correlation_id: schemaRef('Uuid', "The cancelled event's."),
      }),
      example: {
        journal_entry_id: '01a1fbed-0b70-7648-804f-c378f75457e0',
        reverses_entry_id: '01a1fbed-0b70-7648-804f-c378f7545790',
        posted_at: '2026-11-21T02:32:40.000017Z',
        correlation_id: '01a1fbed-0b70-7648-804f-c378f7545791',
      },
    },
    problems: [
      'not_found',
      'effective_date_in_future',
      'period_closed',
      'already_reversed',
      'already_settled',
      'balance_would_be_negative',
    ],
  };
}

/** POST /v1/payments/{payment_event_id}/cancellations: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const paymentCancellations: PostingRoute<Body> = {
  path: '/v1/payments/:payment_event_id/cancellations',
  scope: 'hpts:payments:write',
  about: about('payment'),
  body,
  missing: { code: 'not_found', detail: 'there is no such payment event' },
  command: (cancelled, { params }) => cancellation('payment', params['payment_event_id'], cancelled),
};

/** POST /v1/disbursements/{disbursement_event_id}/cancellations: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const disbursementCancellations: PostingRoute<Body> = {
  path: '/v1/disbursements/:disbursement_event_id/cancellations',
  scope: 'hpts:disbursements:write',
  about: about('disbursement'),
  body,
  missing: { code: 'not_found', detail: 'there is no such disbursement event' },
  command: (cancelled, { params }) => cancellation('disbursement', params['disbursement_event_id'], cancelled),
};

function cancellation(
  of: Cancellation['of'],
  eventId: string | undefined,
  body: Body,
): { readonly kind: 'cancellation'; readonly cancellation: Cancellation } {
  const { effective_at: effectiveAt, reason_description: reasonDescription } = body;
  return { kind: 'cancellation', cancellation: { of, eventId: eventId ?? '', effectiveAt, reasonDescription } };
}
