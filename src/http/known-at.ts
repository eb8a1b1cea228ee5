import { parseCalendarDate } from '../domain/calendar-date.ts';
import { hasCome } from '../postgres/reading/known-at.ts';
import type { ReaderPool } from '../postgres/reading/reader-pool.ts';
import { ProblemError, validationProblem } from './problem.ts';

const RFC_3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:[Zz]|[+-](?:0\d|1[0-4]):[0-5]\d)$/;

/** A date-time of RFC 3339 with at most six digits of a second; answered as it came, for PostgreSQL to read. */
export function parseInstant(text: string): string | undefined {
  const date = RFC_3339.exec(text)?.[1];
  return date !== undefined && parseCalendarDate(date) !== undefined ? text : undefined;
}

/** Refuses a `known_at` that has not come by the database's clock: 400 validation_failed. null is none at all. */
export async function refuseUnlessCome(reader: ReaderPool, tenantId: string, knownAt: string | null): Promise<void> {
  if (knownAt === null || (await hasCome(reader, { tenantId, at: knownAt }))) return;
  const message = 'lies in the future; the ledger cannot tell what it will know';
  throw new ProblemError(validationProblem([{ field: 'known_at', code: 'out_of_range', message }]));
}
