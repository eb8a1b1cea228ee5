import type { CalendarDate } from '../src/domain/calendar-date.ts';
import type { DatabaseAddress } from '../src/postgres/connection.ts';
import type { ApiServer } from './api-server.ts';
import {
  runAccruals,
  runBalances,
  runBareRequests,
  runLongLoanBalances,
  runPayments,
  type Served,
} from './http-rounds.ts';
import { rateOf, type Sample, spreadOf } from './sample.ts';
import type { SqlFile } from './sql-file.ts';
import {
  type RoundTimes,
  runAccrualStatements,
  runLoneStore,
  runOwnTables,
  runReference,
  runSelects,
} from './sql-rounds.ts';

/** Everything that a round can use, and what earlier rounds gave. */
export type Bench = {
  readonly served: Served;
  readonly bareHttp: ApiServer;
  readonly reference: { readonly address: DatabaseAddress; readonly file: SqlFile };
  /** A copy of the ledger before the first round, for what SQL writes by itself. */
  readonly ownTables: DatabaseAddress;
  readonly round: RoundTimes;
  /** Dates for accruals over HTTP and by SQL, which are in different databases; each is given out once. */
  readonly accrualDates: { readonly http: () => CalendarDate; readonly sql: () => CalendarDate };
  readonly samples: ReadonlyMap<MeasurementName, readonly Sample[]>;
};

export type MeasurementName =
  | 'reference'
  | 'own-tables'
  | 'bare-http'
  | 'payments'
  | 'payments-plain'
  | 'payments-hot'
  | 'payments-lenders'
  | 'payments-half-rate'
  | 'payment-alone'
  | 'payment-alone-store'
  | 'balances'
  | 'selects'
  | 'long-loan-present'
  | 'long-loan-as-of'
  | 'accruals'
  | 'accruals-sql';

/** One round of one measurement. */
export type Measurement = {
  readonly name: MeasurementName;
  readonly says: string;
  readonly unit: string;
  readonly run: (bench: Bench) => Promise<Sample>;
};

const PAYMENT_CONNECTIONS = 128;
const READ_CONNECTIONS = 64;
/** An open loop needs more connections than are ever under way at once. */
const OPEN_LOOP_CONNECTIONS = 512;
const LOANS_PER_ACCRUAL = 10_000;

/** In the order of a round: what is compared stands side by side. */
export const MEASUREMENTS: readonly Measurement[] = [
  {
    name: 'reference',
    says: 'ceiling R: payments by SQL in the frozen tables, 200 a statement, 2 connections',
    unit: 'payments',
    run: ({ reference, round, served }) =>
      runReference(reference.address, reference.file, { ...round, loans: served.ledger.payments.loans }),
  },
  {
    name: 'payments',
    says: 'POST /v1/payments, 128 connections, four lines each',
    unit: 'payments',
    run: ({ served, round }) => runPayments(served, round, { connections: PAYMENT_CONNECTIONS }),
  },
  {
    name: 'own-tables',
    says: 'ceiling S: the same by SQL in our own tables',
    unit: 'payments',
    run: ({ ownTables, served, round }) =>
      runOwnTables(ownTables, served.own, { ...round, tenant: served.ledger.payments, date: served.ledger.today }),
  },
  {
    name: 'bare-http',
    says: 'ceiling H: the same requests, read and answered by the HTTP library without a ledger',
    unit: 'requests',
    run: ({ served, bareHttp, round }) =>
      runBareRequests(served, bareHttp, { round, connections: PAYMENT_CONNECTIONS }),
  },
  {
    name: 'payments-hot',
    says: 'POST /v1/payments, 128 connections, 95 % on 10 loans',
    unit: 'payments',
    run: ({ served, round }) => runPayments(served, round, { connections: PAYMENT_CONNECTIONS, hot: true }),
  },
  {
    name: 'payments-plain',
    says: "POST /v1/payments, 128 connections, the quickstart's body (no split: two lines)",
    unit: 'payments',
    run: ({ served, round }) => runPayments(served, round, { connections: PAYMENT_CONNECTIONS, plain: true }),
  },
  {
    name: 'payments-lenders',
    says: 'POST /v1/payments, 128 connections, 1,000 tenants × 100 loans',
    unit: 'payments',
    run: ({ served, round }) => runPayments(served, round, { connections: PAYMENT_CONNECTIONS, lenders: true }),
  },
  {
    name: 'payments-half-rate',
    says: 'POST /v1/payments, open loop at half the top rate',
    unit: 'payments',
    run: ({ served, round, samples }) => {
      const top = spreadOf((samples.get('payments') ?? []).map(rateOf)).median;
      return runPayments(served, round, { connections: OPEN_LOOP_CONNECTIONS, ratePerS: top / 2 });
    },
  },
  {
    name: 'payment-alone',
    says: 'POST /v1/payments, one client alone',
    unit: 'payments',
    run: ({ served, round }) => runPayments(served, round, { connections: 1 }),
  },
  {
    name: 'payment-alone-store',
    says: 'the same transaction through the posting store over pg, without HTTP',
    unit: 'payments',
    run: ({ ownTables, served, round }) =>
      runLoneStore(ownTables, { ...round, tenant: served.ledger.payments, date: served.ledger.today }),
  },
  {
    name: 'balances',
    says: 'GET /v1/loans/{id}/balance, 64 connections',
    unit: 'reads',
    run: ({ served, round }) => runBalances(served, round, READ_CONNECTIONS),
  },
  {
    name: 'selects',
    says: '64 outstanding SELECTs by primary key over as many connections as the readers have',
    unit: 'reads',
    run: ({ served, round }) =>
      runSelects(served.database, served.own, {
        ...round,
        tenant: served.ledger.payments,
        outstanding: READ_CONNECTIONS,
      }),
  },
  {
    name: 'long-loan-present',
    says: 'GET balance of a loan with 10,000 entries, 64 connections',
    unit: 'reads',
    run: ({ served, round }) => runLongLoanBalances(served, round, { connections: READ_CONNECTIONS, asOf: false }),
  },
  {
    name: 'long-loan-as-of',
    says: 'the same as of random days of its history',
    unit: 'reads',
    run: ({ served, round }) => runLongLoanBalances(served, round, { connections: READ_CONNECTIONS, asOf: true }),
  },
  {
    name: 'accruals',
    says: 'POST /v1/accruals/batch, 10,000 loans a call, one call at a time',
    unit: 'loans',
    run: ({ served, round, accrualDates }) => runAccruals(served, round, accrualDates.http),
  },
  {
    name: 'accruals-sql',
    says: 'the rows of such a batch as one SQL statement',
    unit: 'loans',
    run: ({ ownTables, served, round, accrualDates }) => {
      const tenant = served.ledger.accruals;
      const loansPerCall = Math.min(LOANS_PER_ACCRUAL, tenant.loans);
      return runAccrualStatements(ownTables, served.own, {
        ...round,
        tenant,
        loansPerCall,
        nextDate: accrualDates.sql,
      });
    },
  },
];
