import type { ReaderPool, ReadStatement } from './reader-pool.ts';

const READ_KEY_USE: ReadStatement = {
  brief: true,
  name: 'read_key_use',
  text: 'SELECT 1 FROM hpts.idempotency_key AS k WHERE k.tenant_id = $1 AND k.key_hash = $2',
};

/** Whether an event was posted under the key of this hash. */
export async function readKeyUse(
  reader: ReaderPool,
  key: { readonly tenantId: string; readonly keyHash: string },
): Promise<boolean> {
  return (await reader.read(key.tenantId, READ_KEY_USE, [key.tenantId, key.keyHash])).length > 0;
}
