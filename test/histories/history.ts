import { addDays } from '../simulation/instant.ts';
import { DEFAULT_POLICY, type Policy, type Version } from '../simulation/model/reference/program.ts';
import { Random } from '../simulation/random.ts';
import { EVENTS, type EventKind, POLICY_FIELDS } from './what-exists.ts';

/**
 * Accrual runs and adjustments are asked for beside the money routes: what writes them begins with another request. Months are
 * closed and reopened for all loans at once.
 */
export const STEP_KINDS = [...EVENTS, 'run', 'adjustment', 'close', 'reopen'] as const;
export type StepKind = EventKind | 'run' | 'adjustment' | 'close' | 'reopen';

/** One command to be: its event, and the seed of every other choice, which are made when it is its turn. */
export interface Step {
  readonly kind: StepKind;
  readonly seed: number;
}

/** A program as it is configured before the first step. */
export interface HistoryProgram {
  readonly programId: string;
  readonly currency: string | undefined;
  readonly versions: readonly Version[];
}

/** What a history is about; steps may be left out of it and the rest means the same. */
export interface History {
  readonly seed: number;
  /** The first is the default one. */
  readonly programs: readonly HistoryProgram[];
  readonly loanIds: readonly string[];
  /** The first day on which anything is effective, and the tenant's business date. */
  readonly firstDay: string;
  readonly today: string;
  /** Amounts come near the greatest that a component may hold. */
  readonly isGiant: boolean;
  /** How often a new loan is in another currency than most. */
  readonly otherCurrency: number;
  /** The month with which fiscal years end: `01` to `12`. */
  readonly fiscalYearEndMonth: string;
  readonly steps: readonly Step[];
}

/** The most commands of a history. */
const STEPS_MAX = 40;

/** From the first day to the business date: a few months, or more than a year, so that two fiscal years end. */
const DAYS = { few: 45, more: 80, year: 470 } as const;

/** Months of a long history that end one after the other: two years and what is refused among them. */
const MONTHS_IN_A_ROW = 18;

/** Late in some histories a month with lines of several currencies is closed, opened for what was missing, and closed again. */
const CLOSED_AGAIN = [
  'adjustment',
  'adjustment',
  'adjustment',
  'close',
  'reopen',
  'fee',
  'close',
] as const satisfies readonly StepKind[];

/** The tenant's own income account, beside those of the default chart. */
export const FEE_ACCOUNT = '4150';

/** Where months and years end, and where February has 29 days. */
const FIRST_DAYS = ['2024-02-10', '2025-12-05', '2026-04-12'] as const;

/** How often each event comes by itself. */
const WEIGHTS: Readonly<Record<StepKind, number>> = {
  disbursement: 6,
  payment: 16,
  fee: 8,
  waiver: 9,
  goodwill: 4,
  allocation: 11,
  refund: 10,
  accrual: 9,
  reversal: 19,
  return: 12,
  settle_payment: 15,
  cancel_payment: 12,
  settle_disbursement: 12,
  cancel_disbursement: 16,
  clearing: 5,
  correction: 7,
  chargeoff: 6,
  recovery: 19,
  refinance: 4,
  restructure: 6,
  non_accrual: 7,
  registration: 3,
  run: 9,
  adjustment: 10,
  close: 1,
  reopen: 2,
};

/** Events that are about each other: a history has a leaning to one group of them, so that they meet. */
const LEANINGS: readonly (readonly StepKind[])[] = [
  [],
  ['payment', 'return', 'reversal'],
  ['payment', 'allocation', 'refund', 'return'],
  ['settle_payment', 'cancel_payment', 'settle_disbursement', 'cancel_disbursement', 'clearing'],
  ['accrual', 'correction', 'reversal'],
  ['run', 'payment', 'disbursement', 'reversal'],
  ['run', 'accrual', 'correction', 'chargeoff'],
  ['chargeoff', 'recovery', 'return', 'refund'],
  ['chargeoff', 'recovery', 'reversal', 'return'],
  ['fee', 'waiver', 'reversal', 'restructure'],
  ['payment', 'allocation', 'refund', 'reversal'],
  ['payment', 'settle_payment', 'return', 'reversal'],
  ['non_accrual', 'accrual', 'payment', 'goodwill'],
  ['restructure', 'refinance', 'fee', 'registration'],
  ['disbursement', 'reversal', 'registration'],
  ['adjustment', 'reversal', 'payment'],
  ['adjustment', 'chargeoff', 'non_accrual', 'run'],
  ['close', 'reopen', 'fee', 'goodwill', 'disbursement'],
  ['close', 'reopen', 'adjustment'],
];

/** The history of a seed: the same on every machine. */
export function historyOf(seed: number): History {
  const random = new Random(`history:${seed}`);
  const firstDay = random.pick(FIRST_DAYS);
  const leaning = random.pick(LEANINGS);
  const weights = Object.fromEntries(
    STEP_KINDS.map((kind) => [kind, WEIGHTS[kind] * (leaning.includes(kind) ? 4 : 1)]),
  ) as Record<StepKind, number>;
  const length = random.chance(0.7) ? STEPS_MAX : 3 + random.below(STEPS_MAX - 2);
  const steps = Array.from({ length }, (_, at): Step => {
    // The first steps bring loans to life, most of the time.
    const isBeginning = random.chance([0.95, 0.4, 0.2][at] ?? 0);
    return { kind: isBeginning ? 'disbursement' : random.weighted(weights), seed: random.word() };
  });
  const span = random.weighted({ few: 62, more: 23, year: 15 });
  // Of two years that end, the first has some time for what is closed with it.
  const yearEnd = span === 'year' ? addDays(firstDay, 30) : firstDay;
  const inARow =
    span === 'year' ? Array<'close'>(MONTHS_IN_A_ROW).fill('close') : random.chance(0.25) ? CLOSED_AGAIN : [];
  const place = length - random.below(Math.ceil(length / 3));
  steps.splice(place, 0, ...inARow.map((kind) => ({ kind, seed: random.word() })));
  return {
    seed,
    programs: [1, 2].map((number) => programOf(random, { number, firstDay })),
    loanIds: [1, 2, 3].map((number) => idOf('1', number)),
    firstDay,
    today: addDays(firstDay, DAYS[span]),
    isGiant: random.chance(0.1),
    otherCurrency: random.chance(0.4) ? 0.5 : 0.05,
    fiscalYearEndMonth:
      span === 'year' || random.chance(0.85) ? yearEnd.slice(5, 7) : random.pick(['01', '03', '05', '12']),
    steps,
  };
}

/** An id that tells what it is of. */
export function idOf(digit: string, number: number): string {
  return `${digit.repeat(8)}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

function programOf(random: Random, { number, firstDay }: { number: number; firstDay: string }): HistoryProgram {
  const first = somePolicy(random, firstDay);
  const versions: Version[] = [{ from: '', policy: first }];
  while (random.chance(0.25)) {
    // Versions may be made in any order of their days, two for one day too.
    const from = addDays(firstDay, random.below(40));
    versions.push({ from, policy: { ...somePolicy(random, firstDay), backdating: first.backdating } });
  }
  const currency = number === 2 && random.chance(0.1) ? 'USD' : undefined;
  return { programId: idOf('b', number), currency, versions };
}

/** A policy at random, at its default where the ledger does not look at it yet. */
export function somePolicy(random: Random, firstDay: string): Policy {
  const feeAccounts: Record<string, string> = {};
  if (random.chance(0.5)) feeAccounts['late_fee'] = FEE_ACCOUNT;
  const rates = [
    { from: addDays(firstDay, -30), rate: random.pick(['0', '0.0799', '0.12', '0.365', '1.5']) },
    { from: addDays(firstDay, random.below(30)), rate: random.pick(['0.095', '0.0001', '2.25']) },
  ];
  const policy: Policy = {
    waterfall: random.shuffled(['fees', 'interest', 'principal'] as const),
    dayCount: random.pick(DAY_COUNTS),
    annualRates: rates.slice(0, random.below(3)),
    rounding: random.pick(['half_even', 'half_up', 'down']),
    overpayment: random.chance(0.25) ? 'reject' : 'suspense',
    backdating: random.pick(['append', 'replay']),
    returns: random.pick(['mirror', 'principal']),
    chargeoff: random.pick(['direct', 'allowance']),
    principalCheck: random.chance(0.35) ? 'reject' : 'record',
    feeAccounts,
  };
  return { ...DEFAULT_POLICY, ...Object.fromEntries(POLICY_FIELDS.map((name) => [name, policy[name]])) };
}

const DAY_COUNTS = [
  'ACT_365',
  'ACT_360',
  'ACT_ACT_ISDA',
  'THIRTY_360_US',
  'THIRTY_360_BOND_BASIS',
  'THIRTY_E_360',
  'THIRTY_E_360_ISDA',
] as const;
