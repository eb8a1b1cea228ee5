/**
 * Ceiling H: the HTTP library by itself. It reads the body of a POST /v1/payments and answers as many bytes as a receipt has,
 * without looking at either. Started by bare-http.ts with a channel: it says on which port it listens, and ends with it.
 */
import Fastify from 'fastify';
import { LIMITS } from '../src/limits.ts';

const RECEIPT = JSON.stringify({
  payment_event_id: '0'.repeat(36),
  journal_entry_id: '0'.repeat(36),
  allocation: { fees_minor: '11', interest_minor: '22', principal_minor: '5000', suspense_minor: '0' },
  posted_at: '2026-01-01T00:00:00.000000Z',
});

const app = Fastify({
  logger: false,
  bodyLimit: LIMITS.eventBodyBytes,
  requestTimeout: LIMITS.requestTimeoutMs,
  keepAliveTimeout: LIMITS.keepAliveTimeoutMs,
  forceCloseConnections: true,
});
app.removeAllContentTypeParsers();
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.post('/v1/payments', (_request, reply) =>
  reply
    .code(201)
    .header('content-type', 'application/json; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(RECEIPT),
);

process.once('disconnect', () => process.exit());
await app.listen({ host: '127.0.0.1', port: 0 });
const address = app.server.address();
process.send?.(typeof address === 'object' ? address?.port : null);
