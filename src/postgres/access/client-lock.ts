import type pg from 'pg';
import { AdministrationRefused } from './administration.ts';

/** The tenant of a client that is not revoked; its row stays locked until the transaction ends, so that acts go one by one. */
export async function lockActiveClient(owner: pg.ClientBase, clientId: string): Promise<string | undefined> {
  // U+0000 would be an error of the protocol, not a client that does not exist.
  if (clientId.includes('\0')) return undefined;
  const { rows } = await owner.query<{ tenant_id: string }>(
    'SELECT tenant_id FROM hpts.client WHERE client_id = $1 AND revoked_at IS NULL FOR UPDATE',
    [clientId],
  );
  return rows[0]?.tenant_id;
}

/** The refusal of an id that names no client, or one that was revoked. */
export function noSuchClient(clientId: string): AdministrationRefused {
  return new AdministrationRefused(`there is no client ${JSON.stringify(clientId)}, or it was revoked`);
}
