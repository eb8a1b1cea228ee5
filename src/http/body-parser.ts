import type { IncomingMessage } from 'node:http';
import { errorCodes, type FastifyRequest } from 'fastify';
import type { BodyBudget, BodyShare } from './body-budget.ts';
import { BodyPieces } from './body-pieces.ts';
import { ProblemError } from './problem.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What a large body has of the budget, until the request is answered; null for a small one. */
    bodyShare: BodyShare | null;
  }
}

export type BodyBounds = {
  /** Bodies up to this size are taken from everybody at any time. */
  readonly smallBytes: number;
  /** From which larger ones have their share, up to the route's own limit; null: there are no larger ones. */
  readonly budget: BodyBudget | null;
};

type Done = (error: Error | null, body?: Buffer) => void;

/**
 * A content type parser of fastify that hands over bodies as bytes. In place of fastify's own, which keeps every piece that a
 * sender cuts a body into, and any number of bodies. Refuses with a FastifyError (413; 400 of a body that breaks off) or a
 * ProblemError (too_busy); fastify then closes the connection.
 */
export function bodyParser(
  bounds: BodyBounds,
): (request: FastifyRequest, payload: IncomingMessage, done: Done) => void {
  return (request, payload, done) => {
    const refusal = refuseAnnounced(bounds, request);
    if (refusal === undefined) new Arrival(bounds, request, done).read(payload);
    else done(refusal);
  };
}

/** What is sure to be refused is refused before a byte of it is read. */
function refuseAnnounced({ smallBytes, budget }: BodyBounds, request: FastifyRequest): Error | undefined {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced <= smallBytes) return undefined;
  if (budget === null || announced > request.routeOptions.bodyLimit) return tooLarge();
  return budget.hasRoom(tenantOf(request), announced) ? undefined : tooBusy();
}

class Arrival {
  readonly #bounds: BodyBounds;
  readonly #request: FastifyRequest;
  readonly #done: Done;
  readonly #pieces = new BodyPieces();
  #share: BodyShare | null = null;
  #payload: IncomingMessage | null = null;

  constructor(bounds: BodyBounds, request: FastifyRequest, done: Done) {
    this.#bounds = bounds;
    this.#request = request;
    this.#done = done;
  }

  read(payload: IncomingMessage): void {
    this.#payload = payload;
    payload.on('data', this.#take);
    payload.on('end', this.#end);
    payload.on('error', this.#breakOff);
  }

  readonly #take = (piece: Buffer): void => {
    const bytes = this.#pieces.bytes + piece.length;
    const refusal = bytes > this.#bounds.smallBytes ? this.#refuseTo(bytes) : undefined;
    if (refusal === undefined) this.#pieces.add(piece);
    else this.#fail(refusal);
  };

  readonly #end = (): void => {
    this.#stop();
    if (this.#share !== null) this.#request.bodyShare = this.#share;
    this.#done(null, this.#pieces.whole());
  };

  /** The sender went away, or its time is over. */
  readonly #breakOff = (error: Error): void => this.#fail(Object.assign(error, { statusCode: 400 }));

  #refuseTo(bytes: number): Error | undefined {
    const { budget } = this.#bounds;
    if (budget === null || bytes > this.#request.routeOptions.bodyLimit) return tooLarge();
    this.#share ??= budget.share(tenantOf(this.#request));
    return this.#share.reach(bytes) ? undefined : tooBusy();
  }

  /** The rest flows on, to nobody, until the connection is closed. */
  #fail(error: Error): void {
    this.#stop();
    this.#share?.release();
    this.#done(error);
  }

  #stop(): void {
    const payload = this.#payload;
    payload?.off('data', this.#take);
    payload?.off('end', this.#end);
    payload?.off('error', this.#breakOff);
  }
}

/** Strangers send no large bodies: the gate stands before the body. */
function tenantOf(request: FastifyRequest): string {
  return request.principal?.tenantId ?? '';
}

function tooLarge(): Error {
  return new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE();
}

function tooBusy(): Error {
  return new ProblemError({
    code: 'too_busy',
    detail: 'too many large bodies are under way; nothing was posted, and the connection is closed',
  });
}
