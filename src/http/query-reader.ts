import type { FastifyRequest } from 'fastify';
import { parseUuid } from '../domain/identifier.ts';
import type { FieldProblem } from '../domain/refusal.ts';
import type { JsonSchema } from './openapi/json-schema.ts';
import { type Problem, ProblemError, validationProblem } from './problem.ts';

/** One query parameter: how it is read, and the same rule for people and for programs. */
export type QueryParameter = {
  /** Undefined for what it may not be. */
  readonly read: (text: string) => string | undefined;
  /** Completes "must be …". */
  readonly wanted: string;
  readonly schema: JsonSchema;
  readonly description: string;
  readonly example: string | number | boolean;
  readonly required?: true;
};

function knownOf(names: readonly string[]): string {
  return names.length === 0 ? 'this operation takes none' : `known are ${names.join(', ')}`;
}

/**
 * Reads the query parameters that an operation knows; one that is unknown, sent twice, or required and absent is refused,
 * each with its place in errors[].
 */
export function readQuery<Name extends string>(
  request: FastifyRequest,
  parameters: Readonly<Record<Name, QueryParameter>>,
): Readonly<Record<Name, string | null>> {
  const errors: FieldProblem[] = [];
  const query = request.query as Readonly<Record<string, string | readonly string[]>>;
  const result = Object.fromEntries(Object.keys(parameters).map((name) => [name, null])) as Record<Name, string | null>;
  for (const [name, sent] of Object.entries(query)) {
    if (!Object.hasOwn(parameters, name)) {
      errors.push({
        field: name,
        code: 'unknown_field',
        message: `is not a parameter here; ${knownOf(Object.keys(parameters))}`,
      });
      continue;
    }
    const known = name as Name;
    const value = typeof sent === 'string' ? parameters[known].read(sent) : undefined;
    if (value === undefined)
      errors.push({ field: name, code: 'invalid_format', message: `must be ${parameters[known].wanted}, once` });
    else result[known] = value;
  }
  for (const [name, { required, wanted }] of Object.entries<QueryParameter>(parameters)) {
    if (required && !Object.hasOwn(query, name))
      errors.push({ field: name, code: 'required', message: `is required: ${wanted}` });
  }
  if (errors.length > 0) throw new ProblemError(validationProblem(errors));
  return result;
}

/** A parameter of the path, as it came. */
export function pathPart(request: FastifyRequest, name: string): string {
  return (request.params as Readonly<Record<string, string>>)[name] ?? '';
}

/** An id in the path. What is no UUID names nothing, and answers as a missing thing does. */
export function pathId(request: FastifyRequest, name: string, missing: Problem): string {
  const id = parseUuid(pathPart(request, name));
  if (id === undefined) throw new ProblemError(missing);
  return id;
}
