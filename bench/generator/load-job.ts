import type { LatencySummary } from './latency-histogram.ts';

/** A tenant's token with the loans that it may ask about: `loans` of them, numbered from `firstLoan`. */
export type LoanGroup = { readonly token: string; readonly firstLoan: number; readonly loans: number };

/** What the requests are. */
export type Workload =
  | {
      readonly kind: 'payments';
      readonly groups: readonly LoanGroup[];
      /** This share of the payments goes to the first `hotLoans` loans of a group, the rest to all of them alike. */
      readonly hotShare: number;
      readonly hotLoans: number;
      /** Each payment takes one of these at random. */
      readonly effectiveDates: readonly string[];
      /** With an explicit split over three components an entry has four lines; without, the waterfall makes mostly two. */
      readonly split: boolean;
      /** Makes keys unlike those of other jobs; 8 characters. */
      readonly keyPrefix: string;
    }
  | {
      readonly kind: 'balances';
      readonly groups: readonly LoanGroup[];
      /** A random one of these is asked as `as_of_date`; without any, the present. */
      readonly asOfDates: readonly string[];
    }
  | {
      readonly kind: 'accruals';
      readonly group: LoanGroup;
      readonly programId: string;
      readonly loansPerCall: number;
      /** The group's loans accrue once for each date, in order; the job fails when they run out. */
      readonly dates: readonly string[];
      readonly keyPrefix: string;
    };

/** One run of the load generator. */
export type LoadJob = {
  readonly port: number;
  readonly connections: number;
  readonly warmupMs: number;
  readonly durationMs: number;
  /** Requests per second of an open loop; null: closed loop, each connection asks again once it is answered. */
  readonly ratePerS: number | null;
  /** Stops after so many answers, warm-up included; null: only time ends it. */
  readonly requestsMax: number | null;
  readonly expectedStatus: number;
  readonly workload: Workload;
};

/** What was measured between the end of the warm-up and the end of the job. */
export type LoadResult = {
  readonly answered: number;
  /** Answers with the expected status. */
  readonly succeeded: number;
  readonly seconds: number;
  readonly latency: LatencySummary;
  readonly statuses: Readonly<Record<string, number>>;
  /** The first few answers of an unexpected status, in full. */
  readonly unexpected: readonly string[];
  readonly generatorCpuUs: number;
  /** Open loop: requests that were due and found no free connection by the end. */
  readonly unsent: number;
  /** Answers of the expected status over the whole job, warm-up and tail included. */
  readonly succeededInAll: number;
};

/** From the generator to whoever started it. CPU of others is read when `begin` and `end` arrive. */
export type GeneratorMessage =
  | { readonly kind: 'begin' }
  | { readonly kind: 'end' }
  | { readonly kind: 'result'; readonly result: LoadResult }
  | { readonly kind: 'failed'; readonly message: string };
