import { join } from 'node:path';
import { expect } from 'vitest';
import { type TenantApi, textAt } from '../http/tenant-api.ts';
import { type EntryOfJournal, journalText, type ToldEntry, tellEntries } from './journal-text.ts';
import { compareJournal } from './recorded-journal.ts';
import { accrueLoans, type LoanOfStory, type ProgramOfStory, type SentBatch, StoryLoan } from './story-loan.ts';
import { type Posted, Teller } from './teller.ts';

/** A worked loan: `name` is the name of its file and of the journal beside it, `title` the sentence that it shows. */
export type StoryScript = {
  readonly name: string;
  readonly title: string;
  /** What its program has besides the defaults of `TERMS`. */
  readonly program?: object;
  tell(story: Story): Promise<void>;
};

/** What a loan has of its own: dollars, the story's program and a borrower of its own are the defaults. */
export type LoanChoices = {
  readonly currency?: string;
  readonly program?: ProgramOfStory;
  readonly borrowerOf?: StoryLoan;
};

/** A line that a lender's accountant proposes; on a control account it names its loan. */
export type AdjustmentLine = readonly ['DR' | 'CR', code: number, amount: bigint, loan?: StoryLoan];

/** Normal balances by account code, in minor units; an account that is not named has 0. */
export type Books = Readonly<Record<number, bigint>>;

/**
 * The terms of every story's program unless it says otherwise: 18.25 % a year over 365 days is 0.05 % of the principal for
 * each night, so that a story's interest can be worked out in the head. A batch that counts on another principal than the
 * ledger's is refused.
 */
const TERMS = {
  day_count_convention: 'ACT_365',
  annual_rates: [{ from: '2024-01-01', rate: '0.1825' }],
  principal_check: 'reject',
};

const FOLDER = join(import.meta.dirname, 'stories');

/** A tenant of its own, whose loans live through one story. */
export class Story {
  readonly teller: Teller;
  readonly #program: ProgramOfStory;
  readonly #loans: StoryLoan[] = [];
  readonly #dates = new Set<string>();
  readonly #remembered = new Map<string, string>();

  private constructor(teller: Teller, program: ProgramOfStory) {
    this.teller = teller;
    this.#program = program;
  }

  /** Tells `script` to its end in the books of `api`, a tenant that has none yet, and compares its journal. */
  static async run(script: StoryScript, api: TenantApi): Promise<void> {
    const teller = new Teller(api);
    const story = new Story(teller, await newProgram(api, script.program ?? {}));
    await script.tell(story);
    await story.#end(script);
  }

  /** Another program, with the terms of every story but for `changes`. */
  program(changes: object): Promise<ProgramOfStory> {
    return newProgram(this.teller.api, changes);
  }

  /** A loan that nothing happened to yet. Its ids are counted, so that they are the same in each run. */
  loan(name: string, facts: LoanChoices = {}): StoryLoan {
    const number = String(this.#loans.length + 1).padStart(12, '0');
    const loan: LoanOfStory = {
      name,
      loanId: `00000000-0000-4000-8000-${number}`,
      borrowerId: facts.borrowerOf?.facts.borrowerId ?? `00000000-0000-4000-9000-${number}`,
      currency: facts.currency ?? 'USD',
      program: facts.program ?? this.#program,
    };
    const made = new StoryLoan(loan, this.teller, this.#dates);
    this.#loans.push(made);
    return made;
  }

  /** That a step had `entries` others decided again. */
  restated({ answer }: Posted, entries: number): void {
    expect(answer.json).toMatchObject({ restatement: { entries } });
  }

  /** One batch over several loans. */
  accrue(date: string, ...loans: SentBatch['loans']): Promise<Posted> {
    return accrueLoans(this.teller, { date, loans });
  }

  /** Reverses a step on `date`. */
  reverse(date: string, { entryId }: Posted, reason = 'error_correction'): Promise<Posted> {
    return this.teller.post('/v1/reversals', {
      reverses_entry_id: entryId,
      reason_code: reason,
      effective_at: date,
    });
  }

  /** The bank's statement has these payments, recoveries, returns and refunds, as one sum. */
  clear(date: string, bankRef: string, ...steps: readonly Posted[]): Promise<Posted> {
    return this.teller.post('/v1/payments/settlements', {
      journal_entry_ids: steps.map(({ entryId }) => entryId),
      bank_ref: bankRef,
      effective_at: date,
    });
  }

  /** A loan takes the place of another, with new money. */
  refinance(
    date: string,
    loans: { readonly old: StoryLoan; readonly into: StoryLoan },
    newMoney: bigint,
  ): Promise<Posted> {
    const { old, into } = loans;
    return this.teller.post('/v1/refinances', {
      old_loan_id: old.facts.loanId,
      new_loan_id: into.facts.loanId,
      borrower_id: into.facts.borrowerId,
      new_money_minor: newMoney.toString(),
      currency: into.facts.currency,
      effective_at: date,
      program_id: into.facts.program.programId,
    });
  }

  /** Posts what the interest of loans in a batch should have been. */
  correct(date: string, batch: Posted, ...loans: readonly (readonly [StoryLoan, bigint])[]): Promise<Posted> {
    return this.teller.post(`/v1/accruals/${batch.eventId}/corrections`, {
      effective_at: date,
      reason_code: 'error_correction',
      loans: loans.map(([{ facts }, interest]) => ({ loan_id: facts.loanId, interest_minor: interest.toString() })),
    });
  }

  /** Proposes an adjustment and answers its id; nothing is posted. */
  async propose(date: string, ...lines: readonly AdjustmentLine[]): Promise<string> {
    const answer = await this.teller.accept('/v1/adjustments', {
      lines: lines.map(([direction, code, amount, loan]) => ({
        account_code: String(code),
        direction,
        amount_minor: amount.toString(),
        currency: loan?.facts.currency ?? 'USD',
        ...(loan === undefined ? {} : { loan_id: loan.facts.loanId }),
      })),
      reason_code: 'other',
      effective_at: date,
    });
    return textAt(answer, 'adjustment_id');
  }

  /** Approves it, as the one who proposed or as a colleague. */
  async approve(adjustmentId: string, by: 'proposer' | 'colleague'): Promise<Posted> {
    const client = by === 'proposer' ? this.teller.api : await this.teller.api.colleague();
    return this.teller.postAs(client, `/v1/adjustments/${adjustmentId}/approvals`, {});
  }

  /**
   * Asks for the balances of all loans and accounts on `dates` as known at this instant of the story, and answers the instant.
   * At its end they are asked for again and have to be the same, byte for byte.
   */
  async remember(...dates: readonly string[]): Promise<string> {
    const knownAt = this.teller.now;
    for (const date of dates) {
      this.#dates.add(date);
      for (const loan of this.#loans) await this.#keep(loan.balancePath({ date, knownAt }));
      for (const code of (await this.#chart()).keys()) {
        for (const currency of this.#currencies()) {
          const query = new URLSearchParams({ currency, as_of_date: date, known_at: knownAt });
          await this.#keep(`/v1/accounts/${code}/balance?${query}`);
        }
      }
    }
    return knownAt;
  }

  /** The trial balance of each currency on a date: debits equal credits, and every account of the chart is as worked out. */
  async books(date: string, expected: Readonly<Record<string, Books>>): Promise<void> {
    expect(Object.keys(expected).sort()).toEqual(this.#currencies());
    for (const [currency, books] of Object.entries(expected)) {
      const { balances } = await this.#trial(date, currency);
      const wanted = Object.entries(books).filter(([, balance]) => balance !== 0n);
      expect({ date, currency, balances }).toEqual({ date, currency, balances: Object.fromEntries(wanted) });
    }
  }

  async #end(script: StoryScript): Promise<void> {
    for (const [path, text] of this.#remembered) expect((await this.teller.ask(path)).text).toBe(text);
    for (const date of this.#dates) {
      for (const currency of this.#currencies()) await this.#trial(date, currency);
      await this.#reconcile(`?as_of_date=${date}`);
    }
    await this.#reconcile('');
    const entries = tellEntries(await this.#journal());
    await this.#compareFold(entries);
    const loans = new Map(this.#loans.map(({ facts }) => [facts.loanId, facts.name]));
    const text = journalText(script.title, entries, { loans, accounts: await this.#chart() });
    compareJournal(join(FOLDER, `${script.name}.journal.txt`), text);
  }

  /** Debits equal credits; answers the balances that are not 0, each on its account's normal side. */
  async #trial(date: string, currency: string): Promise<{ readonly balances: Record<string, bigint> }> {
    const balances: Record<string, bigint> = {};
    let [debits, credits] = [0n, 0n];
    for (const code of (await this.#chart()).keys()) {
      this.#dates.add(date);
      const answer = await this.teller.ask(`/v1/accounts/${code}/balance?currency=${currency}&as_of_date=${date}`);
      debits += BigInt(textAt(answer, 'dr_balance_minor'));
      credits += BigInt(textAt(answer, 'cr_balance_minor'));
      const balance = BigInt(textAt(answer, 'normal_balance_minor'));
      if (balance !== 0n) balances[code] = balance;
    }
    expect({ date, currency, debits }).toEqual({ date, currency, debits: credits });
    return { balances };
  }

  /** Control accounts against the sub-ledgers of loans, and balances against their lines. */
  async #reconcile(query: string): Promise<void> {
    const { json } = await this.teller.ask(`/v1/reconciliation/status${query}`);
    const status = json as { readonly by_currency: readonly object[] };
    expect(status).toMatchObject({ ledger_integrity: { status: 'ok' }, portfolio_rollup: { status: 'ok' } });
    for (const one of status.by_currency) {
      expect(one).toMatchObject({ ledger_integrity: { status: 'ok' }, portfolio_rollup: { status: 'ok' } });
    }
  }

  /** What the ledger knew of each loan right after each entry is what the lines up to it sum to. */
  async #compareFold(entries: readonly ToldEntry[]): Promise<void> {
    // Entries of one request may share an instant; the last of them is what was known at it.
    const known = new Map(
      entries.flatMap(({ entry, after }) =>
        after.map((loan) => [`${entry.posted_at} ${loan.loanId} ${loan.layer}`, { knownAt: entry.posted_at, loan }]),
      ),
    );
    for (const { knownAt, loan } of known.values()) {
      const { principal, interest, fees, suspense } = loan.components;
      const ofLoan = this.#loans.find(({ facts }) => facts.loanId === loan.loanId);
      if (ofLoan === undefined) throw new Error(`the story has no loan ${loan.loanId}`);
      const { json } = await this.teller.ask(ofLoan.balancePath({ knownAt, layer: loan.layer }));
      expect(json).toMatchObject({
        principal_outstanding_minor: principal.toString(),
        interest_receivable_minor: interest.toString(),
        fees_receivable_minor: fees.toString(),
        suspense_minor: suspense.toString(),
      });
    }
    for (const { facts } of this.#loans) await this.#compareMemo(facts.loanId, entries);
  }

  async #compareMemo(loanId: string, entries: readonly ToldEntry[]): Promise<void> {
    const last = entries
      .flatMap(({ after }) => after)
      .findLast((loan) => loan.loanId === loanId && loan.layer === 'SETTLED');
    // A loan of which every step was refused is none.
    if (last === undefined) return;
    const { json } = await this.teller.ask(`/v1/loans/${loanId}`);
    expect(json).toMatchObject({ components: { memo_interest_minor: last.components['memo interest'].toString() } });
  }

  async #keep(path: string): Promise<void> {
    const answer = await this.teller.api.get(path);
    // A loan that comes later in the story is not known yet.
    if (answer.status === 200) this.#remembered.set(path, answer.text);
    else expect(answer.json).toMatchObject({ code: 'loan_not_found' });
  }

  #currencies(): readonly string[] {
    return [...new Set(this.#loans.map(({ facts }) => facts.currency))].sort();
  }

  /** Every entry of the tenant in the order of posting; a story is shorter than a page. */
  async #journal(): Promise<readonly EntryOfJournal[]> {
    const { json } = await this.teller.ask('/v1/journal-entries?order=asc&page_size=500');
    const page = json as { readonly items: readonly EntryOfJournal[]; readonly next_page_token: string | null };
    expect(page.next_page_token).toBeNull();
    return page.items;
  }

  /** Names of accounts by their codes. */
  async #chart(): Promise<ReadonlyMap<string, string>> {
    const { json } = await this.teller.ask('/v1/accounts?page_size=500');
    const { items } = json as { readonly items: readonly { readonly account_code: string; readonly name: string }[] };
    return new Map(items.map(({ account_code: code, name }) => [code, name]));
  }
}

async function newProgram(api: TenantApi, changes: object): Promise<ProgramOfStory> {
  const answer = await api.post('/v1/programs', { name: 'The loans of a story', ...TERMS, ...changes });
  if (answer.status !== 201) throw new Error(`no program: ${answer.status} ${answer.text}`);
  return { programId: textAt(answer, 'program_id'), dayCount: textAt(answer, 'day_count_convention') };
}
