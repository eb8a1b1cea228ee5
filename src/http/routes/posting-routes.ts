import type { PostingRoute } from '../posting-operation.ts';
import { accrualBatches } from './accrual-batches.ts';
import { accrualCorrections } from './accrual-corrections.ts';
import { disbursementCancellations, paymentCancellations } from './cancellations.ts';
import { chargeOffs } from './charge-offs.ts';
import { disbursements } from './disbursements.ts';
import { feeWaivers } from './fee-waivers.ts';
import { fees } from './fees.ts';
import { goodwillCredits } from './goodwill-credits.ts';
import { loanRegistrations } from './loan-registrations.ts';
import { nonAccruals } from './non-accruals.ts';
import { paymentReturns } from './payment-returns.ts';
import { payments } from './payments.ts';
import { periodCloses, periodReopenings } from './period-changes.ts';
import { recoveries } from './recoveries.ts';
import { refinances } from './refinances.ts';
import { restructures } from './restructures.ts';
import { reversals } from './reversals.ts';
import { disbursementSettlements, paymentClearings, paymentSettlings } from './settlements.ts';
import { suspenseAllocations } from './suspense-allocations.ts';
import { suspenseRefunds } from './suspense-refunds.ts';

/** A posting route whose body type only it knows. */
export type AnyPostingRoute = { readonly use: <Answer>(visit: <Body>(route: PostingRoute<Body>) => Answer) => Answer };

function anyRoute<Body>(route: PostingRoute<Body>): AnyPostingRoute {
  return { use: (visit) => visit(route) };
}

/** Every POST that moves money, by its path. */
export const POSTING_ROUTES: ReadonlyMap<string, AnyPostingRoute> = new Map([
  [payments.path, anyRoute(payments)],
  [disbursements.path, anyRoute(disbursements)],
  [fees.path, anyRoute(fees)],
  [feeWaivers.path, anyRoute(feeWaivers)],
  [goodwillCredits.path, anyRoute(goodwillCredits)],
  [suspenseAllocations.path, anyRoute(suspenseAllocations)],
  [suspenseRefunds.path, anyRoute(suspenseRefunds)],
  [chargeOffs.path, anyRoute(chargeOffs)],
  [recoveries.path, anyRoute(recoveries)],
  [accrualBatches.path, anyRoute(accrualBatches)],
  [accrualCorrections.path, anyRoute(accrualCorrections)],
  [refinances.path, anyRoute(refinances)],
  [restructures.path, anyRoute(restructures)],
  [nonAccruals.path, anyRoute(nonAccruals)],
  [reversals.path, anyRoute(reversals)],
  [paymentReturns.path, anyRoute(paymentReturns)],
  [paymentClearings.path, anyRoute(paymentClearings)],
  [paymentSettlings.path, anyRoute(paymentSettlings)],
  [paymentCancellations.path, anyRoute(paymentCancellations)],
  [disbursementSettlements.path, anyRoute(disbursementSettlements)],
  [disbursementCancellations.path, anyRoute(disbursementCancellations)],
  [loanRegistrations.path, anyRoute(loanRegistrations)],
  [periodCloses.path, anyRoute(periodCloses)],
  [periodReopenings.path, anyRoute(periodReopenings)],
]);
