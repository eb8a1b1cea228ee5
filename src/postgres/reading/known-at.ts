import type { Statement } from '../statement-train.ts';
import type { ReaderPool, ReadStatement } from './reader-pool.ts';

/**
 * Waits for whoever is about to commit when `known_at` is not settled yet. Whoever holds the head may be giving out a
 * time at or before it; whoever takes the head after this lock is released gives out a later one.
 */
export const SETTLE_KNOWN_AT: Statement = {
  name: 'settle_known_at',
  text: `SELECT h.posted_at FROM hpts.tenant_head AS h WHERE h.tenant_id = $1 AND h.posted_at <= $2::timestamptz FOR SHARE`,
};

const READ_CLOCK: ReadStatement = {
  brief: true,
  name: 'read_clock',
  text: `SELECT greatest(clock_timestamp(), h.posted_at) >= $2::timestamptz FROM hpts.tenant_head AS h WHERE h.tenant_id = $1`,
};

/** True when `instant` has come by the database's clock, so that what was known at it can be told. */
export async function hasCome(
  reader: ReaderPool,
  instant: { readonly tenantId: string; readonly at: string },
): Promise<boolean> {
  const rows = await reader.read(instant.tenantId, READ_CLOCK, [instant.tenantId, instant.at]);
  return rows[0]?.[0] === true;
}
