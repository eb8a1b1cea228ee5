import type { Policy } from './program.ts';
import type { Line, Receivable, Split } from './terms.ts';

/** What every event of one loan says: whose, how much, when. */
interface MoneyFields {
  readonly loanId: string;
  /** undefined where the contract lets the borrower be left out. */
  readonly borrowerId: string | undefined;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly effectiveAt: string;
}

/** POST /v1/disbursements */
export interface DisbursementCommand extends MoneyFields {
  readonly kind: 'disbursement';
  readonly layer: 'SETTLED' | 'PENDING';
  readonly programId: string | undefined;
  /** Withheld. */
  readonly fees: readonly { readonly feeType: string; readonly amountMinor: bigint }[];
}

/** POST /v1/payments */
export interface PaymentCommand extends MoneyFields {
  readonly kind: 'payment';
  readonly layer: 'SETTLED' | 'PENDING';
  readonly allocation: Split | undefined;
}

/** POST /v1/recoveries */
export interface RecoveryCommand extends MoneyFields {
  readonly kind: 'recovery';
  readonly allocation: Split | undefined;
}

/** POST /v1/goodwill-credits */
export interface GoodwillCommand extends MoneyFields {
  readonly kind: 'goodwill';
  readonly allocation: Split | undefined;
}

/** POST /v1/fees */
export interface FeeCommand extends MoneyFields {
  readonly kind: 'fee';
  readonly feeType: string;
}

/** POST /v1/fees/waivers */
export interface WaiverCommand extends MoneyFields {
  readonly kind: 'waiver';
}

/** POST /v1/payments/allocations; without an amount all that is there. */
export interface AllocationCommand extends Omit<MoneyFields, 'amountMinor'> {
  readonly kind: 'allocation';
  readonly amountMinor: bigint | undefined;
}

/** POST /v1/suspense-refunds */
export interface RefundCommand extends MoneyFields {
  readonly kind: 'refund';
}

/** POST /v1/payments/{payment_event_id}/returns; without an amount what has not come back yet. */
export interface ReturnCommand {
  readonly kind: 'return';
  readonly eventId: string;
  readonly effectiveAt: string;
  readonly amountMinor: bigint | undefined;
  readonly nsfFeeMinor: bigint;
  readonly policy: 'mirror' | 'principal' | undefined;
}

/** POST /v1/payments/{id}/settlements, /cancellations and the same of disbursements. */
export interface PendingCommand {
  readonly kind: 'settle_payment' | 'cancel_payment' | 'settle_disbursement' | 'cancel_disbursement';
  readonly eventId: string;
  readonly effectiveAt: string;
}

/** POST /v1/payments/settlements */
export interface ClearingCommand {
  readonly kind: 'clearing';
  readonly entryIds: readonly string[];
  readonly effectiveAt: string;
}

/** POST /v1/accruals/batch */
export interface AccrualCommand {
  readonly kind: 'accrual';
  readonly programId: string;
  readonly effectiveAt: string;
  readonly loans: readonly {
    readonly loanId: string;
    readonly principalMinor: bigint;
    readonly interestMinor: bigint;
  }[];
}

/** POST /v1/accruals/runs */
export interface RunCommand {
  readonly kind: 'run';
  readonly programId: string;
  readonly effectiveAt: string;
}

/** POST /v1/accruals/{accrual_event_id}/corrections: what each loan's interest of that batch should have been. */
export interface CorrectionCommand {
  readonly kind: 'correction';
  readonly eventId: string;
  readonly effectiveAt: string;
  readonly loans: readonly { readonly loanId: string; readonly interestMinor: bigint }[];
}

/** POST /v1/chargeoffs; without components everything outstanding. */
export interface ChargeoffCommand {
  readonly kind: 'chargeoff';
  readonly loanId: string;
  readonly effectiveAt: string;
  readonly reasonCode: string;
  readonly components: Record<Receivable, bigint> | undefined;
}

/** POST /v1/refinances */
export interface RefinanceCommand {
  readonly kind: 'refinance';
  readonly oldLoanId: string;
  readonly newLoanId: string;
  readonly borrowerId: string;
  readonly newMoneyMinor: bigint;
  readonly currency: string;
  readonly effectiveAt: string;
  readonly programId: string | undefined;
}

/** POST /v1/restructures */
export interface RestructureCommand {
  readonly kind: 'restructure';
  readonly loanId: string;
  readonly effectiveAt: string;
  readonly capitalizeInterestMinor: bigint;
  readonly capitalizeFeesMinor: bigint;
  readonly forgivePrincipalMinor: bigint;
  readonly forgiveInterestMinor: bigint;
}

/** POST /v1/loans/{loan_id}/non-accrual */
export interface NonAccrualCommand {
  readonly kind: 'non_accrual';
  readonly loanId: string;
  readonly effectiveAt: string;
  readonly action: 'enter' | 'exit';
}

/** POST /v1/reversals */
export interface ReversalCommand {
  readonly kind: 'reversal';
  readonly reversesEntryId: string;
  readonly effectiveAt: string;
}

/** POST /v1/adjustments */
export interface ProposalCommand {
  readonly kind: 'proposal';
  readonly effectiveAt: string;
  readonly lines: readonly Line[];
}

/** POST /v1/adjustments/{id}/approvals and /rejections */
export interface VerdictCommand {
  readonly kind: 'approval' | 'rejection';
  readonly adjustmentId: string;
}

/** POST /v1/loans */
export interface RegistrationCommand {
  readonly kind: 'registration';
  readonly loanId: string;
  readonly borrowerId: string;
  readonly currency: string;
  readonly programId: string | undefined;
  readonly annualRate: string | undefined;
  readonly maturity: string | undefined;
  readonly opening: (Split & { readonly asOf: string; readonly accruedThrough: string | undefined }) | undefined;
}

/** POST /v1/programs, and /v1/programs/{id}/versions with the day it begins. */
export interface ProgramCommand {
  readonly kind: 'program' | 'version';
  /** undefined for a new program, whose id the answer gives. */
  readonly programId: string | undefined;
  readonly from: string | undefined;
  readonly currency: string | undefined;
  /** What is not named is at its default, in a new version as the version in force on its day has it. */
  readonly policy: Partial<Policy>;
}

/** POST /v1/periods/{period}/close and …/reopen, of a month `YYYY-MM`. */
export interface PeriodCommand {
  readonly kind: 'close' | 'reopen';
  readonly period: string;
}

/** Every writing call of the contract that is an event of a loan, or that such events need. */
export type Command =
  | DisbursementCommand
  | PaymentCommand
  | RecoveryCommand
  | GoodwillCommand
  | FeeCommand
  | WaiverCommand
  | AllocationCommand
  | RefundCommand
  | ReturnCommand
  | PendingCommand
  | ClearingCommand
  | AccrualCommand
  | RunCommand
  | CorrectionCommand
  | ChargeoffCommand
  | RefinanceCommand
  | RestructureCommand
  | NonAccrualCommand
  | ReversalCommand
  | ProposalCommand
  | VerdictCommand
  | RegistrationCommand
  | ProgramCommand
  | PeriodCommand;
