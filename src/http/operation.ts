import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DescribedOperation } from './openapi/about.ts';

/** One operation of the API: what it says of itself, and what it does. */
export type Operation = DescribedOperation & {
  readonly bodyBytesMax?: number;
  /** Sends the answer, by the time that what it returns resolves. Throws, or rejects with, what the server makes a problem of. */
  readonly handle: (request: FastifyRequest, reply: FastifyReply) => FastifyReply | Promise<FastifyReply | undefined>;
};
