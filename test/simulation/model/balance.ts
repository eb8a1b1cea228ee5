import { COMPONENTS, type Components, type Layer, type Loan, noComponents } from './ledger.ts';

/** Which past of a loan is asked for. */
interface BalanceQuestion {
  readonly asOfDate: string;
  /** With six digits; undefined: everything known now. */
  readonly knownAt: string | undefined;
  readonly layer: Layer;
}

/** A loan's balance on both clocks. */
interface Balance {
  readonly components: Components;
  /** `posted_at` of the latest entry counted; null when none is. */
  readonly lastActivityAt: string | null;
}

/** Folds every posting effective up to the date, recorded up to the instant, on the layer (ACCOUNTING.md rule 5). */
export function balanceOf(loan: Loan, { asOfDate, knownAt, layer }: BalanceQuestion): Balance {
  const components = noComponents();
  let lastActivityAt: string | null = null;
  for (const posting of loan.postings) {
    if (posting.layer !== layer || posting.effectiveAt > asOfDate) continue;
    if (knownAt !== undefined && posting.postedAt > knownAt) continue;
    components[posting.component] += posting.deltaMinor;
    if (lastActivityAt === null || posting.postedAt > lastActivityAt) lastActivityAt = posting.postedAt;
  }
  return { components, lastActivityAt };
}

/** The fields of GET /v1/loans/{loan_id}/balance, all of them. */
export function balanceBody(loan: Loan, question: BalanceQuestion): Record<string, string | null> {
  const { components, lastActivityAt } = balanceOf(loan, question);
  const { fees, interest, principal, suspense } = components;
  return {
    loan_id: loan.loanId,
    currency: loan.currency,
    as_of_date: question.asOfDate,
    principal_outstanding_minor: principal.toString(),
    interest_receivable_minor: interest.toString(),
    fees_receivable_minor: fees.toString(),
    total_exposure_minor: (fees + interest + principal).toString(),
    suspense_minor: suspense.toString(),
    last_activity_at: lastActivityAt,
  };
}

/** True when the running sums equal the fold of the loan's postings: the model's check of itself. */
export function presentEqualsFold(loan: Loan, layer: Layer): boolean {
  const { components } = balanceOf(loan, { asOfDate: '9999-12-31', knownAt: undefined, layer });
  return COMPONENTS.every((name) => components[name] === loan.present[layer][name]);
}
