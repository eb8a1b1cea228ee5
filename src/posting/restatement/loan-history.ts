import type { Components } from '../../domain/loan.ts';
import type { StandingNonAccrual } from '../../domain/non-accrual.ts';
import type { LoanEvent } from '../../domain/restatement/loan-event.ts';
import type { KeptLoss } from '../kept-loss.ts';

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
  /** More than LIMITS.eventsDecidedAgain: `events` holds only the first of them. */
  readonly truncated: boolean;
};

/** A history that a decision needs and does not have. */
export type HistoryRef = { readonly tenantId: string; readonly loanId: string; readonly from: string };
