import { ACCOUNT } from './account-code.ts';
import type { LayerNumber } from './layer.ts';
import { MINOR_MAX } from './money.ts';

/** The components of a loan's sub-ledger, in minor units, in the order in which arrays of them are stored. */
export type Components = {
  principal: bigint;
  interest: bigint;
  fees: bigint;
  suspense: bigint;
  memoInterest: bigint;
};

export type Component = keyof Components;

export const COMPONENTS: readonly Component[] = ['principal', 'interest', 'fees', 'suspense', 'memoInterest'];

/** What a loan is to those who ask: `undisbursed` while no beginning of it stands (decisions/0016, 43). */
export const LOAN_STATUSES = ['undisbursed', 'active', 'charged_off'] as const;
export type LoanStatus = (typeof LOAN_STATUSES)[number];

/** What a charge-off takes away and a recovery brings back, in minor units. */
export type Receivables = { readonly principal: bigint; readonly interest: bigint; readonly fees: bigint };

/**
 * What a loan is besides its balances. A value that is replaced and never changed, so that the loans of which there is
 * nothing to say share one.
 */
export type LoanStanding = {
  readonly status: 'active' | 'charged_off';
  /** Charged off: the account that principal is debited to which is lost on it later (ACCOUNTING.md rule 9); else null. */
  readonly lossAccount: number | null;
  readonly chargedOff: Receivables;
  readonly recovered: Receivables;
  /** Effective date from which it is on non-accrual. */
  readonly nonAccrualSince: string | null;
};

const NO_RECEIVABLES: Receivables = { principal: 0n, interest: 0n, fees: 0n };

/** Active, never charged off, accruing. */
export const PLAIN_STANDING: LoanStanding = {
  status: 'active',
  lossAccount: null,
  chargedOff: NO_RECEIVABLES,
  recovered: NO_RECEIVABLES,
  nonAccrualSince: null,
};

/**
 * A loan as the posting engine holds it while a batch is decided: read under the loan's lock, changed by each posting of
 * the batch, written once at its end. `borrowerId` is null while the loan does not exist yet.
 */
export type LoanState = {
  readonly tenantId: string;
  readonly loanId: string;
  borrowerId: string | null;
  currency: string | null;
  programId: string | null;
  /** Effective date of the earliest standing disbursement or opening balance. */
  firstDisbursedOn: string | null;
  loanSeq: number;
  /** Latest effective date among the loan's movements. */
  frontier: string | null;
  standing: LoanStanding;
  /** Indexed by layer; a layer that was never touched is null. */
  readonly layers: [Components, Components | null, Components | null];
};

/** A loan of which nothing is known but its id. */
export function unmadeLoan(tenantId: string, loanId: string): LoanState {
  return {
    tenantId,
    loanId,
    borrowerId: null,
    currency: null,
    programId: null,
    firstDisbursedOn: null,
    loanSeq: 0,
    frontier: null,
    standing: PLAIN_STANDING,
    layers: [noComponents(), null, null],
  };
}

/** All components zero, as a value of its own to change. */
export function noComponents(): Components {
  return { principal: 0n, interest: 0n, fees: 0n, suspense: 0n, memoInterest: 0n };
}

/**
 * Which component a line on a control account moves, and with which sign per debit. Every other account moves none.
 * Control accounts equal the sum of the sub-ledgers because both are moved by this one rule (ACCOUNTING.md section 1).
 */
export function controlledComponent(
  account: number,
): { readonly component: Component; readonly debitSign: 1n | -1n } | null {
  switch (account) {
    case ACCOUNT.principalReceivable:
      return PRINCIPAL;
    case ACCOUNT.interestReceivable:
      return INTEREST;
    case ACCOUNT.feesReceivable:
      return FEES;
    case ACCOUNT.borrowerSuspense:
      return SUSPENSE;
    case ACCOUNT.nonAccrualInterestReceivable:
      return MEMO_INTEREST;
    default:
      return null;
  }
}

const PRINCIPAL = { component: 'principal', debitSign: 1n } as const;
const INTEREST = { component: 'interest', debitSign: 1n } as const;
const FEES = { component: 'fees', debitSign: 1n } as const;
const SUSPENSE = { component: 'suspense', debitSign: -1n } as const;
const MEMO_INTEREST = { component: 'memoInterest', debitSign: 1n } as const;

/** The components of one layer, zeros where the layer was never touched. */
export function componentsOn(loan: LoanState, layer: LayerNumber): Components {
  return loan.layers[layer] ?? noComponents();
}

/**
 * The component that would leave its range if `effect` were added, or null (ACCOUNTING.md rule 1, CONTRACT.md "Money"). One
 * that would fall below zero is named before one that would grow too large.
 */
export function outOfRange(
  present: Components,
  effect: Components,
): { component: Component; negative: boolean } | null {
  let tooLarge: { component: Component; negative: boolean } | null = null;
  for (const component of COMPONENTS) {
    const after = present[component] + effect[component];
    if (after < 0n) return { component, negative: true };
    if (after > MINOR_MAX) tooLarge ??= { component, negative: false };
  }
  return tooLarge;
}

/** Adds `effect` to `present` in place. */
export function addComponents(present: Components, effect: Components): void {
  present.principal += effect.principal;
  present.interest += effect.interest;
  present.fees += effect.fees;
  present.suspense += effect.suspense;
  present.memoInterest += effect.memoInterest;
}
