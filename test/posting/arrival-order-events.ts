import fc from 'fast-check';
import type { Command, CommandOf, Envelope } from '../../src/posting/command.ts';

/** The programs of these histories, the default one first; both replay. */
export const PROGRAM_IDS = [id('b', 1), id('b', 2)];
const programId = fc.constantFrom(...PROGRAM_IDS);
/** Who owes every loan. */
export const BORROWER = id('2', 1);
/** The loans that are disbursed before anything else. */
export const LOANS = [id('1', 1), id('1', 2)];
/** A loan that comes from elsewhere with opening balances; until then, what names it is sent about the first of LOANS. */
const OPENED = id('1', 3);
/** Loans that a refinance may make; what names them before is sent about the first of LOANS too. */
const REFINANCED = [id('1', 4), id('1', 5)];
/** The days on which most events count. */
export const DAYS = ['2026-05-02', '2026-05-03', '2026-05-04', '2026-05-05', '2026-05-06', '2026-05-07'];

/** A command without its envelope. */
export type DistributiveBody = Command extends infer One
  ? One extends Command
    ? Omit<One, keyof Envelope>
    : never
  : never;

const amountMinor = fc.bigInt({ min: 1n, max: 90n });
const common = {
  loanId: fc.oneof(
    { weight: 4, arbitrary: fc.constant(LOANS[0] ?? '') },
    { weight: 1, arbitrary: fc.constant(LOANS[1] ?? '') },
    { weight: 3, arbitrary: fc.constant(OPENED) },
    { weight: 1, arbitrary: fc.constantFrom(...REFINANCED) },
  ),
  borrowerId: fc.constant(BORROWER),
  amountMinor,
  currency: fc.constant('USD'),
  effectiveAt: fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...DAYS) },
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
  .record({ ...common, withheld: fc.boolean(), layer: fc.constantFrom(0 as const, 0 as const, 1 as const) })
  .map(({ withheld, ...one }): CommandOf<'disbursement'>['disbursement'] => ({
    ...one,
    method: 'ach',
    destinationRef: null,
    programId: null,
    fees: withheld ? [{ feeType: 'late_fee', amountMinor: 1n }] : [],
  }));

const accrual = fc
  .record({
    accrualDate: common.effectiveAt,
    programId: fc.constantFrom(PROGRAM_IDS[0] ?? '', ...PROGRAM_IDS),
    outstandingPrincipalMinor: fc.constantFrom(0n, 60n),
    interest: fc.array(fc.bigInt({ min: 0n, max: 30n }), { minLength: 1, maxLength: 4 }),
  })
  .map(({ accrualDate, programId, outstandingPrincipalMinor, interest }): CommandOf<'accrual'>['accrual'] => ({
    programId,
    accrualDate,
    dayCountConvention: 'ACT_365',
    loans: interest.map((interestMinor, index) => ({
      loanId: [...LOANS, OPENED, ...REFINANCED][index] ?? '',
      outstandingPrincipalMinor,
      interestMinor,
    })),
  }));

/**
 * Two lines or four that somebody else approves: on a control account against income, of one loan or from one to the other, or
 * on accounts that no loan controls, now and then on a layer that settles nothing. Whoever sends it gives it its id.
 */
const adjustment = fc
  .record({
    effectiveAt: common.effectiveAt,
    layer: fc.constantFrom(0 as const, 0 as const, 0 as const, 1 as const, 2 as const),
    lines: fc.array(
      fc.record({
        pair: fc.constantFrom([1100, 4000], [1200, 4000], [1300, 4100], [2100, 4000], [9100, 9200], [5200, 4000]),
        loanId: common.loanId,
        otherId: fc.option(common.loanId, { nil: null, freq: 1 }),
        namesLoan: fc.boolean(),
        amountMinor: fc.bigInt({ min: -30n, max: 30n }).filter((amount) => amount !== 0n),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  })
  .map(({ effectiveAt, layer, lines }): CommandOf<'adjustment'>['approval'] => ({
    adjustmentId: '',
    note: null,
    proposal: {
      adjustmentId: '',
      proposedBy: 'colleague',
      effectiveAt,
      reasonCode: 'other',
      description: null,
      lines: lines.flatMap(({ pair: [account = 0, opposite = 0], loanId, otherId, namesLoan, amountMinor }) => {
        const on = { currency: 'USD', layer };
        const against =
          otherId === null ? { account: opposite, loanId: namesLoan ? loanId : null } : { account, loanId: otherId };
        return [
          { ...on, account, loanId, amountMinor },
          { ...on, ...against, amountMinor: -amountMinor },
        ];
      }),
    },
  }));

const opening = fc
  .record({
    asOf: common.effectiveAt,
    programId,
    accruedThrough: fc.constantFrom('2026-04-28', '2026-05-01', null),
    annualRate: fc.constantFrom('2.4', null),
    amounts: fc.tuple(amountMinor, part, part, part),
  })
  .map(({ asOf, programId: of, accruedThrough, annualRate, amounts }): CommandOf<'registration'>['registration'] => {
    const [principalMinor, interestMinor, feesMinor, suspenseMinor] = amounts;
    const balances = { asOf, principalMinor, interestMinor, feesMinor, suspenseMinor };
    const terms = { borrowerId: BORROWER, currency: 'USD', programId: of, annualRate, maturityDate: null };
    const kept = { ...terms, externalRef: null, metadata: null };
    return { ...kept, loanId: OPENED, opening: { ...balances, accruedThrough: accruedThrough ?? asOf } };
  });

const refinance = fc
  .record({
    oldLoanId: common.loanId,
    newLoanId: fc.constantFrom(...REFINANCED),
    newMoneyMinor: fc.constantFrom(0n, 25n),
    programId: fc.constantFrom(null, ...PROGRAM_IDS),
    effectiveAt: common.effectiveAt,
  })
  .map((one): CommandOf<'refinance'>['refinance'] => {
    const terms = { borrowerId: BORROWER, currency: 'USD', externalRef: null, metadata: null };
    return { ...one, ...terms };
  });

/** An event that names no earlier one. */
export const anyEvent: fc.Arbitrary<DistributiveBody> = fc.oneof(
  { weight: 8, arbitrary: payment.map((one): DistributiveBody => ({ kind: 'payment', payment: one })) },
  { weight: 2, arbitrary: disbursement.map((one): DistributiveBody => ({ kind: 'disbursement', disbursement: one })) },
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
        capitalizeInterestMinor: fc.constantFrom(0n, 0n, 1n, 8n),
        capitalizeFeesMinor: fc.constantFrom(0n, 0n, 1n, 8n),
        forgivePrincipalMinor: fc.bigInt({ min: 1n, max: 9n }),
        forgiveInterestMinor: fc.constantFrom(0n, 0n, 1n, 3n),
      })
      .map((restructure): DistributiveBody => ({ kind: 'restructure', restructure })),
  },
  {
    weight: 2,
    arbitrary: opening.map((registration): DistributiveBody => ({ kind: 'registration', registration })),
  },
  { weight: 2, arbitrary: refinance.map((one): DistributiveBody => ({ kind: 'refinance', refinance: one })) },
  { weight: 2, arbitrary: adjustment.map((approval): DistributiveBody => ({ kind: 'adjustment', approval })) },
  { weight: 3, arbitrary: accrual.map((one): DistributiveBody => ({ kind: 'accrual', accrual: one })) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(common.effectiveAt, programId)
      .map(([date, of]): DistributiveBody => ({ kind: 'accrual_run', portion: runOf(of, date, LOANS) })),
  },
);

/** A run of one portion, over some loans of a program. */
export function runOf(
  programId: string,
  accrualDate: string,
  loanIds: readonly string[],
): CommandOf<'accrual_run'>['portion'] {
  const all = { lookedAt: loanIds.length, lastLoanId: loanIds.at(-1) ?? null, isLast: true, loanIds };
  return { accrualRunId: id('d', 1), portion: 1, programId, accrualDate, ...all };
}

/** The nth id of a kind, a hex digit. */
export function id(kind: string, number: number): string {
  return `${kind.repeat(8)}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}
