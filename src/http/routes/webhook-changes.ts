import type { KeyObject } from 'node:crypto';
import { parseUuid } from '../../domain/identifier.ts';
import { LIMITS } from '../../limits.ts';
import type { ActTransaction, Done } from '../../postgres/acts/administrative-act.ts';
import {
  disableEndpoint,
  enableEndpoint,
  lockEndpoint,
  queueDeadLetter,
} from '../../postgres/webhooks/endpoint-registry.ts';
import {
  type EndpointRef,
  insertWebhookSecret,
  makeWebhookSecret,
  retireWebhookSecrets,
} from '../../postgres/webhooks/webhook-secret.ts';
import type { AdministrativeRequest, AdministrativeRoute } from '../administrative-operation.ts';
import { described, type FieldReader, objectField, wholeNumberField } from '../field-reader.ts';
import type { KeyedPostAbout } from '../openapi/about.ts';
import type { Problem } from '../problem.ts';
import { NO_ENDPOINT } from './webhook-endpoints.ts';
import { TOO_MANY } from './webhook-registration.ts';
import { QUEUED_LETTER, ROTATED_SECRET, webhookEndpointStatus } from './webhook-schemas.ts';

type Nothing = Readonly<Record<never, never>>;
const noFields: FieldReader<Nothing> = objectField({}, {});
const ROTATION_OVERLAP_SECONDS = 86_400;

const rotation = objectField(
  {},
  {
    overlap_seconds: described(
      wholeNumberField({ min: 0, max: LIMITS.webhookSecretOverlapSeconds }),
      `How long the secret before goes on signing; ${ROTATION_OVERLAP_SECONDS} when left out.`,
    ),
  },
);

const rotationAbout: KeyedPostAbout = {
  id: 'rotateWebhookSecret',
  tag: 'Webhooks',
  summary: "Rotate an endpoint's secret",
  description: 'Answers a new secret. Until the one before ends, each request carries both signatures.',
  bodyName: 'WebhookSecretRotationRequest',
  request: { overlap_seconds: ROTATION_OVERLAP_SECONDS },
  answer: ROTATED_SECRET,
  problems: ['webhook_endpoint_not_found'],
};

const disablingAbout: KeyedPostAbout = {
  id: 'disableWebhookEndpoint',
  tag: 'Webhooks',
  summary: 'Disable a webhook endpoint',
  description: 'Stops sending; the place in the journal is kept.',
  bodyName: 'NoFields',
  request: {},
  answer: webhookEndpointStatus('disabled'),
  problems: ['webhook_endpoint_not_found'],
};

const enablingAbout: KeyedPostAbout = {
  id: 'enableWebhookEndpoint',
  tag: 'Webhooks',
  summary: 'Enable a webhook endpoint',
  description: 'Goes on sending from where it was disabled; on an active endpoint, makes the next attempt at once.',
  bodyName: 'NoFields',
  request: {},
  answer: webhookEndpointStatus('active'),
  problems: ['webhook_endpoint_not_found', 'too_many_webhook_endpoints'],
};

const resendingAbout: KeyedPostAbout = {
  id: 'resendWebhookDelivery',
  tag: 'Webhooks',
  summary: 'Send a dead letter again',
  description: 'Queues an event that did not arrive in all its attempts, with as many attempts again.',
  bodyName: 'NoFields',
  request: {},
  answer: QUEUED_LETTER,
  problems: ['webhook_endpoint_not_found', 'dead_letter_not_found'],
};

/** POST …/rotate-secret: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export function webhookSecretRotation(
  masterKey: KeyObject,
): AdministrativeRoute<{ readonly overlap_seconds: number | null }, EndpointRef> {
  return {
    path: '/v1/webhook-endpoints/:webhook_endpoint_id/rotate-secret',
    scope: 'hpts:webhooks:manage',
    about: rotationAbout,
    body: rotation,
    steps: (request) => ({
      prepare: async () => endpointOf(request),
      async perform(transaction, ref) {
        if (!(await lockEndpoint(transaction, ref))) return { refusal: NO_ENDPOINT };
        const overlapSeconds = request.body.overlap_seconds ?? ROTATION_OVERLAP_SECONDS;
        const previousExpiresAt = await retireWebhookSecrets(transaction, ref, overlapSeconds);
        const secret = makeWebhookSecret();
        await insertWebhookSecret(transaction, ref, { secret, masterKey });
        const detail = { overlap_seconds: overlapSeconds };
        return {
          body: JSON.stringify({
            webhook_endpoint_id: ref.endpointId,
            secret,
            previous_secret_expires_at: previousExpiresAt,
          }),
          act: { action: 'webhook_endpoint.rotate_secret', subject: ref.endpointId, detail },
        };
      },
    }),
  };
}

/** POST …/disable: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const webhookDisabling: AdministrativeRoute<Nothing, EndpointRef> = {
  path: '/v1/webhook-endpoints/:webhook_endpoint_id/disable',
  scope: 'hpts:webhooks:manage',
  about: disablingAbout,
  body: noFields,
  steps: (request) => ({
    prepare: async () => endpointOf(request),
    perform: async (transaction, ref) =>
      (await disableEndpoint(transaction, ref))
        ? statusChanged(ref, { status: 'disabled', action: 'webhook_endpoint.disable' })
        : { refusal: NO_ENDPOINT },
  }),
};

/** POST …/enable: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const webhookEnabling: AdministrativeRoute<Nothing, EndpointRef> = {
  path: '/v1/webhook-endpoints/:webhook_endpoint_id/enable',
  scope: 'hpts:webhooks:manage',
  about: enablingAbout,
  body: noFields,
  steps: (request) => ({
    prepare: async () => endpointOf(request),
    async perform(transaction, ref) {
      const enabled = await enableEndpoint(transaction, ref);
      if (enabled === 'missing') return { refusal: NO_ENDPOINT };
      if (enabled === 'full') return { refusal: TOO_MANY };
      return statusChanged(ref, { status: 'active', action: 'webhook_endpoint.enable' });
    },
  }),
};

/** POST …/deliveries/{journal_entry_id}/resend: 201, 200, 400, 401, 403, 404, 409, 413, 415, 422, 503. */
export const webhookResending: AdministrativeRoute<Nothing, EndpointRef & { readonly entryId: string }> = {
  path: '/v1/webhook-endpoints/:webhook_endpoint_id/deliveries/:journal_entry_id/resend',
  scope: 'hpts:webhooks:manage',
  about: resendingAbout,
  body: noFields,
  steps: (request) => ({
    async prepare() {
      const endpoint = endpointOf(request);
      if ('refusal' in endpoint) return endpoint;
      const entryId = parseUuid(request.params['journal_entry_id'] ?? '');
      return entryId === undefined ? { refusal: NO_LETTER } : { prepared: { ...endpoint.prepared, entryId } };
    },
    perform: (transaction, letter) => resend(transaction, letter),
  }),
};

const NO_LETTER: Problem = {
  code: 'dead_letter_not_found',
  detail: 'this endpoint has no such dead letter; an event that was received or is still tried is none',
};

async function resend(
  transaction: ActTransaction,
  { tenantId, endpointId, entryId }: EndpointRef & { readonly entryId: string },
): Promise<Done<Problem>> {
  const ref = { tenantId, endpointId };
  if (!(await lockEndpoint(transaction, ref))) return { refusal: NO_ENDPOINT };
  if (!(await queueDeadLetter(transaction, ref, entryId))) return { refusal: NO_LETTER };
  return {
    body: JSON.stringify({ webhook_endpoint_id: endpointId, journal_entry_id: entryId, status: 'queued' }),
    act: { action: 'webhook_delivery.resend', subject: endpointId, detail: { journal_entry_id: entryId } },
  };
}

function endpointOf(
  request: AdministrativeRequest<unknown>,
): { readonly prepared: EndpointRef } | { readonly refusal: Problem } {
  const endpointId = parseUuid(request.params['webhook_endpoint_id'] ?? '');
  if (endpointId === undefined) return { refusal: NO_ENDPOINT };
  return { prepared: { tenantId: request.tenantId, endpointId } };
}

function statusChanged(
  { endpointId }: EndpointRef,
  change: {
    readonly status: string;
    readonly action: 'webhook_endpoint.disable' | 'webhook_endpoint.enable';
  },
): Done<Problem> {
  return {
    body: JSON.stringify({ webhook_endpoint_id: endpointId, status: change.status }),
    act: { action: change.action, subject: endpointId, detail: {} },
  };
}
