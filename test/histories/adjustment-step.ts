import {
  COMPONENT_MAX_MINOR,
  COMPONENTS,
  CONTROL,
  type Component,
  LAYERS,
  type Layer,
} from '../simulation/model/reference/terms.ts';
import { Random } from '../simulation/random.ts';
import { type Body, Hand } from './hand.ts';
import { FEE_ACCOUNT, type Step } from './history.ts';
import type { StepRequest } from './step-request.ts';
import { NOWHERE, type Stage } from './world.ts';

/** The other side of a line on a control account: cash, clearing, equity, income, expense. */
const OTHERS = ['1000', '1010', '1900', '2000', '3900', '4000', '4100', '4920', '5200', FEE_ACCOUNT] as const;

/** The other side of a line on the memo receivable. */
const MEMO_OTHER = '9200';

const REASONS = ['goodwill', 'error_correction', 'settlement', 'other'] as const;

/** Two lines that balance, on one layer and in one currency. */
type Pair = readonly [Body, Body];

/**
 * Lines by hand (POST /v1/adjustments): one to three pairs, each on a layer and in a currency of its own, over the control
 * accounts of loans or without any; mostly such as balance and leave nothing below zero, now and then such as must be refused.
 */
export function adjustmentOf(world: Stage, { seed }: Pick<Step, 'seed'>): StepRequest {
  const random = new Random(`step:${seed}`);
  const hand = new Hand(world, random);
  const count = random.weighted({ 1: 60, 2: 28, 3: 12 });
  const pairs = Array.from({ length: Number(count) }, () => {
    return random.chance(0.75) ? pairOfLoan(hand) : pairWithoutLoan(random);
  });
  const lines = random.shuffled(pairs.flat()).map((line, at) => (at === 0 ? spoilt(random, line) : line));
  const first = lines.map((line) => line['loan_id']).find((id) => id !== undefined);
  const body = {
    lines,
    reason_code: random.pick(REASONS),
    effective_at: hand.day(typeof first === 'string' ? first : ''),
  };
  return { kind: 'adjustment', path: '/v1/adjustments', body, loanIds: [] };
}

/** A component of a loan against income, cash or another loan's component; half the time what is there goes down. */
function pairOfLoan(hand: Hand): Pair {
  const { random } = hand;
  const loanId = hand.loanId();
  const layer: Layer = random.weighted({ SETTLED: 50, PENDING: 28, ENCUMBRANCE: 22 });
  const component = random.weighted({ fees: 25, interest: 20, principal: 25, suspense: 20, memo: 10 });
  const currency = hand.currency(loanId);
  const has = hand.world.present(loanId)?.balance[layer][component] ?? 0n;
  const falls = has > 0n && random.chance(0.5);
  const amount_minor = falls && random.chance(0.93) ? random.amount(1n, has).toString() : hand.amount(has);
  const raisedBy = CONTROL[component].raisedBy;
  const direction = falls === (raisedBy === 'DR') ? 'CR' : 'DR';
  const common = { amount_minor, currency, ...(layer === 'SETTLED' && random.chance(0.5) ? {} : { layer }) };
  const own = { ...common, account_code: CONTROL[component].accountCode, direction, loan_id: loanId };
  return [own, { ...common, direction: opposite(direction), ...againstOf(hand, component, loanId) }];
}

/** Where the other side of a component stands: mostly on an account that no loan controls. */
function againstOf(hand: Hand, component: Component, loanId: string): Body {
  const { random } = hand;
  if (component === 'memo') return { account_code: MEMO_OTHER };
  const known = hand.world.history.loanIds.filter((id) => {
    return hand.world.books.loans.has(id) && hand.world.currency(id) === hand.world.currency(loanId);
  });
  const loan_id = random.chance(0.5) && known.length > 0 ? random.pick(known) : loanId;
  // A line on another account may name a loan, and moves none.
  if (random.chance(0.75)) return { account_code: random.pick(OTHERS), ...hand.maybe(0.2, { loan_id }) };
  const others = COMPONENTS.filter((name) => name !== 'memo' && name !== component);
  return { account_code: CONTROL[random.pick(others)].accountCode, loan_id };
}

/** Names no loan, so it may be in whichever currency. */
function pairWithoutLoan(random: Random): Pair {
  const [from = '', to = ''] = random.shuffled([...OTHERS, '4900', '5000']);
  const layer = random.chance(0.5) ? 'SETTLED' : random.pick(LAYERS);
  const currency = random.pick(['USD', 'EUR', 'JPY']);
  const common = { amount_minor: (1 + random.below(400)).toString(), currency, layer };
  return [
    { ...common, account_code: from, direction: 'DR' },
    { ...common, account_code: to, direction: 'CR' },
  ];
}

function opposite(direction: string): string {
  return direction === 'DR' ? 'CR' : 'DR';
}

/** One more; or one less, where one more would be no amount any longer and refused as such. */
function besides(amountMinor: bigint): bigint {
  return amountMinor < COMPONENT_MAX_MINOR ? amountMinor + 1n : amountMinor - 1n;
}

/** Now and then a line that makes the adjustment wrong: its amount, its account, its layer, its loan. */
function spoilt(random: Random, line: Body): Body {
  if (!random.chance(0.17)) return line;
  const { loan_id: _loan, ...rest } = line;
  switch (random.weighted({ amount: 40, account: 20, layer: 15, nameless: 15, loan: 10 })) {
    case 'amount':
      return { ...line, amount_minor: besides(BigInt(String(line['amount_minor']))).toString() };
    case 'account':
      return { ...line, account_code: '7777' };
    case 'layer':
      return { ...line, layer: line['layer'] === 'PENDING' ? 'ENCUMBRANCE' : 'PENDING' };
    case 'nameless':
      return rest;
    case 'loan':
      return { ...line, loan_id: NOWHERE };
  }
}
