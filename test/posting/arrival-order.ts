import fc from 'fast-check';
import type { LoanStanding } from '../../src/domain/loan.ts';
import { standingAfterLosses } from '../../src/domain/loss.ts';
import type { Command, CommandOf, Envelope } from '../../src/posting/command.ts';
import type { Decision } from '../../src/posting/decide-batch.ts';
import { eventIdOf } from '../../src/posting/entry-id.ts';
import { type BooksTenant, MemoryBooks } from './memory-books.ts';

/** Histories of one loan under `replay`, and what of their ledgers must not depend on the order of arrival. */

const TENANT: BooksTenant = {
  tenantId: id('a', 1),
  programId: id('b', 1),
  otherProgramId: id('c', 1),
  backdating: 'replay',
};
const LOANS = [id('1', 1), id('1', 2)];
const BORROWER = id('2', 1);
const DAYS = ['2026-05-02', '2026-05-03', '2026-05-04', '2026-05-05', '2026-05-06', '2026-05-07'];

/** A request before it has a key; `reverses` and `returns` are places among all that could be reversed or returned. */
export type Request =
  | { readonly body: DistributiveBody; readonly reverses: null }
  | { readonly body: null; readonly reverses: number }
  | { readonly body: null; readonly reverses: null; readonly returns: number; readonly asked: AskedReturn }
  | { readonly body: null; readonly reverses: null; readonly corrects: number; readonly asked: AskedCorrection };
type AskedReturn = Pick<CommandOf<'payment_return'>['paymentReturn'], 'amountMinor' | 'nsfFeeMinor' | 'policy'> & {
  readonly effectiveAt: string;
};
type DistributiveBody = Command extends infer One ? (One extends Command ? Omit<One, keyof Envelope> : never) : never;

const amountMinor = fc.bigInt({ min: 1n, max: 90n });
const common = {
  loanId: fc.oneof(
    { weight: 4, arbitrary: fc.constant(LOANS[0] ?? '') },
    { weight: 1, arbitrary: fc.constant(LOANS[1] ?? '') },
  ),
  borrowerId: fc.constant(BORROWER),
  amountMinor,
  currency: fc.constant('USD'),
  effectiveAt: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...DAYS) },
    { weight: 1, arbitrary: fc.constant('2026-05-01') },
  ),
  externalRef: fc.constant(null),
  metadata: fc.constant(null),
  description: fc.constant(null),
};
const part = fc.bigInt({ min: 0n, max: 40n });
const nothing = fc.constant(0n);
const split = fc.oneof(
  { weight: 2, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.record({ fees: part, interest: part, principal: part, suspense: part }) },
  { weight: 1, arbitrary: fc.record({ fees: nothing, interest: nothing, principal: nothing, suspense: part }) },
);

const payment = fc
  .record({ ...common, sourceMethod: fc.constant('ach'), layer: fc.constantFrom(0, 0, 0, 1), split })
  .map((one): CommandOf<'payment'>['payment'] => {
    const { split: asked, layer } = one;
    const sum = asked === null ? 0n : asked.fees + asked.interest + asked.principal + asked.suspense;
    if (asked === null || layer === 1 || sum === 0n) return { ...one, layer: layer === 1 ? 1 : 0, split: null };
    return { ...one, layer: 0, amountMinor: sum };
  });

const disbursement = fc
  .record({ ...common, withheld: fc.boolean() })
  .map(({ withheld, ...one }): CommandOf<'disbursement'>['disbursement'] => ({
    ...one,
    method: 'ach',
    destinationRef: null,
    programId: null,
    fees: withheld ? [{ feeType: 'late_fee', amountMinor: 1n }] : [],
    layer: 0,
  }));

const accrual = fc
  .record({
    accrualDate: common.effectiveAt,
    interest: fc.array(fc.bigInt({ min: 0n, max: 30n }), { minLength: 1, maxLength: 2 }),
  })
  .map(({ accrualDate, interest }): CommandOf<'accrual'>['accrual'] => ({
    programId: TENANT.programId,
    accrualDate,
    dayCountConvention: 'ACT_365',
    loans: interest.map((interestMinor, index) => ({
      loanId: LOANS[index] ?? '',
      outstandingPrincipalMinor: 0n,
      interestMinor,
    })),
  }));

const body: fc.Arbitrary<DistributiveBody> = fc.oneof(
  { weight: 8, arbitrary: payment.map((one): DistributiveBody => ({ kind: 'payment', payment: one })) },
  { weight: 1, arbitrary: disbursement.map((one): DistributiveBody => ({ kind: 'disbursement', disbursement: one })) },
  {
    weight: 4,
    arbitrary: fc
      .record({ ...common, feeType: fc.constant('late_fee') })
      .map((fee): DistributiveBody => ({ kind: 'fee', fee })),
  },
  {
    weight: 1,
    arbitrary: fc.record({ ...common, reasonCode: fc.constant('other') }).map(
      (one): DistributiveBody => ({
        kind: 'fee_waiver',
        feeWaiver: { ...one, amountMinor: (one.amountMinor % 20n) + 1n },
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({ ...common, split: fc.constant(null) }).map(
      (goodwillCredit): DistributiveBody => ({
        kind: 'goodwill_credit',
        goodwillCredit,
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ ...common, amountMinor: fc.option(amountMinor, { nil: null, freq: 2 }) }).map(
      (suspenseAllocation): DistributiveBody => ({
        kind: 'suspense_allocation',
        suspenseAllocation,
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ ...common, method: fc.constant('ach') }).map(
      (one): DistributiveBody => ({
        kind: 'suspense_refund',
        suspenseRefund: { ...one, amountMinor: (one.amountMinor % 12n) + 1n },
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({
        ...common,
        reasonCode: fc.constantFrom('fraud', 'other'),
        components: fc.option(fc.record({ principal: part, interest: part, fees: part }), { nil: null, freq: 2 }),
      })
      .map(({ components, ...one }): DistributiveBody => {
        const isNone = components !== null && components.principal + components.interest + components.fees === 0n;
        return { kind: 'charge_off', chargeOff: { ...one, components: isNone ? null : components } };
      }),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({ ...common, sourceMethod: fc.constant('ach'), split: fc.constant(null) })
      .map((recovery): DistributiveBody => ({ kind: 'recovery', recovery })),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ ...common, action: fc.constantFrom('enter', 'exit') })
      .map((nonAccrual): DistributiveBody => ({ kind: 'non_accrual', nonAccrual })),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({
        ...common,
        capitalizeInterestMinor: fc.bigInt({ min: 0n, max: 8n }),
        capitalizeFeesMinor: fc.bigInt({ min: 0n, max: 8n }),
        forgivePrincipalMinor: fc.bigInt({ min: 1n, max: 9n }),
        forgiveInterestMinor: fc.bigInt({ min: 0n, max: 3n }),
      })
      .map((restructure): DistributiveBody => ({ kind: 'restructure', restructure })),
  },
  { weight: 3, arbitrary: accrual.map((one): DistributiveBody => ({ kind: 'accrual', accrual: one })) },
);

const askedReturn: fc.Arbitrary<AskedReturn> = fc.record({
  effectiveAt: fc.constantFrom(...DAYS),
  amountMinor: fc.option(fc.bigInt({ min: 1n, max: 60n }), { nil: null, freq: 2 }),
  nsfFeeMinor: fc.option(fc.bigInt({ min: 1n, max: 9n }), { nil: null, freq: 1 }),
  policy: fc.constantFrom('mirror', 'principal', null),
});

type AskedCorrection = { readonly effectiveAt: string; readonly interest: readonly bigint[] };

const askedCorrection: fc.Arbitrary<AskedCorrection> = fc.record({
  effectiveAt: fc.constantFrom(...DAYS),
  interest: fc.array(fc.bigInt({ min: 0n, max: 30n }), { minLength: 1, maxLength: 2 }),
});

/** Histories of up to so many requests, of all lengths alike; the loans' first disbursements arrive first, whatever their dates are then worth. */
export function histories(maxLength: number): fc.Arbitrary<readonly Request[]> {
  const first = LOANS.map((loanId): Request => {
    const fixed = { borrowerId: BORROWER, currency: 'USD', method: 'ach', destinationRef: null, metadata: null };
    const made = { ...fixed, loanId, amountMinor: 60n, effectiveAt: '2026-05-02', programId: null, fees: [] };
    return { reverses: null, body: { kind: 'disbursement', disbursement: { ...made, layer: 0 } } };
  });
  const request = fc.oneof(
    { weight: 6, arbitrary: body.map((one): Request => ({ body: one, reverses: null })) },
    { weight: 1, arbitrary: fc.nat(maxLength).map((reverses): Request => ({ body: null, reverses })) },
    {
      weight: 1,
      arbitrary: fc
        .record({ returns: fc.nat(maxLength), asked: askedReturn })
        .map((one): Request => ({ body: null, reverses: null, ...one })),
    },
    {
      weight: 1,
      arbitrary: fc
        .record({ corrects: fc.nat(maxLength), asked: askedCorrection })
        .map((one): Request => ({ body: null, reverses: null, ...one })),
    },
  );
  return fc
    .array(request, { minLength: 4, maxLength: maxLength - first.length, size: 'max' })
    .map((rest) => [...first, ...rest]);
}

/** What became of a history: the books, what each request was decided to, and which of them stand. */
export type Told = {
  readonly books: MemoryBooks;
  readonly decisions: readonly Decision[];
  readonly standing: readonly Accepted[];
};

/** A command that was accepted, with the first entry of its event, and, of a return, that of its payment. */
type Accepted = { readonly command: Command; readonly entryId: string; readonly of: string | null };

/** Sends requests in order of arrival, each by itself; the loans are registered before. */
export function tell(requests: readonly Request[]): Told {
  const books = booksWithLoans();
  const decisions: Decision[] = [];
  const accepted: (Accepted & { reversed: boolean })[] = [];
  requests.forEach((request, index) => {
    const target =
      request.reverses === null
        ? undefined
        : accepted[(request.reverses + LOANS.length) % Math.max(accepted.length, 1)];
    const { of = null, body = request.body ?? (target === undefined ? undefined : reversalOf(target.entryId)) } =
      aboutEarlier(request, accepted) ?? {};
    if (body === undefined) return;
    const command = { ...envelope(index), ...body } as Command;
    const [decision] = books.post([command]).decisions;
    if (decision === undefined) throw new Error('a batch of one command answered no decision');
    decisions.push(decision);
    if (decision.outcome !== 'posted') return;
    if (target !== undefined) {
      // The corrections of a batch go with it.
      const gone = accepted.filter((one) => one.command.kind === 'accrual_correction' && one.of === target.entryId);
      for (const one of [target, ...gone]) one.reversed = true;
    } else {
      const { entryId, draft } = decision.entry;
      const fixed = { amountMinor: BigInt(String(draft.eventInput['amount_minor'] ?? '0')), nsfFeeMinor: null };
      const kept =
        command.kind === 'payment_return'
          ? { ...command, paymentReturn: { ...command.paymentReturn, ...fixed } }
          : command;
      accepted.push({ command: kept, entryId, of, reversed: false });
      const [charged] = decision.following;
      if (command.kind !== 'payment_return' || charged?.draft.eventType !== 'fee_assessed') return;
      // Its fee is an event by itself.
      accepted.push({
        command: { ...envelope(2_000 + index), kind: 'fee', fee: nsfFee(command, charged.draft.loanId ?? '') },
        entryId: charged.entryId,
        of: null,
        reversed: false,
      });
    }
  });
  return { books, decisions, standing: accepted.filter(({ reversed }) => !reversed) };
}

/** A request about an event that was accepted before, if there is such: its body, and the first entry of that event. */
function aboutEarlier(
  request: Request,
  accepted: readonly Accepted[],
): { readonly of: string; readonly body: DistributiveBody } | undefined {
  const among = (kinds: readonly string[], place: number): Accepted | undefined => {
    const possible = accepted.filter(({ command: { kind } }) => kinds.includes(kind));
    return possible[place % Math.max(possible.length, 1)];
  };
  if ('returns' in request) {
    const paid = among(['payment', 'recovery'], request.returns);
    return paid && { of: paid.entryId, body: returnOf(paid, request.asked) };
  }
  if (!('corrects' in request)) return undefined;
  const batch = among(['accrual'], request.corrects);
  return batch && { of: batch.entryId, body: correctionOf(batch, request.asked) };
}

function correctionOf({ command, entryId }: Accepted, { effectiveAt, interest }: AskedCorrection): DistributiveBody {
  const loans = interest.map((interestMinor, index) => ({ loanId: LOANS[index] ?? '', interestMinor }));
  const correction = {
    accrualEventId: eventIdOf(entryId),
    effectiveAt: effectiveAt < dateOf(command) ? dateOf(command) : effectiveAt,
    reasonCode: 'other',
    loans,
    metadata: null,
  };
  return { kind: 'accrual_correction', correction };
}

function returnOf({ command, entryId }: Accepted, asked: AskedReturn): DistributiveBody {
  const effectiveAt = asked.effectiveAt < dateOf(command) ? dateOf(command) : asked.effectiveAt;
  const paymentReturn = { ...asked, effectiveAt, paymentEventId: eventIdOf(entryId), returnCode: 'R01' };
  return { kind: 'payment_return', paymentReturn };
}

function nsfFee({ paymentReturn }: CommandOf<'payment_return'>, loanId: string): CommandOf<'fee'>['fee'] {
  const { effectiveAt, nsfFeeMinor } = paymentReturn;
  const terms = { borrowerId: BORROWER, feeType: 'nsf', currency: 'USD', externalRef: null, description: null };
  return { ...terms, loanId, amountMinor: nsfFeeMinor ?? 0n, effectiveAt, metadata: null };
}

/** Money that moved outside is a fact: where it would be refused as something new, it stands all the same. */
const MONEY_FACTS: readonly Command['kind'][] = ['payment', 'recovery', 'suspense_refund', 'suspense_allocation'];

/** The same events by themselves, arriving in order of effect; of one day in the order in which they first arrived. */
export function tellInEffectiveOrder(standing: readonly Accepted[]): MemoryBooks {
  const books = booksWithLoans();
  const ordered = standing.toSorted((one, other) => compare(dateOf(one.command), dateOf(other.command)));
  /** The entries of these books by those of the others. */
  const entryIds = new Map<string, string>();
  for (const { command: told, entryId, of } of ordered) {
    const command = of === null ? told : aboutEntry(told, entryIds.get(of) ?? '');
    const [asNew] = books.post([command]).decisions;
    const posted =
      asNew?.outcome !== 'posted' && MONEY_FACTS.includes(command.kind)
        ? books.post([asFact(books, command, asNew)], { version: 1 }).decisions[0]
        : asNew;
    const asPosted = posted?.outcome === 'posted' ? posted.entry.entryId : accruedWithoutLost(books, command);
    if (asPosted === null) throw new Error(`${command.kind} of ${dateOf(command)} is refused in its own order`);
    entryIds.set(entryId, asPosted);
  }
  return books;
}

function aboutEntry(command: Command, entryId: string): Command {
  if (command.kind === 'accrual_correction') {
    return { ...command, correction: { ...command.correction, accrualEventId: eventIdOf(entryId) } };
  }
  if (command.kind !== 'payment_return') return command;
  return { ...command, paymentReturn: { ...command.paymentReturn, paymentEventId: eventIdOf(entryId) } };
}

/**
 * A client's accrual and its correction are 0 for a loan that is charged off by then: the others accrue. Answers the entry of
 * the one that does; null when it is refused for another reason.
 */
function accruedWithoutLost(books: MemoryBooks, command: Command): string | null {
  const decisions = oneByOne(command).map((part) => books.post([part]).decisions[0]);
  const wrong = decisions.some(
    (decision) => decision?.outcome === 'refused' && !LEFT_OUT.includes(decision.refusal.code),
  );
  if (wrong || decisions.length === 0) return null;
  return decisions.flatMap((decision) => (decision?.outcome === 'posted' ? decision.entry.entryId : []))[0] ?? '';
}

/** Of a loan that is charged off, and of its part of a batch that it was left out of. */
const LEFT_OUT: readonly string[] = ['loan_charged_off', 'loan_not_found', 'not_found'];

function oneByOne(command: Command): readonly Command[] {
  const keyed = (index: number): string => `${command.keyHash}${index}`;
  if (command.kind === 'accrual') {
    const { accrual } = command;
    return accrual.loans.map((loan, index) => ({
      ...command,
      keyHash: keyed(index),
      accrual: { ...accrual, loans: [loan] },
    }));
  }
  if (command.kind !== 'accrual_correction') return [];
  const { correction } = command;
  return correction.loans.map((loan, index) => ({
    ...command,
    keyHash: keyed(index),
    correction: { ...correction, loans: [loan] },
  }));
}

/** What a money fact is that is refused as something new: on a charged-off loan a recovery, else a payment. */
function asFact(books: MemoryBooks, command: Command, refused: Decision | undefined): Command {
  const code = refused?.outcome === 'refused' ? refused.refusal.code : '';
  if (command.kind === 'payment' && code === 'loan_charged_off' && command.payment.layer === 0) {
    const { layer: _layer, ...recovery } = command.payment;
    return { ...command, kind: 'recovery', payment: undefined, recovery } as Command;
  }
  if (command.kind === 'recovery' && code === 'loan_not_charged_off') {
    const payment = { ...command.recovery, layer: 0 };
    const paid = { ...command, kind: 'payment', recovery: undefined, payment } as Command;
    const [asNew] = books.copy().post([paid]).decisions;
    const isLost = asNew?.outcome === 'refused' && asNew.refusal.code === 'loan_charged_off';
    return isLost ? command : paid;
  }
  return command;
}

function booksWithLoans(): MemoryBooks {
  const books = new MemoryBooks([TENANT]);
  const terms = { borrowerId: BORROWER, currency: 'USD', programId: null, annualRate: null, maturityDate: null };
  books.post(
    LOANS.map((loanId, index): Command => {
      const registration = { ...terms, loanId, opening: null, externalRef: null, metadata: null };
      return { ...envelope(1_000 + index), kind: 'registration', registration };
    }),
  );
  return books;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function dateOf(command: Command): string {
  switch (command.kind) {
    case 'payment':
      return command.payment.effectiveAt;
    case 'disbursement':
      return command.disbursement.effectiveAt;
    case 'fee':
      return command.fee.effectiveAt;
    case 'fee_waiver':
      return command.feeWaiver.effectiveAt;
    case 'goodwill_credit':
      return command.goodwillCredit.effectiveAt;
    case 'suspense_allocation':
      return command.suspenseAllocation.effectiveAt;
    case 'suspense_refund':
      return command.suspenseRefund.effectiveAt;
    case 'charge_off':
      return command.chargeOff.effectiveAt;
    case 'recovery':
      return command.recovery.effectiveAt;
    case 'non_accrual':
      return command.nonAccrual.effectiveAt;
    case 'payment_return':
      return command.paymentReturn.effectiveAt;
    case 'restructure':
      return command.restructure.effectiveAt;
    case 'accrual':
      return command.accrual.accrualDate;
    case 'accrual_correction':
      return command.correction.effectiveAt;
    default:
      throw new Error(`${command.kind} is no event of these histories`);
  }
}

/** What every loan is, every account, and every component of every loan, at every date and on every layer; places at zero are left out. */
export function ledgerByDate(books: MemoryBooks): Readonly<Record<string, string>> {
  const sums = new Map<string, bigint>();
  for (const { entry } of books.entries.values()) {
    for (const line of entry.lines) {
      for (const loan of line.loanId === null ? ['every loan'] : ['every loan', line.loanId]) {
        const place = `${entry.effectiveAt} layer ${entry.layer} ${line.account} ${loan}`;
        sums.set(place, (sums.get(place) ?? 0n) + line.amountMinor);
      }
    }
  }
  const standings = [...books.loans.values()].map((loan) => {
    const [, losses = []] = [...books.lossesOf([loan])][0] ?? [];
    const kept = standingText(loan.standing);
    // What is known of each loss has to sum up to what the loan says of them.
    if (standingText(standingAfterLosses(loan.standing, losses)) !== kept)
      throw new Error(`${kept} is not by its losses`);
    return [loan.loanId, kept] as const;
  });
  const kept = [...sums].filter(([, sum]) => sum !== 0n).map(([place, sum]) => [place, sum.toString()] as const);
  return Object.fromEntries([...standings, ...kept].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function standingText(standing: LoanStanding): string {
  return JSON.stringify(standing, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
}

function reversalOf(entryId: string): DistributiveBody {
  return {
    kind: 'reversal',
    reversal: {
      reversesEntryId: entryId,
      reasonCode: 'other',
      reasonDescription: null,
      effectiveAt: '2026-05-10',
      metadata: null,
    },
  };
}

function envelope(index: number): Envelope {
  const keyHash = id('e', index);
  return { tenantId: TENANT.tenantId, actor: 'client', key: `key:${keyHash}`, keyHash, payloadHash: id('f', index) };
}

function id(kind: string, number: number): string {
  return `${kind.repeat(8)}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}
