import { createHmac } from 'node:crypto';

/** What is signed, as Standard Webhooks has it: id, seconds since 1970 and the body, joined by full stops. */
export type SignedMessage = { readonly id: string; readonly timestampSeconds: number; readonly body: string };

/** The value of `webhook-signature`: one signature for each secret, the newest first, `v1,` and base64 each. */
export function signatureHeader({ id, timestampSeconds, body }: SignedMessage, secrets: readonly Uint8Array[]): string {
  const content = `${id}.${timestampSeconds}.${body}`;
  return secrets.map((secret) => `v1,${createHmac('sha256', secret).update(content).digest('base64')}`).join(' ');
}

/** `webhook-id`: the same for every attempt to bring an event to an endpoint, and no other's. */
export function webhookId(endpointId: string, entryId: string): string {
  return `msg_${entryId.replaceAll('-', '')}_${endpointId.replaceAll('-', '')}`;
}
