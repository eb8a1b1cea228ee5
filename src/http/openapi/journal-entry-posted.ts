import { EVENT_EXAMPLE } from './journal-example.ts';
import { type JsonSchema, schemaRef } from './json-schema.ts';

/** The webhook as whoever receives it sees it: docs/webhooks.md has the whole of it. */
export const JOURNAL_ENTRY_POSTED: JsonSchema = {
  operationId: 'journalEntryPosted',
  tags: ['Webhooks'],
  summary: 'A journal entry was posted',
  description:
    'Sent to every active endpoint whose event types it matches: at least once, in the order of the journal, signed as Standard Webhooks are. An attempt that is not answered 2xx within 8 s fails, and is made again up to 32 times with growing pauses.',
  security: [],
  parameters: [
    header('webhook-id', 'The same for every attempt to bring this event to this endpoint.', {
      example: 'msg_01a1fbed0b707648804fc378f7545790_7c9e6679742540de944be07fc1f90ae7',
    }),
    header('webhook-timestamp', 'Seconds since 1970, of the attempt.', { example: '1795227978' }),
    header('webhook-signature', '`v1,` and HMAC-SHA256 in base64; two with a blank between them after a rotation.', {
      example: 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
    }),
    header('traceparent', "W3C Trace Context; the trace id is the entry's correlation_id.", {
      example: '00-01a1fbed0b707648804fc378f7545792-00f067aa0ba902b7-01',
    }),
  ],
  requestBody: {
    required: true,
    content: { 'application/json': { schema: schemaRef('JournalEntryEvent'), example: EVENT_EXAMPLE } },
  },
  responses: { '2XX': { description: 'Received; nothing else of the answer is read.' } },
};

function header(name: string, description: string, { example }: { readonly example: string }): JsonSchema {
  return { name, in: 'header', required: true, description, schema: { type: 'string' }, example };
}
