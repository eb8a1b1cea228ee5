import { randomUUID } from 'node:crypto';
import type { LedgerServer } from './ledger-server.ts';
import type { TenantApi } from './tenant-api.ts';

/** A second program of the tenant, with the policy of its first: by SQL, as there is no call for it yet. Its id. */
export async function addProgram(ledger: LedgerServer, tenant: TenantApi): Promise<string> {
  const programId = randomUUID();
  await ledger.sql('INSERT INTO hpts.program (tenant_id, program_id, name) VALUES ($1, $2, $3)', [
    tenant.tenantId,
    programId,
    'Another program',
  ]);
  await ledger.sql(
    `INSERT INTO hpts.program_version (tenant_id, program_id, version, effective_from, policy)
     SELECT tenant_id, $2, 1, NULL, policy FROM hpts.program_version WHERE tenant_id = $1 AND program_id = $3`,
    [tenant.tenantId, programId, tenant.defaultProgramId],
  );
  await ledger.sql('UPDATE hpts.tenant_head SET config_epoch = config_epoch + 1 WHERE tenant_id = $1', [
    tenant.tenantId,
  ]);
  return programId;
}
