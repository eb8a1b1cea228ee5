import { hash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { FieldProblem } from '../domain/refusal.ts';
import type { Scope } from '../domain/scope.ts';
import { LIMITS } from '../limits.ts';
import type { ActOutcome, ActSteps, AdministrativeActs } from '../postgres/acts/administrative-act.ts';
import { StoreFailure } from '../posting/posting-store.ts';
import type { FieldReader } from './field-reader.ts';
import { principalOf } from './gate.ts';
import { fingerprint } from './json/canonical-json.ts';
import { parseStrictJson } from './json/strict-json.ts';
import { sendReceipt } from './json-answer.ts';
import { type KeyedPostAbout, keyedPost } from './openapi/about.ts';
import type { Operation } from './operation.ts';
import { hashAsUuid, requireKey } from './posting-operation.ts';
import { type Problem, ProblemError, sendProblem, validationProblem } from './problem.ts';
import { readQuery } from './query-reader.ts';

/** Who asks for what: the parameters of the path as they stand in it. */
export type AdministrativeRequest<Body> = {
  readonly tenantId: string;
  /** The client that asks. */
  readonly actor: string;
  readonly params: Readonly<Record<string, string>>;
  readonly body: Body;
};

/** One POST that administers something and moves no money. */
export type AdministrativeRoute<Body, Prepared> = {
  readonly path: string;
  readonly scope: Scope;
  readonly about: KeyedPostAbout;
  readonly body: FieldReader<Body>;
  readonly steps: (request: AdministrativeRequest<Body>) => ActSteps<Prepared, Problem>;
};

/** Makes the HTTP operation of an administrative route: the conventions of a posting, on `acts` in place of the engine. */
export function administrativeOperation<Body, Prepared>(
  route: AdministrativeRoute<Body, Prepared>,
  acts: AdministrativeActs,
): Operation {
  return {
    method: 'POST',
    path: route.path,
    scope: route.scope,
    about: keyedPost(route.about, route.body.schema),
    bodyBytesMax: LIMITS.eventBodyBytes,
    async handle(request, reply) {
      const { tenantId, clientId } = principalOf(request);
      // Among them ?preview=true: who asks for a preview must not get the act itself.
      readQuery(request, {});
      const key = requireKey(request);
      const params = request.params as Readonly<Record<string, string>>;
      const { body, payload } = readBody(route, request, params);
      const outcome = await outcomeOf(
        acts.once(
          {
            tenantId,
            actor: clientId,
            keyHash: hashAsUuid(hash('sha256', key, 'hex')),
            payloadHash: hashAsUuid(payload.toString('hex')),
          },
          route.steps({ tenantId, actor: clientId, params, body }),
        ),
      );
      if (!('body' in outcome)) return sendProblem(request, reply, problemOf(outcome));
      return sendReceipt(reply, outcome);
    },
  };
}

function readBody<Body, Prepared>(
  route: AdministrativeRoute<Body, Prepared>,
  request: FastifyRequest,
  params: Readonly<Record<string, string>>,
): { readonly body: Body; readonly payload: Buffer } {
  const reading = parseStrictJson(request.body instanceof Uint8Array ? request.body : new Uint8Array(), {});
  if (!reading.ok) {
    const detail = `${reading.error.message} (at byte ${reading.error.offset})`;
    throw new ProblemError({ code: 'malformed_json', detail });
  }
  const errors: FieldProblem[] = [];
  const body = route.body.read(reading.value, '', errors);
  if (body === undefined || errors.length > 0) throw new ProblemError(validationProblem(errors));
  // Ids are the same in either case.
  const pathParams = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, value.toLowerCase()]));
  const parts = { method: 'POST', route: route.path, pathParams, body: reading.value };
  return { body, payload: Buffer.from(fingerprint(parts), 'hex') };
}

/** What the database did not do is an answer of its own: nothing was changed, or the key tells. */
async function outcomeOf(acted: Promise<ActOutcome<Problem>>): Promise<ActOutcome<Problem>> {
  try {
    return await acted;
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error;
    const isBusy = error.kind === 'timeout' || error.kind === 'conflict';
    const refusal: Problem = isBusy
      ? { code: 'too_busy', detail: 'nothing was changed; the endpoint is under too many requests' }
      : {
          code: 'unavailable',
          detail: 'whether the request took effect is not known; retry with the same Idempotency-Key',
        };
    return { outcome: 'refused', refusal };
  }
}

function problemOf(outcome: Exclude<ActOutcome<Problem>, { body: string }>): Problem {
  switch (outcome.outcome) {
    case 'refused':
      return outcome.refusal;
    case 'mismatch':
      return { code: 'idempotency_mismatch', detail: 'the Idempotency-Key was used for another request' };
    case 'unreadable':
      return {
        code: 'unavailable',
        detail: 'the request took effect before; the answer kept for its Idempotency-Key cannot be read at present',
      };
    case 'in_progress':
      return {
        code: 'idempotency_in_progress',
        detail: 'the first request with this Idempotency-Key has not been answered yet',
      };
  }
}
