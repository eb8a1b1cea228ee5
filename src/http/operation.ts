import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Scope } from '../domain/scope.ts';

/** What an operation promises besides its success: the statuses its tests produce and its description lists. */
export type Operation = {
  readonly method: 'GET' | 'POST';
  /** With fastify's parameters: `/v1/loans/:loan_id/balance`. */
  readonly path: string;
  /** null: open to everybody. */
  readonly scope: Scope | null;
  readonly bodyBytesMax?: number;
  readonly handle: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;
};
