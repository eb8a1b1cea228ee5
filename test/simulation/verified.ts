import type { DatabaseAddress } from '../../src/postgres/connection.ts';
import { verifyLedger } from '../../src/postgres/verify/ledger-verification.ts';

/** Recomputes the ledger from its lines as `npx hpts verify` does. Throws with every check that failed. */
export async function assertVerified(address: DatabaseAddress): Promise<void> {
  const { checks, entries } = await verifyLedger(address);
  const failed = checks.filter(({ status }) => status !== 'ok');
  const shown = failed.map(({ name, findings }) => `${name}: ${JSON.stringify(findings)}`);
  if (failed.length > 0) throw new Error(['The ledger does not verify.', ...shown].join('\n'));
  if (entries === 0) throw new Error('there is nothing to verify');
}
