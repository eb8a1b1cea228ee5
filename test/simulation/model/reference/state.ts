import {
  COMPONENT_MAX_MINOR,
  COMPONENTS,
  type Component,
  type Components,
  effectOf,
  LAYERS,
  type Layer,
  type Line,
  noComponents,
  type Receivable,
} from './terms.ts';

/** An amount taken off the books, until it is recovered. */
export interface Piece {
  /** The event that took it off: a charge-off, or a return or refund on a loan already charged off. */
  readonly byEventId: string;
  readonly component: Receivable;
  /** Where it went: 5000, 5010, 1900, 4900 or 4910; and so where a recovery of it goes. */
  readonly lossAccount: string;
  readonly amountMinor: bigint;
  recoveredMinor: bigint;
}

/** A recovered part of a piece, by the piece's event and component. */
export interface Recovered {
  readonly pieceEventId: string;
  readonly component: Receivable;
  amountMinor: bigint;
}

/** How a payment or recovery stands allocated, less what came back. */
export interface Receipt {
  readonly suspenseMinor: bigint;
  readonly fees: bigint;
  readonly interest: bigint;
  readonly principal: bigint;
  /** Of a recovery: which pieces it paid; a payment has none. */
  readonly recovered: readonly Recovered[];
}

/** Nights: the first begins on `from`, the last ends on `to`. */
export interface Span {
  readonly from: string;
  readonly to: string;
}

/** One night or several, accrued. */
export interface Accrued {
  readonly eventId: string;
  readonly date: string;
  readonly source: 'client' | 'server';
  /** The nights that it stands for. */
  readonly covers: readonly Span[];
  /** Exact interest of those nights, times INTEREST_SCALE. */
  readonly exactScaled: bigint;
  readonly postedMinor: bigint;
}

/** The charge-off that closed a loan, and the account that takes principal lost from then on. */
export interface Closing {
  readonly byEventId: string;
  readonly lossAccount: string;
}

/** What an event changes beside the balances. */
export type Effect =
  | { readonly kind: 'opened'; readonly date: string }
  | { readonly kind: 'receipt'; readonly eventId: string; readonly receipt: Receipt }
  /** What a return took out of a receipt: a difference, since an earlier return may be reversed. */
  | { readonly kind: 'came_back'; readonly eventId: string; readonly taken: Receipt }
  | { readonly kind: 'written_off'; readonly pieces: readonly Piece[]; readonly closes: Closing | undefined }
  | { readonly kind: 'recovered'; readonly parts: readonly Recovered[] }
  | { readonly kind: 'accrued'; readonly accrued: Accrued }
  | {
      readonly kind: 'accrual_corrected';
      readonly eventId: string;
      readonly deltaMinor: bigint;
      readonly scale: bigint;
    }
  | { readonly kind: 'non_accrual'; readonly on: boolean };

/** What an event posts for one loan, and what it changes there. */
export interface Outcome {
  readonly eventType: string;
  readonly lines: readonly Line[];
  readonly effects: readonly Effect[];
  /** How an amount was spread, where the answer shows it. */
  readonly allocation?: Record<string, bigint>;
}

/** A loan after some of its events. */
export interface LoanState {
  readonly loanId: string;
  readonly currency: string;
  readonly balance: Record<Layer, Components>;
  /** Movements of settled principal by effective date, for interest. */
  /** `earnsFrom` lies before `date` of an opening alone, whose interest may end before it. */
  readonly principalMoves: { readonly date: string; readonly earnsFrom: string; readonly deltaMinor: bigint }[];
  /** The day from which interest is counted; undefined before any disbursement. */
  interestFrom: string | undefined;
  nonAccrual: boolean;
  /** The day of the event that put it on non-accrual. */
  nonAccrualSince: string | undefined;
  chargedOff: Closing | undefined;
  readonly pieces: Piece[];
  readonly receipts: Map<string, Receipt>;
  readonly accrued: Map<string, Accrued>;
}

/** A loan that nothing has happened to. */
export function newState(loanId: string, currency: string): LoanState {
  return {
    loanId,
    currency,
    balance: { SETTLED: noComponents(), PENDING: noComponents(), ENCUMBRANCE: noComponents() },
    principalMoves: [],
    interestFrom: undefined,
    nonAccrual: false,
    nonAccrualSince: undefined,
    chargedOff: undefined,
    pieces: [],
    receipts: new Map(),
    accrued: new Map(),
  };
}

/** Carries an outcome into the state, which it changes. */
export function apply(state: LoanState, outcome: Outcome, effectiveAt: string): void {
  const opened = outcome.effects.find((effect) => effect.kind === 'opened');
  // An opening's interest may begin before it: what it owes was owed elsewhere in those nights.
  const earnsFrom = opened !== undefined && opened.date < effectiveAt ? opened.date : effectiveAt;
  for (const line of outcome.lines) {
    const effect = effectOf(line);
    if (effect === undefined || line.loanId !== state.loanId) continue;
    state.balance[line.layer][effect.component] += effect.deltaMinor;
    if (effect.component === 'principal' && line.layer === 'SETTLED') {
      state.principalMoves.push({ date: effectiveAt, earnsFrom, deltaMinor: effect.deltaMinor });
    }
  }
  for (const effect of outcome.effects) applyEffect(state, effect, effectiveAt);
}

function applyEffect(state: LoanState, effect: Effect, effectiveAt: string): void {
  switch (effect.kind) {
    case 'opened':
      if (state.interestFrom === undefined || effect.date < state.interestFrom) state.interestFrom = effect.date;
      return;
    case 'receipt':
      state.receipts.set(effect.eventId, effect.receipt);
      return;
    case 'came_back':
      comeBack(state, effect);
      return;
    case 'written_off':
      state.pieces.push(...effect.pieces.map((piece) => ({ ...piece })));
      if (effect.closes !== undefined) state.chargedOff = effect.closes;
      return;
    case 'recovered':
      for (const part of effect.parts) pieceOf(state, part).recoveredMinor += part.amountMinor;
      return;
    case 'accrued':
      state.accrued.set(effect.accrued.eventId, effect.accrued);
      return;
    case 'accrual_corrected':
      correctAccrual(state, effect);
      return;
    case 'non_accrual':
      state.nonAccrual = effect.on;
      state.nonAccrualSince = effect.on ? effectiveAt : undefined;
  }
}

function comeBack({ receipts }: LoanState, { eventId, taken }: Extract<Effect, { kind: 'came_back' }>): void {
  const found = receipts.get(eventId);
  if (found === undefined) return;
  const gone = (part: Recovered) =>
    taken.recovered
      .filter(({ pieceEventId, component }) => pieceEventId === part.pieceEventId && component === part.component)
      .reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
  receipts.set(eventId, {
    suspenseMinor: found.suspenseMinor - taken.suspenseMinor,
    fees: found.fees - taken.fees,
    interest: found.interest - taken.interest,
    principal: found.principal - taken.principal,
    recovered: found.recovered.map((part) => ({ ...part, amountMinor: part.amountMinor - gone(part) })),
  });
}

function correctAccrual(state: LoanState, effect: Extract<Effect, { kind: 'accrual_corrected' }>): void {
  const { eventId, deltaMinor, scale } = effect;
  const found = state.accrued.get(eventId);
  if (found === undefined) return;
  const isExact = found.source === 'client';
  state.accrued.set(eventId, {
    ...found,
    postedMinor: found.postedMinor + deltaMinor,
    exactScaled: found.exactScaled + (isExact ? deltaMinor * scale : 0n),
  });
}

/** The piece that a recovery paid. */
export function pieceOf(state: LoanState, part: Recovered): Piece {
  const found = state.pieces.find(
    ({ byEventId, component }) => byEventId === part.pieceEventId && component === part.component,
  );
  if (found === undefined) throw new Error(`loan ${state.loanId} has no charged-off ${part.component} to recover`);
  return found;
}

/** What is charged off and not yet recovered. */
export function unrecovered(state: LoanState): Record<Receivable, bigint> {
  const left = { fees: 0n, interest: 0n, principal: 0n };
  for (const piece of state.pieces) left[piece.component] += piece.amountMinor - piece.recoveredMinor;
  return left;
}

/** Rule 1 and the range of a component. */
export function wrongBalance(state: LoanState): 'balance_would_be_negative' | 'amount_out_of_range' | undefined {
  const all = LAYERS.flatMap((layer) => COMPONENTS.map((name: Component) => state.balance[layer][name]));
  if (all.some((amount) => amount < 0n)) return 'balance_would_be_negative';
  return all.some((amount) => amount > COMPONENT_MAX_MINOR) ? 'amount_out_of_range' : undefined;
}
