import { type KeyObject, randomUUID } from 'node:crypto';
import { EVENT_TYPES } from '../../domain/event-type.ts';
import { parseWebhookUrl } from '../../domain/webhook-url.ts';
import { LIMITS } from '../../limits.ts';
import { readEvent } from '../../postgres/reading/journal-events.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { insertEndpoint, type NewEndpoint } from '../../postgres/webhooks/endpoint-registry.ts';
import { insertWebhookSecret, makeWebhookSecret } from '../../postgres/webhooks/webhook-secret.ts';
import type { AdministrativeRoute } from '../administrative-operation.ts';
import {
  described,
  type FieldReader,
  freeTextField,
  listField,
  objectField,
  uuidField,
  wordField,
} from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import type { Problem } from '../problem.ts';
import { REGISTERED_ENDPOINT, REGISTRATION_EXAMPLE } from './webhook-schemas.ts';

/** What registering asks of the rest of the program. */
export type RegistrationTools = {
  readonly reader: ReaderPool;
  readonly masterKey: KeyObject;
  /** Whether http is accepted beside https. */
  readonly plainHttp: boolean;
  /** Resolves the host of a well-formed URL; true when every address of it may be connected to. */
  readonly mayBeSentTo: (url: string) => Promise<boolean>;
};

type Body = {
  readonly url: string;
  readonly description: string | null;
  readonly event_types: string[] | null;
  readonly after: string | null;
};

const about: KeyedPostAbout = {
  id: 'registerWebhookEndpoint',
  tag: 'Webhooks',
  summary: 'Register a webhook endpoint',
  description: `Has every further journal entry of the tenant sent to an address on the public internet, at least once and in order. A tenant may have ${LIMITS.webhookEndpoints} active endpoints.`,
  bodyName: 'WebhookEndpointRequest',
  request: REGISTRATION_EXAMPLE,
  answer: REGISTERED_ENDPOINT,
  problems: ['journal_entry_not_found', 'webhook_receiver_forbidden', 'too_many_webhook_endpoints'],
};

/** POST /v1/webhook-endpoints: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export function webhookRegistration(tools: RegistrationTools): AdministrativeRoute<Body, NewEndpoint> {
  return {
    path: '/v1/webhook-endpoints',
    scope: 'hpts:webhooks:manage',
    about,
    body: objectField(
      { url: urlField(tools.plainHttp) },
      {
        description: described(freeTextField(LIMITS.textChars), 'For people.'),
        event_types: described(
          listField<string>(wordField(EVENT_TYPES, 'EventType'), { itemsMin: 1, itemsMax: EVENT_TYPES.length }),
          'Which events are sent; every one when left out.',
        ),
        after: described(uuidField, 'The entry behind which to begin; when left out, from now on.'),
      },
    ),
    steps: ({ tenantId, body }) => ({
      prepare: () => prepare(tools, tenantId, body),
      async perform(transaction, endpoint) {
        const registered = await insertEndpoint(transaction, endpoint);
        if (registered === undefined) return { refusal: TOO_MANY };
        const secret = makeWebhookSecret();
        await insertWebhookSecret(transaction, endpoint, { secret, masterKey: tools.masterKey });
        const { endpointId, url, description, eventTypes } = endpoint;
        const shown = {
          webhook_endpoint_id: endpointId,
          url,
          description,
          event_types: eventTypes,
          status: 'active',
          created_at: registered.createdAt,
          secret,
        };
        const detail = { url, event_types: eventTypes };
        return {
          body: JSON.stringify(shown),
          act: { action: 'webhook_endpoint.create', subject: endpointId, detail },
        };
      },
    }),
  };
}

/** What is answered when one more active endpoint would be too many. */
export const TOO_MANY: Problem = {
  code: 'too_many_webhook_endpoints',
  detail: `a tenant may have ${LIMITS.webhookEndpoints} active webhook endpoints`,
};

async function prepare(
  { reader, mayBeSentTo }: RegistrationTools,
  tenantId: string,
  body: Body,
): Promise<{ readonly prepared: NewEndpoint } | { readonly refusal: Problem }> {
  const after = body.after === null ? null : await readEvent(reader, { tenantId, entryId: body.after });
  if (after === undefined) {
    return { refusal: { code: 'journal_entry_not_found', detail: 'there is no such journal entry as after names' } };
  }
  if (!(await mayBeSentTo(body.url))) {
    // The same for a name that is nowhere and for one that leads inside: nobody finds out names of a network from here.
    const message = 'must name a host whose every address lies on the public internet';
    const errors = [{ field: 'url', code: 'webhook_receiver_forbidden', message }];
    return { refusal: { code: 'webhook_receiver_forbidden', detail: `url ${message}`, errors } };
  }
  const { url, description } = body;
  const eventTypes = body.event_types === null ? null : [...new Set(body.event_types)];
  return {
    prepared: { tenantId, endpointId: randomUUID(), url, description, eventTypes, startSeq: after?.seq ?? null },
  };
}

function urlField(plainHttp: boolean): FieldReader<string> {
  return {
    schema: {
      type: 'string',
      format: 'uri',
      maxLength: 2048,
      description: 'https, a host in its usual spelling, no user, no fragment, port 443 or 1024 and above.',
    },
    read(value, field, errors) {
      if (typeof value === 'string' && parseWebhookUrl(value, { plainHttp }) !== undefined) return value;
      const code = typeof value === 'string' ? 'invalid_format' : 'invalid_type';
      const message =
        'must be an https URL of at most 2048 characters: a host in its usual spelling, no user, no fragment, port 443 or 1024 and above';
      errors.push({ field, code, message });
      return undefined;
    },
  };
}
