import type { InterestFacts, LoanOfRun } from '../../src/domain/accrual-run.ts';
import type { CalendarDate } from '../../src/domain/calendar-date.ts';
import type { EntryDraft } from '../../src/domain/journal-entry.ts';
import { addComponents, type Components, type LoanState, unmadeLoan } from '../../src/domain/loan.ts';
import { beginningBy, type InterestEvent, reachesBehind } from '../../src/domain/loan-accruals.ts';
import { formatRational } from '../../src/domain/rational.ts';
import { readRational } from '../../src/postgres/posting/stored-interest.ts';

/** The checkpoint as it is stored, its fraction as text, and how many events of the loan lie before it. */
type Counted = {
  readonly checkpoint: Omit<NonNullable<LoanOfRun['checkpoint']>, 'exact'>;
  readonly exact: string;
  readonly events: number;
};

/** A loan between runs: what a run reads of its interest is what src/postgres/posting/stored-interest.ts would read. */
export class LoanOnFile {
  readonly loan: LoanState;
  readonly maturity: CalendarDate | null;
  readonly #events: InterestEvent[] = [];
  #counted: Counted | null = null;
  #accruedOn: string | null = null;
  /** How often a run needed its whole life although something of it had been counted, or was forgotten since. */
  wholeReads = 0;

  constructor(loanId: string, maturity: CalendarDate | null) {
    this.loan = unmadeLoan('tenant', loanId);
    this.maturity = maturity;
  }

  facts(): InterestFacts {
    const known = {
      accruedOn: this.#accruedOn,
      annualRate: null,
      maturity: this.maturity,
      accruedThrough: null,
    };
    if (this.#counted !== null) {
      const { checkpoint, exact, events } = this.#counted;
      const since = this.#events.slice(events);
      const counted = { ...checkpoint, exact: readRational(exact) };
      if (!reachesBehind(counted, since)) return { ...known, checkpoint: counted, events: since };
    }
    if (this.#accruedOn !== null) this.wholeReads += 1;
    return { ...known, checkpoint: null, events: this.#events };
  }

  /** Posts what an entry does to the loan; `accrued` is what a run says of it. */
  post({ eventType, effectiveAt }: EntryDraft, effect: Components, accrued: LoanOfRun | null = null): void {
    const { loan } = this;
    addComponents(loan.layers[0], effect);
    loan.loanSeq += 1;
    if (loan.frontier === null || effectiveAt > loan.frontier) loan.frontier = effectiveAt;
    const moved = { eventType, effectiveAt: effectiveAt as CalendarDate, principalMinor: effect.principal };
    this.#events.push({
      ...moved,
      entryId: `${loan.loanId}-${loan.loanSeq}`,
      interestMinor: effect.interest + effect.memoInterest,
      reversesEntryId: null,
      correctsEntryId: null,
      exact: accrued?.exact ?? null,
      beginsOn: beginningBy(moved, null),
    });
    if (eventType === 'disbursement') loan.firstDisbursedOn ??= effectiveAt;
    if (accrued !== null) this.#count(effectiveAt, accrued);
  }

  #count(date: string, { checkpoint }: LoanOfRun): void {
    if (this.#accruedOn === null || date > this.#accruedOn) this.#accruedOn = date;
    if (checkpoint === null) {
      this.#counted = null;
      return;
    }
    const { exact, ...others } = checkpoint;
    this.#counted = { checkpoint: others, exact: formatRational(exact), events: this.#events.length };
  }
}
