import type { Books, Fact } from './model/reference/books.ts';
import type { Command } from './model/reference/command.ts';
import type { Line } from './model/reference/terms.ts';
import {
  accrual,
  allocation,
  BORROWER,
  chargeoff,
  clearing,
  correction,
  disbursement,
  fee,
  goodwill,
  LOAN,
  nonAccrual,
  OTHER,
  payment,
  pending,
  recovery,
  refinance,
  refund,
  restructure,
  returned,
  reversal,
  run,
  waiver,
} from './model-desk.ts';

/** Weighted by repetition: what brings a loan to life and pays it comes often. */
export const ACTION_KINDS = [
  'disbursement',
  'disbursement',
  'payment',
  'payment',
  'payment',
  'fee',
  'fee',
  'accrual',
  'accrual',
  'run',
  'run',
  'return',
  'reversal',
  'reversal',
  'waiver',
  'allocation',
  'refund',
  'goodwill',
  'chargeoff',
  'recovery',
  'recovery',
  'non_accrual',
  'restructure',
  'refinance',
  'correction',
  'settle_payment',
  'cancel_payment',
  'settle_disbursement',
  'cancel_disbursement',
  'clearing',
  'proposal',
] as const;

/** One step of a history before it is a command: what it is about is picked among what is there. */
export interface Action {
  readonly kind: (typeof ACTION_KINDS)[number];
  readonly day: number;
  readonly amount: number;
  readonly pick: number;
  readonly flag: number;
}

/** The command of a step, or undefined when there is nothing for it to be about. */
export function commandOf(books: Books, step: Action): Command | undefined {
  const { kind, day, amount, pick, flag } = step;
  const loanId = flag === 7 ? OTHER : LOAN;
  const date = `2026-05-${(day + 1).toString().padStart(2, '0')}`;
  const facts = [...books.facts.values()];
  const oneOf = (...kinds: string[]): Fact | undefined => {
    const some = facts.filter(({ command }) => kinds.includes(command.kind));
    return some[pick % Math.max(1, some.length)];
  };
  const later = (fact: Fact) => (fact.effectiveAt > date ? fact.effectiveAt : date);
  switch (kind) {
    case 'disbursement':
      return disbursement(amount, flag < 4 ? '2026-05-01' : date, disbursementMore(step, loanId));
    case 'payment':
      return payment(amount, date, paymentMore(step, loanId));
    case 'return':
      return about(oneOf('payment', 'recovery'), (fact) => returned(fact.eventId, later(fact), returnMore(step)));
    case 'reversal': {
      const entry = [...books.entries.values()][pick % Math.max(1, books.entries.size)];
      return entry && reversal(entry.entryId, entry.effectiveAt > date ? entry.effectiveAt : date);
    }
    case 'accrual':
      return accrual(
        date,
        ...(flag > 5 && books.loans.has(OTHER)
          ? [[LOAN, amount] as const, [OTHER, 7] as const]
          : [[loanId, amount % 50] as const]),
      );
    case 'correction':
      return about(oneOf('accrual', 'server_accrual'), (fact) =>
        correction(fact.eventId, later(fact), [fact.loanIds[flag % fact.loanIds.length] ?? '', amount % 40]),
      );
    case 'settle_payment':
    case 'cancel_payment':
      return about(oneOf('payment'), (fact) => pending(kind)(fact.eventId, later(fact)));
    case 'settle_disbursement':
    case 'cancel_disbursement':
      return about(oneOf('disbursement', 'refinance'), (fact) => pending(kind)(fact.eventId, later(fact)));
    case 'clearing':
      return about(oneOf('payment', 'recovery', 'refund', 'return', 'settled'), (fact) =>
        clearing([fact.liveEntryId], later(fact)),
      );
    case 'refinance':
      return flag === 0 ? refinance(amount, date) : undefined;
    case 'proposal':
      return { kind, effectiveAt: date, lines: adjustmentLines(step, loanId) };
    default:
      return plainOf(kind, { ...step, date }, loanId);
  }
}

type PlainKind =
  | 'fee'
  | 'waiver'
  | 'allocation'
  | 'refund'
  | 'goodwill'
  | 'recovery'
  | 'chargeoff'
  | 'non_accrual'
  | 'restructure'
  | 'run';

function plainOf(kind: PlainKind, { date, amount, flag, pick }: Action & { date: string }, loanId: string): Command {
  const small = (amount % 60) + 1;
  const parts = [small, 0, amount] as const;
  switch (kind) {
    case 'fee':
      return { ...fee(small, date), ...{ loanId } };
    case 'waiver':
      return waiver((small % 9) + 1, date);
    case 'allocation':
      return allocation(flag > 3 ? amount : undefined, date);
    case 'refund':
      return refund(small, date);
    case 'goodwill':
      return goodwill(small, date);
    case 'recovery':
      return recovery(amount, date);
    case 'chargeoff':
      return flag === 0
        ? chargeoff(date, pick % 3 === 0 ? 'fraud' : 'uncollectible')
        : chargeoff(date, 'uncollectible', flag < 3 ? parts : [0, 0, small]);
    case 'non_accrual':
      return nonAccrual(flag < 5 ? 'enter' : 'exit', date);
    case 'restructure':
      return restructure(date, { capitalizeInterestMinor: BigInt(small % 5), forgivePrincipalMinor: BigInt(flag) });
    case 'run':
      return run(date);
  }
}

function about(fact: Fact | undefined, make: (fact: Fact) => Command): Command | undefined {
  return fact && make(fact);
}

function disbursementMore({ flag, amount }: Action, loanId: string): object {
  const layer = flag === 5 ? 'PENDING' : 'SETTLED';
  const fees =
    flag % 2 === 1 && amount > 1 ? [{ feeType: 'origination', amountMinor: BigInt(Math.trunc(amount / 2)) }] : [];
  return { loanId, layer, fees, borrowerId: BORROWER };
}

function paymentMore({ flag, amount, pick }: Action, loanId: string): object {
  if (flag === 5) return { loanId, layer: 'PENDING' };
  if (flag !== 4) return { loanId };
  const fees = BigInt(pick % 5);
  const suspense = BigInt(Math.min(amount, 5)) - (fees < BigInt(amount) ? fees : 0n);
  const principal = BigInt(amount) - fees - suspense;
  return principal < 0n || suspense < 0n
    ? { loanId }
    : { loanId, allocation: { fees, interest: 0n, principal, suspense } };
}

function returnMore({ flag, amount }: Action): object {
  const partial = flag % 2 === 1 ? { amountMinor: BigInt((amount % 100) + 1) } : {};
  const nsf = flag > 5 ? { nsfFeeMinor: 25n } : {};
  const policy = flag === 3 ? { policy: 'principal' } : {};
  return { ...partial, ...nsf, ...policy };
}

function adjustmentLines({ amount, flag, pick }: Action, loanId: string): Line[] {
  const layer = flag < 6 ? 'SETTLED' : 'ENCUMBRANCE';
  const accounts = ['1100', '1200', '1300', '2100'] as const;
  const common = { amountMinor: BigInt(amount % 30) + 1n, currency: 'USD', layer } as const;
  const accountCode = accounts[pick % accounts.length] ?? '1100';
  const [direction, other] = flag % 2 === 0 ? (['DR', 'CR'] as const) : (['CR', 'DR'] as const);
  return [
    { ...common, accountCode, direction, loanId },
    { ...common, accountCode: '3900', direction: other, loanId: undefined },
  ];
}
