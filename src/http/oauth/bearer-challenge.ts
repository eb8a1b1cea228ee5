import type { Scope } from '../../domain/scope.ts';

/** What the answer to a refused request tells its client (RFC 6750 section 3.1). */
export type BearerProblem = 'missing' | 'malformed' | 'invalid' | { readonly missingScope: Scope };

/**
 * The value of WWW-Authenticate. Without a token the challenge carries no error code; it never says what is wrong with a
 * token, since only somebody who forges one needs to know.
 */
export function bearerChallenge(problem: BearerProblem): string {
  const challenge = 'Bearer realm="hpts"';
  if (problem === 'missing') return challenge;
  if (problem === 'malformed') return `${challenge}, error="invalid_request"`;
  if (problem === 'invalid') return `${challenge}, error="invalid_token"`;
  return `${challenge}, error="insufficient_scope", scope="${problem.missingScope}"`;
}
