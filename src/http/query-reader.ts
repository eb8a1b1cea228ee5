import type { FastifyRequest } from 'fastify';
import { parseCalendarDate } from '../domain/calendar-date.ts';
import { parseUuid } from '../domain/identifier.ts';
import type { FieldProblem } from '../domain/refusal.ts';
import { type Problem, ProblemError, validationProblem } from './problem.ts';

/** Reads the query parameters that an operation knows; one that is unknown or sent twice is refused. */
export function readQuery<Name extends string>(
  request: FastifyRequest,
  readers: Readonly<Record<Name, (text: string) => string | undefined>>,
  wanted: Readonly<Record<Name, string>>,
): Readonly<Record<Name, string | null>> {
  const errors: FieldProblem[] = [];
  const query = request.query as Readonly<Record<string, string | readonly string[]>>;
  const result = Object.fromEntries(Object.keys(readers).map((name) => [name, null])) as Record<Name, string | null>;
  for (const [name, sent] of Object.entries(query)) {
    if (!Object.hasOwn(readers, name)) {
      errors.push({
        field: name,
        code: 'unknown_field',
        message: `is not a parameter here; known are ${Object.keys(readers).join(', ')}`,
      });
      continue;
    }
    const known = name as Name;
    const value = typeof sent === 'string' ? readers[known](sent) : undefined;
    if (value === undefined)
      errors.push({ field: name, code: 'invalid_format', message: `must be ${wanted[known]}, once` });
    else result[known] = value;
  }
  if (errors.length > 0) throw new ProblemError(validationProblem(errors));
  return result;
}

/** An id in the path. What is no UUID names nothing, and answers as a missing thing does. */
export function pathId(request: FastifyRequest, name: string, missing: Problem): string {
  const text = (request.params as Readonly<Record<string, string>>)[name] ?? '';
  const id = parseUuid(text);
  if (id === undefined) throw new ProblemError(missing);
  return id;
}

const RFC_3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:[Zz]|[+-](?:0\d|1[0-4]):[0-5]\d)$/;

/** A date-time of RFC 3339 with at most six digits of a second; answered as it came, for PostgreSQL to read. */
export function parseInstant(text: string): string | undefined {
  const date = RFC_3339.exec(text)?.[1];
  return date !== undefined && parseCalendarDate(date) !== undefined ? text : undefined;
}
