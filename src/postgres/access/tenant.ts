import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { DEFAULT_CHART_OF_ACCOUNTS } from '../../domain/chart-of-accounts.ts';
import { isCurrency } from '../../domain/currency.ts';
import { DEFAULT_PROGRAM_NAME, DEFAULT_PROGRAM_POLICY } from '../../domain/default-program.ts';
import { FISCAL_YEAR_END_MONTH_DEFAULT, isMonth } from '../../domain/period.ts';
import type { DatabaseAddress } from '../connection.ts';
import { AdministrationRefused, type AdministrativeAct, administer } from './administration.ts';

/**
 * What a tenant is made of. `timezone` decides which day it is for the tenant; `currency` is its default;
 * `fiscalYearEndMonth` is that with which its years end, 1 to 12, December when left out.
 */
export type NewTenant = {
  readonly name: string;
  readonly timezone: string;
  readonly currency: string;
  readonly fiscalYearEndMonth?: number;
};

/** The ids of a tenant that was made. */
export type TenantIds = { readonly tenantId: string; readonly defaultProgramId: string };

const NAME_CHARACTERS_MAX = 200;

/**
 * Makes a tenant with its head, its default program (version 1, every field at its default) and the default chart of
 * accounts. Names need not be unique. Throws AdministrationRefused for a bad name, time zone, currency or month.
 */
export async function createTenant(
  address: DatabaseAddress,
  tenant: NewTenant,
  by: { readonly actor: string },
): Promise<TenantIds> {
  return administer(address, async (owner) => {
    const ids = { tenantId: randomUUID(), defaultProgramId: randomUUID() };
    return { outcome: ids, acts: [await addTenant(owner, { ids, tenant, actor: by.actor })] };
  });
}

/** The same inside a transaction that is already open, under ids the caller chose. */
export async function addTenant(
  owner: pg.ClientBase,
  wish: { readonly ids: TenantIds; readonly tenant: NewTenant; readonly actor: string },
): Promise<AdministrativeAct> {
  const { ids, tenant, actor } = wish;
  refuseUnprintableName(tenant.name);
  if (!isCurrency(tenant.currency)) {
    throw new AdministrationRefused(`currency ${JSON.stringify(tenant.currency)} is not a live ISO 4217 code`);
  }
  const fiscalYearEndMonth = tenant.fiscalYearEndMonth ?? FISCAL_YEAR_END_MONTH_DEFAULT;
  if (!isMonth(fiscalYearEndMonth)) {
    throw new AdministrationRefused(`a fiscal year ends with a month from 1 to 12, not ${fiscalYearEndMonth}`);
  }
  await refuseUnknownTimezone(owner, tenant.timezone);
  await insertTenant(owner, ids, { ...tenant, fiscalYearEndMonth });
  await insertTenantHead(owner, ids.tenantId);
  await insertProgram(owner, { ...ids, name: DEFAULT_PROGRAM_NAME });
  await insertFirstProgramVersion(owner, { ...ids, policy: DEFAULT_PROGRAM_POLICY });
  await insertDefaultChart(owner, ids.tenantId);
  const { name, timezone, currency } = tenant;
  const detail = { name, timezone, currency, fiscal_year_end_month: fiscalYearEndMonth };
  return { actor, action: 'tenant.create', tenantId: ids.tenantId, subject: ids.tenantId, detail };
}

/** Refuses a name that is empty, too long, or holds control characters, which would forge lines in a terminal. */
export function refuseUnprintableName(name: string): void {
  if (name.trim() === '' || [...name].length > NAME_CHARACTERS_MAX || /\p{Cc}/u.test(name) || !name.isWellFormed()) {
    throw new AdministrationRefused(`a name has 1 to ${NAME_CHARACTERS_MAX} characters and no control characters`);
  }
}

/**
 * A zone has to be known to both sides: the database decides what day it is, Intl shows times to people. The database
 * alone would also take "posix/…" and POSIX rules, Intl alone would also take offsets and any case.
 */
async function refuseUnknownTimezone(owner: pg.ClientBase, timezone: string): Promise<void> {
  if (!isIntlTimezone(timezone) || !(await isPostgresTimezone(owner, timezone))) {
    throw new AdministrationRefused(
      `time zone ${JSON.stringify(timezone)} is not a name of the IANA time zone database, such as America/New_York`,
    );
  }
}

function isIntlTimezone(timezone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: timezone }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

async function isPostgresTimezone(owner: pg.ClientBase, timezone: string): Promise<boolean> {
  const { rowCount } = await owner.query('SELECT FROM pg_timezone_names WHERE name = $1', [timezone]);
  return rowCount !== 0;
}

async function insertTenant(owner: pg.ClientBase, ids: TenantIds, tenant: Required<NewTenant>): Promise<void> {
  await owner.query(
    `INSERT INTO hpts.tenant (tenant_id, name, timezone, currency, default_program_id, fiscal_year_end_month)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [ids.tenantId, tenant.name, tenant.timezone, tenant.currency, ids.defaultProgramId, tenant.fiscalYearEndMonth],
  );
}

async function insertTenantHead(owner: pg.ClientBase, tenantId: string): Promise<void> {
  await owner.query('INSERT INTO hpts.tenant_head (tenant_id) VALUES ($1)', [tenantId]);
}

async function insertProgram(owner: pg.ClientBase, program: TenantIds & { readonly name: string }): Promise<void> {
  await owner.query('INSERT INTO hpts.program (tenant_id, program_id, name) VALUES ($1, $2, $3)', [
    program.tenantId,
    program.defaultProgramId,
    program.name,
  ]);
}

async function insertFirstProgramVersion(
  owner: pg.ClientBase,
  version: TenantIds & { readonly policy: unknown },
): Promise<void> {
  await owner.query(
    'INSERT INTO hpts.program_version (tenant_id, program_id, version, effective_from, policy) VALUES ($1, $2, 1, NULL, $3)',
    [version.tenantId, version.defaultProgramId, JSON.stringify(version.policy)],
  );
}

async function insertDefaultChart(owner: pg.ClientBase, tenantId: string): Promise<void> {
  await owner.query(
    `INSERT INTO hpts.account (tenant_id, account_code, name, type)
     SELECT $1, code, name, type FROM unnest($2::smallint[], $3::text[], $4::text[]) AS chart(code, name, type)`,
    [
      tenantId,
      DEFAULT_CHART_OF_ACCOUNTS.map(({ code }) => code),
      DEFAULT_CHART_OF_ACCOUNTS.map(({ name }) => name),
      DEFAULT_CHART_OF_ACCOUNTS.map(({ type }) => type),
    ],
  );
}
