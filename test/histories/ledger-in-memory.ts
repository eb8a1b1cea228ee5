import { formatAccountCode } from '../../src/domain/account-code.ts';
import { type Adjustment, type Proposal, refuseAdjustment } from '../../src/domain/adjustment.ts';
import { DEFAULT_CHART_OF_ACCOUNTS } from '../../src/domain/chart-of-accounts.ts';
import { LAYERS, layerNumber } from '../../src/domain/layer.ts';
import { type LoanState, unmadeLoan } from '../../src/domain/loan.ts';
import { readPolicy } from '../../src/domain/program.ts';
import { readCommand } from '../../src/http/posting-operation.ts';
import type { Problem } from '../../src/http/problem.ts';
import { PROBLEMS } from '../../src/http/problem-table.ts';
import { POSTING_ROUTES } from '../../src/http/routes/posting-routes.ts';
import type { Command } from '../../src/posting/command.ts';
import { scopedKey, type TenantState } from '../../src/posting/ledger-state.ts';
import { receiptFacts } from '../../src/posting/posted-receipt.ts';
import type { PlannedAccountDelta, PlannedEntry, PlannedMovement } from '../../src/posting/posting-plan.ts';
import { renderReceipt } from '../../src/posting/receipt.ts';
import { MemoryBooks } from '../posting/memory-books.ts';
import { closedThrough } from '../posting/memory-periods.ts';
import type { Policy } from '../simulation/model/reference/program.ts';
import type { LedgerAnswer, LedgerRequest } from '../simulation/model/request.ts';
import { FEE_ACCOUNT, type History, idOf } from './history.ts';
import { routeFor } from './what-exists.ts';

const TENANT = idOf('a', 1);

/** A line as the journal would show it; no loan on accounts that no loan controls, unless it says so. */
export interface ShownLine {
  readonly accountCode: string;
  readonly direction: 'DR' | 'CR';
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly layer: string;
  readonly loanId: string | null;
}

/** An entry as the journal would show it. */
export interface ShownEntry {
  readonly entryId: string;
  readonly eventId: string;
  readonly correlationId: string;
  readonly eventType: string;
  readonly effectiveAt: string;
  readonly reversesEntryId: string | null;
  readonly lines: readonly ShownLine[];
}

/** What came back, and what was written: nothing unless it was accepted. */
export interface Answered {
  readonly answer: LedgerAnswer;
  readonly postedAt: string;
  readonly entries: readonly ShownEntry[];
  readonly movements: readonly PlannedMovement[];
  readonly accountDeltas: readonly PlannedAccountDelta[];
}

const NOTHING = { entries: [], movements: [], accountDeltas: [] } as const;

/**
 * The ledger's own code from a body to a receipt, over books in memory in place of a database: the readers of the routes,
 * the decision, the plan, the renderer. Each accepted request is the next microsecond's.
 */
export class LedgerInMemory {
  readonly #books: MemoryBooks;
  readonly #bodies = new Map<string, string>();
  #posted = 0;
  #runs = 0;
  #approvals = 0;
  readonly #proposals = new Map<string, Proposal>();
  readonly #chart: ReadonlySet<number>;
  readonly #today: TenantState;

  constructor(history: History) {
    this.#today = tenantState(history);
    this.#books = new MemoryBooks([], new Map([[TENANT, this.#today]]), history.fiscalYearEndMonth);
    this.#chart = new Set([...DEFAULT_CHART_OF_ACCOUNTS.map(({ code }) => code), Number(FEE_ACCOUNT)]);
  }

  /** The loan as its row would have it; undefined when nothing made it. */
  loan(loanId: string): LoanState | undefined {
    return this.#books.loans.get(scopedKey(TENANT, loanId));
  }

  /** Answers a POST of a money route as the server would, with `actor` for the client. */
  post(request: LedgerRequest, actor: string): Answered {
    const command = this.#read(request, actor);
    return 'problem' in command ? refused(command.problem) : this.#decide(command);
  }

  /** Judges lines by hand as a proposal of theirs is judged; what is taken waits for its approval. Nothing is posted. */
  propose(body: Readonly<Record<string, unknown>>, proposedBy: string): Answered {
    const adjustment = adjustmentOf(body);
    const { businessDate } = this.#today;
    const refusal = refuseAdjustment(adjustment, {
      accountExists: (account) => this.#chart.has(account),
      loan: (loanId) => this.loan(loanId) ?? unmadeLoan(TENANT, loanId),
      calendar: { businessDate, closedThrough: closedThrough(this.#books, TENANT) },
    });
    if (refusal !== null) return refused(refusal);
    const adjustmentId = idOf('5', this.#proposals.size + 1);
    this.#proposals.set(adjustmentId, { ...adjustment, adjustmentId, proposedBy });
    const answer = { adjustment_id: adjustmentId, status: 'proposed', proposed_at: instant(this.#posted) };
    return { answer: { ...OK, status: 201, body: JSON.stringify(answer) }, postedAt: '', ...NOTHING };
  }

  /** Approves what was proposed. */
  approve(adjustmentId: string, actor: string): Answered {
    this.#approvals += 1;
    const [keyHash, payloadHash] = [idOf('f', this.#approvals), idOf('8', 2)];
    const envelope = { tenantId: TENANT, actor, key: `/approval ${this.#approvals}`, keyHash, payloadHash };
    const proposal = this.#proposals.get(adjustmentId) ?? null;
    return this.#decide({ ...envelope, kind: 'adjustment', approval: { adjustmentId, note: null, proposal } });
  }

  #decide(command: Command): Answered {
    const { decisions, plan } = this.#books.post([command]);
    const [decision] = decisions;
    if (decision === undefined) throw new Error('a command was not decided');
    if (decision.outcome === 'refused') return refused(decision.refusal);
    if (decision.outcome === 'deferred') throw new Error('a command by itself was deferred');
    const postedAt = instant(this.#posted + (decision.outcome === 'posted' ? 1 : 0));
    if (decision.outcome === 'replayed') {
      const body = this.#bodies.get(decision.entryId) ?? '';
      return { answer: { ...OK, status: 200, idempotentReplayed: 'true', body }, postedAt, ...NOTHING };
    }
    this.#posted += 1;
    const body = renderReceipt(decision.receiptVersion, receiptFacts(decision, postedAt));
    this.#bodies.set(decision.entry.entryId, body);
    return {
      answer: { ...OK, status: 201, body },
      postedAt,
      entries: [decision.entry, ...decision.following].map(shown),
      movements: plan.movements,
      accountDeltas: [...plan.accountDeltas.values()].flatMap((accounts) => [...accounts.values()]),
    };
  }

  /** What a run of accruals comes to, in one portion; its answer is what its address shows, without ids. */
  accrue(run: { readonly programId: string; readonly accrualDate: string }, actor: string): Answered {
    const own = [...this.#books.loans.values()].filter(({ programId }) => programId === run.programId);
    // In the order of the model: entries of two currencies that accrue nothing look the same.
    const loanIds = own.map(({ loanId }) => loanId);
    this.#runs += 1;
    const portion = { accrualRunId: idOf('6', this.#runs), portion: 1, ...run, loanIds, lookedAt: loanIds.length };
    const [keyHash, payloadHash] = [idOf('7', this.#runs), idOf('8', 1)];
    const envelope = { tenantId: TENANT, actor, key: `/run ${this.#runs}`, keyHash, payloadHash };
    const lastLoanId = loanIds.at(-1) ?? null;
    const { decisions, plan } = this.#books.post([
      { ...envelope, kind: 'accrual_run', portion: { ...portion, lastLoanId, isLast: true } },
    ]);
    const [decision] = decisions;
    const [done] = plan.runPortions;
    if (decision?.outcome === 'posted') this.#posted += 1;
    const loan_count = done?.accruedLoans ?? 0;
    const totals = [...Map.groupBy(done?.entries ?? [], ({ currency }) => currency)]
      .map(([currency, entries]) => {
        return { currency, accrued_minor: entries.reduce((sum, one) => sum + one.accruedMinor, 0n).toString() };
      })
      .sort((one, other) => (one.currency < other.currency ? -1 : 1));
    const body = JSON.stringify({ loan_count, skipped_count: loanIds.length - loan_count, totals });
    return {
      answer: { ...OK, status: 201, body },
      postedAt: instant(this.#posted),
      entries: decision?.outcome === 'posted' ? [decision.entry, ...decision.following].map(shown) : [],
      movements: plan.movements,
      accountDeltas: [...plan.accountDeltas.values()].flatMap((accounts) => [...accounts.values()]),
    };
  }

  #read({ path, keyHeaders, body }: LedgerRequest, actor: string): Command | { problem: Problem } {
    const found = routeFor(path);
    const route = POSTING_ROUTES.get(found?.path ?? '');
    if (found === undefined || route === undefined) throw new Error(`${path} is no money route`);
    const sender = { tenantId: TENANT, actor, key: keyHeaders[0] ?? '', params: found.params };
    return route.use((one) => readCommand(one, sender, Buffer.from(body)));
  }
}

/** The lines of a body, whose fields are well formed. */
function adjustmentOf(body: Readonly<Record<string, unknown>>): Adjustment {
  const lines = body['lines'] as readonly Readonly<Record<string, string | undefined>>[];
  return {
    effectiveAt: String(body['effective_at']),
    reasonCode: String(body['reason_code']),
    description: null,
    lines: lines.map(({ account_code, direction, amount_minor = '', currency = '', layer, loan_id }) => ({
      account: Number(account_code),
      amountMinor: direction === 'DR' ? BigInt(amount_minor) : -BigInt(amount_minor),
      currency,
      layer: layerNumber(layer ?? 'SETTLED') ?? 0,
      loanId: loan_id ?? null,
    })),
  };
}

/** The nth instant: time stands still but for what is posted. */
export function instant(count: number): string {
  return `2027-01-01T12:00:00.${count.toString().padStart(6, '0')}Z`;
}

const OK = { contentType: 'application/json', idempotentReplayed: undefined, wwwAuthenticate: undefined } as const;

function refused({ code, detail, errors, blockingEntryId }: Problem): Answered {
  const { status, title } = PROBLEMS[code];
  const problem = {
    type: `/docs/errors/${code}`,
    title,
    status,
    detail,
    instance: '',
    code,
    trace_id: '',
    ...(errors === undefined ? {} : { errors }),
    ...(blockingEntryId === undefined ? {} : { blocking_entry_id: blockingEntryId }),
  };
  const contentType = 'application/problem+json';
  const answer = { ...OK, status, contentType, body: JSON.stringify(problem) };
  return { answer, postedAt: '', ...NOTHING };
}

function shown({ entryId, eventId, correlationId, draft }: PlannedEntry): ShownEntry {
  const { eventType, effectiveAt, reversesEntryId, currency } = draft;
  const lines = draft.lines.map((line): ShownLine => {
    const isDebit = line.amountMinor > 0n;
    return {
      accountCode: formatAccountCode(line.account),
      direction: isDebit ? 'DR' : 'CR',
      amountMinor: isDebit ? line.amountMinor : -line.amountMinor,
      currency: line.currency ?? currency,
      layer: LAYERS[line.layer ?? draft.layer] ?? '',
      loanId: line.loanId,
    };
  });
  return { entryId, eventId, correlationId, eventType, effectiveAt, reversesEntryId, lines };
}

function tenantState({ programs, today }: History): TenantState {
  const [standard] = programs;
  if (standard === undefined) throw new Error('a history has a default program');
  const versions = programs.map(({ programId, currency, versions: all }) => {
    const made = all.map(({ from, policy }, at) => ({
      programId,
      currency: currency ?? null,
      version: at + 1,
      effectiveFrom: from === '' ? null : from,
      policy: readPolicy(storedPolicy(policy)),
    }));
    return [programId, made] as const;
  });
  const configuration = {
    tenantId: TENANT,
    configEpoch: 1n,
    currency: 'USD',
    defaultProgramId: standard.programId,
    closedThrough: null,
    programs: new Map(versions),
  };
  return { businessDate: today, closedThrough: null, configuration };
}

/** A policy in the form in which versions are sent and stored. */
export function storedPolicy(policy: Policy): Record<string, unknown> {
  return {
    waterfall: policy.waterfall,
    day_count_convention: policy.dayCount,
    annual_rates: policy.annualRates,
    rounding: policy.rounding,
    overpayment: policy.overpayment,
    backdating: policy.backdating,
    returns: policy.returns,
    chargeoff: policy.chargeoff,
    principal_check: policy.principalCheck,
    fee_types: Object.entries(policy.feeAccounts).map(([fee_type, income_account]) => ({ fee_type, income_account })),
  };
}
