import type { Command, CommandOf } from './command.ts';
import { ACCRUAL } from './kinds/accrual.ts';
import { ACCRUAL_CORRECTION } from './kinds/accrual-correction.ts';
import { ACCRUAL_RUN } from './kinds/accrual-run.ts';
import { ADJUSTMENT } from './kinds/adjustment.ts';
import { CHARGE_OFF } from './kinds/charge-off.ts';
import type { CommandKind } from './kinds/command-kind.ts';
import { DISBURSEMENT } from './kinds/disbursement.ts';
import { FEE } from './kinds/fee.ts';
import { FEE_WAIVER } from './kinds/fee-waiver.ts';
import { GOODWILL_CREDIT } from './kinds/goodwill-credit.ts';
import { PAYMENT } from './kinds/payment.ts';
import { RECOVERY } from './kinds/recovery.ts';
import { REGISTRATION } from './kinds/registration.ts';
import { REVERSAL } from './kinds/reversal.ts';
import { SUSPENSE_ALLOCATION } from './kinds/suspense-allocation.ts';
import { SUSPENSE_REFUND } from './kinds/suspense-refund.ts';

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
  reversal: REVERSAL,
  registration: REGISTRATION,
};

/** The kind of a command; it is to be asked about that command alone. */
export function kindOf(command: Command): CommandKind<Command> {
  return KINDS[command.kind] as CommandKind<Command>;
}
