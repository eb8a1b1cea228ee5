import { LIMITS } from '../../limits.ts';
import { type JsonSchema, listOf, type NamedSchema, objectOf, orNull, schemaRef } from '../openapi/json-schema.ts';

const COUNT: JsonSchema = { type: 'integer', minimum: 0 };
const STATUS: JsonSchema = { type: 'string', enum: ['active', 'disabled'], description: 'Whether events are sent.' };
const SECRET: JsonSchema = {
  type: 'string',
  pattern: '^whsec_[A-Za-z0-9+/]+={0,2}$',
  description: 'Signs what is sent (Standard Webhooks). Shown in this answer, and nowhere else.',
};

const ENDPOINT: Readonly<Record<string, JsonSchema>> = {
  webhook_endpoint_id: schemaRef('Uuid'),
  url: { type: 'string', format: 'uri', description: 'Where events are sent.' },
  description: orNull({ type: 'string', description: 'As it was registered.' }),
  event_types: {
    type: ['array', 'null'],
    items: schemaRef('EventType'),
    description: 'Which events are sent; null is every one.',
  },
  status: STATUS,
  created_at: schemaRef('Instant'),
};

const URL = 'https://hooks.example.com/ledger';
const ENDPOINT_ID = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const ENTRY_ID = '01a1fbed-0b70-7648-804f-c378f7545790';
const WHSEC = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

const ENDPOINT_EXAMPLE = {
  webhook_endpoint_id: ENDPOINT_ID,
  url: URL,
  description: null,
  event_types: ['payment_received', 'reversal'],
  status: 'active',
  created_at: '2026-11-21T02:20:00.000001Z',
};

type Shown = NamedSchema & { readonly example: unknown };

export const REGISTRATION_EXAMPLE = { url: URL, event_types: ['payment_received', 'reversal'] };

/** An endpoint as its registration answers it. */
export const REGISTERED_ENDPOINT: Shown = {
  name: 'RegisteredWebhookEndpoint',
  schema: objectOf({ ...ENDPOINT, secret: SECRET }),
  example: { ...ENDPOINT_EXAMPLE, secret: WHSEC },
};

/** An endpoint, and how far it is served. */
export const WEBHOOK_ENDPOINT: Shown = {
  name: 'WebhookEndpoint',
  schema: objectOf({
    ...ENDPOINT,
    served_through: orNull(schemaRef('Uuid', "The last entry that is done with; null before the journal's first.")),
    events_behind: { ...COUNT, description: 'Entries behind it, of whatever type.' },
    failed_attempts: { ...COUNT, description: 'At the event that is due.' },
    next_attempt_at: orNull(schemaRef('Instant', 'When that event is tried again.')),
    dead_letters: { ...COUNT, description: 'Events that did not arrive in all their attempts.' },
  }),
  example: {
    ...ENDPOINT_EXAMPLE,
    served_through: ENTRY_ID,
    events_behind: 0,
    failed_attempts: 0,
    next_attempt_at: null,
    dead_letters: 0,
  },
};

export const WEBHOOK_ENDPOINT_PAGE: Shown = {
  name: 'WebhookEndpointPage',
  schema: objectOf({
    items: listOf(WEBHOOK_ENDPOINT.schema, 'Disabled ones too.'),
    next_page_token: schemaRef('NextPageToken'),
  }),
  example: { items: [WEBHOOK_ENDPOINT.example], next_page_token: null },
};

export const ROTATED_SECRET: Shown = {
  name: 'RotatedWebhookSecret',
  schema: objectOf({
    webhook_endpoint_id: schemaRef('Uuid'),
    secret: SECRET,
    previous_secret_expires_at: schemaRef('Instant', 'Until then both secrets sign.'),
  }),
  example: {
    webhook_endpoint_id: ENDPOINT_ID,
    secret: WHSEC,
    previous_secret_expires_at: '2026-11-22T02:20:00.000001Z',
  },
};

/** The answer of disabling and enabling. */
export function webhookEndpointStatus(status: 'active' | 'disabled'): Shown {
  return {
    name: 'WebhookEndpointStatus',
    schema: objectOf({ webhook_endpoint_id: schemaRef('Uuid'), status: STATUS }),
    example: { webhook_endpoint_id: ENDPOINT_ID, status },
  };
}

export const QUEUED_LETTER: Shown = {
  name: 'QueuedWebhookDelivery',
  schema: objectOf({
    webhook_endpoint_id: schemaRef('Uuid'),
    journal_entry_id: schemaRef('Uuid'),
    status: { type: 'string', const: 'queued' },
  }),
  example: { webhook_endpoint_id: ENDPOINT_ID, journal_entry_id: ENTRY_ID, status: 'queued' },
};

const ATTEMPT: JsonSchema = objectOf({
  at: schemaRef('Instant'),
  error: orNull({ type: 'string', description: 'What went wrong; null for the attempt that was received.' }),
  http_status: orNull({ type: 'integer', description: "The receiver's status, where it answered." }),
  duration_ms: COUNT,
});

export const DELIVERY_PAGE: Shown = {
  name: 'WebhookDeliveryPage',
  schema: objectOf({
    items: listOf(
      objectOf({
        journal_entry_id: schemaRef('Uuid'),
        event_type: schemaRef('EventType'),
        occurred_at: schemaRef('Instant'),
        status: {
          type: 'string',
          enum: ['pending', 'retrying', 'received', 'dead_letter', 'queued'],
          description: 'What became of the event at this endpoint.',
        },
        attempts: listOf(ATTEMPT, `Those that failed, for ${LIMITS.webhookAttemptDays} days, and the one after them.`),
      }),
      'The newest first. A page may be shorter than page_size and not the last.',
    ),
    next_page_token: schemaRef('NextPageToken'),
  }),
  example: {
    items: [
      {
        journal_entry_id: ENTRY_ID,
        event_type: 'payment_received',
        occurred_at: '2026-11-21T02:26:18.610880Z',
        status: 'retrying',
        attempts: [{ at: '2026-11-21T02:26:18.701220Z', error: 'not_accepted', http_status: 500, duration_ms: 41 }],
      },
    ],
    next_page_token: null,
  },
};
