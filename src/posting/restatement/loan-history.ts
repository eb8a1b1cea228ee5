import type { InterestFacts } from '../../domain/accrual-run.ts';
import type { Components } from '../../domain/loan.ts';
import type { StandingNonAccrual } from '../../domain/non-accrual.ts';
import type { PostedEntry, Settling } from '../../domain/posted-entry.ts';
import type { LoanEvent } from '../../domain/restatement/loan-event.ts';
import type { Allocation } from '../../domain/waterfall.ts';
import type { KeptLoss } from '../kept-loss.ts';

/** A payment of which something went back. */
export type ReturnedPayment = {
  /** The live entry of its own event; a pending one stays that when it is settled. */
  readonly payment: PostedEntry;
  /** Of a pending payment: what settled it and stands. */
  readonly settledBy: Settling | null;
  /** How often anything was said of its returns. */
  readonly turns: number;
  /** Its standing returns, whenever they count from, with what was said last of each. */
  readonly took: readonly { readonly entryId: string; readonly effectiveAt: string; readonly parts: Allocation }[];
};

/** A loan's life from a day on, read under its lock. */
export type LoanHistory = {
  readonly from: string;
  /** By layer, counting every event effective before `from`. */
  readonly before: readonly [Components, Components | null, Components | null];
  /** Its standing events from that day on, in order of effect. */
  readonly events: readonly LoanEvent[];
  /** What standing entries lost and recovered, whenever they count from, in order of effect. */
  readonly losses: readonly KeptLoss[];
  /** Its standing changes of the mark of non-accrual, likewise. */
  readonly nonAccruals: readonly StandingNonAccrual[];
  /** What stands before that day of accruals that corrections among its events are of, by the entry of each. */
  readonly interest: ReadonlyMap<string, bigint>;
  /** What is known of its interest by the events before that day; null where no accrual by the server is among its events. */
  readonly interestFacts: InterestFacts | null;
  /** The payments that returns among its events are of. */
  readonly returned: readonly ReturnedPayment[];
  /** More than LIMITS.eventsDecidedAgain, or their entries more than LIMITS.entriesDecidedAgain: `events` holds none of them. */
  readonly truncated: boolean;
};

/** A history that a decision needs and does not have. */
export type HistoryRef = { readonly tenantId: string; readonly loanId: string; readonly from: string };
