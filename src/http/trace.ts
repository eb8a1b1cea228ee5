import { randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

// W3C Trace Context: version, 16 bytes of trace id, 8 of parent id, flags; version ff and ids of zeros are invalid.
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;

/** X-Trace-Id was to be removed on this day (2026-10-01), as RFC 9745 writes it. */
export const X_TRACE_ID_DEPRECATION = '@1790812800';

const started = new WeakMap<FastifyRequest, string>();

/** The trace that a request belongs to: its `traceparent` continued, or one begun here. 32 hex digits. */
export function traceIdOf(request: FastifyRequest): string {
  const header = request.headers['traceparent'];
  const continued = typeof header === 'string' ? TRACEPARENT.exec(header)?.[1] : undefined;
  if (continued !== undefined) return continued;
  const known = started.get(request);
  if (known !== undefined) return known;
  const traceId = randomBytes(16).toString('hex');
  started.set(request, traceId);
  return traceId;
}
