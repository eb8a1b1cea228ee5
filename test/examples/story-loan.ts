import { expect } from 'vitest';
import { allocationOf, type Components, lossOf, namedComponents, sumOf } from './components.ts';
import type { Posted, Teller } from './teller.ts';

/** What makes a loan: the name under which the story and its journal speak of it, and its ids. */
export type LoanOfStory = {
  readonly name: string;
  readonly loanId: string;
  readonly borrowerId: string;
  readonly currency: string;
  readonly program: ProgramOfStory;
};

export type ProgramOfStory = { readonly programId: string; readonly dayCount: string };

/** A night's interest as the lender's own system sends it: the principal it was counted on, and the amount. */
export type SentInterest = { readonly on: bigint; readonly interest: bigint };

/**
 * One loan of a story. Each step is one request, answered 201; amounts are minor units. `goesTo` is the allocation worked out
 * by hand; another one fails the story. `more` has further fields of the request.
 */
export class StoryLoan {
  readonly facts: LoanOfStory;
  readonly #teller: Teller;
  readonly #dates: Set<string>;

  /** `dates` gathers the days at which the story looks at its books. */
  constructor(facts: LoanOfStory, teller: Teller, dates: Set<string>) {
    this.facts = facts;
    this.#teller = teller;
    this.#dates = dates;
  }

  disburse(date: string, amount: bigint, more: object = {}): Promise<Posted> {
    const { programId } = this.facts.program;
    return this.#teller.post('/v1/disbursements', {
      ...this.#money(date, amount),
      program_id: programId,
      method: 'ach',
      ...more,
    });
  }

  /** Takes the loan over with balances of another ledger, against 3900. */
  open(date: string, balances: Components, accruedThrough: string): Promise<Posted> {
    const { loanId, borrowerId, currency, program } = this.facts;
    return this.#teller.post('/v1/loans', {
      loan_id: loanId,
      borrower_id: borrowerId,
      currency,
      program_id: program.programId,
      opening: { as_of: date, accrued_through: accruedThrough, ...namedComponents(balances) },
    });
  }

  /** A batch with this loan alone. */
  accrue(date: string, sent: SentInterest): Promise<Posted> {
    return accrueLoans(this.#teller, { date, loans: [[this, sent]] });
  }

  charge(date: string, amount: bigint, feeType = 'late_fee'): Promise<Posted> {
    return this.#teller.post('/v1/fees', { ...this.#amount(date, amount), fee_type: feeType });
  }

  waive(date: string, amount: bigint, reason = 'goodwill'): Promise<Posted> {
    return this.#teller.post('/v1/fees/waivers', { ...this.#amount(date, amount), reason_code: reason });
  }

  pay(date: string, amount: bigint, goesTo: Components, more: object = {}): Promise<Posted> {
    const body = { ...this.#money(date, amount), source_method: 'ach', ...more };
    return this.#teller.post('/v1/payments', body, goesTo);
  }

  /** A payment whose allocation the lender gives. */
  payAs(date: string, split: Components): Promise<Posted> {
    return this.pay(date, sumOf(split), split, { allocation: namedComponents(split) });
  }

  /** Takes a payment on the PENDING layer, where the whole of it waits. */
  announce(date: string, amount: bigint): Promise<Posted> {
    return this.pay(date, amount, { suspense: amount }, { layer: 'PENDING' });
  }

  /** Settles a payment that was announced. */
  settle(date: string, { eventId }: Posted, goesTo: Components): Promise<Posted> {
    return this.#teller.post(`/v1/payments/${eventId}/settlements`, { effective_at: date }, goesTo);
  }

  cancelPayment(date: string, { eventId }: Posted): Promise<Posted> {
    return this.#teller.post(`/v1/payments/${eventId}/cancellations`, { effective_at: date });
  }

  /** The first call settles a disbursement that is pending; the next one says that its money has left the bank. */
  settleDisbursement(date: string, { eventId }: Posted): Promise<Posted> {
    return this.#teller.post(`/v1/disbursements/${eventId}/settlements`, { effective_at: date });
  }

  cancelDisbursement(date: string, { eventId }: Posted): Promise<Posted> {
    return this.#teller.post(`/v1/disbursements/${eventId}/cancellations`, { effective_at: date });
  }

  /** A payment comes back, all of it, for an NSF fee or none; `comesFrom` is what it gives back, component by component. */
  bounce(date: string, payment: Posted, { nsfFee, comesFrom }: Bounce): Promise<Posted> {
    const fee = nsfFee === undefined ? {} : { nsf_fee_minor: nsfFee.toString() };
    const body = { return_code: 'R01', effective_at: date, ...fee };
    return this.#teller.post(`/v1/payments/${payment.eventId}/returns`, body, comesFrom);
  }

  restructure(date: string, terms: NewTerms): Promise<Posted> {
    const body = { loan_id: this.facts.loanId, effective_at: date, ...namedComponents(terms) };
    return this.#teller.post('/v1/restructures', body);
  }

  /** Stops counting the loan's interest as income, or begins again. */
  nonAccrual(date: string, action: 'enter' | 'exit'): Promise<Posted> {
    return this.#teller.post(`/v1/loans/${this.facts.loanId}/non-accrual`, { effective_at: date, action });
  }

  credit(date: string, amount: bigint, goesTo: Components): Promise<Posted> {
    return this.#teller.post('/v1/goodwill-credits', this.#money(date, amount), goesTo);
  }

  /** Applies suspense, up to `amount`. */
  applySuspense(date: string, amount: bigint, goesTo: Components): Promise<Posted> {
    return this.#teller.post('/v1/payments/allocations', this.#amount(date, amount), goesTo);
  }

  refund(date: string, amount: bigint): Promise<Posted> {
    return this.#teller.post('/v1/suspense-refunds', { ...this.#amount(date, amount), method: 'ach' });
  }

  /** Charges off all that is outstanding, which has to be `takes`. */
  chargeOff(date: string, reason: string, takes: Components): Promise<Posted> {
    const body = { loan_id: this.facts.loanId, effective_at: date, reason_code: reason };
    return this.#teller.post('/v1/chargeoffs', body, takes);
  }

  /** Charges off a part. */
  chargeOffPart(date: string, reason: string, components: Omit<Components, 'suspense'>): Promise<Posted> {
    const body = { loan_id: this.facts.loanId, effective_at: date, reason_code: reason };
    return this.#teller.post('/v1/chargeoffs', { ...body, components: namedComponents(components) }, components);
  }

  recover(date: string, amount: bigint, goesTo: Components): Promise<Posted> {
    return this.#teller.post('/v1/recoveries', { ...this.#money(date, amount), source_method: 'ach' }, goesTo);
  }

  /** What the loan had on the PENDING layer on each date. */
  async hasPending(byDate: Readonly<Record<string, Components>>): Promise<void> {
    for (const [date, { principal = 0n, suspense = 0n }] of Object.entries(byDate)) {
      const { json } = await this.#teller.ask(this.balancePath({ date, layer: 'PENDING' }));
      expect({ date, ...Object(json) }).toMatchObject({
        date,
        principal_outstanding_minor: principal.toString(),
        suspense_minor: suspense.toString(),
      });
    }
  }

  /** What the loan owed on each date; `knownAt`: as the ledger knew it then. */
  async owes(byDate: Readonly<Record<string, Components>>, knownAt?: string): Promise<void> {
    for (const [date, components] of Object.entries(byDate)) {
      this.#dates.add(date);
      const { json } = await this.#teller.ask(
        this.balancePath({ date, ...(knownAt === undefined ? {} : { knownAt }) }),
      );
      const { principal = 0n, interest = 0n, fees = 0n, suspense = 0n } = components;
      expect({ date, ...Object(json) }).toMatchObject({
        date,
        currency: this.facts.currency,
        principal_outstanding_minor: principal.toString(),
        interest_receivable_minor: interest.toString(),
        fees_receivable_minor: fees.toString(),
        suspense_minor: suspense.toString(),
        total_exposure_minor: (principal + interest + fees).toString(),
      });
    }
  }

  /** What the loan is now; `memoInterest` is what stands beside the books while it is on non-accrual. */
  async is(
    status: 'undisbursed' | 'active' | 'charged_off',
    { memoInterest = 0n, ...components }: Components & { readonly memoInterest?: bigint },
  ): Promise<void> {
    const { json } = await this.#teller.ask(`/v1/loans/${this.facts.loanId}`);
    const memo = { memo_interest_minor: memoInterest.toString() };
    expect(json).toMatchObject({ status, components: { ...allocationOf(components), ...memo } });
  }

  /** Since when the loan is on non-accrual; null: it is not. */
  async isNonAccrualSince(date: string | null): Promise<void> {
    const { json } = await this.#teller.ask(`/v1/loans/${this.facts.loanId}`);
    expect(json).toMatchObject({ non_accrual_since: date });
  }

  /** What was charged off of the loan, and what came back. */
  async lost(chargedOff: Components, recovered: Components): Promise<void> {
    const { json } = await this.#teller.ask(`/v1/loans/${this.facts.loanId}`);
    expect(json).toMatchObject({ charged_off: lossOf(chargedOff), recovered: lossOf(recovered) });
  }

  /** The balance to ask for. */
  balancePath(asked: { readonly date?: string; readonly knownAt?: string; readonly layer?: string }): string {
    const query = new URLSearchParams();
    if (asked.date !== undefined) query.set('as_of_date', asked.date);
    if (asked.knownAt !== undefined) query.set('known_at', asked.knownAt);
    if (asked.layer !== undefined) query.set('layer', asked.layer);
    return `/v1/loans/${this.facts.loanId}/balance?${query}`;
  }

  #amount(date: string, amount: bigint): object {
    const { loanId, currency } = this.facts;
    return { loan_id: loanId, amount_minor: amount.toString(), currency, effective_at: date };
  }

  #money(date: string, amount: bigint): object {
    return { borrower_id: this.facts.borrowerId, ...this.#amount(date, amount) };
  }
}

/** What comes back with a payment, and what the lender charges for it. */
export type Bounce = { readonly nsfFee?: bigint; readonly comesFrom: Components };

/** What a restructure makes of a loan; each is the name of its field without `_minor`. */
export type NewTerms = {
  readonly capitalize_interest?: bigint;
  readonly capitalize_fees?: bigint;
  readonly forgive_principal?: bigint;
  readonly forgive_interest?: bigint;
};

/** A batch over loans of one program, as their lender's system computed it. */
export type SentBatch = {
  readonly date: string;
  readonly loans: readonly (readonly [StoryLoan, SentInterest])[];
};

/** Posts a batch. */
export function accrueLoans(teller: Teller, { date, loans }: SentBatch): Promise<Posted> {
  const program = loans[0]?.[0].facts.program;
  if (program === undefined) throw new Error('a batch needs a loan');
  return teller.post('/v1/accruals/batch', {
    program_id: program.programId,
    accrual_date: date,
    day_count_convention: program.dayCount,
    loans: loans.map(([loan, { on, interest }]) => ({
      loan_id: loan.facts.loanId,
      outstanding_principal_minor: on.toString(),
      interest_minor: interest.toString(),
    })),
  });
}
