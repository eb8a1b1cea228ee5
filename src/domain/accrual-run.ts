import { ACCOUNT } from './account-code.ts';
import { addDays, type CalendarDate, parseCalendarDate } from './calendar-date.ts';
import { rangeProblem } from './component-range.ts';
import { ownRate, type ProgramTerms, programTerms, rateOfVersions } from './interest-terms.ts';
import type { DraftLine, EntryDraft } from './journal-entry.ts';
import { SETTLED } from './layer.ts';
import { type LoanState, noComponents } from './loan.ts';
import {
  accrualsOfLife,
  accrualsSince,
  type InterestCheckpoint,
  type InterestEvent,
  inEffectiveOrder,
  reachesBehind,
} from './loan-accruals.ts';
import { type DueInterest, dueInterest } from './loan-interest.ts';
import { isOnNonAccrual } from './loan-standing.ts';
import { MINOR_MAX } from './money.ts';
import { type ProgramVersion, versionInForce } from './program.ts';
import { type Rational, sum } from './rational.ts';

/** Some loans of a program whose interest up to a date the server computes: one portion of a run. */
export type RunPortion = {
  readonly accrualRunId: string;
  /** Counts from 1. */
  readonly portion: number;
  readonly programId: string;
  readonly accrualDate: string;
  /** Loans that looked as if they accrued. */
  readonly loanIds: readonly string[];
  /** Loans that were looked at for it, with those that were passed over. */
  readonly lookedAt: number;
  /** The next portion begins behind this loan; null: there was none. */
  readonly lastLoanId: string | null;
  readonly isLast: boolean;
};

/** What the ledger knows of a loan's interest. */
export type InterestFacts = {
  /** The last date that a standing accrual has; null: none. */
  readonly accruedOn: string | null;
  /** The loan's own rate; null: its program's rates hold. */
  readonly annualRate: Rational | null;
  readonly maturity: CalendarDate | null;
  /** Of an opening that stands: the day through which interest is in it. */
  readonly accruedThrough: CalendarDate | null;
  readonly checkpoint: InterestCheckpoint | null;
  /** Behind the checkpoint, or from the beginning on where there is none; in the order in which they were posted. */
  readonly events: readonly InterestEvent[];
};

/** What a portion meets. */
export type RunContext = {
  readonly program: readonly ProgramVersion[];
  readonly loan: (loanId: string) => LoanState;
  readonly facts: (loanId: string) => InterestFacts;
};

/** A loan of a run's entry. */
export type LoanOfRun = {
  readonly loanId: string;
  /** Outstanding in the last of the nights. */
  readonly principalMinor: bigint;
  /** Posted, and what its nights are worth exactly. */
  readonly interestMinor: bigint;
  readonly exact: Rational;
  /** How far the interest of the loan is counted by it; null where a later change of principal is known already. */
  readonly checkpoint: InterestCheckpoint | null;
};

/** One entry of a portion, with what it says of each of its loans. */
export type EntryOfRun = {
  readonly draft: EntryDraft;
  /** The day count of the last night. */
  readonly dayCountConvention: string;
  readonly loans: readonly LoanOfRun[];
  readonly accruedMinor: bigint;
};

/**
 * Books the interest that the loans of a portion have earned up to its date and that was not accrued: one entry for each
 * currency, DR 1200 and CR 4000 as a client's batch has them, of loans on non-accrual DR 9100 and CR 9200. A loan that has
 * accrued on or after the date, is charged off, has not begun or has no rate is passed over (ACCOUNTING.md section 4, "A
 * run"), and so is one whose interest would pass 18 digits. No entries: every loan was.
 */
export function decideAccrualRun(portion: RunPortion, context: RunContext): readonly EntryOfRun[] {
  const date = parseCalendarDate(portion.accrualDate);
  if (date === undefined) throw new Error(`${portion.accrualDate} is not a date`);
  const terms = programTerms(context.program);
  const byCurrency = new Map<string, EntryInMaking[]>();
  for (const loanId of portion.loanIds) {
    const loan = context.loan(loanId);
    const facts = context.facts(loanId);
    if (loan.currency === null || isPassedOver(loan, facts, { date, program: context.program })) continue;
    const accrued = interestOfLoan(loan, facts, { date, program: context.program, terms });
    if (!fits(loan, accrued.interestMinor)) continue;
    const entries = byCurrency.get(loan.currency) ?? [];
    byCurrency.set(loan.currency, entries);
    // The income is one line, and no amount has more than 18 digits.
    if (entries.at(-1)?.add(loan, accrued) !== true) entries.push(new EntryInMaking(loan, accrued));
  }
  const convention = versionInForce(context.program, addDays(date, -1)).policy.dayCountConvention;
  return [...byCurrency].flatMap(([currency, entries]) =>
    entries.map((entry) => entry.done({ portion, currency, convention })),
  );
}

/** A run's date, and the program of its loans. */
type Night = { readonly date: CalendarDate; readonly program: readonly ProgramVersion[] };

function isPassedOver(loan: LoanState, facts: InterestFacts, night: Night): boolean {
  const { date, program } = night;
  if (facts.accruedOn !== null && facts.accruedOn >= date) return true;
  if (isReplayed(program) && loan.frontier !== null && loan.frontier > date) return true;
  return earnsNothing(loan, facts, night);
}

function isReplayed(program: readonly ProgramVersion[]): boolean {
  return program[0]?.policy.backdating === 'replay';
}

function earnsNothing(loan: LoanState, facts: InterestFacts, { date, program }: Night): boolean {
  const begins = beginningOf(loan, facts);
  if (loan.borrowerId === null || loan.standing.status === 'charged_off' || begins === null || begins > date)
    return true;
  return facts.annualRate === null && rateOfVersions(program, addDays(date, -1)) === undefined;
}

/**
 * One loan's part of a run's accrual at its place in the loan's life, computed anew on what the loan was there (ACCOUNTING.md
 * rule 11); null where a run would have passed the loan over: it is 0 then and stands for no nights (decisions/0016 answer 33).
 */
export function interestAgain(
  loan: LoanState,
  facts: InterestFacts,
  night: Night & { readonly terms: ProgramTerms },
): LoanOfRun | null {
  if (earnsNothing(loan, facts, night)) return null;
  const accrued = interestOfLoan(loan, facts, night);
  return fits(loan, accrued.interestMinor) ? accrued : null;
}

/** What was known of a loan's interest at the beginning of a day, of all that its whole life tells. */
export function interestBefore(facts: InterestFacts, day: string): InterestFacts {
  if (facts.checkpoint !== null) throw new Error('what is known of interest from a checkpoint on is no whole life');
  const events = facts.events.filter(({ effectiveAt }) => effectiveAt < day);
  const isOpened = events.some(({ eventType, beginsOn }) => eventType === 'manual_adjustment' && beginsOn !== null);
  return { ...facts, accruedOn: null, accruedThrough: isOpened ? facts.accruedThrough : null, events };
}

/** Where interest begins: at the first standing disbursement, of an opening where its interest ends. */
function beginningOf({ firstDisbursedOn }: LoanState, { accruedThrough }: InterestFacts): CalendarDate | null {
  if (firstDisbursedOn === null) return null;
  const disbursed = firstDisbursedOn as CalendarDate;
  return accruedThrough !== null && accruedThrough < disbursed ? accruedThrough : disbursed;
}

function interestOfLoan(
  loan: LoanState,
  facts: InterestFacts,
  { date, program, terms }: Night & { readonly terms: ProgramTerms },
): LoanOfRun {
  const { checkpoint, annualRate, maturity } = facts;
  // Which nights an accrual stands for is decided by the accruals before it, under replay in the order of effect.
  const events = isReplayed(program) ? inEffectiveOrder(facts.events) : facts.events;
  if (checkpoint !== null && reachesBehind(checkpoint, events)) throw new Error(`loan ${loan.loanId} was read in part`);
  const begins = beginningOf(loan, facts);
  if (begins === null) throw new Error(`loan ${loan.loanId} has not begun`);
  const from = checkpoint !== null && checkpoint.principalFrom > begins ? checkpoint.principalFrom : begins;
  const life = checkpoint === null ? accrualsOfLife(events) : accrualsSince(checkpoint, events, from);
  const rates = annualRate === null ? terms.rates : ownRate(annualRate);
  const history = { begins: from, principal: life.principal, rates, dayCounts: terms.dayCounts, maturity };
  const { rounding } = versionInForce(program, date).policy;
  const due = dueInterest(history, life.accruals, { date, rounding });
  return {
    loanId: loan.loanId,
    principalMinor: life.principal.findLast((step) => step.from < date)?.principalMinor ?? 0n,
    interestMinor: due.postMinor,
    exact: due.exact,
    checkpoint: checkpointAt(date, life, due),
  };
}

/** Every night up to the date stands in an accrual now, whatever stood in none before. */
function checkpointAt(
  date: CalendarDate,
  life: ReturnType<typeof accrualsOfLife>,
  due: DueInterest,
): InterestCheckpoint | null {
  const last = life.principal.at(-1);
  if (last === undefined || last.from > date) return null;
  return {
    through: date,
    exact: sum(...life.accruals.map(({ exact }) => exact), due.exact),
    postedMinor: life.accruals.reduce((total, { postedMinor }) => total + postedMinor, due.postMinor),
    principalFrom: last.from,
    principalMinor: last.principalMinor,
  };
}

function fits(loan: LoanState, interestMinor: bigint): boolean {
  const component = isOnNonAccrual(loan) ? 'memoInterest' : 'interest';
  const effect = { ...noComponents(), [component]: interestMinor };
  return rangeProblem(loan, { layer: SETTLED, effect, field: 'loan_id' }) === null;
}

/** An entry whose loans are still being looked for. */
class EntryInMaking {
  readonly #loans: LoanOfRun[] = [];
  readonly #lines: DraftLine[] = [];
  #incomeMinor = 0n;
  #memoMinor = 0n;

  constructor(loan: LoanState, accrued: LoanOfRun) {
    this.add(loan, accrued);
  }

  /** False: its income would pass 18 digits, and it is as it was. */
  add(loan: LoanState, accrued: LoanOfRun): boolean {
    const { loanId, interestMinor } = accrued;
    if (this.#incomeMinor + this.#memoMinor + interestMinor > MINOR_MAX) return false;
    const memo = isOnNonAccrual(loan);
    if (memo) this.#memoMinor += interestMinor;
    else this.#incomeMinor += interestMinor;
    this.#loans.push(accrued);
    if (interestMinor === 0n) return true;
    const account = memo ? ACCOUNT.nonAccrualInterestReceivable : ACCOUNT.interestReceivable;
    this.#lines.push({ account, amountMinor: interestMinor, loanId, borrowerId: loan.borrowerId });
    return true;
  }

  done(by: { readonly portion: RunPortion; readonly currency: string; readonly convention: string }): EntryOfRun {
    const { programId, accrualDate, accrualRunId } = by.portion;
    const income = [
      { account: ACCOUNT.interestIncome, amountMinor: -this.#incomeMinor, loanId: null, borrowerId: null },
      { account: ACCOUNT.nonAccrualInterestIncome, amountMinor: -this.#memoMinor, loanId: null, borrowerId: null },
    ];
    const draft: EntryDraft = {
      eventType: 'accrual',
      effectiveAt: accrualDate,
      currency: by.currency,
      layer: SETTLED,
      loanId: null,
      borrowerId: null,
      lines: [...this.#lines, ...income.filter(({ amountMinor }) => amountMinor !== 0n)],
      unmovedLoanIds: this.#loans.flatMap(({ loanId, interestMinor }) => (interestMinor === 0n ? [loanId] : [])),
      reversesEntryId: null,
      externalRef: null,
      description: null,
      eventInput: {
        program_id: programId,
        day_count_convention: by.convention,
        loan_count: this.#loans.length,
        accrual_run_id: accrualRunId,
      },
      metadata: null,
    };
    return {
      draft,
      dayCountConvention: by.convention,
      loans: this.#loans,
      accruedMinor: this.#incomeMinor + this.#memoMinor,
    };
  }
}
