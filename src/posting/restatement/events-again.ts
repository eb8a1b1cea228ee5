import type { EventType } from '../../domain/event-type.ts';
import { ACCRUAL_AGAIN } from '../kinds/accrual.ts';
import { CHARGE_OFF_AGAIN } from '../kinds/charge-off.ts';
import { DISBURSEMENT_AGAIN } from '../kinds/disbursement.ts';
import { FEE_AGAIN } from '../kinds/fee.ts';
import { FEE_WAIVER_AGAIN } from '../kinds/fee-waiver.ts';
import { GOODWILL_CREDIT_AGAIN } from '../kinds/goodwill-credit.ts';
import { NON_ACCRUAL_AGAIN } from '../kinds/non-accrual.ts';
import { PAYMENT_RETURN_AGAIN } from '../kinds/payment-return.ts';
import { REFINANCE_AGAIN } from '../kinds/refinance.ts';
import { OPENING_AGAIN } from '../kinds/registration.ts';
import { RESTRUCTURE_AGAIN } from '../kinds/restructure.ts';
import { SUSPENSE_ALLOCATION_AGAIN } from '../kinds/suspense-allocation.ts';
import { SUSPENSE_REFUND_AGAIN } from '../kinds/suspense-refund.ts';
import type { Again } from './again.ts';
import { MONEY_IN_AGAIN } from './money-in-again.ts';

/** By event type. Those that are missing name no loan, or, as reversals, are no events by themselves. */
export const EVENTS_AGAIN: Partial<Readonly<Record<EventType, Again>>> = {
  accrual: ACCRUAL_AGAIN,
  chargeoff: CHARGE_OFF_AGAIN,
  disbursement: DISBURSEMENT_AGAIN,
  fee_assessed: FEE_AGAIN,
  fee_waived: FEE_WAIVER_AGAIN,
  goodwill_credit: GOODWILL_CREDIT_AGAIN,
  manual_adjustment: OPENING_AGAIN,
  payment_allocated: SUSPENSE_ALLOCATION_AGAIN,
  non_accrual: NON_ACCRUAL_AGAIN,
  payment_received: MONEY_IN_AGAIN,
  payment_returned: PAYMENT_RETURN_AGAIN,
  recovery: MONEY_IN_AGAIN,
  refinance: REFINANCE_AGAIN,
  restructure: RESTRUCTURE_AGAIN,
  suspense_refunded: SUSPENSE_REFUND_AGAIN,
};
