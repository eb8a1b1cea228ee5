import { formatAccountCode } from '../../src/domain/account-code.ts';
import {
  lineDifferences,
  objectDifferences,
  postedDifferences,
  refusalDifferences,
  replayDifferences,
} from '../simulation/answer-differences.ts';
import { addDays, daysBetween } from '../simulation/instant.ts';
import type { Proposal } from '../simulation/model/reference/books.ts';
import { type Expectation, expectAnswer } from '../simulation/model/reference/expectation.ts';
import { book, type Planned } from '../simulation/model/reference/posting.ts';
import { accountBody, componentsOf, type Past, standingOf } from '../simulation/model/reference/reads.ts';
import type { RouteKind } from '../simulation/model/reference/route-rules.ts';
import type { Now } from '../simulation/model/reference/setting.ts';
import { LAYERS } from '../simulation/model/reference/terms.ts';
import type { LedgerRequest } from '../simulation/model/request.ts';
import { Random } from '../simulation/random.ts';
import { adjustmentOf } from './adjustment-step.ts';
import type { Counts } from './counts.ts';
import { FEE_ACCOUNT, type History, type Step } from './history.ts';
import { KeptBalances } from './kept-balances.ts';
import { type Answered, instant, LedgerInMemory, type ShownEntry } from './ledger-in-memory.ts';
import { metBy } from './meetings.ts';
import { movementRange } from './movement-range.ts';
import { periodOf } from './period-step.ts';
import { runOf } from './run-step.ts';
import { requestOf, type StepRequest } from './step-request.ts';
import { World } from './world.ts';

/** A step that was sent, for a history written down. */
export interface Sent {
  readonly asked: StepRequest;
  readonly request: LedgerRequest;
  readonly outcome: string;
}

/** How a history went: empty `found` when ledger and model agreed to its end. */
export interface Life {
  readonly sent: readonly Sent[];
  readonly found: readonly string[];
}

type Posted = Extract<Expectation, { kind: 'posted' }>;

/** Lives a history through in the ledger and in the model, up to the first difference. */
export function live(history: History, counts: Counts): Life {
  const life = new Living(history, counts);
  for (const step of history.steps) {
    const asked = askedOf(life.world, step);
    if (asked === undefined) continue;
    const found = life.step(asked, new Random(`reads:${step.seed}`));
    if (found.length > 0) return { sent: life.sent, found };
  }
  return { sent: life.sent, found: life.atTheEnd() };
}

function askedOf(world: World, step: Step): StepRequest | undefined {
  const { kind, seed } = step;
  if (kind === 'run') return runOf(world, step);
  if (kind === 'close' || kind === 'reopen') return periodOf(world, { kind, seed });
  return kind === 'adjustment' ? adjustmentOf(world, step) : requestOf(world, { kind, seed });
}

/** An adjustment is written by its approval. */
function routeKindOf({ kind }: StepRequest): RouteKind {
  return kind === 'adjustment' ? 'approval' : kind;
}

class Living {
  readonly world: World;
  readonly sent: Sent[] = [];
  readonly #ledger: LedgerInMemory;
  readonly #counts: Counts;
  readonly #kept = new KeptBalances();
  #posted = 0;

  constructor(history: History, counts: Counts) {
    this.world = new World(history);
    this.#ledger = new LedgerInMemory(history);
    this.#counts = counts;
  }

  /** Sends to both what a step asks for and compares everything that can be seen of it. */
  step(asked: StepRequest, random: Random): string[] {
    if (asked.kind === 'run') return this.#accrue(asked, random);
    return asked.kind === 'adjustment' ? this.#adjust(asked, random) : this.#send(asked, random);
  }

  #send(step: StepRequest, random: Random): string[] {
    const { books } = this.world;
    const { asked, request } = this.#request(step, random);
    const expected = expectAnswer(books, request, this.#now('one'));
    const met = metBy(this.world, asked, expected);
    const answered = this.#ledger.post(request, 'one');
    this.sent.push({ asked, request, outcome: `${answered.answer.status} ${outcomeOf(expected)}` });
    this.#counts.command(asked.kind, outcomeOf(expected), met);
    const found = this.#compare(routeKindOf(asked), expected, answered);
    if (found.length > 0) return found;
    const closing = expected.kind === 'posted' ? expected.posting.entries[0] : undefined;
    const isYearEnd = closing?.eventType === 'period_closed' && closing.lines.length > 0;
    if (isYearEnd) return this.#readIncome(closing.effectiveAt);
    return random.chance(0.5) ? this.#read(random) : [];
  }

  /** Runs accruals in both and compares what they come to and their entries. */
  #accrue(asked: StepRequest, random: Random): string[] {
    const { books } = this.world;
    const request = this.#newRequest(asked);
    const expected = expectAnswer(books, request, this.#now('one'));
    if (expected.kind !== 'posted') throw new Error(`a run of an open day is foretold as ${outcomeOf(expected)}`);
    const { program_id: programId, accrual_date: accrualDate } = asked.body;
    const run = { programId: String(programId), accrualDate: String(accrualDate) };
    const answered = this.#ledger.accrue(run, 'one');
    this.sent.push({ asked, request, outcome: answered.answer.body });
    this.#counts.command(asked.kind, 'posted', metBy(this.world, asked, expected));
    const found = objectDifferences(expected.posting.answer, JSON.parse(answered.answer.body));
    if (found.length > 0) return found;
    found.push(...this.#compareBooked(expected, answered));
    return found.length > 0 || random.chance(0.5) ? found : this.#read(random);
  }

  /** Proposes lines by hand and has them approved by somebody else: at once, later, or never. */
  #adjust(asked: StepRequest, random: Random): string[] {
    const { books } = this.world;
    const waiting = [...books.proposals.values()].find(({ status }) => status === 'proposed');
    if (waiting !== undefined && random.chance(0.4)) return this.#approve(asked, { proposal: waiting, random });
    const request = this.#newRequest(asked);
    const expected = expectAnswer(books, request, this.#now('one'));
    const { answer, postedAt } = this.#ledger.propose(asked.body, 'one');
    this.sent.push({ asked, request, outcome: `${answer.status} ${outcomeOf(expected)}` });
    if (expected.kind === 'refused') {
      this.#counts.command(asked.kind, outcomeOf(expected));
      return refusalDifferences(expected.refusal, answer);
    }
    const proposal = expected.kind === 'posted' ? expected.posting.proposal : undefined;
    if (expected.kind !== 'posted' || proposal === undefined) throw new Error(`a proposal is ${expected.kind}`);
    const found = postedDifferences('proposal', expected.posting, answer);
    if (found.length > 0) return found;
    const name = String(JSON.parse(answer.body).adjustment_id);
    book(books, expected.posting, { postedAt, eventIds: [name] });
    this.world.nameEvent(proposal.adjustmentId, name);
    // Some stand so long that the loans are others by then.
    if (random.chance(0.85)) return this.#approve(asked, { proposal, random });
    this.#counts.command('proposal', 'posted');
    return [];
  }

  /** Now and then by the proposer, or of one that was judged before. */
  #approve(asked: StepRequest, { proposal, random }: { proposal: Proposal; random: Random }): string[] {
    const { books } = this.world;
    const judged = random.chance(0.04) ? random.pick([...books.proposals.values()]) : proposal;
    const name = this.world.eventName(judged.adjustmentId);
    const approval = { ...asked, path: `/v1/adjustments/${name}/approvals`, body: {} };
    const request = this.#newRequest(approval);
    const actor = random.chance(0.05) ? 'one' : 'two';
    const expected = expectAnswer(books, request, this.#now(actor));
    const met = metBy(this.world, approval, expected);
    const answered = this.#ledger.approve(name, actor);
    this.sent.push({ asked: approval, request, outcome: `${answered.answer.status} ${outcomeOf(expected)}` });
    this.#counts.command(asked.kind, outcomeOf(expected), met);
    const found = this.#compare(routeKindOf(asked), expected, answered);
    return found.length > 0 || random.chance(0.5) ? found : this.#read(random);
  }

  /** Control accounts against sub-ledgers, at every date, on every layer, on both clocks; and every loan once more. */
  atTheEnd(): string[] {
    const { books, history } = this.world;
    const found = this.#kept.untied((loanId) => books.loans.get(loanId)?.currency);
    for (const loanId of books.loans.keys()) {
      found.push(...this.#readLoan(loanId, history.today, undefined), ...this.#compareStanding(loanId));
    }
    found.push(...this.#readIncome(history.today));
    this.#counts.history();
    return found;
  }

  #now(principal: string): Now {
    return { businessDate: this.world.history.today, principal };
  }

  /** Under a key of its own. */
  #newRequest({ path, body }: StepRequest): LedgerRequest {
    const common = { tenant: 0, method: 'POST', token: 'full', contentType: 'application/json' } as const;
    return { ...common, path, keyHeaders: [`key:history-${this.sent.length}`], body: JSON.stringify(body) };
  }

  /** Mostly under a key of its own; now and then under one that was used, with the same body or with this one. */
  #request(asked: StepRequest, random: Random): Pick<Sent, 'asked' | 'request'> {
    const request = this.#newRequest(asked);
    const some = this.sent.filter(({ asked: { kind } }) => kind !== 'run' && kind !== 'adjustment');
    const used = random.chance(0.02) ? some[random.below(some.length)] : undefined;
    if (used === undefined) return { asked, request };
    return random.chance(0.5) ? used : { asked, request: { ...request, keyHeaders: used.request.keyHeaders } };
  }

  #compare(kind: RouteKind, expected: Expectation, answered: Answered): string[] {
    switch (expected.kind) {
      case 'refused':
        return refusalDifferences(expected.refusal, answered.answer);
      case 'replayed':
        return replayDifferences(expected.body, answered.answer);
      case 'posted':
        return this.#comparePosted(kind, expected, answered);
      default:
        throw new Error(`a POST was foretold as ${expected.kind}`);
    }
  }

  #comparePosted(kind: RouteKind, expected: Posted, answered: Answered): string[] {
    const found = postedDifferences(kind, expected.posting, answered.answer);
    return found.length > 0 ? found : this.#compareBooked(expected, answered);
  }

  #compareBooked({ posting, key, fingerprint }: Posted, { answer, entries, postedAt, ...rows }: Answered): string[] {
    const found: string[] = [];
    const pairs = pairUp(posting.entries, entries, (entryId) => this.world.entryName(entryId));
    if ('found' in pairs) return pairs.found;
    for (const [planned, shown] of pairs.pairs) found.push(...this.#compareEntry(planned, shown));
    for (const [planned, shown] of pairs.pairs) {
      this.world.nameEntry(planned.entryId, shown.entryId);
      this.world.nameEvent(planned.eventId, shown.eventId);
    }
    const shownBy = new Map(pairs.pairs.map(([planned, shown]) => [planned.entryId, shown]));
    const eventIds = posting.facts.map((fact) => shownBy.get(fact.liveEntryId)?.eventId ?? '');
    const entryIds = posting.entries.map(({ entryId }) => shownBy.get(entryId)?.entryId ?? '');
    book(this.world.books, posting, {
      postedAt,
      eventIds,
      entryIds,
      key: { text: key, fingerprint, body: answer.body },
    });
    this.#kept.take({ postedAt, ...rows });
    this.#posted += 1;
    const { strays, passes } = movementRange({ entries, ...rows });
    if (passes !== undefined) this.#counts.read(`out of range ${passes}`);
    return [...found, ...strays];
  }

  #compareEntry(planned: Planned, shown: ShownEntry): string[] {
    const found: string[] = [];
    const reverses = planned.reversesEntryId === undefined ? null : this.world.entryName(planned.reversesEntryId);
    if (shown.reversesEntryId !== reverses) found.push(`it reverses ${shown.reversesEntryId} in place of ${reverses}`);
    if (!this.world.correlates(planned.correlationId, shown.correlationId)) {
      found.push(`correlation ${shown.correlationId} is not that of ${planned.correlationId}`);
    }
    return found;
  }

  /** Balances of a loan and of an account, at a random date and instant, and what the loan is. */
  #read(random: Random): string[] {
    const { books, history } = this.world;
    const known = [...books.loans.keys()];
    if (known.length === 0) return [];
    const { firstDay, today } = history;
    const day = addDays(firstDay, random.below(daysBetween({ from: firstDay, to: today }) + 5));
    const knownAt = random.chance(0.5) ? undefined : instant(random.below(this.#posted + 1));
    const loanId = random.pick(known);
    return [
      ...this.#readLoan(loanId, day, knownAt),
      ...this.#readAccount(random, { day, knownAt }),
      ...this.#compareStanding(loanId),
    ];
  }

  #readLoan(loanId: string, asOfDate: string, knownAt: string | undefined): string[] {
    return LAYERS.flatMap((layer, number) => {
      const ours = componentsOf(this.world.books, loanId, { asOfDate, knownAt, layer });
      const kept = this.#kept.loan(loanId, { day: asOfDate, knownAt, layer: number });
      this.#counts.read('loan balance');
      const pairs = { ...kept, memo: kept.memoInterest };
      return (['principal', 'interest', 'fees', 'suspense', 'memo'] as const).flatMap((name) =>
        ours[name] === pairs[name]
          ? []
          : [
              `${name} of ${loanId} on ${layer} as of ${asOfDate} known at ${knownAt}: ${pairs[name]} in place of ${ours[name]}`,
            ],
      );
    });
  }

  #readAccount(
    random: Random,
    { day, knownAt }: { readonly day: string; readonly knownAt: string | undefined },
  ): string[] {
    const { books } = this.world;
    const accountCode = random.chance(0.1) ? FEE_ACCOUNT : random.pick([...books.accounts.keys()]);
    const currency = random.chance(0.9) ? 'USD' : 'EUR';
    return this.#readOne({ accountCode, currency }, { asOfDate: day, knownAt, layer: random.pick(LAYERS) });
  }

  /** What a close concerns: retained earnings, income and expense on that day, in every currency. */
  #readIncome(asOfDate: string): string[] {
    const codes = [...this.world.books.accounts.keys()].filter((code) => code === '3000' || /^[45]/.test(code));
    const past = { asOfDate, knownAt: undefined, layer: 'SETTLED' } as const;
    return codes.flatMap((accountCode) =>
      ['USD', 'EUR', 'JPY'].flatMap((currency) => this.#readOne({ accountCode, currency }, past)),
    );
  }

  #readOne({ accountCode, currency }: { accountCode: string; currency: string }, past: Past): string[] {
    const { books } = this.world;
    const { asOfDate: day, knownAt, layer } = past;
    const number = LAYERS.indexOf(layer);
    const ours = accountBody(books, { accountCode, currency }, { asOfDate: day, knownAt, layer });
    const kept = this.#kept.account(Number(accountCode), currency, { day, knownAt, layer: number });
    this.#counts.read('account balance');
    const [debit, credit] = [kept.debitMinor.toString(), kept.creditMinor.toString()];
    if (ours?.['dr_balance_minor'] === debit && ours['cr_balance_minor'] === credit) return [];
    return [
      `account ${formatAccountCode(Number(accountCode))} ${currency} ${layer} as of ${day} known at ${knownAt}: ${debit} ${credit} in place of ${JSON.stringify(ours)}`,
    ];
  }

  /** Status, non-accrual, what was charged off and recovered. */
  #compareStanding(loanId: string): string[] {
    const loan = this.#ledger.loan(loanId);
    if (loan === undefined) return [`the ledger has no loan ${loanId}`];
    const ours = standingOf(this.world.books, loanId);
    const { standing } = loan;
    const isUndisbursed = loan.firstDisbursedOn === null && standing.status === 'active';
    const theirs = {
      status: isUndisbursed ? ('undisbursed' as const) : standing.status,
      nonAccrualSince: standing.nonAccrualSince ?? undefined,
      chargedOff: standing.chargedOff,
      recovered: standing.recovered,
    };
    const words = ({ status: word, nonAccrualSince, chargedOff, recovered }: typeof ours) =>
      `${word} ${nonAccrualSince} ${chargedOff.fees} ${chargedOff.interest} ${chargedOff.principal} ${recovered.fees} ${recovered.interest} ${recovered.principal}`;
    this.#counts.read('standing');
    return words(ours) === words(theirs) ? [] : [`loan ${loanId} is ${words(theirs)} in place of ${words(ours)}`];
  }
}

function outcomeOf(expected: Expectation): string {
  if (expected.kind === 'refused') return expected.refusal.code;
  return expected.kind;
}

type Pairs = { readonly pairs: readonly (readonly [Planned, ShownEntry])[] } | { readonly found: string[] };

/** The entries of the model with those of the ledger: the first with the first, the rest by what they say. */
function pairUp(planned: readonly Planned[], shown: readonly ShownEntry[], nameOf: (entryId: string) => string): Pairs {
  if (planned.length !== shown.length) return { found: [`${shown.length} entries in place of ${planned.length}`] };
  const left = [...shown];
  const pairs: [Planned, ShownEntry][] = [];
  for (const [at, one] of planned.entries()) {
    const alike = left.flatMap((other, index) => (entryDifferences(one, other).length === 0 ? [index] : []));
    // Mirrors of entries with the same lines look the same.
    const reverses = one.reversesEntryId === undefined ? null : nameOf(one.reversesEntryId);
    const same = alike.find((index) => left[index]?.reversesEntryId === reverses);
    const place = at === 0 ? 0 : (same ?? alike[0] ?? 0);
    const other = left[place];
    if (other === undefined) throw new Error('entries ran out');
    const found = entryDifferences(one, other);
    if (found.length > 0) return { found: found.map((text) => `entry ${at + 1}: ${text}`) };
    pairs.push([one, other]);
    left.splice(place, 1);
  }
  return { pairs };
}

function entryDifferences(planned: Planned, shown: ShownEntry): string[] {
  const found = lineDifferences(planned.lines, shown.lines);
  if (planned.eventType !== shown.eventType) found.push(`${shown.eventType} in place of ${planned.eventType}`);
  if (planned.effectiveAt !== shown.effectiveAt)
    found.push(`on ${shown.effectiveAt} in place of ${planned.effectiveAt}`);
  return found;
}
