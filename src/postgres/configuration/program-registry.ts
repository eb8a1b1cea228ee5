/** Statements by which programs get their versions, in the transaction of an administrative act that raised the epoch. */
import type pg from 'pg';
import { type StoredPolicy, versionInForce } from '../../domain/program.ts';
import { LIMITS } from '../../limits.ts';

/** One program of one tenant. */
export type ProgramRef = { readonly tenantId: string; readonly programId: string };

/** A program that is made; `currency` null: loans in any. */
export type NewProgram = ProgramRef & { readonly name: string; readonly currency: string | null };

/** A version that is written. `effectiveFrom` is null for version 1. */
export type NewVersion = ProgramRef & {
  readonly version: number;
  readonly effectiveFrom: string | null;
  readonly policy: StoredPolicy;
};

/** A program as the versions that are added to it need it. */
export type KnownProgram = {
  readonly name: string;
  readonly currency: string | null;
  readonly isDefault: boolean;
  readonly versions: readonly Pick<NewVersion, 'version' | 'effectiveFrom' | 'policy'>[];
};

/** False when the tenant has as many programs as LIMITS.programs allows. */
export async function insertProgram(client: pg.ClientBase, program: NewProgram): Promise<boolean> {
  const { rowCount } = await client.query(
    `INSERT INTO hpts.program (tenant_id, program_id, name, currency)
     SELECT $1, $2, $3, $4 WHERE (SELECT count(*) FROM hpts.program AS p WHERE p.tenant_id = $1) < $5`,
    [program.tenantId, program.programId, program.name, program.currency, LIMITS.programs],
  );
  return rowCount === 1;
}

/** Writes a version; answers when, RFC 3339 with six digits. */
export async function insertVersion(client: pg.ClientBase, version: NewVersion): Promise<string> {
  const { rows } = await client.query<{ created_at: string }>(
    `INSERT INTO hpts.program_version (tenant_id, program_id, version, effective_from, policy) VALUES ($1, $2, $3, $4, $5)
     RETURNING to_char(created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_at`,
    [version.tenantId, version.programId, version.version, version.effectiveFrom, JSON.stringify(version.policy)],
  );
  const row = rows[0];
  if (row === undefined) throw new Error('a program version was not written');
  return row.created_at;
}

/** The program with all its versions; undefined when the tenant has none of this id. */
export async function findProgram(client: pg.ClientBase, ref: ProgramRef): Promise<KnownProgram | undefined> {
  const { rows } = await client.query<{
    name: string;
    currency: string | null;
    is_default: boolean;
    version: number;
    effective_from: string | null;
    policy: StoredPolicy;
  }>(
    `SELECT p.name, p.currency, t.default_program_id = p.program_id AS is_default, v.version, v.effective_from, v.policy
     FROM hpts.program AS p
     JOIN hpts.tenant AS t ON t.tenant_id = p.tenant_id
     JOIN hpts.program_version AS v ON v.tenant_id = p.tenant_id AND v.program_id = p.program_id
     WHERE p.tenant_id = $1 AND p.program_id = $2 ORDER BY v.version`,
    [ref.tenantId, ref.programId],
  );
  const first = rows[0];
  if (first === undefined) return undefined;
  return {
    name: first.name,
    currency: first.currency,
    isDefault: first.is_default,
    versions: rows.map(({ version, effective_from, policy }) => ({ version, effectiveFrom: effective_from, policy })),
  };
}

/**
 * The version that a program gets next: from its day on, what is not stated stays as the version says that is in force on
 * that day so far. undefined when the program has as many versions as LIMITS.programVersions allows.
 */
export function nextVersion(
  program: KnownProgram,
  change: ProgramRef & { readonly effectiveFrom: string; readonly policy: Partial<StoredPolicy> },
): NewVersion | undefined {
  if (program.versions.length >= LIMITS.programVersions) return undefined;
  const { tenantId, programId, effectiveFrom } = change;
  const before = versionInForce(program.versions, effectiveFrom).policy;
  const version = program.versions.length + 1;
  return { tenantId, programId, version, effectiveFrom, policy: { ...before, ...change.policy } };
}
