import { describe, expect, test } from 'vitest';
import { bookedBy, DAY, line, linesOf, loanWith, programOf, sceneWith } from '../../test/domain/scene.ts';
import {
  allocationInput,
  allocationOf,
  readAllocation,
  readSplit,
  refuseAllocation,
  refuseUnfitSplit,
} from './allocation.ts';
import { type ChargeOff, chargedOffBy, closesLoan, decideChargeOff } from './charge-off.ts';
import { decideDisbursement, readWithheld } from './disbursement.ts';
import { decideFee } from './fee.ts';
import { decideFeeWaiver } from './fee-waiver.ts';
import { decideGoodwillCredit } from './goodwill-credit.ts';
import type { EntryDraft } from './journal-entry.ts';
import { layerNumber } from './layer.ts';
import { PLAIN_STANDING, unmadeLoan } from './loan.ts';
import { currencyOf, ownerOf } from './loan-identity.ts';
import { decideRegistration } from './loan-registration.ts';
import { decideNonAccrual } from './non-accrual.ts';
import { decidePayment } from './payment.ts';
import { decideRecovery, takenBy } from './recovery.ts';
import { decideRestructure } from './restructure.ts';
import { decideSuspenseAllocation } from './suspense-allocation.ts';
import { decideSuspenseRefund } from './suspense-refund.ts';

const named = { loanId: 'loan', borrowerId: 'borrower', currency: 'USD', effectiveAt: DAY, metadata: '{"a":1}' };
const ofLoan = { loanId: 'loan', effectiveAt: DAY, description: 'why', metadata: '{"a":1}' };
const money = { ...named, amountMinor: 15n, externalRef: 'reference' };
const scene = () => sceneWith([], { principal: 60n, interest: 5n, fees: 2n, suspense: 9n });
const on = (account: number, amountMinor: bigint) => line(account, amountMinor, 'loan');

function draftOf(changes: Pick<EntryDraft, 'eventType' | 'lines' | 'eventInput'> & Partial<EntryDraft>): EntryDraft {
  return {
    effectiveAt: DAY,
    currency: 'USD',
    layer: 0,
    loanId: 'loan',
    borrowerId: 'borrower',
    reversesEntryId: null,
    externalRef: null,
    description: null,
    metadata: '{"a":1}',
    ...changes,
  };
}

describe('money that comes in', () => {
  const split = { fees: 1n, interest: 2n, principal: 3n, suspense: 9n };
  const allocation = { fees_minor: '1', interest_minor: '2', principal_minor: '3', suspense_minor: '9' };

  test('a payment: DR 1010, CR by the waterfall, the rest CR 2100', () => {
    const payment = { ...money, amountMinor: 70n, sourceMethod: 'ach', layer: 0, split: null } as const;
    expect(decidePayment(payment, scene())).toEqual(
      draftOf({
        eventType: 'payment_received',
        lines: [on(1010, 70n), on(1300, -2n), on(1200, -5n), on(1100, -60n), on(2100, -3n)],
        externalRef: 'reference',
        eventInput: { source_method: 'ach', program_version: 3 },
      }),
    );
  });

  test('a pending one stands whole as DR 1010 CR 2100, its split kept until it settles', () => {
    expect(decidePayment({ ...money, sourceMethod: 'ach', layer: 1, split }, scene())).toEqual(
      draftOf({
        eventType: 'payment_received',
        layer: 1,
        lines: [on(1010, 15n), on(2100, -15n)],
        externalRef: 'reference',
        eventInput: { source_method: 'ach', program_version: 3, allocation },
      }),
    );
  });

  test('a goodwill credit: DR 5200 for principal and suspense, 4900 for interest, 4910 for fees', () => {
    expect(decideGoodwillCredit({ ...money, split }, scene())).toEqual(
      draftOf({
        eventType: 'goodwill_credit',
        lines: [
          ...[on(5200, 12n), on(4900, 2n), on(4910, 1n)],
          ...[on(1300, -1n), on(1200, -2n), on(1100, -3n), on(2100, -9n)],
        ],
        externalRef: 'reference',
        eventInput: { program_version: 3, allocation },
      }),
    );
  });

  test('a recovery says which components it brought back', () => {
    const { loan, ...met } = scene();
    const amounts = { principal: 20n, interest: 2n, fees: 1n };
    loan.standing = { ...PLAIN_STANDING, chargedOff: amounts };
    const loss = { entryId: 'loss', seq: 1n, amounts, principalAccount: 1900, closesLoan: false, recovered: [] };
    const recovery = { ...money, sourceMethod: 'ach', split };
    const decided = decideRecovery(recovery, { ...met, loan, losses: [loss] });
    expect(decided).toEqual(
      draftOf({
        eventType: 'recovery',
        lines: [on(1010, 15n), on(4200, -3n), on(1900, -3n), on(2100, -9n)],
        externalRef: 'reference',
        eventInput: { source_method: 'ach', program_version: 3, allocation, recovered: allocation },
      }),
    );
    expect(takenBy(bookedBy(decided), [loss])).toEqual([
      { lossEntryId: 'loss', amounts: { principal: 3n, interest: 2n, fees: 1n } },
    ]);
    const more = decideRecovery(
      { ...recovery, split: { ...split, interest: 3n, suspense: 8n } },
      {
        ...met,
        loan,
        losses: [loss],
      },
    );
    expect(more).toMatchObject({
      code: 'amount_exceeds_outstanding',
      errors: [{ field: 'allocation.interest_minor', message: '3 is more than the 2 unrecovered' }],
    });
  });

  test('an entry that does not say what it recovered is a fault of ours', () => {
    for (const eventInput of [{}, { recovered: null }, { recovered: 'all' }, { recovered: [] }]) {
      const booked = draftOf({ eventType: 'recovery', lines: [], eventInput: eventInput as EntryDraft['eventInput'] });
      expect(() => takenBy(booked, [])).toThrow('a recovery does not say what it recovered');
    }
  });
});

describe('suspense', () => {
  test('is allocated by the waterfall up to what is asked, what is there and what is owed', () => {
    expect(decideSuspenseAllocation({ ...named, amountMinor: 8n }, scene())).toEqual(
      draftOf({
        eventType: 'payment_allocated',
        lines: [on(2100, 8n), on(1300, -2n), on(1200, -5n), on(1100, -1n)],
        eventInput: { amount_minor: '8', program_version: 3 },
      }),
    );
    const all = decideSuspenseAllocation({ ...named, amountMinor: null }, scene());
    expect(all).toMatchObject({ eventInput: { program_version: 3 } });
    expect(bookedBy(all).eventInput).not.toHaveProperty('amount_minor');
    expect(linesOf(all)[0]).toEqual([2100, 9n]);
    expect(linesOf(decideSuspenseAllocation({ ...named, amountMinor: 10n }, scene()))[0]).toEqual([2100, 9n]);
    const owing = sceneWith([], { fees: 4n, suspense: 9n });
    expect(linesOf(decideSuspenseAllocation({ ...named, amountMinor: null }, owing))).toEqual([
      [2100, 4n],
      [1300, -4n],
    ]);
  });

  test('is refunded: DR 2100, CR 1010', () => {
    expect(decideSuspenseRefund({ ...money, amountMinor: 9n, method: 'wire' }, scene())).toEqual(
      draftOf({
        eventType: 'suspense_refunded',
        lines: [on(2100, 9n), on(1010, -9n)],
        externalRef: 'reference',
        eventInput: { method: 'wire' },
      }),
    );
  });
});

describe('fees', () => {
  test('DR 1300, CR the account of their type, else 4100', () => {
    const fee = { ...money, feeType: 'late_fee', description: 'late' };
    const program = programOf({ fee_types: [{ fee_type: 'late_fee', income_account: '4150' }] });
    const draft = draftOf({
      eventType: 'fee_assessed',
      lines: [on(1300, 15n), on(4150, -15n)],
      externalRef: 'reference',
      description: 'late',
      eventInput: { fee_type: 'late_fee', program_version: 3 },
    });
    expect(decideFee(fee, { ...scene(), program })).toEqual(draft);
    expect(linesOf(decideFee({ ...fee, feeType: 'other' }, { ...scene(), program }))[1]).toEqual([4100, -15n]);
  });

  test('are waived: DR 4920, CR 1300', () => {
    const waiver = { ...named, amountMinor: 2n, reasonCode: 'courtesy', description: 'why' };
    expect(decideFeeWaiver(waiver, scene())).toEqual(
      draftOf({
        eventType: 'fee_waived',
        lines: [on(4920, 2n), on(1300, -2n)],
        description: 'why',
        eventInput: { reason_code: 'courtesy' },
      }),
    );
  });
});

describe('a charge-off', () => {
  const asked: ChargeOff = { ...ofLoan, reasonCode: 'uncollectible', components: null };
  const some = { principal: 10n, interest: 0n, fees: 2n };

  test('of all: DR 5000, 4900 and 4910, suspense left alone', () => {
    const decided = decideChargeOff(asked, scene());
    expect(decided).toEqual(
      draftOf({
        eventType: 'chargeoff',
        lines: [on(5000, 60n), on(4900, 5n), on(4910, 2n), on(1100, -60n), on(1200, -5n), on(1300, -2n)],
        description: 'why',
        eventInput: { reason_code: 'uncollectible', program_version: 3 },
      }),
    );
    expect(chargedOffBy(bookedBy(decided))).toEqual({ principal: 60n, interest: 5n, fees: 2n });
  });

  test('of components keeps them; fraud goes to 5010, by the program to 1900', () => {
    expect(decideChargeOff({ ...asked, components: some }, scene())).toMatchObject({
      eventInput: { components: { principal_minor: '10', interest_minor: '0', fees_minor: '2' } },
    });
    const program = programOf({ chargeoff: 'allowance' });
    expect(linesOf(decideChargeOff(asked, { ...scene(), program }))[0]).toEqual([1900, 60n]);
    expect(linesOf(decideChargeOff({ ...asked, reasonCode: 'fraud' }, { ...scene(), program }))[0]).toEqual([
      5010,
      60n,
    ]);
  });

  test('names every component of which there is less', () => {
    const components = { principal: 61n, interest: 5n, fees: 3n };
    const code = 'amount_exceeds_outstanding';
    expect(decideChargeOff({ ...asked, components }, scene())).toEqual({
      code,
      detail: 'components name more than is outstanding; leave components out to charge off all there is',
      errors: [
        { field: 'components.principal_minor', code, message: '61 is more than the 60 outstanding' },
        { field: 'components.fees_minor', code, message: '3 is more than the 2 outstanding' },
      ],
    });
  });

  test('closes the loan when it is of all, or takes the last of its principal', () => {
    const [paidDown, owing] = [loanWith({ interest: 5n }), loanWith({ principal: 1n })];
    expect(closesLoan(asked, owing)).toBe(true);
    expect(closesLoan({ ...asked, components: some }, paidDown)).toBe(true);
    expect(closesLoan({ ...asked, components: some }, owing)).toBe(false);
    expect(closesLoan({ ...asked, components: { ...some, principal: 0n } }, paidDown)).toBe(false);
  });

  test('of a loan without a currency is a fault of ours', () => {
    const { loan, ...met } = scene();
    loan.currency = null;
    expect(() => decideChargeOff(asked, { ...met, loan })).toThrow('loan loan has no currency');
  });
});

describe('a disbursement', () => {
  const fees = [
    { feeType: 'origination', amountMinor: 4n },
    { feeType: 'other', amountMinor: 1n },
  ];
  const asked = { ...named, amountMinor: 15n, method: 'wire', destinationRef: 'account', programId: null, fees };
  const program = programOf({ fee_types: [{ fee_type: 'origination', income_account: '4110' }] });
  const met = { ...scene(), program, programId: 'program' };
  const eventInput = {
    method: 'wire',
    program_version: 3,
    fees: [
      { fee_type: 'origination', amount_minor: '4' },
      { fee_type: 'other', amount_minor: '1' },
    ],
  };

  test('DR 1100 gross, CR 2000 net, CR the accounts of the fees withheld', () => {
    expect(decideDisbursement({ ...asked, layer: 0 }, met)).toEqual(
      draftOf({
        eventType: 'disbursement',
        lines: [on(1100, 15n), on(2000, -10n), on(4110, -4n), on(4100, -1n)],
        externalRef: 'account',
        eventInput,
      }),
    );
    expect(readWithheld(eventInput)).toEqual(fees);
    const plain = bookedBy(decideDisbursement({ ...asked, layer: 0, fees: [] }, met));
    expect(plain.eventInput).toEqual({ method: 'wire', program_version: 3 });
    expect(readWithheld(plain.eventInput)).toEqual([]);
  });

  test('that names no program adds to a loan of any', () => {
    const loan = loanWith({}, { programId: 'another' });
    expect(decideDisbursement({ ...asked, layer: 0 }, { ...met, loan })).not.toHaveProperty('code');
  });

  test('on PENDING waits gross, its fees kept', () => {
    const decided = bookedBy(decideDisbursement({ ...asked, layer: 1 }, met));
    expect(decided).toMatchObject({ layer: 1, lines: [on(1100, 15n), on(2000, -15n)], eventInput });
  });
});

describe('a registration', () => {
  const terms = { programId: null, annualRate: '0.08', maturityDate: '2030-01-01', externalRef: 'reference' };
  const met = { ...scene(), loan: unmadeLoan('tenant', 'loan'), program: programOf(), programId: 'program' };
  const eventInput = {
    registered_loan_id: 'loan',
    borrower_id: 'borrower',
    program_id: 'program',
    annual_rate: '0.08',
    maturity_date: '2030-01-01',
  };

  test('with an opening: DR 1100, 1200, 1300, CR 2100, the difference on 3900', () => {
    const amounts = { principalMinor: 100n, interestMinor: 5n, feesMinor: 2n, suspenseMinor: 10n };
    const opening = { asOf: '2026-05-01', accruedThrough: '2026-04-30', ...amounts };
    const at = { ...met, calendar: { businessDate: '2026-05-09', closedThrough: null } };
    expect(decideRegistration({ ...named, ...terms, opening }, at)).toEqual(
      draftOf({
        eventType: 'manual_adjustment',
        lines: [on(1100, 100n), on(1200, 5n), on(1300, 2n), on(2100, -10n), on(3900, -97n)],
        externalRef: 'reference',
        eventInput: { ...eventInput, accrued_through: '2026-04-30' },
      }),
    );
  });

  test('without one is an entry of no loan and without lines, on the business date', () => {
    const calendar = { businessDate: '2026-05-09', closedThrough: null };
    expect(decideRegistration({ ...named, ...terms, opening: null }, { ...met, calendar })).toEqual(
      draftOf({
        eventType: 'manual_adjustment',
        effectiveAt: '2026-05-09',
        loanId: null,
        borrowerId: null,
        lines: [],
        externalRef: 'reference',
        eventInput: { ...eventInput, accrued_through: null },
      }),
    );
  });
});

test('a restructure and a change to non-accrual are kept as they were asked for', () => {
  const amounts = { capitalizeInterestMinor: 3n, capitalizeFeesMinor: 2n, forgivePrincipalMinor: 7n };
  expect(decideRestructure({ ...ofLoan, ...amounts, forgiveInterestMinor: 1n }, scene())).toEqual(
    draftOf({
      eventType: 'restructure',
      lines: [on(1100, 5n), on(5100, 7n), on(4900, 1n), on(1200, -4n), on(1300, -2n), on(1100, -7n)],
      description: 'why',
      eventInput: {
        capitalize_interest_minor: '3',
        capitalize_fees_minor: '2',
        forgive_principal_minor: '7',
        forgive_interest_minor: '1',
      },
    }),
  );
  expect(decideNonAccrual({ ...ofLoan, action: 'enter' }, scene())).toEqual(
    draftOf({
      eventType: 'non_accrual',
      lines: [on(4000, 5n), on(9100, 5n), on(1200, -5n), on(9200, -5n)],
      description: 'why',
      eventInput: { action: 'enter' },
    }),
  );
});

describe('an allocation', () => {
  const parts = { fees: 3n, interest: 6n, principal: 61n, suspense: 0n };
  const code = 'amount_exceeds_outstanding';

  test('names each component that would get more than it has', () => {
    const { loan } = scene();
    const [version] = programOf();
    if (version === undefined) throw new Error('no version');
    expect(refuseAllocation({ split: parts, amountMinor: 70n }, loan, version.policy)).toEqual({
      code,
      detail: 'allocation gives a component more than it has outstanding; send what is over as suspense_minor',
      errors: [
        { field: 'allocation.fees_minor', code, message: '3 is more than the 2 outstanding' },
        { field: 'allocation.interest_minor', code, message: '6 is more than the 5 outstanding' },
        { field: 'allocation.principal_minor', code, message: '61 is more than the 60 outstanding' },
      ],
    });
    const fits = { fees: 2n, interest: 5n, principal: 60n, suspense: 1n };
    expect(refuseUnfitSplit(fits, 68n, { amounts: fits, word: 'outstanding' })).toBeNull();
  });

  test('by `reject` takes all that is owed and not one more, unless a split puts that into suspense', () => {
    const { loan } = scene();
    const [version] = programOf({ overpayment: 'reject' });
    if (version === undefined) throw new Error('no version');
    const refuse = (amountMinor: bigint, split: typeof parts | null = null) =>
      refuseAllocation({ split, amountMinor }, loan, version.policy);
    expect(refuse(67n)).toBeNull();
    expect(refuse(68n)).toEqual({
      code,
      detail: "68 is more than the 67 outstanding, and the loan's program takes no over-payment",
      errors: [
        {
          field: 'amount_minor',
          code,
          message: "68 is more than the 67 outstanding, and the loan's program takes no over-payment",
        },
      ],
    });
    expect(refuse(68n, { fees: 0n, interest: 0n, principal: 0n, suspense: 68n })).toBeNull();
  });

  test('is read as it was kept; one that is none is a fault of ours', () => {
    expect(readAllocation(allocationInput(parts))).toEqual(parts);
    expect(readSplit({ allocation: allocationInput(parts) })).toEqual(parts);
    expect(readSplit({})).toBeNull();
    expect(readSplit({ allocation: null })).toBeNull();
    expect(() => readAllocation({ fees_minor: '1' })).toThrow('an allocation without interest_minor');
    expect(() => readAllocation(undefined)).toThrow('an allocation without fees_minor');
  });

  test('is told of lines by their credits; paid memo interest counts as interest', () => {
    const lines = [on(1010, 70n), on(1300, -2n), on(1200, -4n), on(9100, -3n), on(1100, -60n), on(2100, -1n)];
    expect(allocationOf(lines)).toEqual({ fees: 2n, interest: 7n, principal: 60n, suspense: 1n });
  });
});

test('owner and currency of a loan that is not there are a fault of ours', () => {
  const loan = unmadeLoan('tenant', 'loan');
  expect(() => ownerOf(loan)).toThrow('loan loan does not exist and was not refused');
  expect(() => currencyOf(loan)).toThrow('loan loan does not exist and was not refused');
});

test('three layers have names', () => {
  expect(['SETTLED', 'PENDING', 'ENCUMBRANCE', 'settled', ''].map(layerNumber)).toEqual([
    0,
    1,
    2,
    undefined,
    undefined,
  ]);
});
