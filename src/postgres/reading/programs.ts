import type { StoredPolicy } from '../../domain/program.ts';
import type { Statement } from '../statement-train.ts';
import type { ReaderPool } from './reader-pool.ts';

/** A version of a program. `createdAt` is RFC 3339 with six digits; `effectiveFrom` null: from the beginning of time. */
export type ProgramVersionView = {
  readonly version: number;
  readonly effectiveFrom: string | null;
  readonly createdAt: string;
  readonly policy: StoredPolicy;
};

/** A program and its versions: in a list the one in force today, else all of them. */
export type ProgramView = {
  readonly programId: string;
  readonly name: string;
  readonly currency: string | null;
  readonly isDefault: boolean;
  readonly versions: readonly ProgramVersionView[];
};

const COLUMNS = `p.program_id, p.name, p.currency, t.default_program_id = p.program_id, v.version, v.effective_from,
      to_char(v.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), v.policy`;

const READ_PROGRAM: Statement = {
  name: 'read_program',
  text: `SELECT ${COLUMNS}
    FROM hpts.program AS p
    JOIN hpts.tenant AS t ON t.tenant_id = p.tenant_id
    JOIN hpts.program_version AS v ON v.tenant_id = p.tenant_id AND v.program_id = p.program_id
    WHERE p.tenant_id = $1 AND p.program_id = $2 ORDER BY v.version`,
};

const READ_PROGRAMS: Statement = {
  name: 'read_programs',
  text: `SELECT ${COLUMNS}
    FROM hpts.program AS p
    JOIN hpts.tenant AS t ON t.tenant_id = p.tenant_id
    CROSS JOIN LATERAL (
      SELECT * FROM hpts.program_version AS v
      WHERE v.tenant_id = $1 AND v.program_id = p.program_id
        AND (v.effective_from IS NULL OR v.effective_from <= (clock_timestamp() AT TIME ZONE t.timezone)::date)
      ORDER BY v.effective_from DESC NULLS LAST, v.version DESC LIMIT 1) AS v
    WHERE p.tenant_id = $1 AND ($2::uuid IS NULL OR p.program_id > $2) ORDER BY p.program_id LIMIT $3`,
};

type ProgramRow = [
  programId: string,
  name: string,
  currency: string | null,
  isDefault: boolean,
  version: number,
  effectiveFrom: string | null,
  createdAt: string,
  policy: StoredPolicy,
];

/** A program with all its versions in order; undefined when the tenant has none of this id. */
export async function readProgram(
  reader: ReaderPool,
  { tenantId, programId }: { readonly tenantId: string; readonly programId: string },
): Promise<ProgramView | undefined> {
  const rows = (await reader.read(tenantId, READ_PROGRAM, [tenantId, programId])) as ProgramRow[];
  const [first] = rows;
  return first === undefined ? undefined : { ...programOf(first), versions: rows.map(versionOf) };
}

/** The tenant's programs in order of their ids, those behind `afterId` (null: from the first). */
export async function readPrograms(
  reader: ReaderPool,
  page: { readonly tenantId: string; readonly afterId: string | null; readonly limit: number },
): Promise<readonly ProgramView[]> {
  const rows = await reader.read(page.tenantId, READ_PROGRAMS, [page.tenantId, page.afterId, page.limit]);
  return (rows as ProgramRow[]).map((row) => ({ ...programOf(row), versions: [versionOf(row)] }));
}

function programOf([programId, name, currency, isDefault]: ProgramRow): Omit<ProgramView, 'versions'> {
  return { programId, name, currency, isDefault };
}

function versionOf([, , , , version, effectiveFrom, createdAt, policy]: ProgramRow): ProgramVersionView {
  return { version, effectiveFrom, createdAt, policy };
}
