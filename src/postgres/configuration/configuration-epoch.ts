import type pg from 'pg';

/**
 * Raises the tenant's configuration epoch under the head's lock: from here to the end of the transaction nothing of the
 * tenant is posted, and whatever was decided under the epoch before is decided again (ENGINE.md 2a.8). So it also puts
 * changes of one tenant's configuration in an order; call it before anything is read that the change depends on.
 */
export async function raiseConfigEpoch(client: pg.ClientBase, tenantId: string): Promise<void> {
  const { rowCount } = await client.query(
    'UPDATE hpts.tenant_head SET config_epoch = config_epoch + 1 WHERE tenant_id = $1',
    [tenantId],
  );
  if (rowCount !== 1) throw new Error(`tenant ${tenantId} has no head`);
}
