import { ACCOUNT } from './account-code.ts';
import { refuseOutOfRange } from './component-range.ts';
import { type Calendar, refuseBeforeDisbursement, refuseClosedPeriod, refuseFuture } from './dating.ts';
import { type EntryDraft, effectOfLines, LoanLines } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import { componentsOn, type LoanState } from './loan.ts';
import { currencyOf, ownerOf, refuseUnknownLoan } from './loan-identity.ts';
import { refuseChargedOff } from './loan-standing.ts';
import type { FieldProblem, Refusal } from './refusal.ts';

/** New terms for a loan: what becomes principal, and what is forgiven (POST /v1/restructures). Not all four are 0. */
export type Restructure = {
  readonly loanId: string;
  readonly effectiveAt: string;
  readonly capitalizeInterestMinor: bigint;
  readonly capitalizeFeesMinor: bigint;
  readonly forgivePrincipalMinor: bigint;
  readonly forgiveInterestMinor: bigint;
  readonly description: string | null;
  readonly metadata: string | null;
};

/** What a restructure meets. */
export type RestructureContext = { readonly loan: LoanState; readonly calendar: Calendar };

/**
 * Books a restructure: DR 1100 for what is capitalised, DR 5100 for principal and DR 4900 for interest forgiven; CR 1200,
 * 1300, 1100. Principal is forgiven out of what it is before anything is capitalised; memo interest is left alone.
 */
export function decideRestructure(
  restructure: Restructure,
  { loan, calendar }: RestructureContext,
): Refusal | EntryDraft {
  const { effectiveAt, capitalizeInterestMinor, capitalizeFeesMinor } = restructure;
  const { forgivePrincipalMinor, forgiveInterestMinor } = restructure;
  const refused =
    refuseUnknownLoan(loan) ??
    refuseFuture(effectiveAt, calendar, 'effective_at') ??
    refuseBeforeDisbursement(effectiveAt, loan, 'effective_at') ??
    refuseClosedPeriod(effectiveAt, calendar, 'effective_at') ??
    refuseChargedOff(loan) ??
    refuseExcess(restructure, loan);
  if (refused !== null) return refused;
  const owner = ownerOf(loan);
  const { lines } = new LoanLines(owner)
    .debit(ACCOUNT.principalReceivable, capitalizeInterestMinor + capitalizeFeesMinor)
    .debit(ACCOUNT.principalForgiven, forgivePrincipalMinor)
    .debit(ACCOUNT.interestChargedOff, forgiveInterestMinor)
    .credit(ACCOUNT.interestReceivable, capitalizeInterestMinor + forgiveInterestMinor)
    .credit(ACCOUNT.feesReceivable, capitalizeFeesMinor)
    .credit(ACCOUNT.principalReceivable, forgivePrincipalMinor);
  const field = capitalizeInterestMinor > 0n ? 'capitalize_interest_minor' : 'capitalize_fees_minor';
  const outOfRange = refuseOutOfRange(loan, { layer: SETTLED, effect: effectOfLines(lines), field });
  if (outOfRange !== null) return outOfRange;
  return {
    eventType: 'restructure',
    effectiveAt,
    currency: currencyOf(loan),
    layer: SETTLED,
    ...owner,
    lines,
    reversesEntryId: null,
    externalRef: null,
    description: restructure.description,
    eventInput: {
      capitalize_interest_minor: capitalizeInterestMinor.toString(),
      capitalize_fees_minor: capitalizeFeesMinor.toString(),
      forgive_principal_minor: forgivePrincipalMinor.toString(),
      forgive_interest_minor: forgiveInterestMinor.toString(),
    },
    metadata: restructure.metadata,
  };
}

/** Every amount that is more than its component has, at once. */
function refuseExcess(restructure: Restructure, loan: LoanState): Refusal | null {
  const { capitalizeInterestMinor, capitalizeFeesMinor, forgivePrincipalMinor, forgiveInterestMinor } = restructure;
  const { principal, interest, fees } = componentsOn(loan, SETTLED);
  const errors: FieldProblem[] = [];
  const compare = (field: string, asked: bigint, has: bigint) => {
    if (asked <= has) return;
    const message = `${asked} is more than the ${has} outstanding`;
    errors.push({ field, code: 'amount_exceeds_outstanding', message });
  };
  compare('capitalize_interest_minor', capitalizeInterestMinor, interest);
  compare('capitalize_fees_minor', capitalizeFeesMinor, fees);
  compare('forgive_principal_minor', forgivePrincipalMinor, principal);
  // What is capitalised is no longer there to be forgiven.
  const left = capitalizeInterestMinor < interest ? interest - capitalizeInterestMinor : 0n;
  compare('forgive_interest_minor', forgiveInterestMinor, left);
  if (errors.length === 0) return null;
  const detail = `loan ${loan.loanId} has less outstanding than is to be capitalised or forgiven`;
  return { code: 'amount_exceeds_outstanding', detail, errors };
}
