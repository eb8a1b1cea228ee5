import { describe, expect, test } from 'vitest';
import { refusalOf } from '../../test/domain/refusal-order.ts';
import { programOf } from '../../test/domain/scene.ts';
import type { CalendarDate } from './calendar-date.ts';
import { DEFAULT_PROGRAM_POLICY } from './default-program.ts';
import { ownRate, programTerms, rateOfVersions } from './interest-terms.ts';
import { isWaterfall, type ProgramVersion, readPolicy, versionInForce } from './program.ts';
import { refuseForeignCurrency, refuseUnknownProgram } from './program-of-loan.ts';
import { formatRational, whole } from './rational.ts';

const begun = (version: number, effectiveFrom: string | null) => ({ version, effectiveFrom });

describe('the version in force', () => {
  const versions = [begun(1, null), begun(4, '2026-05-01'), begun(2, '2026-06-01'), begun(3, '2026-05-01')];

  test.each([
    ['2026-04-30', 1],
    ['2026-05-01', 4],
    ['2026-05-31', 4],
    ['2026-06-01', 2],
  ])('on %s is %i: the one that began last, of two of one day the one made later', (day, version) => {
    expect(versionInForce(versions, day).version).toBe(version);
    expect(versionInForce(versions.toReversed(), day).version).toBe(version);
  });

  test('a program has one from the beginning of time on', () => {
    expect(() => versionInForce([begun(2, '2026-05-01')], '2026-04-30')).toThrow('a program without a first version');
  });
});

test('a waterfall has each of the three components once', () => {
  expect(isWaterfall(['interest', 'principal', 'fees'])).toBe(true);
  expect(isWaterfall(['interest', 'principal'])).toBe(false);
  expect(isWaterfall(['fees', 'interest', 'principal', 'fees'])).toBe(false);
  expect(isWaterfall(['fees', 'interest', 'fees'])).toBe(false);
});

describe('a stored policy', () => {
  test('is read field by field', () => {
    const stored = {
      waterfall: ['principal', 'fees', 'interest'],
      day_count_convention: 'ACT_360',
      annual_rates: [{ from: '2026-01-01', rate: '0.08' }],
      rounding: 'down',
      overpayment: 'reject',
      backdating: 'replay',
      returns: 'principal',
      chargeoff: 'allowance',
      principal_check: 'reject',
      fee_types: [{ fee_type: 'late_fee', income_account: '4150' }],
    };
    const { annualRates, ...policy } = readPolicy(stored);
    expect(policy).toEqual({
      waterfall: ['principal', 'fees', 'interest'],
      dayCountConvention: 'ACT_360',
      rounding: 'down',
      overpayment: 'reject',
      backdating: 'replay',
      returns: 'principal',
      chargeoff: 'allowance',
      principalCheck: 'reject',
      feeIncomeAccounts: new Map([['late_fee', 4150]]),
    });
    expect(annualRates.map(({ from, rate }) => [from, formatRational(rate)])).toEqual([['2026-01-01', '2/25']]);
  });

  test('without rates or fee types has none', () => {
    const { annual_rates: _rates, fee_types: _types, ...stored } = DEFAULT_PROGRAM_POLICY;
    expect(readPolicy(stored)).toMatchObject({ annualRates: [], feeIncomeAccounts: new Map() });
  });

  test.each<[unknown, string]>([
    [null, 'a program policy is not an object'],
    ['policy', 'a program policy is not an object'],
    [{ ...DEFAULT_PROGRAM_POLICY, waterfall: 'fees' }, 'a program policy has no waterfall'],
    [{ ...DEFAULT_PROGRAM_POLICY, waterfall: ['fees', 'fees', 'interest'] }, 'fees, fees, interest is not a waterfall'],
    [
      { ...DEFAULT_PROGRAM_POLICY, waterfall: ['suspense'] },
      'a program policy says suspense, not one of fees, interest, principal',
    ],
    [{ ...DEFAULT_PROGRAM_POLICY, backdating: 'forget' }, 'a program policy says forget, not one of append, replay'],
    [
      { ...DEFAULT_PROGRAM_POLICY, annual_rates: [{ from: '2026-01-01', rate: '-1' }] },
      'a program policy has a rate that is none: -1 is not a rate a year such as 0.0799, with up to 12 decimals',
    ],
    [{ ...DEFAULT_PROGRAM_POLICY, fee_types: [{ fee_type: 'late_fee' }] }, 'a fee type is not readable'],
    [
      { ...DEFAULT_PROGRAM_POLICY, fee_types: [{ fee_type: 'late_fee', income_account: '41' }] },
      'a fee type is not readable',
    ],
    [{ ...DEFAULT_PROGRAM_POLICY, fee_types: [{ fee_type: 7, income_account: '4150' }] }, 'a fee type is not readable'],
  ])('%j is none', (stored, message) => {
    expect(() => readPolicy(stored)).toThrow(message);
  });

  test.each(['overpayment', 'returns', 'chargeoff', 'principal_check', 'rounding', 'day_count_convention'] as const)(
    'has one of the words for %s',
    (field) => {
      expect(() => readPolicy({ ...DEFAULT_PROGRAM_POLICY, [field]: '' })).toThrow(/not one of [a-zA-Z0-9_]+, /);
    },
  );
});

describe('the program of a new loan', () => {
  test('is one that the tenant has', () => {
    const refused = { code: 'program_not_found', field: 'program_id', detail: 'there is no program program' };
    expect(refuseUnknownProgram({ program: undefined, programId: 'program' })).toEqual(refusalOf(refused));
    expect(refuseUnknownProgram({ program: [], programId: 'program' })).toBeNull();
  });

  test('takes loans in its own currency, or in any', () => {
    const said = (currency: string, of: string | null) =>
      refuseForeignCurrency({ currency }, { program: programOf({}, of), programId: 'program' });
    expect(said('USD', 'EUR')).toEqual(
      refusalOf({
        code: 'currency_mismatch',
        field: 'currency',
        detail: 'program program is for loans in EUR, not USD',
      }),
    );
    expect(said('EUR', 'EUR')).toBeNull();
    expect(said('USD', null)).toBeNull();
    expect(refuseForeignCurrency({ currency: 'USD' }, { program: undefined, programId: 'program' })).toBeNull();
  });
});

describe('what a program says of interest', () => {
  const [base] = programOf({ annual_rates: [{ from: '2026-01-10', rate: '0.5' }] }) as [ProgramVersion];
  const [other] = programOf({
    day_count_convention: 'ACT_360',
    annual_rates: [
      { from: '2026-01-05', rate: '1' },
      { from: '2026-03-01', rate: '2' },
    ],
  }) as [ProgramVersion];
  const versions = [
    { ...base, version: 1 },
    { ...other, version: 2, effectiveFrom: '2026-02-01' },
  ];

  test('each night has the rate and the day count of the version in force on the day it begins', () => {
    const { rates, dayCounts } = programTerms(versions);
    expect(rates.map(({ from, rate }) => [from, formatRational(rate)])).toEqual([
      ['2026-01-05', '0'],
      ['2026-01-10', '1/2'],
      ['2026-02-01', '1'],
      ['2026-03-01', '2'],
    ]);
    expect(dayCounts).toEqual([
      { from: '0001-01-01', convention: 'ACT_365' },
      { from: '2026-02-01', convention: 'ACT_360' },
    ]);
  });

  test('the rate of one night, none before the first', () => {
    expect(rateOfVersions(versions, '2026-01-09')).toBeUndefined();
    expect(rateOfVersions(versions, '2026-01-10')).toEqual(base.policy.annualRates[0]?.rate);
    expect(rateOfVersions(versions, '2026-03-01')).toEqual(whole(2n));
  });

  test('a loan’s own rate holds for every night there is', () => {
    expect(ownRate(whole(1n))).toEqual([{ from: '0001-01-01' as CalendarDate, rate: whole(1n) }]);
  });
});
