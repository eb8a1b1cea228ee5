import type { FastifyReply } from 'fastify';

/** Answers JSON that nobody is to keep; the status is what was set on `reply` before, 200 by itself. */
export function sendJson(reply: FastifyReply, body: string): FastifyReply {
  return reply.header('content-type', 'application/json; charset=utf-8').header('cache-control', 'no-store').send(body);
}

/** Answers what a keyed POST came to, as it was rendered once: 201, or 200 when it was done before. */
export function sendReceipt(
  reply: FastifyReply,
  { outcome, body }: { readonly outcome: 'created' | 'replayed'; readonly body: string },
): FastifyReply {
  if (outcome === 'replayed') reply.header('idempotent-replayed', 'true');
  return sendJson(reply.code(outcome === 'created' ? 201 : 200), body);
}
