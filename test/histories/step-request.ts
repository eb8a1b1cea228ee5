import { addDays } from '../simulation/instant.ts';
import { type Entry, type Fact, standingAbout } from '../simulation/model/reference/books.ts';
import { principalBefore } from '../simulation/model/reference/event/accrual.ts';
import { type LoanState, unrecovered } from '../simulation/model/reference/state.ts';
import { Random } from '../simulation/random.ts';
import { type Body, Hand } from './hand.ts';
import type { StepKind } from './history.ts';
import { type EventKind, exists } from './what-exists.ts';
import { NOWHERE, type Stage } from './world.ts';

/** A POST of a history: where to and what. */
export interface StepRequest {
  readonly kind: StepKind;
  /** The loans of the event that it is about, where it names one. */
  readonly loanIds: readonly string[];
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

type Where = readonly [path: string, body: Body];

/** The request of a step, as the books stand; undefined when there is nothing that it could be about. */
export function requestOf(
  world: Stage,
  { kind, seed }: { readonly kind: EventKind; readonly seed: number },
): StepRequest | undefined {
  const hand = new Hand(world, new Random(`step:${seed}`));
  const made = MAKERS[kind](hand);
  return made === undefined ? undefined : { kind, path: made[0], body: made[1], loanIds: [...hand.touched] };
}

const NOTHING = { fees: 0n, interest: 0n, principal: 0n, suspense: 0n, memo: 0n };

/** What a loan owes, memo interest among its interest. */
function owed(state: LoanState | undefined): Record<'fees' | 'interest' | 'principal' | 'suspense', bigint> {
  const { fees, interest, principal, suspense, memo } = state?.balance.SETTLED ?? NOTHING;
  return { fees, interest: state?.nonAccrual === true ? interest + memo : interest, principal, suspense };
}

function total({ fees, interest, principal }: ReturnType<typeof owed>): bigint {
  return fees + interest + principal;
}

const REASONS = ['goodwill', 'error_correction', 'settlement', 'other'] as const;

const MAKERS: Readonly<Record<EventKind, (hand: Hand) => Where | undefined>> = {
  disbursement: (hand) => {
    const { random, world } = hand;
    const unmade = world.history.loanIds.find((one) => !world.books.loans.has(one));
    const loanId = unmade !== undefined && random.chance(0.4) ? unmade : hand.loanId();
    const isFirst = !world.books.loans.has(loanId);
    const amount = isFirst ? (200 + random.below(800)).toString() : hand.amount();
    const { firstDay } = world.history;
    const effective_at = isFirst && random.chance(0.7) ? addDays(firstDay, random.below(8)) : hand.day(loanId);
    const isPending = random.chance(0.2);
    // What waits is split and withheld by its settling: before there is one, the ledger takes neither.
    const fees = Array.from({ length: random.below(3) }, () => ({
      fee_type: random.pick(['late_fee', 'origination']),
      amount_minor: (1 + random.below(random.chance(0.05) ? 900 : 15)).toString(),
    }));
    const programs = world.history.programs.map(({ programId }) => programId);
    const own = world.books.loans.get(loanId)?.programId ?? (random.chance(0.7) ? programs[0] : programs[1]);
    const program = random.chance(0.88) ? own : random.pick([...programs, NOWHERE]);
    return [
      '/v1/disbursements',
      {
        ...hand.money(loanId, amount),
        borrower_id: hand.borrower(loanId),
        effective_at: random.chance(0.08) ? addDays(world.firstDay(loanId), -1 - random.below(4)) : effective_at,
        method: 'ach',
        ...(isPending && !exists('settle_disbursement') ? {} : hand.maybe(0.25, { fees })),
        ...hand.maybe(0.6, { program_id: program }),
        ...(isPending ? { layer: 'PENDING' } : {}),
      },
    ];
  },
  payment: (hand) => ['/v1/payments', pendingOrNot(hand, { ...paymentOf(hand), source_method: 'ach' })],
  recovery: (hand) => {
    const loanId = hand.loanThat((state) => Object.values(unrecovered(state)).some((left) => left > 0n));
    return ['/v1/recoveries', { ...paymentOf(hand, loanId), source_method: 'ach' }];
  },
  goodwill: (hand) => ['/v1/goodwill-credits', paymentOf(hand)],
  fee: (hand) => {
    const loanId = hand.loanId();
    const fee_type = hand.random.pick(['late_fee', 'nsf', 'other_fee']);
    return [
      '/v1/fees',
      { ...hand.money(loanId, hand.amount()), fee_type, ...hand.maybe(0.5, { borrower_id: hand.borrower(loanId) }) },
    ];
  },
  waiver: (hand) => {
    const loanId = hand.loanThat(({ balance }) => balance.SETTLED.fees > 0n);
    const { fees } = owed(hand.world.present(loanId));
    return [
      '/v1/fees/waivers',
      { ...hand.money(loanId, hand.amount(fees, fees)), reason_code: hand.random.pick(REASONS) },
    ];
  },
  allocation: (hand) => {
    const loanId = hand.loanThat(({ balance }) => balance.SETTLED.suspense > 0n);
    const { suspense } = owed(hand.world.present(loanId));
    const { amount_minor, ...rest } = hand.money(loanId, hand.amount(suspense));
    return ['/v1/payments/allocations', { ...rest, ...hand.maybe(0.6, { amount_minor }) }];
  },
  refund: (hand) => {
    const loanId = hand.loanThat(({ balance }) => balance.SETTLED.suspense > 0n);
    const { suspense } = owed(hand.world.present(loanId));
    return ['/v1/suspense-refunds', { ...hand.money(loanId, hand.amount(suspense, suspense)), method: 'ach' }];
  },
  accrual: accrualOf,
  reversal: reversalOf,
  return: (hand) => {
    const found = receivedOf(hand);
    if (found === undefined) return undefined;
    const received = found.fact?.command.kind === 'payment' ? found.fact.command.amountMinor : 10n;
    const body = {
      return_code: 'R01',
      effective_at: hand.dayFrom(found.fact?.effectiveAt ?? hand.world.history.today),
      ...hand.maybe(0.55, { amount_minor: hand.amount(received, received / 2n) }),
      ...hand.maybe(0.3, { nsf_fee_minor: (hand.random.chance(0.05) ? 0 : 1 + hand.random.below(30)).toString() }),
      ...hand.maybe(0.25, { policy: hand.random.pick(['mirror', 'principal']) }),
    };
    return [`/v1/payments/${found.name}/returns`, body];
  },
  settle_payment: (hand) => pendingOf(hand, 'payments', 'settlements'),
  cancel_payment: (hand) => pendingOf(hand, 'payments', 'cancellations'),
  settle_disbursement: (hand) => pendingOf(hand, 'disbursements', 'settlements'),
  cancel_disbursement: (hand) => pendingOf(hand, 'disbursements', 'cancellations'),
  clearing: clearingOf,
  correction: (hand) => {
    const { random } = hand;
    const found = hand.about('accrual', 'server_accrual');
    if (found === undefined) return undefined;
    const loanIds = found.fact?.loanIds ?? [hand.world.strangeLoanId()];
    const loans = random
      .shuffled(loanIds)
      .slice(0, 1 + random.below(loanIds.length))
      .map((loan_id) => ({
        loan_id: random.chance(0.03) ? random.pick(hand.world.history.loanIds) : loan_id,
        interest_minor: random.below(60).toString(),
      }));
    const effective_at = hand.dayFrom(found.fact?.effectiveAt ?? hand.world.history.today);
    return [`/v1/accruals/${found.name}/corrections`, { effective_at, reason_code: random.pick(REASONS), loans }];
  },
  chargeoff: (hand) => {
    const { random } = hand;
    const loanId = hand.loanId();
    const has = owed(hand.world.present(loanId));
    const { parts } = hand.split(has);
    const { suspense_minor: _none, ...some } = parts;
    const components = random.chance(0.3) ? { ...some, principal_minor: has.principal.toString() } : some;
    return [
      '/v1/chargeoffs',
      {
        loan_id: loanId,
        effective_at: hand.day(loanId),
        reason_code: random.pick(['uncollectible', 'uncollectible', 'fraud', 'bankruptcy']),
        ...hand.maybe(0.5, { components }),
      },
    ];
  },
  refinance: (hand) => {
    const { random, world } = hand;
    const old_loan_id = hand.loanId();
    const fresh =
      world.history.loanIds.find((loanId) => !world.books.loans.has(loanId)) ?? world.freshLoanId(random.below(3));
    return [
      '/v1/refinances',
      {
        old_loan_id,
        new_loan_id: random.chance(0.9) ? fresh : random.pick(world.history.loanIds),
        borrower_id: hand.borrower(old_loan_id),
        new_money_minor: random.chance(0.4) ? '0' : hand.amount(),
        currency: hand.currency(old_loan_id),
        effective_at: hand.day(old_loan_id),
        ...hand.maybe(0.6, { program_id: random.pick(world.history.programs).programId }),
      },
    ];
  },
  restructure: (hand) => {
    const loanId = hand.loanThat(({ balance }) => balance.SETTLED.interest + balance.SETTLED.fees > 0n);
    const has = owed(hand.world.present(loanId));
    const part = (name: string, most: bigint) =>
      hand.maybe(0.5, { [name]: hand.random.amount(0n, hand.random.chance(0.1) ? most + 2n : most).toString() });
    return [
      '/v1/restructures',
      {
        loan_id: loanId,
        effective_at: hand.day(loanId),
        ...part('capitalize_interest_minor', has.interest),
        ...part('capitalize_fees_minor', has.fees),
        ...part('forgive_principal_minor', has.principal / 3n),
        ...part('forgive_interest_minor', has.interest / 2n),
      },
    ];
  },
  non_accrual: (hand) => {
    const loanId = hand.loanId();
    const isOn = hand.world.present(loanId)?.nonAccrual === true;
    const action = isOn === hand.random.chance(0.9) ? 'exit' : 'enter';
    return [`/v1/loans/${loanId}/non-accrual`, { effective_at: hand.day(loanId), action }];
  },
  registration: (hand) => {
    const { random, world } = hand;
    const fresh = world.history.loanIds.find((one) => !world.books.loans.has(one));
    const loanId = fresh !== undefined && random.chance(0.85) ? fresh : random.pick(world.history.loanIds);
    const part = (name: string) => hand.maybe(0.6, { [name]: random.below(300).toString() });
    const as_of = hand.day(loanId);
    const opening = {
      as_of,
      ...part('principal_minor'),
      ...part('interest_minor'),
      ...part('fees_minor'),
      ...part('suspense_minor'),
      ...hand.maybe(0.3, { accrued_through: addDays(as_of, -random.below(4)) }),
    };
    const program_id = random.chance(0.97) ? random.pick(world.history.programs).programId : NOWHERE;
    return [
      '/v1/loans',
      {
        loan_id: loanId,
        borrower_id: world.borrower(loanId),
        currency: world.currency(loanId) ?? hand.newCurrency(),
        ...hand.maybe(0.6, { program_id }),
        ...hand.maybe(0.3, { annual_rate: random.pick(['0', '0.07', '0.365']) }),
        ...hand.maybe(0.2, { maturity_date: addDays(world.history.today, random.below(30)) }),
        ...hand.maybe(0.75, { opening }),
      },
    ];
  },
};

/** What may come back: mostly any payment, now and then a recovery, a settling, or what came back in part already. */
function receivedOf(hand: Hand): ReturnType<Hand['about']> {
  const { random, world } = hand;
  const kind = random.weighted({ any: 45, recovery: 40, settled: 40, again: 45 });
  if (kind === 'recovery') return hand.about(kind) ?? hand.about('payment');
  const settled = kind === 'settled' || random.chance(0.75) ? settledPayments(world) : [];
  if (settled.length > 0) return hand.named(random.pick(settled));
  const back = kind === 'again' ? world.factsOf('return').at(-1 - random.below(3)) : undefined;
  const again = back?.about === undefined ? undefined : world.books.facts.get(back.about);
  return again === undefined ? hand.about('payment', 'recovery') : hand.named(again);
}

/** Payments that waited and came, under the name of what settled them. */
function settledPayments(world: Stage): Fact[] {
  return world.factsOf('settled').filter(({ about, reversed }) => {
    return !reversed && world.books.facts.get(about ?? '')?.command.kind === 'payment';
  });
}

function pendingOrNot(hand: Hand, body: Body): Body {
  if (!hand.random.chance(0.28) || ('allocation' in body && !exists('settle_payment'))) return body;
  return { ...body, layer: 'PENDING' };
}

function paymentOf(hand: Hand, loanId = hand.loanId()): Body {
  const { random, world } = hand;
  const state = world.present(loanId);
  const left = state?.chargedOff === undefined ? owed(state) : { ...unrecovered(state), suspense: 0n };
  const money = {
    ...hand.money(loanId, hand.amount(total(left), left.fees, left.interest)),
    borrower_id: hand.borrower(loanId),
  };
  if (!random.chance(0.4)) return money;
  const { parts, sum } = hand.split(left);
  // Some splits stay wrong, to be refused.
  return sum === 0n || random.chance(0.12)
    ? { ...money, allocation: parts }
    : { ...money, amount_minor: sum.toString(), allocation: parts };
}

function accrualOf(hand: Hand): Where {
  const { random, world } = hand;
  const first = hand.loanId();
  const programId = world.books.loans.get(first)?.programId ?? random.pick(world.history.programs).programId;
  const known = world.history.loanIds.flatMap((loanId) => world.books.loans.get(loanId) ?? []);
  const own = known.filter((loan) => loan.programId === programId && loan.loanId !== first);
  const others = random.chance(0.05)
    ? known.map(({ loanId }) => loanId).filter((loanId) => loanId !== first)
    : own.map(({ loanId }) => loanId);
  const ids = [first, ...random.shuffled(others).slice(0, random.below(others.length + 2))];
  const date = hand.day(first);
  const loans = random.shuffled(ids).map((loan_id) => {
    const state = world.present(loan_id);
    const principal =
      state === undefined || random.chance(0.15) ? BigInt(random.below(500)) : principalBefore(state, date);
    return {
      loan_id,
      outstanding_principal_minor: (principal < 0n ? 0n : principal).toString(),
      interest_minor: random.chance(0.15) ? '0' : hand.amount(),
    };
  });
  return [
    '/v1/accruals/batch',
    {
      program_id: random.chance(0.97)
        ? programId
        : random.pick([NOWHERE, ...world.history.programs.map((one) => one.programId)]),
      accrual_date: date,
      day_count_convention: 'ACT_365',
      loans,
    },
  ];
}

/** Events of which few are accepted. */
const RARE: readonly string[] = [
  'waiver',
  'allocation',
  'refund',
  'recovery',
  'settled',
  'registration',
  'refinance',
  'correction',
  'server_accrual',
  'restructure',
];

function reversalOf(hand: Hand): Where | undefined {
  const { random, world } = hand;
  const entries = world.entries();
  const standing = entries.filter((entry) => entry.eventType !== 'reversal' && entry.reversedByEntryId === undefined);
  // Often of one kind of event, and of the rare ones first, so that they are reversed too.
  const kindOf = ({ eventId }: Entry) => world.books.facts.get(eventId)?.command.kind ?? '';
  const kinds = [...new Set(standing.map(kindOf))];
  const rare = kinds.filter((kind) => RARE.includes(kind));
  const chosen = random.chance(0.6) ? random.pick([...(rare.length > 0 ? rare : kinds), '']) : '';
  const ofType = standing.filter((entry) => kindOf(entry) === chosen);
  const some = ofType.length > 0 ? ofType : random.chance(0.85) ? standing : entries;
  const restated = random.chance(0.3) ? restatedEntry(world) : undefined;
  const late = random.chance(0.5) ? some.at(-1 - random.below(4)) : some[random.below(some.length)];
  const entry = restated ?? late;
  if (entry === undefined) return undefined;
  const id = random.chance(0.015) ? NOWHERE : world.entryName(entry.entryId);
  for (const loanId of world.books.facts.get(entry.eventId)?.loanIds ?? []) hand.touched.add(loanId);
  return [
    '/v1/reversals',
    { reverses_entry_id: id, reason_code: 'other', effective_at: hand.dayFrom(entry.effectiveAt) },
  ];
}

/** An entry that a restatement put another one in place of, and that stands so: its id leads to that one. */
function restatedEntry(world: Stage): Entry | undefined {
  return world.entries().findLast(({ eventId, supersededByEntryId }) => {
    return supersededByEntryId !== undefined && world.books.facts.get(eventId)?.reversed === false;
  });
}

function pendingOf(
  hand: Hand,
  what: 'payments' | 'disbursements',
  act: 'settlements' | 'cancellations',
): Where | undefined {
  const { random, world } = hand;
  const kinds = what === 'payments' ? ['payment'] : ['disbursement', ...(act === 'settlements' ? ['refinance'] : [])];
  const waiting = ({ command, reversed }: Fact) => 'layer' in command && command.layer === 'PENDING' && !reversed;
  const all = world.factsOf(...kinds).filter(waiting);
  const open = all.filter(({ eventId }) => standingAbout(world.books, eventId).length === 0);
  // Where nothing waits, there is mostly nothing to be asked for.
  if (open.length === 0 && random.chance(0.5)) return undefined;
  const pending = open.length > 0 && random.chance(0.8) ? open : all;
  const fact = random.chance(0.8) ? pending.at(-1 - random.below(3)) : undefined;
  const found = fact === undefined ? hand.about(...kinds) : hand.named(fact);
  if (found === undefined) return undefined;
  return [
    `/v1/${what}/${found.name}/${act}`,
    { effective_at: hand.dayFrom(found.fact?.effectiveAt ?? world.history.today) },
  ];
}

const CLEARABLE: readonly string[] = ['payment_received', 'recovery', 'payment_returned', 'suspense_refunded'];

function clearingOf(hand: Hand): Where | undefined {
  const { random, world } = hand;
  const entries = world.entries();
  const fits = entries.filter(({ eventType }) => CLEARABLE.includes(eventType));
  const some = random.chance(0.95) ? fits : entries;
  if (some.length === 0) return undefined;
  const chosen = random.shuffled(some).slice(0, 1 + random.below(3));
  const ids = chosen.map(({ entryId }) => (random.chance(0.01) ? NOWHERE : world.entryName(entryId)));
  const latest = chosen.reduce((day: string, entry: Entry) => (entry.effectiveAt > day ? entry.effectiveAt : day), '');
  return [
    '/v1/payments/settlements',
    { journal_entry_ids: ids, bank_ref: 'bank-1', effective_at: hand.dayFrom(latest) },
  ];
}
