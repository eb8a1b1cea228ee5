import { administer } from '../../src/postgres/access/administration.ts';
import { addTenant, type TenantIds } from '../../src/postgres/access/tenant.ts';
import type { DatabaseAddress } from '../../src/postgres/connection.ts';
import type { IssuerServer } from './issuer-server.ts';

/** The tenant that outside issuers of tests are trusted with: settings name it before it is made. */
export const OUTSIDE_TENANT: TenantIds = {
  tenantId: '0a751de0-0000-4000-8000-000000000001',
  defaultProgramId: '0a751de0-0000-4000-8000-000000000002',
};
export const OUTSIDE_AUDIENCE = 'https://ledger.example/v1';
export const OUTSIDE_CLIENT = 'batch-runner';

/** HPTS_TRUSTED_ISSUERS for one issuer of a test, with members added or changed. */
export function trustSetting(issuer: Pick<IssuerServer, 'issuer' | 'jwksUri'>, changes: object = {}): string {
  return JSON.stringify([trustEntry(issuer, changes)]);
}

export function trustEntry(issuer: Pick<IssuerServer, 'issuer' | 'jwksUri'>, changes: object = {}): object {
  return {
    issuer: issuer.issuer,
    jwks_uri: issuer.jwksUri,
    audience: OUTSIDE_AUDIENCE,
    tenants: [OUTSIDE_TENANT.tenantId],
    clients: [
      { client_id: OUTSIDE_CLIENT, scopes: ['hpts:balances:read', 'hpts:payments:write', 'hpts:disbursements:write'] },
    ],
    allow_loopback_http: true,
    ...changes,
  };
}

/** Makes a tenant under ids that were chosen before. */
export function addTenantWithId(address: DatabaseAddress, ids: TenantIds): Promise<void> {
  return administer(address, async (owner) => {
    const tenant = { name: 'Outside', timezone: 'UTC', currency: 'USD' };
    return { outcome: undefined, acts: [await addTenant(owner, { ids, tenant, actor: 'test' })] };
  });
}
