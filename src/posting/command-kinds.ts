import type { Command, CommandOf } from './command.ts';
import { ACCRUAL } from './kinds/accrual.ts';
import { ACCRUAL_CORRECTION } from './kinds/accrual-correction.ts';
import { ACCRUAL_RUN } from './kinds/accrual-run.ts';
import { ADJUSTMENT } from './kinds/adjustment.ts';
import { CANCELLATION } from './kinds/cancellation.ts';
import { CHARGE_OFF } from './kinds/charge-off.ts';
import type { CommandKind } from './kinds/command-kind.ts';
import { DISBURSEMENT } from './kinds/disbursement.ts';
import { DISBURSEMENT_SETTLEMENT } from './kinds/disbursement-settlement.ts';
import { FEE } from './kinds/fee.ts';
import { FEE_WAIVER } from './kinds/fee-waiver.ts';
import { GOODWILL_CREDIT } from './kinds/goodwill-credit.ts';
import { NON_ACCRUAL } from './kinds/non-accrual.ts';
import { PAYMENT } from './kinds/payment.ts';
import { PAYMENT_CLEARING } from './kinds/payment-clearing.ts';
import { PAYMENT_RETURN } from './kinds/payment-return.ts';
import { PAYMENT_SETTLING } from './kinds/payment-settling.ts';
import { PERIOD_CLOSE, PERIOD_REOPENING } from './kinds/period.ts';
import { RECOVERY } from './kinds/recovery.ts';
import { REFINANCE } from './kinds/refinance.ts';
import { REGISTRATION } from './kinds/registration.ts';
import { RESTRUCTURE } from './kinds/restructure.ts';
import { REVERSAL } from './kinds/reversal.ts';
import { SUSPENSE_ALLOCATION } from './kinds/suspense-allocation.ts';
import { SUSPENSE_REFUND } from './kinds/suspense-refund.ts';
import type { Reference } from './reference.ts';

const NONE: readonly Reference[] = [];

const KINDS: { readonly [Kind in Command['kind']]: CommandKind<CommandOf<Kind>> } = {
  payment: PAYMENT,
  disbursement: DISBURSEMENT,
  fee: FEE,
  accrual: ACCRUAL,
  accrual_run: ACCRUAL_RUN,
  accrual_correction: ACCRUAL_CORRECTION,
  fee_waiver: FEE_WAIVER,
  goodwill_credit: GOODWILL_CREDIT,
  suspense_allocation: SUSPENSE_ALLOCATION,
  suspense_refund: SUSPENSE_REFUND,
  adjustment: ADJUSTMENT,
  charge_off: CHARGE_OFF,
  recovery: RECOVERY,
  refinance: REFINANCE,
  restructure: RESTRUCTURE,
  non_accrual: NON_ACCRUAL,
  reversal: REVERSAL,
  payment_return: PAYMENT_RETURN,
  payment_settling: PAYMENT_SETTLING,
  payment_clearing: PAYMENT_CLEARING,
  disbursement_settlement: DISBURSEMENT_SETTLEMENT,
  cancellation: CANCELLATION,
  registration: REGISTRATION,
  period_close: PERIOD_CLOSE,
  period_reopening: PERIOD_REOPENING,
};

/** The kind of a command; it is to be asked about that command alone. */
export function kindOf(command: Command): CommandKind<Command> {
  return KINDS[command.kind] as CommandKind<Command>;
}

/** Every earlier entry or event that a command names. */
export function referencesOf(command: Command): readonly Reference[] {
  const { refersTo, refersToAll } = kindOf(command);
  if (refersToAll !== undefined) return refersToAll(command);
  return refersTo === null ? NONE : [refersTo(command)];
}
