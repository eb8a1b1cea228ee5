import type pg from 'pg';
import { type ProgramVersion, readPolicy } from '../../domain/program.ts';
import type { TenantConfiguration } from '../../posting/ledger-state.ts';
import type { Statement } from '../statement-train.ts';
import { CLOSE_STANDS } from './stored-periods.ts';

const READ_CONFIGURATION: Statement = {
  name: 'read_configuration',
  text: `SELECT t.currency, t.default_program_id, v.program_id, v.version, v.effective_from, v.policy, p.currency, closed.through
    FROM hpts.tenant AS t JOIN hpts.program_version AS v USING (tenant_id) JOIN hpts.program AS p USING (tenant_id, program_id)
    CROSS JOIN (
      SELECT max(c.closed_through) AS through FROM hpts.period_close AS c WHERE c.tenant_id = $1 AND ${CLOSE_STANDS}) AS closed
    WHERE t.tenant_id = $1 ORDER BY v.program_id, v.version`,
};

/** Tenants kept at once; the least recently loaded goes first. A thousand small lenders fit. */
const TENANTS_MAX = 10_000;

/**
 * What is configured for each tenant, under the epoch at which it was read. A batch decided under an older epoch than the
 * head has at its write is rolled back by the database (HP001), so a stale entry here can cost time, never truth.
 */
export class ConfigurationCache {
  readonly #known = new Map<string, TenantConfiguration>();

  /** The tenant's configuration at `configEpoch`, read over `client` when it is not known. */
  async of(client: pg.Client, tenantId: string, configEpoch: bigint): Promise<TenantConfiguration> {
    const known = this.#known.get(tenantId);
    if (known !== undefined && known.configEpoch === configEpoch) return known;
    const rows = (await client.query({ ...READ_CONFIGURATION, values: [tenantId], rowMode: 'array' }))
      .rows as ConfigurationRow[];
    const first = rows[0];
    if (first === undefined) throw new Error(`tenant ${tenantId} has no program`);
    const programs = new Map<string, ProgramVersion[]>();
    for (const [, , programId, version, effectiveFrom, policy, programCurrency] of rows) {
      const versions = programs.get(programId) ?? [];
      versions.push({ programId, currency: programCurrency, version, effectiveFrom, policy: readPolicy(policy) });
      programs.set(programId, versions);
    }
    const [currency, defaultProgramId, , , , , , closedThrough] = first;
    const configuration = { tenantId, configEpoch, currency, defaultProgramId, programs, closedThrough };
    this.#known.delete(tenantId);
    this.#known.set(tenantId, configuration);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= TENANTS_MAX) break;
      this.#known.delete(oldest);
    }
    return configuration;
  }
}

type ConfigurationRow = [
  currency: string,
  defaultProgramId: string,
  programId: string,
  version: number,
  effectiveFrom: string | null,
  policy: unknown,
  programCurrency: string | null,
  closedThrough: string | null,
];
