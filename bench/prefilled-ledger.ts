import type pg from 'pg';
import { type CalendarDate, dayNumber, fromDayNumber, parseCalendarDate } from '../src/domain/calendar-date.ts';
import { SCOPES } from '../src/domain/scope.ts';
import { createClient } from '../src/postgres/access/client.ts';
import { createTenant } from '../src/postgres/access/tenant.ts';
import { connect, type DatabaseAddress } from '../src/postgres/connection.ts';
import { migrate } from '../src/postgres/migrate.ts';
import { type SqlFile, section } from './sql-file.ts';

/** A tenant to measure with: `loans` of them, numbered from 0, and one client that may do everything. */
export type BenchTenant = {
  readonly tenantId: string;
  readonly programId: string;
  readonly loans: number;
  readonly clientId: string;
  readonly clientSecret: string;
};

/** The ledger before the first round. */
export type PrefilledLedger = {
  /** Payments go here; one loan more than `loans` is the one with a long history. */
  readonly payments: BenchTenant;
  /** Accruals go here, whose loans have only been disbursed. */
  readonly accruals: BenchTenant;
  /** Many small lenders; empty unless asked for. */
  readonly lenders: readonly BenchTenant[];
  /** The business date, by the database's clock in UTC. */
  readonly today: CalendarDate;
  readonly disbursedOn: CalendarDate;
};

export type LedgerSize = { readonly loans: number; readonly payments: number; readonly lenders: number };

/** Loans of each small lender. */
const LOANS_PER_LENDER = 100;
/** As far back as anything is dated: room for a year of as-of dates and for accruals day by day. */
const DAYS_BACK = 800;
const LOANS_PER_STATEMENT = 10_000;
const PAYMENTS_PER_STATEMENT = 200;
const BY = { actor: 'bench' };

/** Migrates an empty database and fills it, by SQL, with whole rows of our own schema. */
export async function fillLedger(address: DatabaseAddress, size: LedgerSize, own: SqlFile): Promise<PrefilledLedger> {
  await migrate(address);
  const today = await businessDate(address);
  const disbursedOn = dateAfter(today, -DAYS_BACK);
  const payments = await makeTenant(address, { name: 'payments', loans: size.loans });
  const accruals = await makeTenant(address, { name: 'accruals', loans: size.loans });
  const lenders: BenchTenant[] = [];
  for (let number = 1; number <= size.lenders; number += 1) {
    lenders.push(await makeTenant(address, { name: `lender ${number}`, loans: LOANS_PER_LENDER }));
  }
  const payable: Fill[] = [
    { tenant: payments, loans: payments.loans + 1, disbursedOn },
    ...lenders.map((tenant) => ({ tenant, loans: tenant.loans, disbursedOn })),
  ];
  await withOwner(address, async (client) => {
    for (const fill of [...payable, { tenant: accruals, loans: accruals.loans, disbursedOn }])
      await disburse(client, own, fill);
    // Without statistics PostgreSQL would look a loan up among all of its tenant's.
    await client.query('ANALYZE hpts.loan');
    for (const fill of payable) await charge(client, own, fill);
    await client.query('VACUUM ANALYZE');
  });
  await fillPayments(address, own, { tenant: payments, count: size.payments, date: dateAfter(today, -1) });
  await withOwner(address, (client) => client.query('VACUUM ANALYZE'));
  return { payments, accruals, lenders, today, disbursedOn };
}

/** The number of the loan that fillLedger made beside those that payments go to. */
export function longLoanNumber(ledger: PrefilledLedger): number {
  return ledger.payments.loans;
}

/** The date so many days later. */
export function dateAfter(date: CalendarDate, days: number): CalendarDate {
  return fromDayNumber(dayNumber(date) + days);
}

async function makeTenant(address: DatabaseAddress, wish: { name: string; loans: number }): Promise<BenchTenant> {
  const { tenantId, defaultProgramId } = await createTenant(
    address,
    { name: wish.name, timezone: 'UTC', currency: 'USD' },
    BY,
  );
  const credentials = await createClient(address, { tenantId, name: 'bench', scopes: SCOPES }, BY);
  return { tenantId, programId: defaultProgramId, loans: wish.loans, ...credentials };
}

type Fill = { readonly tenant: BenchTenant; readonly loans: number; readonly disbursedOn: CalendarDate };

/** Fees and interest on top of the principal, so that a payment has four lines. */
async function charge(client: pg.Client, own: SqlFile, fill: Fill): Promise<void> {
  const { tenant, loans, disbursedOn } = fill;
  for (const { first, count } of blocks(loans)) {
    await write(client, own, 'fees', [tenant.tenantId, count, first, dateAfter(disbursedOn, 1)]);
    const accrual = [tenant.tenantId, tenant.programId, count, first, dateAfter(disbursedOn, 2), '1000000000000'];
    await write(client, own, 'accrual', accrual);
  }
}

async function disburse(client: pg.Client, own: SqlFile, fill: Fill): Promise<void> {
  for (const { first, count } of blocks(fill.loans)) {
    await write(client, own, 'loans', [fill.tenant.tenantId, fill.tenant.programId, count, first, fill.disbursedOn]);
  }
}

/** Prepared under a name: a thousand small lenders would have it planned a thousand times. */
async function write(
  client: pg.Client,
  own: SqlFile,
  name: 'loans' | 'fees' | 'accrual',
  values: unknown[],
): Promise<void> {
  await client.query({ name: `fill_${name}`, text: section(own, name), values });
}

function blocks(loans: number): readonly { readonly first: number; readonly count: number }[] {
  const count = Math.ceil(loans / LOANS_PER_STATEMENT);
  return Array.from({ length: count }, (_, index) => {
    const first = index * LOANS_PER_STATEMENT;
    return { first, count: Math.min(LOANS_PER_STATEMENT, loans - first) };
  });
}

async function fillPayments(
  address: DatabaseAddress,
  own: SqlFile,
  fill: { readonly tenant: BenchTenant; readonly count: number; readonly date: CalendarDate },
): Promise<void> {
  let left = fill.count;
  const write = (part: number) =>
    withOwner(address, async (client) => {
      while (left > 0) {
        const count = Math.min(PAYMENTS_PER_STATEMENT, left);
        left -= count;
        await client.query({
          name: 'fill_payments',
          text: section(own, 'payments'),
          values: [fill.tenant.tenantId, count, part, 2, fill.tenant.loans, fill.date],
        });
      }
    });
  await Promise.all([write(0), write(1)]);
}

async function businessDate(address: DatabaseAddress): Promise<CalendarDate> {
  const today = await withOwner(address, async (client) => {
    const { rows } = await client.query<{ today: string }>("SELECT (now() AT TIME ZONE 'UTC')::date AS today");
    return parseCalendarDate(rows[0]?.today ?? '');
  });
  if (today === undefined) throw new Error('the database does not know the date');
  return today;
}

/** Runs `work` on a connection of the database's owner, who bypasses row security where that is a superuser. */
export async function withOwner<T>(address: DatabaseAddress, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect(address, { role: 'owner', applicationName: 'hpts bench', indexPlansOnly: true });
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
