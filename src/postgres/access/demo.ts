import type pg from 'pg';
import { SCOPES } from '../../domain/scope.ts';
import type { DatabaseAddress } from '../connection.ts';
import { type AdministrativeAct, administer } from './administration.ts';
import { addClient } from './client.ts';
import { addTenant, type TenantIds } from './tenant.ts';

/** The demo instance's tenant. Its credentials are public, so this must never run against anybody's real database. */
export const DEMO_TENANT: TenantIds = {
  tenantId: 'de300000-0000-4000-8000-000000000001',
  defaultProgramId: 'de300000-0000-4000-8000-000000000002',
};

/** What the quickstart's commands use, word by word. */
export const DEMO_CREDENTIALS = { clientId: 'demo_client', clientSecret: 'demo_secret' } as const;

// One at a time per database; the number is arbitrary but must never change.
const DEMO_LOCK = 4_873_311_904;

/**
 * Makes the tenant "Demo lender" and the client `demo_client` with every scope, unless they are there. A scope that came
 * with a newer version is granted; what an operator did to the client since (rotated, revoked) stays.
 */
export async function ensureDemo(address: DatabaseAddress): Promise<TenantIds> {
  return administer(address, async (owner) => {
    await owner.query('SELECT pg_advisory_xact_lock($1)', [DEMO_LOCK]);
    const actor = 'server';
    const acts: AdministrativeAct[] = [];
    if (!(await demoTenantExists(owner))) {
      const tenant = { name: 'Demo lender', timezone: 'UTC', currency: 'USD' };
      acts.push(await addTenant(owner, { ids: DEMO_TENANT, tenant, actor }));
    }
    const scopes = await demoScopes(owner);
    if (scopes === undefined) {
      const client = { tenantId: DEMO_TENANT.tenantId, name: 'Demo client', scopes: SCOPES };
      acts.push(await addClient(owner, { credentials: DEMO_CREDENTIALS, client, actor }));
    } else if (SCOPES.some((scope) => !scopes.includes(scope))) {
      await grantEveryScopeToDemoClient(owner);
      const subject = DEMO_CREDENTIALS.clientId;
      acts.push({ actor, action: 'client.grant', tenantId: DEMO_TENANT.tenantId, subject, detail: { scopes: SCOPES } });
    }
    return { outcome: DEMO_TENANT, acts };
  });
}

async function demoTenantExists(owner: pg.ClientBase): Promise<boolean> {
  const { rowCount } = await owner.query('SELECT FROM hpts.tenant WHERE tenant_id = $1', [DEMO_TENANT.tenantId]);
  return rowCount !== 0;
}

async function demoScopes(owner: pg.ClientBase): Promise<readonly string[] | undefined> {
  const { rows } = await owner.query<{ scopes: string[] }>('SELECT scopes FROM hpts.client WHERE client_id = $1', [
    DEMO_CREDENTIALS.clientId,
  ]);
  return rows[0]?.scopes;
}

async function grantEveryScopeToDemoClient(owner: pg.ClientBase): Promise<void> {
  await owner.query('UPDATE hpts.client SET scopes = $2 WHERE client_id = $1', [DEMO_CREDENTIALS.clientId, SCOPES]);
}
