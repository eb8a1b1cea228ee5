import fc from 'fast-check';
import type { CommandOf } from '../../src/posting/command.ts';
import { anyEvent, BORROWER, DAYS, type DistributiveBody, LOANS } from './arrival-order-events.ts';
import { type Programs, programs } from './arrival-order-policies.ts';

/**
 * A request before it has a key. One about an earlier event names that by its place among all that it could be about, and says
 * no more than what does not depend on it.
 */
export type Request =
  | { readonly about: 'nothing'; readonly body: DistributiveBody }
  | { readonly about: 'any'; readonly place: number }
  | { readonly about: 'payment'; readonly place: number; readonly asked: AskedReturn }
  | { readonly about: 'accrual'; readonly place: number; readonly asked: AskedCorrection }
  | { readonly about: 'cash'; readonly places: readonly number[]; readonly effectiveAt: string }
  | { readonly about: 'unsettled' | 'pending'; readonly place: number; readonly effectiveAt: string };

/** What of a return does not depend on its payment. */
export type AskedReturn = Pick<
  CommandOf<'payment_return'>['paymentReturn'],
  'amountMinor' | 'nsfFeeMinor' | 'policy'
> & {
  readonly effectiveAt: string;
};

/** What of a correction does not depend on its batch. */
export type AskedCorrection = { readonly effectiveAt: string; readonly interest: readonly bigint[] };

const anyDay = fc.constantFrom(...DAYS);

const askedReturn: fc.Arbitrary<AskedReturn> = fc.record({
  effectiveAt: anyDay,
  amountMinor: fc.option(fc.bigInt({ min: 1n, max: 60n }), { nil: null, freq: 2 }),
  nsfFeeMinor: fc.option(fc.bigInt({ min: 1n, max: 9n }), { nil: null, freq: 1 }),
  policy: fc.constantFrom('mirror', 'principal', null),
});

const askedCorrection: fc.Arbitrary<AskedCorrection> = fc.record({
  effectiveAt: anyDay,
  interest: fc.array(fc.bigInt({ min: 0n, max: 30n }), { minLength: 1, maxLength: 3 }),
});

function requests(maxLength: number): fc.Arbitrary<Request> {
  const place = fc.nat(maxLength);
  const places = fc.array(place, { minLength: 1, maxLength: 3 });
  return fc.oneof(
    { weight: 14, arbitrary: anyEvent.map((body): Request => ({ about: 'nothing', body })) },
    { weight: 2, arbitrary: fc.record({ about: fc.constant('any' as const), place }) },
    { weight: 2, arbitrary: fc.record({ about: fc.constant('payment' as const), place, asked: askedReturn }) },
    { weight: 2, arbitrary: fc.record({ about: fc.constant('accrual' as const), place, asked: askedCorrection }) },
    { weight: 2, arbitrary: fc.record({ about: fc.constant('unsettled' as const), place, effectiveAt: anyDay }) },
    { weight: 1, arbitrary: fc.record({ about: fc.constant('cash' as const), places, effectiveAt: anyDay }) },
    { weight: 1, arbitrary: fc.record({ about: fc.constant('pending' as const), place, effectiveAt: anyDay }) },
  );
}

/** What is sent in order of arrival, under which programs. */
export type History = { readonly programs: Programs; readonly requests: readonly Request[] };

/**
 * Histories of up to so many requests, of all lengths alike; the first disbursements of LOANS arrive first, whatever their
 * dates are then worth.
 */
export function histories(maxLength: number): fc.Arbitrary<History> {
  const first = LOANS.map((loanId): Request => {
    const fixed = { borrowerId: BORROWER, currency: 'USD', method: 'ach', destinationRef: null, metadata: null };
    const made = { ...fixed, loanId, amountMinor: 60n, effectiveAt: '2026-05-02', programId: null, fees: [] };
    return { about: 'nothing', body: { kind: 'disbursement', disbursement: { ...made, layer: 0 } } };
  });
  return fc.record({
    programs: programs(),
    requests: fc
      .array(requests(maxLength), { minLength: 4, maxLength: maxLength - first.length, size: 'max' })
      .map((rest) => [...first, ...rest]),
  });
}
