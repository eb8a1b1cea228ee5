import { answerObject } from './comparison.ts';
import type { EventPull, JournalWalk } from './journal-walk.ts';
import { entryOf, type TenantLedger } from './model/ledger.ts';
import type { Now } from './model/reference/setting.ts';
import type { LedgerAnswer, LedgerRequest } from './model/request.ts';
import { balancePath, getRequest } from './read-programme.ts';
import { addDifference, type SimulationReport } from './report.ts';
import type { SimulationTarget, Wire } from './wire.ts';

/** An answer that must come back the same for ever. */
export interface FixedAnswer {
  readonly request: LedgerRequest;
  readonly body: string;
  readonly status: number;
}

/** Most probes on their way at once: they must not crowd out the writes that they watch. */
const PROBES_AT_ONCE = 24;

/** Probes for each hundred commands: up to the first bar of any loan, beyond it of hot ones alone. */
const PROBES_PER_HUNDRED = 3;
const HOT_PROBES_PER_HUNDRED = 10;

/** What all workers of a run share: the wire, the books, what has been seen, what is on its way. */
export class Course {
  readonly target: SimulationTarget;
  readonly wire: Wire;
  readonly ledgers: readonly TenantLedger[];
  readonly report: SimulationReport;
  /** Every `posted_at` answered so far, by tenant, in the order of arrival. */
  readonly seenPostedAt: readonly string[][];
  readonly fixedAnswers: FixedAnswer[] = [];
  /** Balances read while the loan was being written to, with no `known_at`: each must be some past of the loan. */
  readonly snapshots: FixedAnswer[] = [];
  /** Lists that were read while others wrote to them. */
  readonly walks: JournalWalk[] = [];
  /** Events that were pulled while others posted. */
  readonly pulls: EventPull[] = [];
  /** Loans whose state the model has lost, after an answer that it cannot explain. */
  readonly lostLoans = new Set<string>();
  /** Entries that are being named, by tenant. */
  readonly naming = new Map<number, Promise<void>>();
  readonly #newest: string[];
  readonly #onTheirWay: readonly Map<string, number>[];
  readonly #probes = new Set<Promise<unknown>>();
  readonly #failures: unknown[] = [];
  #sent = 0;

  constructor(options: {
    readonly target: SimulationTarget;
    readonly wire: Wire;
    readonly ledgers: readonly TenantLedger[];
    readonly report: SimulationReport;
  }) {
    this.target = options.target;
    this.wire = options.wire;
    this.ledgers = options.ledgers;
    this.report = options.report;
    this.seenPostedAt = options.ledgers.map(() => []);
    this.#newest = options.ledgers.map(() => '');
    this.#onTheirWay = options.ledgers.map(() => new Map());
  }

  /** The tenant's books. */
  ledger(tenant: number): TenantLedger {
    const ledger = this.ledgers[tenant];
    if (ledger === undefined) throw new Error(`there is no tenant ${tenant}`);
    return ledger;
  }

  /** The tenant's present, as decisions see it. */
  now(tenant: number): Now {
    const businessDate = this.target.tenants[tenant]?.businessDate;
    if (businessDate === undefined) throw new Error(`there is no tenant ${tenant}`);
    return { businessDate, principal: 'one' };
  }

  /** The newest `posted_at` that any answer to this tenant has shown. */
  newest(tenant: number): string {
    return this.#newest[tenant] ?? '';
  }

  /** Sends a writing request about these loans and takes note of what it shows. */
  async write(
    request: LedgerRequest,
    { loanIds, process }: { readonly loanIds: readonly string[]; readonly process: number },
  ): Promise<LedgerAnswer> {
    const way = this.#onTheirWay[request.tenant];
    for (const loanId of loanIds) way?.set(loanId, (way.get(loanId) ?? 0) + 1);
    this.report.commands += 1;
    const answer = await this.wire.send(request, process);
    for (const loanId of loanIds) {
      const left = (way?.get(loanId) ?? 1) - 1;
      if (left > 0) way?.set(loanId, left);
      else way?.delete(loanId);
    }
    this.#tally(answer, process);
    if (answer.status === 201) this.#notePostedAt(request.tenant, answer);
    return answer;
  }

  /** Sends a read to the processes in turn. */
  async read(request: LedgerRequest): Promise<LedgerAnswer> {
    this.#sent += 1;
    const answer = await this.wire.send(request, this.#sent);
    this.#tallyRefusal(answer);
    return answer;
  }

  /** Counts a disagreement. */
  differ(
    at: string,
    {
      request,
      answer,
      found,
    }: { readonly request: LedgerRequest; readonly answer: LedgerAnswer; readonly found: readonly string[] },
  ): void {
    const { method, path, keyHeaders, body, token } = request;
    addDifference(this.report, {
      at,
      tenant: request.tenant,
      found,
      request: `${method} ${path} ${keyHeaders.join(' | ')} token=${token} ${body.slice(0, 600)}`,
      answer: `${answer.status} ${answer.body.slice(0, 600)}`,
    });
  }

  /** Counts disagreements about a list as a whole. */
  differWalk(at: string, tenant: number, found: readonly string[]): void {
    addDifference(this.report, { at, tenant, found: found.slice(0, 20), request: 'all pages', answer: 'see found' });
  }

  /** Waits for every probe that is still on its way. Throws when one of the run had no answer. */
  async settleProbes(): Promise<void> {
    await Promise.all(this.#probes);
    if (this.#failures.length > 0) throw new AggregateError(this.#failures, 'probes had no answer');
  }

  #tally(answer: LedgerAnswer, process: number): void {
    const { report } = this;
    if (answer.status === 200 && answer.idempotentReplayed === 'true') report.replayed += 1;
    this.#tallyRefusal(answer);
    if (answer.status !== 201) return;
    const at = process % report.postedByProcess.length;
    report.postedByProcess[at] = (report.postedByProcess[at] ?? 0) + 1;
  }

  #tallyRefusal(answer: LedgerAnswer): void {
    if (answer.status < 400) return;
    const code = answerObject(answer.body)?.['code'];
    if (typeof code === 'string') this.report.refusals[code] = (this.report.refusals[code] ?? 0) + 1;
  }

  #notePostedAt(tenant: number, answer: LedgerAnswer): void {
    const postedAt = answerObject(answer.body)?.['posted_at'];
    if (typeof postedAt !== 'string') return;
    this.seenPostedAt[tenant]?.push(postedAt);
    if (postedAt <= this.newest(tenant)) return;
    this.#newest[tenant] = postedAt;
    this.#startProbe(tenant, postedAt);
  }

  /**
   * Asks at once for a loan that is being written to, as known at the instant just learnt. A ledger
   * that gives an entry a time before the moment at which it can be seen has, with some luck, an
   * entry of this loan that is older than that instant and not yet visible: the answer then changes.
   */
  #startProbe(tenant: number, knownAt: string): void {
    const { report } = this;
    if (this.#probes.size >= PROBES_AT_ONCE) return;
    // The map keeps the order of sending: what has been on its way longest comes first.
    const way = [...(this.#onTheirWay[tenant] ?? [])].filter(([loanId]) => this.ledger(tenant).loans.has(loanId));
    const hot = way.filter(([, writes]) => writes >= 2);
    const choice = hot.length > 0 ? hot : way;
    const perHundred = hot.length > 0 ? HOT_PROBES_PER_HUNDRED : PROBES_PER_HUNDRED;
    // By turns what has waited longest, where the fault shows best, and any other.
    const at = report.probes % 2 === 0 ? 0 : report.probes % Math.max(choice.length, 1);
    const loanId = choice[at]?.[0];
    if (loanId === undefined || report.probes * 100 > report.commands * perHundred) return;
    report.probes += 1;
    if (hot.length > 0) report.probesOfHotLoans += 1;
    const question = { tenant, loanId, knownAt: report.probes % 8 === 0 ? undefined : knownAt };
    const probe = this.#probe(question)
      .catch((cause: unknown) => {
        this.#failures.push(cause);
      })
      .finally(() => this.#probes.delete(probe));
    this.#probes.add(probe);
  }

  async #probe({
    tenant,
    loanId,
    knownAt,
  }: {
    readonly tenant: number;
    readonly loanId: string;
    readonly knownAt: string | undefined;
  }): Promise<void> {
    const { businessDate } = this.now(tenant);
    const parameters =
      knownAt === undefined ? { as_of_date: businessDate } : { as_of_date: businessDate, known_at: knownAt };
    const request = getRequest(tenant, balancePath(loanId, parameters));
    const answer = await this.read(request);
    const kept = { request, body: answer.body, status: answer.status };
    if (knownAt === undefined) this.snapshots.push(kept);
    else this.fixedAnswers.push(kept);
  }
}

/** Takes over the correlation id that an answer shows, for the entry and for the one that it reverses. */
export function learnCorrelation(ledger: TenantLedger, body: Readonly<Record<string, unknown>> | undefined): void {
  const [entryId, correlationId] = [body?.['journal_entry_id'], body?.['correlation_id']];
  if (typeof entryId !== 'string' || typeof correlationId !== 'string') return;
  const entry = entryOf(ledger, entryId);
  entry.correlationId = correlationId;
  const { reversesEntryId } = entry.plan;
  const reversed = reversesEntryId === undefined ? undefined : entryOf(ledger, reversesEntryId);
  // What a restatement put in an event's place carries the correlation of what restated it.
  if (reversed?.modelCorrelationId === entry.modelCorrelationId) reversed.correlationId = correlationId;
}
