import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Scope } from '../domain/scope.ts';
import { excludesJson } from './accept.ts';
import { countHeader } from './broken-request.ts';
import type { ClientCertificates } from './client-certificate.ts';
import type { Principal, TokenVerdict, TokenVerifier } from './oauth/access-token.ts';
import { bearerChallenge } from './oauth/bearer-challenge.ts';
import { ProblemError } from './problem.ts';
import { X_TRACE_ID_DEPRECATION } from './trace.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the gate before any handler of an operation with a scope runs. */
    principal: Principal | null;
  }
}

/**
 * The hook that stands before an operation: token, then scope (CONTRACT.md section 2, "Order of refusals"). It runs before
 * the body is read, so that a stranger cannot make the server read megabytes.
 */
export function requireScope(verifier: TokenVerifier, certificates: ClientCertificates, scope: Scope) {
  return async function gate(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (request.headers['x-trace-id'] !== undefined) reply.header('deprecation', X_TRACE_ID_DEPRECATION);
    // RFC 6750 section 3.1: more than one way to bring a token is invalid_request.
    if (countHeader(request.raw, 'authorization') > 1) throw duplicateHeader('Authorization', 'malformed');
    const asked = verifier.verify(request.headers.authorization, request.raw.socket);
    const verdict = asked instanceof Promise ? await asked : asked;
    if (verdict.ok && verdict.principal.certificates !== null) {
      requireCertificate(verdict.principal.certificates, certificates.thumbprintOf(request.raw));
    }
    request.principal = admitted(verdict, scope);
    refuseUnanswerable(request);
  };
}

/** What is wrong with the headers of a request whoever sends it: no answer that it would take, or two content types. */
export function refuseUnanswerable(request: FastifyRequest): void {
  if (excludesJson(request.headers.accept)) {
    throw new ProblemError({ code: 'not_acceptable', detail: 'the answer is application/json' });
  }
  if (request.headers['content-type'] !== undefined && countHeader(request.raw, 'content-type') > 1) {
    throw duplicateHeader('Content-Type');
  }
}

/** The caller, once the gate let it through. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new Error('an operation without a gate asked who is calling');
  return request.principal;
}

/** The one Idempotency-Key of a request; undefined when there is none. Throws when it was sent twice. */
export function idempotencyKeyHeader(request: FastifyRequest): string | undefined {
  if (countHeader(request.raw, 'idempotency-key') > 1) throw duplicateHeader('Idempotency-Key');
  const header = request.headers['idempotency-key'];
  return typeof header === 'string' ? header : undefined;
}

/** Refuses a caller whose token lacks a scope that only some requests of an operation need. */
export function requireFurtherScope(request: FastifyRequest, scope: Scope): void {
  if (!principalOf(request).scopes.has(scope)) throw missingScope(scope);
}

function admitted(verdict: TokenVerdict, scope: Scope): Principal {
  if (verdict.ok) {
    if (verdict.principal.scopes.has(scope)) return verdict.principal;
    throw missingScope(scope);
  }
  if (verdict.refusal === 'issuer_unavailable') {
    throw new ProblemError({ code: 'unavailable', detail: "the keys of the token's issuer cannot be fetched" });
  }
  if (verdict.refusal === 'unavailable') {
    throw new ProblemError({ code: 'unavailable', detail: 'the database cannot be reached to tell who is calling' });
  }
  throw new ProblemError({
    code: 'invalid_token',
    detail:
      verdict.refusal === 'missing'
        ? 'send Authorization: Bearer and an access token'
        : 'the access token is not valid, or no longer',
    headers: { 'www-authenticate': bearerChallenge(verdict.refusal) },
  });
}

/** RFC 8705 section 3: a token that is bound to a certificate is of use to nobody who does not hold its key. */
function requireCertificate(wanted: ReadonlySet<string>, shown: string | undefined): void {
  if (shown !== undefined && wanted.has(shown)) return;
  throw new ProblemError({
    code: shown === undefined ? 'certificate_required' : 'certificate_mismatch',
    detail:
      shown === undefined
        ? 'this token is bound to a client certificate: call over mutual TLS with it'
        : 'this token is bound to another client certificate than the one of this connection',
    headers: { 'www-authenticate': bearerChallenge('invalid') },
  });
}

function duplicateHeader(name: string, challenge?: 'malformed'): ProblemError {
  return new ProblemError({
    code: 'duplicate_header',
    detail: `the header ${name} was sent more than once`,
    ...(challenge === undefined ? {} : { headers: { 'www-authenticate': bearerChallenge(challenge) } }),
  });
}

function missingScope(scope: Scope): ProblemError {
  return new ProblemError({
    code: 'insufficient_scope',
    detail: `this request needs the scope ${scope}`,
    headers: { 'www-authenticate': bearerChallenge({ missingScope: scope }) },
  });
}
