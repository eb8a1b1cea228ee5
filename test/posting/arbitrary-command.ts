import fc from 'fast-check';
import { isNothing } from '../../src/domain/loss.ts';
import type { Period } from '../../src/domain/period.ts';
import type { Command, Envelope } from '../../src/posting/command.ts';
import { eventIdOf } from '../../src/posting/entry-id.ts';
import { type BooksTenant, BUSINESS_DATE } from './memory-books.ts';

/** A few of everything, so that commands meet: on one loan, one key, one date, one entry. */
export const TENANTS: readonly BooksTenant[] = [1, 2].map((number) => ({
  tenantId: id('a', number),
  programId: id('b', number),
  otherProgramId: id('c', number),
}));
const LOANS = [1, 2, 3].map((number) => id('1', number));
/** Loans that a refinance may make. */
const LATER_LOANS = [4, 5, 6, 7, 8, 9].map((number) => id('1', number));
const [BORROWER, STRANGER] = [id('2', 1), id('2', 2)];
const NOWHERE = id('9', 9);
const DISBURSED = '2026-04-28';

/** Mostly the first, sometimes one of the others. */
function mostly<T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
}

const minor = (max: bigint) => fc.bigInt({ min: 0n, max });
const loanId = fc.oneof(
  { weight: 15, arbitrary: fc.constantFrom(...LOANS) },
  { weight: 2, arbitrary: fc.constantFrom(...LATER_LOANS) },
  { weight: 1, arbitrary: fc.constant(NOWHERE) },
);
const day = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom('2026-04-29', '2026-05-02', '2026-05-03', '2026-05-04', BUSINESS_DATE) },
  { weight: 1, arbitrary: fc.constantFrom('2026-04-20', '2026-05-11') },
);
const amountMinor = fc.oneof(
  { weight: 12, arbitrary: fc.bigInt({ min: 1n, max: 300n }) },
  { weight: 3, arbitrary: fc.constant(10n ** 18n - 1n) },
);
const common = {
  loanId,
  borrowerId: mostly(BORROWER, STRANGER),
  amountMinor,
  currency: mostly('USD', 'EUR'),
  effectiveAt: day,
  externalRef: fc.constant(null),
  metadata: fc.constant(null),
};
const layer = fc.oneof(
  { weight: 5, arbitrary: fc.constant(0 as const) },
  { weight: 1, arbitrary: fc.constant(1 as const) },
);
const split = fc.option(
  fc.record({ fees: minor(9n), interest: minor(9n), principal: minor(200n), suspense: minor(50n) }),
  { nil: null, freq: 4 },
);

const payment = fc.record({ ...common, sourceMethod: fc.constant('ach'), layer, split }).map((one) => {
  if (one.split === null) return one;
  const sum = one.split.fees + one.split.interest + one.split.principal + one.split.suspense;
  // Some splits stay wrong, to be refused.
  return sum === 0n || one.amountMinor % 7n === 0n ? one : { ...one, amountMinor: sum };
});

const fee = fc.record({
  ...common,
  borrowerId: fc.option(common.borrowerId, { nil: null }),
  feeType: fc.constantFrom('late_fee', 'nsf_fee'),
  description: fc.constant(null),
});

const feeWaiver = fc.record({
  ...common,
  amountMinor: fc.bigInt({ min: 1n, max: 60n }),
  reasonCode: fc.constant('other'),
  description: fc.constant(null),
});

const goodwillCredit = payment.map(({ layer: _layer, sourceMethod: _method, ...one }) => one);

const suspenseAllocation = fc.record({
  ...common,
  amountMinor: fc.option(fc.bigInt({ min: 1n, max: 300n }), { nil: null, freq: 3 }),
});

const suspenseRefund = fc.record({
  ...common,
  amountMinor: fc.bigInt({ min: 1n, max: 120n }),
  method: fc.constant('ach'),
});

const components = fc.option(fc.record({ principal: minor(200n), interest: minor(9n), fees: minor(9n) }), {
  nil: null,
  freq: 3,
});

const chargeOff = fc
  .record({
    loanId,
    effectiveAt: day,
    reasonCode: mostly('uncollectible', 'fraud'),
    components,
    description: fc.constant(null),
    metadata: fc.constant(null),
  })
  // What the route refuses is not asked of the domain.
  .map((one) => ({ ...one, components: one.components !== null && isNothing(one.components) ? null : one.components }));

const recovery = payment.map(({ layer: _layer, ...one }) => one);

function refinanceOf(tenant: BooksTenant) {
  const { amountMinor: _amount, loanId: _loan, ...rest } = common;
  return fc.record({
    ...rest,
    oldLoanId: loanId,
    newLoanId: mostly(LATER_LOANS[0] ?? NOWHERE, ...LATER_LOANS, LOANS[0] ?? NOWHERE),
    newMoneyMinor: fc.oneof(minor(100n), fc.constant(0n), mostly(7n, 10n ** 18n - 1n)),
    programId: mostly<string | null>(null, tenant.programId, tenant.otherProgramId, NOWHERE),
  });
}

const part = (max: bigint) => fc.oneof(fc.constant(0n), minor(max));
const ofOneLoan = {
  loanId,
  effectiveAt: day,
  description: fc.constant(null),
  metadata: fc.constant(null),
};
const restructure = fc.record({
  ...ofOneLoan,
  capitalizeInterestMinor: part(20n),
  capitalizeFeesMinor: part(50n),
  forgivePrincipalMinor: part(100n),
  forgiveInterestMinor: part(20n),
});
const nonAccrual = fc.record({ ...ofOneLoan, action: fc.constantFrom('enter' as const, 'exit' as const) });

function disbursementOf(tenant: BooksTenant) {
  const { externalRef, ...rest } = common;
  return fc.record({
    ...rest,
    destinationRef: externalRef,
    method: fc.constant('ach'),
    programId: mostly<string | null>(null, tenant.programId, tenant.otherProgramId, NOWHERE),
    fees: fc.constant([]),
    layer,
  });
}

function registrationOf(tenant: BooksTenant) {
  const opening = fc.record({
    asOf: day,
    principalMinor: fc.constantFrom(0n, 300n),
    interestMinor: minor(9n),
    feesMinor: minor(9n),
    suspenseMinor: fc.bigInt({ min: 1n, max: 20n }),
    accruedThrough: fc.constant('2026-04-01'),
  });
  return fc.record({
    loanId: fc.oneof(loanId, fc.constant(NOWHERE)),
    borrowerId: common.borrowerId,
    currency: common.currency,
    programId: mostly<string | null>(null, tenant.otherProgramId, NOWHERE),
    annualRate: fc.constant(null),
    maturityDate: fc.constant(null),
    opening: fc.option(opening, { nil: null }),
    externalRef: fc.constant(null),
    metadata: fc.constant(null),
  });
}

function accrualOf(tenant: BooksTenant) {
  return fc.record({
    programId: mostly(tenant.programId, tenant.otherProgramId, NOWHERE),
    accrualDate: day,
    dayCountConvention: fc.constant('ACT_365'),
    loans: fc.uniqueArray(
      fc.record({ loanId, outstandingPrincipalMinor: fc.constantFrom(0n, 200n), interestMinor: minor(50n) }),
      { minLength: 1, maxLength: 3, selector: (loan) => loan.loanId },
    ),
  });
}

const laterDay = mostly(BUSINESS_DATE, '2026-05-02', '2026-05-11');

/** Entries of the books that a command may name: all of them, and those that it would be of use to name. */
export type KnownEntries = {
  readonly all: readonly string[];
  readonly pending: readonly string[];
  readonly received: readonly string[];
  readonly accruals: readonly string[];
};
const NONE: KnownEntries = { all: [], pending: [], received: [], accruals: [] };

function entryOf(usual: readonly string[], { all }: KnownEntries): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: usual.length === 0 ? 0 : 8, arbitrary: fc.constantFrom(NOWHERE, ...usual, ...usual, ...usual) },
    { weight: 2, arbitrary: fc.constantFrom(NOWHERE, ...all) },
  );
}

function eventOf(usual: readonly string[], known: KnownEntries): fc.Arbitrary<string> {
  return entryOf(usual, known).map(eventIdOf);
}

function paymentReturnOf(known: KnownEntries) {
  return fc.record({
    paymentEventId: eventOf(known.received, known),
    returnCode: fc.constant('R01'),
    effectiveAt: laterDay,
    amountMinor: fc.option(fc.bigInt({ min: 1n, max: 90n }), { nil: null, freq: 3 }),
    nsfFeeMinor: fc.option(fc.bigInt({ min: 1n, max: 9n }), { nil: null, freq: 1 }),
    policy: fc.constantFrom('mirror' as const, 'principal' as const, null),
  });
}

function settlementOf(known: KnownEntries) {
  return fc.record({ eventId: eventOf(known.pending, known), effectiveAt: laterDay, externalRef: fc.constant(null) });
}

function cancellationOf(known: KnownEntries) {
  return fc.record({
    of: fc.constantFrom('payment' as const, 'disbursement' as const),
    eventId: eventOf(known.pending, known),
    effectiveAt: laterDay,
    reasonDescription: fc.constant(null),
  });
}

function paymentClearingOf(known: KnownEntries) {
  return fc.record({
    journalEntryIds: fc.array(entryOf(known.received, known), { minLength: 1, maxLength: 2 }),
    bankRef: fc.constant('bank 1'),
    effectiveAt: laterDay,
  });
}

function correctionOf(known: KnownEntries) {
  return fc.record({
    accrualEventId: eventOf(known.accruals, known),
    effectiveAt: mostly(BUSINESS_DATE, '2026-05-03', '2026-05-11'),
    reasonCode: fc.constant('other'),
    loans: fc.uniqueArray(fc.record({ loanId, interestMinor: minor(60n) }), {
      minLength: 1,
      maxLength: 2,
      selector: (loan) => loan.loanId,
    }),
    metadata: fc.constant(null),
  });
}

const ADJUSTMENTS = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => id('d', number));
const adjustmentLine = fc.record({
  account: mostly(1200, 1100, 1300, 2100, 9100),
  amountMinor: mostly(7n, 90n, -5n),
  currency: mostly('USD', 'EUR'),
  layer: mostly(0 as const, 1 as const, 2 as const),
  loanId: fc.option(loanId, { nil: null, freq: 20 }),
});

/** Pairs of lines, most of which balance. */
const approval = fc.record({
  adjustmentId: fc.constantFrom(...ADJUSTMENTS),
  note: fc.constant(null),
  proposal: fc.option(
    fc.record({
      adjustmentId: fc.constant(id('d', 1)),
      proposedBy: mostly('colleague', 'client'),
      effectiveAt: day,
      reasonCode: fc.constant('other'),
      description: fc.constant(null),
      lines: fc.array(fc.tuple(adjustmentLine, mostly(0n, 1n)), { minLength: 1, maxLength: 2 }).map((drawn) =>
        drawn.flatMap(([one, off]) => {
          const opposite = one.account === 9100 ? 9200 : 4000;
          return [one, { ...one, account: opposite, amountMinor: -one.amountMinor - off, loanId: null }];
        }),
      ),
    }),
    { nil: null, freq: 20 },
  ),
});

const change = (usual: string) =>
  fc.record({
    period: mostly(usual, '2026-03', '2026-05').map((period) => period as Period),
    description: fc.constant(null),
    metadata: fc.constant(null),
  });

function reversalOf({ all, accruals }: KnownEntries) {
  return fc.record({
    reversesEntryId: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(NOWHERE, ...all, ...all) },
      { weight: accruals.length === 0 ? 0 : 4, arbitrary: fc.constantFrom(NOWHERE, ...accruals) },
    ),
    reasonCode: fc.constant('other'),
    reasonDescription: fc.constant(null),
    effectiveAt: mostly(BUSINESS_DATE, '2026-05-02', '2026-05-11'),
    metadata: fc.constant(null),
  });
}

/** Any command; `entryIds` are those that a reversal may name, by tenant, besides one that is nowhere. */
export function arbitraryCommand(entryIds: ReadonlyMap<string, KnownEntries>): fc.Arbitrary<Command> {
  return mostly(...(TENANTS as [BooksTenant, ...BooksTenant[]])).chain((tenant) => {
    const known = entryIds.get(tenant.tenantId) ?? NONE;
    const body = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('payment' as const), payment }) },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('disbursement' as const), disbursement: disbursementOf(tenant) }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('fee' as const), fee }) },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('registration' as const), registration: registrationOf(tenant) }),
      },
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('fee_waiver' as const), feeWaiver }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('goodwill_credit' as const), goodwillCredit }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('suspense_allocation' as const), suspenseAllocation }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('suspense_refund' as const), suspenseRefund }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('refinance' as const), refinance: refinanceOf(tenant) }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('restructure' as const), restructure }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('non_accrual' as const), nonAccrual }) },
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('charge_off' as const), chargeOff }) },
      { weight: 10, arbitrary: fc.record({ kind: fc.constant('recovery' as const), recovery }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('period_close' as const), change: change('2026-04') }) },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('period_reopening' as const), change: change('2026-04') }),
      },
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('accrual' as const), accrual: accrualOf(tenant) }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('adjustment' as const), approval }) },
      {
        weight: known.all.length === 0 ? 1 : 6,
        arbitrary: fc.record({ kind: fc.constant('accrual_correction' as const), correction: correctionOf(known) }),
      },
      {
        weight: known.all.length === 0 ? 1 : 10,
        arbitrary: fc.record({ kind: fc.constant('reversal' as const), reversal: reversalOf(known) }),
      },
      {
        weight: known.all.length === 0 ? 1 : 2,
        arbitrary: fc.record({ kind: fc.constant('payment_return' as const), paymentReturn: paymentReturnOf(known) }),
      },
      {
        weight: known.all.length === 0 ? 1 : 2,
        arbitrary: fc.record({
          kind: fc.constantFrom('payment_settling' as const, 'disbursement_settlement' as const),
          settlement: settlementOf(known),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('cancellation' as const), cancellation: cancellationOf(known) }),
      },
      {
        weight: known.all.length === 0 ? 1 : 3,
        arbitrary: fc.record({
          kind: fc.constant('payment_clearing' as const),
          paymentClearing: paymentClearingOf(known),
        }),
      },
    );
    return fc.tuple(envelopeOf(tenant), body).map(([by, what]) => ({ ...by, ...what }) as Command);
  });
}

/**
 * The first disbursement of each loan, money that is not applied, something that is pending, and interest of the
 * first day: without them, a history is
 * mostly refusals.
 */
export const PRELUDE: readonly Command[] = TENANTS.flatMap((tenant, tenantAt) => {
  const by = (at: number) => envelope(tenant.tenantId, { key: 1_000 + tenantAt * 100 + at, payload: 0 });
  const lent = LOANS.flatMap((loanId, loanAt): Command[] => {
    const event = { loanId, borrowerId: BORROWER, currency: 'USD', effectiveAt: DISBURSED, metadata: null };
    const terms = { method: 'ach', destinationRef: null, programId: null, fees: [], layer: 0 } as const;
    const unapplied = { fees: 0n, interest: 0n, principal: 0n, suspense: 90n };
    const money = { sourceMethod: 'ach', externalRef: null, layer: 0, split: unapplied } as const;
    return [
      { kind: 'disbursement', ...by(loanAt), disbursement: { ...event, ...terms, amountMinor: 200n } },
      { kind: 'disbursement', ...by(30 + loanAt), disbursement: { ...event, ...terms, amountMinor: 30n, layer: 1 } },
      { kind: 'payment', ...by(40 + loanAt), payment: { ...event, ...money, amountMinor: 20n, layer: 1, split: null } },
      { kind: 'payment', ...by(10 + loanAt), payment: { ...event, ...money, amountMinor: 90n } },
    ];
  });
  const loans = LOANS.map((loanId) => ({ loanId, outstandingPrincipalMinor: 200n, interestMinor: 20n }));
  const { programId } = tenant;
  const accrual = { programId, accrualDate: DISBURSED, dayCountConvention: 'ACT_365', loans };
  return [...lent, { kind: 'accrual', ...by(20), accrual }];
});

// Few keys and payloads, so that replays and mismatches come up.
function envelopeOf(tenant: BooksTenant): fc.Arbitrary<Envelope> {
  return fc.record({ key: fc.nat(150), payload: fc.nat(1) }).map((one) => envelope(tenant.tenantId, one));
}

function envelope(tenantId: string, one: { readonly key: number; readonly payload: number }): Envelope {
  const keyHash = id('e', one.key);
  return { tenantId, actor: 'client', key: `key:${keyHash}`, keyHash, payloadHash: id('f', one.payload) };
}

function id(kind: string, number: number): string {
  return `${kind.repeat(8)}-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}
