import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DescribedOperation } from './openapi/about.ts';

/** One operation of the API: what it says of itself, and what it does. */
export type Operation = DescribedOperation & {
  readonly bodyBytesMax?: number;
  readonly handle: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;
};
