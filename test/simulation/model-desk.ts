import { type Books, newBooks } from './model/reference/books.ts';
import type { Command } from './model/reference/command.ts';
import { decide } from './model/reference/decide.ts';
import { book, type Posting } from './model/reference/posting.ts';
import { DEFAULT_POLICY, type Policy } from './model/reference/program.ts';
import { componentsOf } from './model/reference/reads.ts';
import type { Code } from './model/reference/refusal.ts';
import type { Layer } from './model/reference/terms.ts';

export const LOAN = '11111111-1111-4111-8111-111111111111';
export const OTHER = '33333333-3333-4333-8333-333333333333';
export const BORROWER = '22222222-2222-4222-8222-222222222222';
export const PROGRAM = '44444444-4444-4444-8444-444444444444';
export const TODAY = '2026-06-30';

/** Hand-made books: each request is the next microsecond's. */
export class Desk {
  readonly books: Books;
  #count = 0;
  /** What the last accepted request wrote. */
  last: Posting | undefined;
  undoLast: () => void = () => undefined;

  constructor(policy: Partial<Policy> = {}) {
    const versions = [{ from: '', policy: { ...DEFAULT_POLICY, ...policy } }];
    this.books = newBooks({ programId: PROGRAM, currency: undefined, versions });
  }

  /** Sends a command and books it when it may be: the code of its refusal, or `posted`. */
  send(command: Command, principal = 'one'): Code | 'posted' {
    const decision = decide(this.books, command, { businessDate: TODAY, principal });
    if ('refusal' in decision) return decision.refusal.code;
    this.#count += 1;
    this.last = decision.posting;
    this.undoLast = book(this.books, decision.posting, { postedAt: instant(this.#count) });
    return 'posted';
  }

  /** Sends a command that must be accepted, and answers the id of its event. */
  event(command: Command): string {
    const outcome = this.send(command);
    if (outcome !== 'posted') throw new Error(`${command.kind} was refused: ${outcome}`);
    return this.last?.facts[0]?.eventId ?? '';
  }

  /** Sends a command that must be accepted, and answers the id of its entry. */
  entry(command: Command): string {
    this.event(command);
    return this.last?.entries[0]?.entryId ?? '';
  }

  /** The lines of the last request's entries as words, one list for each entry. */
  get written(): string[][] {
    return (this.last?.entries ?? []).map(({ lines }) =>
      lines.map(({ direction, accountCode, amountMinor, layer }) => {
        return `${direction} ${accountCode} ${amountMinor}${layer === 'SETTLED' ? '' : ` ${layer}`}`;
      }),
    );
  }

  get allocation(): unknown {
    return this.last?.answer['allocation'];
  }

  /** Fees, interest, principal, suspense and memo interest of a loan. */
  balance(asOfDate = '9999-12-31', past: { knownAt?: string; layer?: Layer; loanId?: string } = {}): number[] {
    const { knownAt, layer = 'SETTLED', loanId = LOAN } = past;
    const { fees, interest, principal, suspense, memo } = componentsOf(this.books, loanId, {
      asOfDate,
      knownAt,
      layer,
    });
    return [fees, interest, principal, suspense, memo].map(Number);
  }

  get now(): string {
    return instant(this.#count);
  }
}

/** The nth instant. */
export function instant(count: number): string {
  return `2026-06-30T12:00:00.${count.toString().padStart(6, '0')}Z`;
}

const money = (amount: number, effectiveAt: string) => ({
  loanId: LOAN,
  borrowerId: BORROWER,
  amountMinor: BigInt(amount),
  currency: 'USD',
  effectiveAt,
});

export const disbursement = (amount: number, date: string, more: object = {}): Command =>
  ({
    kind: 'disbursement',
    ...money(amount, date),
    layer: 'SETTLED',
    programId: undefined,
    fees: [],
    ...more,
  }) as Command;
export const payment = (amount: number, date: string, more: object = {}): Command =>
  ({ kind: 'payment', ...money(amount, date), layer: 'SETTLED', allocation: undefined, ...more }) as Command;
export const recovery = (amount: number, date: string): Command => ({
  kind: 'recovery',
  ...money(amount, date),
  allocation: undefined,
});
export const goodwill = (amount: number, date: string): Command => ({
  kind: 'goodwill',
  ...money(amount, date),
  allocation: undefined,
});
export const fee = (amount: number, date: string, feeType = 'late'): Command => ({
  kind: 'fee',
  ...money(amount, date),
  feeType,
});
export const waiver = (amount: number, date: string): Command => ({ kind: 'waiver', ...money(amount, date) });
export const refund = (amount: number, date: string): Command => ({ kind: 'refund', ...money(amount, date) });
export const allocation = (amount: number | undefined, date: string): Command => ({
  kind: 'allocation',
  ...money(0, date),
  amountMinor: amount === undefined ? undefined : BigInt(amount),
});
export const returned = (eventId: string, date: string, more: object = {}): Command =>
  ({
    kind: 'return',
    eventId,
    effectiveAt: date,
    amountMinor: undefined,
    nsfFeeMinor: 0n,
    policy: undefined,
    ...more,
  }) as Command;
export const reversal = (reversesEntryId: string, date: string): Command => ({
  kind: 'reversal',
  reversesEntryId,
  effectiveAt: date,
});
export const accrual = (date: string, ...loans: (readonly [string, number])[]): Command => ({
  kind: 'accrual',
  programId: PROGRAM,
  effectiveAt: date,
  loans: loans.map(([loanId, interest]) => ({ loanId, principalMinor: 0n, interestMinor: BigInt(interest) })),
});
export const run = (date: string): Command => ({ kind: 'run', programId: PROGRAM, effectiveAt: date });
export const correction = (eventId: string, date: string, ...loans: (readonly [string, number])[]): Command => ({
  kind: 'correction',
  eventId,
  effectiveAt: date,
  loans: loans.map(([loanId, interest]) => ({ loanId, interestMinor: BigInt(interest) })),
});
export const chargeoff = (
  date: string,
  reasonCode = 'uncollectible',
  components?: readonly [number, number, number],
): Command => {
  const [fees = 0, interest = 0, principal = 0] = components ?? [];
  const asked = { fees: BigInt(fees), interest: BigInt(interest), principal: BigInt(principal) };
  return { kind: 'chargeoff', loanId: LOAN, effectiveAt: date, reasonCode, components: components && asked };
};
export const nonAccrual = (action: 'enter' | 'exit', date: string): Command => ({
  kind: 'non_accrual',
  loanId: LOAN,
  effectiveAt: date,
  action,
});
export const restructure = (date: string, more: object): Command => ({
  kind: 'restructure',
  loanId: LOAN,
  effectiveAt: date,
  capitalizeInterestMinor: 0n,
  capitalizeFeesMinor: 0n,
  forgivePrincipalMinor: 0n,
  forgiveInterestMinor: 0n,
  ...more,
});
export const refinance = (newMoney: number, date: string): Command => ({
  kind: 'refinance',
  oldLoanId: LOAN,
  newLoanId: OTHER,
  borrowerId: BORROWER,
  newMoneyMinor: BigInt(newMoney),
  currency: 'USD',
  effectiveAt: date,
  programId: undefined,
});
export const pending = (kind: 'settle_payment' | 'cancel_payment' | 'settle_disbursement' | 'cancel_disbursement') => {
  return (eventId: string, effectiveAt: string): Command => ({ kind, eventId, effectiveAt });
};
export const clearing = (entryIds: readonly string[], effectiveAt: string): Command => ({
  kind: 'clearing',
  entryIds,
  effectiveAt,
});
