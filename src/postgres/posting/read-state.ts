import type pg from 'pg';
import { type Components, type LoanState, noComponents } from '../../domain/loan.ts';
import type { Command } from '../../posting/command.ts';
import {
  type AccrualMonth,
  monthKey,
  monthOf,
  type ResolvedEntry,
  type StandingDisbursement,
  scopedKey,
  type UsedKey,
} from '../../posting/ledger-state.ts';
import { plainArray, uuidArray } from '../array-literal.ts';
import { inOneWrite, run, type Statement } from './poster-connection.ts';

/** Which rows a batch locks and reads, each list in the order in which its locks are taken. */
export type ReadSet = {
  readonly tenantIds: readonly string[];
  /** Sorted by tenant, then loan: the one lock order of the whole system. */
  readonly loans: readonly { readonly tenantId: string; readonly loanId: string }[];
  /** Loans that a disbursement of the batch may have to make. */
  readonly loansToMake: readonly { readonly tenantId: string; readonly loanId: string }[];
  readonly keys: readonly { readonly tenantId: string; readonly keyHash: string }[];
  readonly reversals: readonly { readonly tenantId: string; readonly entryId: string }[];
  readonly accrualMonths: readonly { readonly tenantId: string; readonly loanId: string; readonly month: string }[];
  /** Loans of which a disbursement is to be reversed. */
  readonly disbursedLoans: readonly { readonly tenantId: string; readonly loanId: string }[];
};

/** Works out what a batch must lock and read. */
export function readSetOf(commands: readonly Command[], resolved: ReadonlyMap<string, ResolvedEntry>): ReadSet {
  const loans = new Map<string, { tenantId: string; loanId: string }>();
  const loansToMake = new Map<string, { tenantId: string; loanId: string }>();
  const accrualMonths = new Map<string, { tenantId: string; loanId: string; month: string }>();
  const disbursedLoans = new Map<string, { tenantId: string; loanId: string }>();
  const reversals: { tenantId: string; entryId: string }[] = [];
  const tenantIds = new Set<string>();
  for (const command of commands) {
    const { tenantId } = command;
    tenantIds.add(tenantId);
    const touch = (loanId: string) => loans.set(scopedKey(tenantId, loanId), { tenantId, loanId });
    const accrue = (loanId: string, date: string) => {
      const month = monthOf(date);
      accrualMonths.set(monthKey(tenantId, loanId, month), { tenantId, loanId, month });
    };
    switch (command.kind) {
      case 'payment':
        touch(command.payment.loanId);
        break;
      case 'fee':
        touch(command.fee.loanId);
        break;
      case 'disbursement':
        touch(command.disbursement.loanId);
        loansToMake.set(scopedKey(tenantId, command.disbursement.loanId), {
          tenantId,
          loanId: command.disbursement.loanId,
        });
        break;
      case 'accrual':
        for (const { loanId } of command.accrual.loans) {
          touch(loanId);
          accrue(loanId, command.accrual.accrualDate);
        }
        break;
      case 'reversal': {
        const entryId = command.reversal.reversesEntryId;
        const found = resolved.get(scopedKey(tenantId, entryId));
        if (found === undefined) break;
        reversals.push({ tenantId, entryId });
        for (const loanId of found.loanIds) {
          touch(loanId);
          if (found.entry.eventType === 'accrual') accrue(loanId, found.entry.effectiveAt);
          if (found.entry.eventType === 'disbursement')
            disbursedLoans.set(scopedKey(tenantId, loanId), { tenantId, loanId });
        }
      }
    }
  }
  return {
    tenantIds: [...tenantIds].sort(),
    loans: inLockOrder(loans),
    loansToMake: inLockOrder(loansToMake),
    keys: commands,
    reversals,
    accrualMonths: [...accrualMonths.values()],
    disbursedLoans: [...disbursedLoans.values()],
  };
}

// Lower-case UUID text sorts as PostgreSQL sorts uuid, so process and database agree on the order.
function inLockOrder<T>(keyed: ReadonlyMap<string, T>): T[] {
  return [...keyed.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

const MAKE_LOANS: Statement = {
  name: 'make_loans',
  text: `INSERT INTO hpts.loan (tenant_id, loan_id)
    SELECT tenant_id, loan_id FROM unnest($1::uuid[], $2::uuid[]) AS asked (tenant_id, loan_id)
    ORDER BY tenant_id, loan_id ON CONFLICT DO NOTHING`,
};

// A row that is locked is answered in its newest version, so state may come with the lock; rows of other tables may not:
// this statement's snapshot is older than the lock, and they are read by the statements after it.
const LOCK_LOANS: Statement = {
  name: 'lock_loans',
  text: `SELECT l.tenant_id, l.loan_id, l.borrower_id, l.currency, l.program_id, l.first_disbursed_on, l.loan_seq, l.frontier,
      l.principal_minor, l.interest_minor, l.fees_minor, l.suspense_minor, l.memo_interest_minor, l.pending_minor, l.encumbrance_minor
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (tenant_id, loan_id)
    JOIN hpts.loan AS l USING (tenant_id, loan_id)
    ORDER BY l.tenant_id, l.loan_id FOR NO KEY UPDATE OF l`,
};

/**
 * Tenants as they are now, then those of the keys that were used before: one statement, because each costs a batch as much
 * as several rows do. A row with a key has no epoch.
 */
const READ_TENANTS_AND_KEYS: Statement = {
  name: 'read_tenants_and_keys',
  text: `SELECT t.tenant_id, h.config_epoch, (clock.now AT TIME ZONE t.timezone)::date, (extract(epoch FROM clock.now) * 1000)::bigint,
      NULL::uuid, NULL::uuid, NULL::uuid, NULL::smallint
    FROM (SELECT clock_timestamp() AS now) AS clock
    CROSS JOIN unnest($1::uuid[]) AS asked (tenant_id)
    JOIN hpts.tenant AS t USING (tenant_id) JOIN hpts.tenant_head AS h USING (tenant_id)
    UNION ALL
    SELECT k.tenant_id, NULL, NULL, NULL, k.key_hash, k.payload_hash, k.entry_id, k.receipt_version
    FROM unnest($2::uuid[], $3::uuid[]) AS asked (tenant_id, key_hash)
    JOIN hpts.idempotency_key AS k USING (tenant_id, key_hash)`,
};

const READ_REVERSALS: Statement = {
  name: 'read_reversals',
  text: `SELECT r.tenant_id, r.reversed_entry_id, r.entry_id
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (tenant_id, reversed_entry_id)
    JOIN hpts.reversal AS r USING (tenant_id, reversed_entry_id)`,
};

const READ_ACCRUAL_MONTHS: Statement = {
  name: 'read_accrual_months',
  text: `SELECT m.tenant_id, m.loan_id, m.month, m.days
    FROM unnest($1::uuid[], $2::uuid[], $3::date[]) AS asked (tenant_id, loan_id, month)
    JOIN hpts.loan_accrual_month AS m USING (tenant_id, loan_id, month)`,
};

const READ_STANDING_DISBURSEMENTS: Statement = {
  name: 'read_standing_disbursements',
  text: `SELECT d.tenant_id, d.loan_id, d.entry_id, d.effective_at
    FROM unnest($1::uuid[], $2::uuid[]) AS asked (tenant_id, loan_id)
    JOIN hpts.disbursement AS d USING (tenant_id, loan_id)
    WHERE NOT EXISTS (SELECT FROM hpts.reversal AS r WHERE r.tenant_id = d.tenant_id AND r.reversed_entry_id = d.entry_id)`,
};

/** A tenant as the locked read answers it. */
export type TenantRow = { readonly tenantId: string; readonly configEpoch: bigint; readonly businessDate: string };

/** What the locked read answers, before configuration is put to it. */
export type ReadState = {
  readonly databaseTimeMs: number;
  readonly tenants: readonly TenantRow[];
  readonly loans: Map<string, LoanState>;
  readonly keys: Map<string, UsedKey>;
  readonly reversals: Map<string, string>;
  readonly accrualMonths: Map<string, AccrualMonth>;
  readonly disbursements: Map<string, StandingDisbursement[]>;
};

/**
 * Sends BEGIN, the locks and the reads in one go and answers what they found. `tenantIds` were checked to be UUIDs when
 * their token was.
 */
export async function lockAndRead(client: pg.Client, set: ReadSet): Promise<ReadState> {
  const asked = inOneWrite(client, () =>
    Promise.all([
      client.query(`BEGIN; SET LOCAL hpts.tenants = '${set.tenantIds.join(',')}'`),
      set.loansToMake.length === 0 ? null : run(client, MAKE_LOANS, columnsOf(set.loansToMake)),
      run(client, LOCK_LOANS, columnsOf(set.loans)),
      run(client, READ_TENANTS_AND_KEYS, [
        uuidArray(set.tenantIds),
        uuidArray(set.keys.map((key) => key.tenantId)),
        uuidArray(set.keys.map((key) => key.keyHash)),
      ]),
      set.reversals.length === 0
        ? null
        : run(client, READ_REVERSALS, [
            uuidArray(set.reversals.map((one) => one.tenantId)),
            uuidArray(set.reversals.map((one) => one.entryId)),
          ]),
      set.accrualMonths.length === 0
        ? null
        : run(client, READ_ACCRUAL_MONTHS, [
            ...columnsOf(set.accrualMonths),
            plainArray(set.accrualMonths.map((one) => one.month)),
          ]),
      set.disbursedLoans.length === 0 ? null : run(client, READ_STANDING_DISBURSEMENTS, columnsOf(set.disbursedLoans)),
    ]),
  );
  const [, , loans, known, reversals, months, disbursements] = await asked;
  const tenantRows = (known.rows as KnownRow[]).filter((row): row is TenantStateRow => row[1] !== null);
  const keyRows = (known.rows as KnownRow[]).filter((row): row is UsedKeyRow => row[1] === null);
  return {
    databaseTimeMs: Number(tenantRows[0]?.[3] ?? 0n),
    tenants: tenantRows.map(([tenantId, configEpoch, businessDate]) => ({ tenantId, configEpoch, businessDate })),
    loans: loansOf(loans.rows as LoanRow[]),
    keys: keysOf(keyRows),
    reversals: new Map(
      ((reversals?.rows ?? []) as [string, string, string][]).map(([tenant, reversed, by]) => [
        scopedKey(tenant, reversed),
        by,
      ]),
    ),
    accrualMonths: monthsOf((months?.rows ?? []) as [string, string, string, number][]),
    disbursements: disbursementsOf((disbursements?.rows ?? []) as [string, string, string, string][]),
  };
}

function columnsOf(loans: readonly { readonly tenantId: string; readonly loanId: string }[]): Buffer[] {
  return [uuidArray(loans.map((loan) => loan.tenantId)), uuidArray(loans.map((loan) => loan.loanId))];
}

type LoanRow = [
  string,
  string,
  string | null,
  string | null,
  string | null,
  string | null,
  number,
  string | null,
  bigint,
  bigint,
  bigint,
  bigint,
  bigint,
  string[] | null,
  string[] | null,
];

function loansOf(rows: readonly LoanRow[]): Map<string, LoanState> {
  const loans = new Map<string, LoanState>();
  for (const row of rows) {
    const [tenantId, loanId, borrowerId, currency, programId, firstDisbursedOn, loanSeq, frontier] = row;
    const settled: Components = {
      principal: row[8],
      interest: row[9],
      fees: row[10],
      suspense: row[11],
      memoInterest: row[12],
    };
    loans.set(scopedKey(tenantId, loanId), {
      tenantId,
      loanId,
      borrowerId,
      currency,
      programId,
      firstDisbursedOn,
      loanSeq,
      frontier,
      layers: [settled, componentsOf(row[13]), componentsOf(row[14])],
    });
  }
  return loans;
}

function componentsOf(stored: readonly (string | bigint)[] | null): Components | null {
  if (stored === null) return null;
  const [principal, interest, fees, suspense, memoInterest] = stored.map(BigInt);
  return {
    ...noComponents(),
    ...{
      principal: principal ?? 0n,
      interest: interest ?? 0n,
      fees: fees ?? 0n,
      suspense: suspense ?? 0n,
      memoInterest: memoInterest ?? 0n,
    },
  };
}

type TenantStateRow = [
  tenantId: string,
  configEpoch: bigint,
  businessDate: string,
  nowMs: bigint,
  null,
  null,
  null,
  null,
];
type UsedKeyRow = [
  tenantId: string,
  null,
  null,
  null,
  keyHash: string,
  payloadHash: string,
  entryId: string,
  receiptVersion: number,
];
type KnownRow = TenantStateRow | UsedKeyRow;

function keysOf(rows: readonly UsedKeyRow[]): Map<string, UsedKey> {
  return new Map(
    rows.map(([tenantId, , , , keyHash, payloadHash, entryId, receiptVersion]) => [
      scopedKey(tenantId, keyHash),
      { payloadHash, entryId, receiptVersion },
    ]),
  );
}

function monthsOf(rows: readonly [string, string, string, number][]): Map<string, AccrualMonth> {
  return new Map(
    rows.map(([tenantId, loanId, month, days]) => [
      monthKey(tenantId, loanId, month),
      { tenantId, loanId, month, days },
    ]),
  );
}

function disbursementsOf(rows: readonly [string, string, string, string][]): Map<string, StandingDisbursement[]> {
  const standing = new Map<string, StandingDisbursement[]>();
  for (const [tenantId, loanId, entryId, effectiveAt] of rows) {
    const key = scopedKey(tenantId, loanId);
    const known = standing.get(key);
    if (known === undefined) standing.set(key, [{ entryId, effectiveAt }]);
    else known.push({ entryId, effectiveAt });
  }
  return standing;
}
