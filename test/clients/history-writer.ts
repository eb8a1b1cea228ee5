import { randomUUID } from 'node:crypto';
import { DEMO_TENANT } from '../../src/postgres/access/demo.ts';
import { type GeneratedClient, receiptOf } from './generated-client.ts';

/** An entry whose 201 has come. */
export type Written = { readonly entryId: string; readonly eventType: string; readonly loanIds: readonly string[] };

type Loan = { readonly loan_id: string; readonly borrower_id: string };

const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.UTC(2020, 0, 1);
/** Days on which events take effect, all past; the order of posting has nothing to do with them. */
const DAYS = 1_000;
/** One event in so many is an accrual over both loans, while there are days left. */
const ACCRUAL_EVERY = 40;

/** Writes the histories of two loans of the demo tenant, and keeps what was acknowledged. */
export class HistoryWriter {
  readonly written: Written[];
  readonly loans: readonly [Loan, Loan];
  readonly #clients: readonly GeneratedClient[];
  #waiting: { readonly has: (entry: Written) => boolean; readonly resolve: () => void }[] = [];
  #events = 0;
  #accruals = 0;

  private constructor(clients: readonly GeneratedClient[], earlier: readonly Written[]) {
    this.#clients = clients;
    this.written = [...earlier];
    const loan = (): Loan => ({ loan_id: randomUUID(), borrower_id: randomUUID() });
    this.loans = [loan(), loan()];
  }

  /** Disburses two loans. `clients` are used in turn; `earlier` is what the tenant's journal has already. */
  static async begin(clients: readonly GeneratedClient[], earlier: readonly Written[]): Promise<HistoryWriter> {
    const writer = new HistoryWriter(clients, earlier);
    for (const loan of writer.loans) {
      const body = { ...loan, ...money('1000000000'), effective_at: dayAt(0), method: 'ach' } as const;
      const { journal_entry_id } = await receiptOf(writer.#next().postDisbursement({ headers: freshKey(), body }));
      writer.#keep('disbursement', journal_entry_id, [loan]);
    }
    return writer;
  }

  /** Of the first loan. */
  get historyLength(): number {
    return this.written.filter(({ loanIds }) => loanIds.includes(this.loans[0].loan_id)).length;
  }

  /** Writes until the first loan has so many entries. */
  async fill(entries: number, connections: number): Promise<void> {
    let missing = entries - this.historyLength;
    const work = async (): Promise<void> => {
      while (missing > 0) {
        missing -= 1;
        await this.#write(this.loans[0]);
      }
    };
    await Promise.all(Array.from({ length: connections }, work));
  }

  /** Writes to both loans for as long as `work` takes. */
  async during<Result>(work: () => Promise<Result>, connections: number): Promise<Result> {
    let done = false;
    const write = async (): Promise<void> => {
      while (!done) await this.#write(this.#events % 3 === 0 ? this.loans[1] : this.loans[0]);
    };
    const writing = Promise.all(Array.from({ length: connections }, write));
    try {
      const ended = writing.then(() => Promise.reject(new Error('nobody writes any more')));
      return await Promise.race([work(), ended]);
    } finally {
      done = true;
      await writing;
    }
  }

  /** Resolves when the next such entry has been acknowledged. */
  grown(has: (entry: Written) => boolean): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ has, resolve }));
  }

  async #write(loan: Loan): Promise<void> {
    this.#events += 1;
    const event = this.#events;
    if (event % ACCRUAL_EVERY === 0 && this.#accruals < DAYS) return this.#accrue();
    const effective_at = dayAt(1 + ((event * 367) % DAYS));
    const headers = freshKey();
    if (event % 5 === 0) {
      const body = { loan_id: loan.loan_id, ...money('2'), effective_at, fee_type: 'late_fee' };
      const { journal_entry_id } = await receiptOf(this.#next().postFee({ headers, body }));
      this.#keep('fee_assessed', journal_entry_id, [loan]);
    } else {
      const body = { ...loan, ...money('1'), effective_at, source_method: 'ach' } as const;
      const { journal_entry_id } = await receiptOf(this.#next().postPayment({ headers, body }));
      this.#keep('payment_received', journal_entry_id, [loan]);
    }
  }

  async #accrue(): Promise<void> {
    this.#accruals += 1;
    const accrued = this.#next().postAccrualBatch({
      headers: freshKey(),
      body: {
        program_id: DEMO_TENANT.defaultProgramId,
        accrual_date: dayAt(this.#accruals),
        day_count_convention: 'ACT_365',
        loans: this.loans.map(({ loan_id }) => ({ loan_id, outstanding_principal_minor: '1', interest_minor: '3' })),
      },
    });
    const { journal_entry_id } = await receiptOf(accrued);
    this.#keep('accrual', journal_entry_id, this.loans);
  }

  #keep(eventType: string, entryId: string, loans: readonly Loan[]): void {
    const entry = { entryId, eventType, loanIds: loans.map(({ loan_id }) => loan_id) };
    this.written.push(entry);
    const [seen, still] = [
      this.#waiting.filter(({ has }) => has(entry)),
      this.#waiting.filter(({ has }) => !has(entry)),
    ];
    this.#waiting = still;
    for (const { resolve } of seen) resolve();
  }

  #next(): GeneratedClient {
    const client = this.#clients[this.#events % this.#clients.length];
    if (client === undefined) throw new Error('there is no client to write with');
    return client;
  }
}

function freshKey(): { 'Idempotency-Key': string } {
  return { 'Idempotency-Key': `history:${randomUUID()}` };
}

function money(amount_minor: string): { amount_minor: string; currency: string } {
  return { amount_minor, currency: 'USD' };
}

function dayAt(day: number): string {
  return new Date(FIRST_DAY_MS + day * DAY_MS).toISOString().slice(0, 10);
}
