import { decideAccrualRun, type LoanOfRun } from '../../src/domain/accrual-run.ts';
import { decideDisbursement } from '../../src/domain/disbursement.ts';
import { decideFee } from '../../src/domain/fee.ts';
import { assertPostable, type EntryDraft, effectOfLines, effectsByLoan } from '../../src/domain/journal-entry.ts';
import { SETTLED } from '../../src/domain/layer.ts';
import { type Components, noComponents } from '../../src/domain/loan.ts';
import { decidePayment } from '../../src/domain/payment.ts';
import type { ProgramVersion } from '../../src/domain/program.ts';
import type { Rational } from '../../src/domain/rational.ts';
import type { Refusal } from '../../src/domain/refusal.ts';
import { type DrawnAct, type DrawnLife, type DrawnProgram, versionsOf } from './drawn-program.ts';
import { dateOf } from './interest-oracle.ts';
import { LoanOnFile } from './loan-on-file.ts';
import { date } from './random-loan.ts';

/** What stands behind an accrual of a loan: all that is posted by then, and its checkpoint's exact sum, where it has one. */
export type Accrued = { readonly date: string; readonly postedMinor: bigint; readonly exact: Rational | null };

/** A loan after all its program's days. */
export type LivedLoan = {
  readonly life: DrawnLife;
  readonly beganOn: string;
  /** From what was posted to it. */
  readonly principal: readonly { readonly from: string; readonly principalMinor: bigint }[];
  readonly accruals: readonly Accrued[];
  readonly counts: Readonly<Record<'lowered' | 'raised' | 'unmovedPrincipal' | 'fees' | 'wholeReads', number>>;
};

/** What came of a program's days. */
export type LivedProgram = {
  readonly loans: readonly LivedLoan[];
  readonly runs: number;
  /** Runs that stood for more than one night, or came later than their date. */
  readonly runsBehindMissed: number;
};

/**
 * Lives through the days of a program as its lender would: disbursements, payments and fees are decided and posted, runs are
 * decided by decideAccrualRun on what the runs before them left in the store.
 */
export function liveThrough(drawn: DrawnProgram): LivedProgram {
  const days = new ProgramDays(drawn);
  for (let day = 0; day <= drawn.nights; day += 1) days.live(day);
  return days.lived();
}

class ProgramDays {
  readonly #drawn: DrawnProgram;
  readonly #program: readonly ProgramVersion[];
  readonly #loans: readonly LoanInLife[];
  readonly #byId: ReadonlyMap<string, LoanInLife>;
  readonly #missed: Set<number>;
  #waiting: string[] = [];
  #runs = 0;
  #runsBehindMissed = 0;

  constructor(drawn: DrawnProgram) {
    this.#drawn = drawn;
    this.#program = versionsOf(drawn);
    this.#loans = drawn.lives.map((life, place) => new LoanInLife(`loan-${place}`, life, drawn));
    this.#byId = new Map(this.#loans.map((loan) => [loan.file.loan.loanId, loan]));
    this.#missed = new Set(
      drawn.outages.flatMap(({ from, days }) => Array.from({ length: days }, (_, place) => from + place)),
    );
  }

  live(day: number): void {
    const today = dateOf(this.#drawn.begins + day);
    for (const loan of this.#loans) loan.act(day, today, false, this.#program);
    if (this.#missed.has(day)) this.#waiting.push(today);
    else this.#catchUp(day, today);
    for (const loan of this.#loans) loan.act(day, today, true, this.#program);
  }

  lived(): LivedProgram {
    const loans = this.#loans.map((loan) => loan.lived());
    return { loans, runs: this.#runs, runsBehindMissed: this.#runsBehindMissed };
  }

  #catchUp(day: number, today: string): void {
    const outage = this.#drawn.outages.find(({ from, days }) => from <= day - 1 && day - 1 < from + days);
    const late = outage?.isCaughtUpDayByDay === true ? this.#waiting : [];
    if (this.#waiting.length > 0) this.#runsBehindMissed += late.length + 1;
    this.#waiting = [];
    for (const accrualDate of [...late, today]) this.#run(accrualDate);
    if (day % 100 === 0 && this.#run(today) > 0) throw new Error(`a second run of ${today} accrued once more`);
  }

  /** How many loans it accrued. */
  #run(accrualDate: string): number {
    this.#runs += 1;
    const loanIds = [...this.#byId.keys()];
    const portion = { accrualRunId: 'run', portion: 1, programId: 'program', accrualDate, loanIds };
    const entries = decideAccrualRun(
      { ...portion, lookedAt: loanIds.length, lastLoanId: null, isLast: true },
      {
        program: this.#program,
        loan: (loanId) => this.#of(loanId).file.loan,
        facts: (loanId) => this.#of(loanId).file.facts(),
      },
    );
    for (const { draft, loans } of entries) {
      assertPostable(draft);
      const effects = effectsByLoan(draft.lines);
      for (const accrued of loans) {
        this.#of(accrued.loanId).accrue(draft, effects.get(accrued.loanId) ?? noComponents(), accrued);
      }
    }
    return entries.reduce((count, { loans }) => count + loans.length, 0);
  }

  #of(loanId: string): LoanInLife {
    const loan = this.#byId.get(loanId);
    if (loan === undefined) throw new Error(`there is no ${loanId}`);
    return loan;
  }
}

class LoanInLife {
  readonly file: LoanOnFile;
  readonly #life: DrawnLife;
  readonly #beganOn: string;
  readonly #principal: { from: string; principalMinor: bigint }[] = [];
  readonly #accruals: Accrued[] = [];
  readonly #counts = { lowered: 0, raised: 0, unmovedPrincipal: 0, fees: 0 };
  #next = 0;
  #postedMinor = 0n;

  constructor(loanId: string, life: DrawnLife, { begins }: DrawnProgram) {
    this.file = new LoanOnFile(loanId, life.maturity === null ? null : date(life.maturity));
    this.#life = life;
    this.#beganOn = dateOf(begins + life.begins);
  }

  act(day: number, today: string, isBehindRun: boolean, program: readonly ProgramVersion[]): void {
    if (day === this.#life.begins && !isBehindRun) this.#post(this.#lend(this.#life.lentMinor, today, program));
    for (;;) {
      const act = this.#life.acts[this.#next];
      if (act === undefined || act.day !== day || act.isBehindRun !== isBehindRun) return;
      this.#next += 1;
      this.#do(act, today, program);
    }
  }

  accrue(draft: EntryDraft, effect: Components, accrued: LoanOfRun): void {
    this.#postedMinor += effect.interest;
    this.file.post(draft, effect, accrued);
    const exact = accrued.checkpoint?.exact ?? null;
    this.#accruals.push({ date: draft.effectiveAt, postedMinor: this.#postedMinor, exact });
  }

  lived(): LivedLoan {
    if (this.#next < this.#life.acts.length) throw new Error(`${this.file.loan.loanId} has not lived through its acts`);
    const counts = { ...this.#counts, wholeReads: this.file.wholeReads };
    const accruals = this.#accruals;
    return { life: this.#life, beganOn: this.#beganOn, principal: this.#principal, accruals, counts };
  }

  #do({ act, permille, amountMinor }: DrawnAct, today: string, program: readonly ProgramVersion[]): void {
    const { principal, interest, fees } = this.file.loan.layers[0];
    const besides = interest + fees;
    if (act === 'lend') this.#post(this.#lend(amountMinor, today, program));
    else if (act === 'charge') this.#post(this.#charge(amountMinor, today, program));
    else if (act === 'pay' && principal > 0n) {
      this.#post(this.#pay(besides + (principal * permille + 999n) / 1_000n, today, program));
    } else if (act === 'pay little' && besides > 0n) {
      this.#post(this.#pay((besides * permille + 999n) / 1_000n, today, program));
    }
  }

  #post(draft: EntryDraft | Refusal): void {
    if ('code' in draft) throw new Error(draft.detail);
    assertPostable(draft);
    const effect = effectOfLines(draft.lines);
    this.file.post(draft, effect);
    const deltaMinor = effect.principal;
    const before = this.#principal.at(-1)?.principalMinor ?? 0n;
    if (deltaMinor !== 0n) this.#principal.push({ from: draft.effectiveAt, principalMinor: before + deltaMinor });
    if (draft.eventType === 'fee_assessed') this.#counts.fees += 1;
    else if (deltaMinor > 0n) this.#counts.raised += 1;
    else if (deltaMinor < 0n) this.#counts.lowered += 1;
    else this.#counts.unmovedPrincipal += 1;
  }

  #fact(amountMinor: bigint, today: string) {
    const owner = { loanId: this.file.loan.loanId, borrowerId: 'borrower' };
    return { ...owner, amountMinor, currency: 'USD', effectiveAt: today, metadata: null, layer: SETTLED };
  }

  #meets(today: string, program: readonly ProgramVersion[]) {
    return { loan: this.file.loan, program, calendar: { businessDate: today, closedThrough: null } };
  }

  #lend(amountMinor: bigint, today: string, program: readonly ProgramVersion[]): EntryDraft | Refusal {
    const { loan } = this.file;
    const fact = { ...this.#fact(amountMinor, today), method: 'ach', destinationRef: null, programId: null, fees: [] };
    const decided = decideDisbursement(fact, { ...this.#meets(today, program), programId: 'program' });
    Object.assign(loan, { borrowerId: 'borrower', currency: 'USD', programId: 'program' });
    return decided;
  }

  #pay(amountMinor: bigint, today: string, program: readonly ProgramVersion[]): EntryDraft | Refusal {
    const fact = { ...this.#fact(amountMinor, today), sourceMethod: 'ach', externalRef: null, split: null };
    return decidePayment(fact, this.#meets(today, program));
  }

  #charge(amountMinor: bigint, today: string, program: readonly ProgramVersion[]): EntryDraft | Refusal {
    const fact = { ...this.#fact(amountMinor, today), feeType: 'late', externalRef: null, description: null };
    return decideFee(fact, this.#meets(today, program));
  }
}
