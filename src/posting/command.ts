import type { AccrualBatch } from '../domain/accrual.ts';
import type { AccrualCorrection } from '../domain/accrual-correction.ts';
import type { RunPortion } from '../domain/accrual-run.ts';
import type { Approval } from '../domain/adjustment.ts';
import type { Cancellation } from '../domain/cancellation.ts';
import type { ChargeOff } from '../domain/charge-off.ts';
import type { Disbursement } from '../domain/disbursement.ts';
import type { Fee } from '../domain/fee.ts';
import type { FeeWaiver } from '../domain/fee-waiver.ts';
import type { GoodwillCredit } from '../domain/goodwill-credit.ts';
import type { LoanRegistration } from '../domain/loan-registration.ts';
import type { NonAccrual } from '../domain/non-accrual.ts';
import type { Payment } from '../domain/payment.ts';
import type { PaymentClearing } from '../domain/payment-clearing.ts';
import type { PaymentReturn } from '../domain/payment-return.ts';
import type { PeriodChange } from '../domain/period-close.ts';
import type { Recovery } from '../domain/recovery.ts';
import type { Refinance } from '../domain/refinance.ts';
import type { Restructure } from '../domain/restructure.ts';
import type { Reversal } from '../domain/reversal.ts';
import type { Settlement } from '../domain/settling.ts';
import type { SuspenseAllocation } from '../domain/suspense-allocation.ts';
import type { SuspenseRefund } from '../domain/suspense-refund.ts';

/**
 * Who asks, and under which key. `keyHash` and `payloadHash` are the first 16 bytes of a SHA-256, written as a UUID:
 * of the key's text, and of the canonical request. Plain data throughout, so that a command can cross threads.
 */
export type Envelope = {
  readonly tenantId: string;
  /** The client that sent it; kept as the entry's actor. */
  readonly actor: string;
  readonly key: string;
  readonly keyHash: string;
  readonly payloadHash: string;
};

/** Everything that the ledger can be asked to post. */
export type Command = Envelope &
  (
    | { readonly kind: 'payment'; readonly payment: Payment }
    | { readonly kind: 'disbursement'; readonly disbursement: Disbursement }
    | { readonly kind: 'fee'; readonly fee: Fee }
    | { readonly kind: 'accrual'; readonly accrual: AccrualBatch }
    | { readonly kind: 'accrual_run'; readonly portion: RunPortion }
    | { readonly kind: 'accrual_correction'; readonly correction: AccrualCorrection }
    | { readonly kind: 'fee_waiver'; readonly feeWaiver: FeeWaiver }
    | { readonly kind: 'goodwill_credit'; readonly goodwillCredit: GoodwillCredit }
    | { readonly kind: 'suspense_allocation'; readonly suspenseAllocation: SuspenseAllocation }
    | { readonly kind: 'suspense_refund'; readonly suspenseRefund: SuspenseRefund }
    | { readonly kind: 'adjustment'; readonly approval: Approval }
    | { readonly kind: 'charge_off'; readonly chargeOff: ChargeOff }
    | { readonly kind: 'recovery'; readonly recovery: Recovery }
    | { readonly kind: 'refinance'; readonly refinance: Refinance }
    | { readonly kind: 'restructure'; readonly restructure: Restructure }
    | { readonly kind: 'non_accrual'; readonly nonAccrual: NonAccrual }
    | { readonly kind: 'reversal'; readonly reversal: Reversal }
    | { readonly kind: 'payment_return'; readonly paymentReturn: PaymentReturn }
    | { readonly kind: 'payment_settling'; readonly settlement: Settlement }
    | { readonly kind: 'payment_clearing'; readonly paymentClearing: PaymentClearing }
    | { readonly kind: 'disbursement_settlement'; readonly settlement: Settlement }
    | { readonly kind: 'cancellation'; readonly cancellation: Cancellation }
    | { readonly kind: 'registration'; readonly registration: LoanRegistration }
    | { readonly kind: 'period_close'; readonly change: PeriodChange }
    | { readonly kind: 'period_reopening'; readonly change: PeriodChange }
  );

export type CommandOf<Kind extends Command['kind']> = Extract<Command, { kind: Kind }>;
