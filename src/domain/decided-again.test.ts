import { describe, expect, test } from 'vitest';
import { refusalOf } from '../../test/domain/refusal-order.ts';
import {
  bookedBy,
  CHARGED_OFF,
  DAY,
  line,
  linesOf,
  loanWith,
  postedEntry,
  programOf,
  STATE,
  sceneWith,
} from '../../test/domain/scene.ts';
import { interestByLoan } from './accrual-correction.ts';
import { cutSplit, splitInput, splitOfInput } from './allocation.ts';
import { componentsOfInput, decideChargeOff } from './charge-off.ts';
import { PLAIN_STANDING } from './loan.ts';
import { decidePayment } from './payment.ts';
import { acceptedType, untouched } from './posted-entry.ts';
import { decideRecovery } from './recovery.ts';
import { decideRefinanceAgain } from './refinance.ts';
import { decidePaymentSettling } from './settling.ts';
import { decideSuspenseAllocation } from './suspense-allocation.ts';
import { decideSuspenseRefund } from './suspense-refund.ts';

const named = { loanId: 'loan', borrowerId: 'borrower', currency: 'USD', effectiveAt: DAY, metadata: null };
const again = true;
const owed = { principal: 50n, interest: 5n, fees: 40n };
const early = (components: Parameters<typeof sceneWith>[1]) => ({
  ...sceneWith(['before the loan began'], components),
  again,
});

describe('a payment that is decided again never blocks (ACCOUNTING.md rule 11)', () => {
  const payment = { ...named, amountMinor: 100n, sourceMethod: 'ach', externalRef: null, layer: 0 } as const;
  const split = { fees: 50n, interest: 0n, principal: 50n, suspense: 0n };

  test('its split reaches as far as each component; the rest goes to suspense', () => {
    expect(linesOf(decidePayment({ ...payment, split }, early(owed)))).toEqual([
      [1010, 100n],
      [1300, -40n],
      [1100, -50n],
      [2100, -10n],
    ]);
    const { loan } = sceneWith([], owed);
    expect(cutSplit({ fees: 41n, interest: 6n, principal: 51n, suspense: 2n }, loan)).toEqual({
      fees: 40n,
      interest: 5n,
      principal: 50n,
      suspense: 5n,
    });
    const fits = { fees: 40n, interest: 5n, principal: 50n, suspense: 2n };
    expect(cutSplit(fits, loan)).toEqual(fits);
  });

  test('without one the waterfall allocates it anew', () => {
    expect(linesOf(decidePayment({ ...payment, split: null }, early(owed)))).toEqual([
      [1010, 100n],
      [1300, -40n],
      [1200, -5n],
      [1100, -50n],
      [2100, -5n],
    ]);
  });

  test('a split that was kept is read as it was sent', () => {
    expect(splitOfInput(splitInput(split))).toEqual(split);
    for (const kept of [{}, { allocation: null }, { allocation: 'all' }, { allocation: {} }])
      expect(splitOfInput(kept)).toBeNull();
  });
});

test('an allocation of suspense takes what is there, be it nothing', () => {
  const asked = { ...named, amountMinor: 30n };
  expect(linesOf(decideSuspenseAllocation(asked, early({ ...owed, suspense: 20n })))).toEqual([
    [2100, 20n],
    [1300, -20n],
  ]);
  expect(linesOf(decideSuspenseAllocation(asked, early(owed)))).toEqual([]);
  expect(linesOf(decideSuspenseAllocation(asked, early({ suspense: 20n })))).toEqual([]);
});

test('a refund that suspense no longer covers is owed: DR 2100 what is there, DR 1100 the rest', () => {
  const asked = { ...named, amountMinor: 50n, method: 'ach', externalRef: null };
  expect(linesOf(decideSuspenseRefund(asked, early({ suspense: 30n })))).toEqual([
    [2100, 30n],
    [1100, 20n],
    [1010, -50n],
  ]);
  expect(linesOf(decideSuspenseRefund(asked, early({ suspense: 50n })))).toEqual([
    [2100, 50n],
    [1010, -50n],
  ]);
});

describe('on a loan that is charged off by then', () => {
  const chargedOff = (lossAccount: number, components = {}) => {
    const { calendar, program } = sceneWith([]);
    return { loan: loanWith(components, { standing: { ...CHARGED_OFF, lossAccount } }), calendar, program, again };
  };

  test('an allocation of suspense pays nothing of what was left', () => {
    const asked = { ...named, amountMinor: 30n };
    expect(linesOf(decideSuspenseAllocation(asked, chargedOff(5000, { ...owed, suspense: 20n })))).toEqual([]);
  });

  test('a refund beyond suspense is lost where the charge-off took principal', () => {
    const asked = { ...named, amountMinor: 50n, method: 'ach', externalRef: null };
    expect(linesOf(decideSuspenseRefund(asked, chargedOff(1900, { suspense: 30n })))).toEqual([
      [2100, 30n],
      [1900, 20n],
      [1010, -50n],
    ]);
  });
});

describe('a pending payment that settles again', () => {
  const lines = [line(1010, 100n, 'loan'), line(2100, -100n, 'loan')];
  const split = { fees_minor: '50', interest_minor: '0', principal_minor: '50', suspense_minor: '0' };
  const entry = postedEntry({ layer: 1, lines, eventInput: { source_method: 'ach', allocation: split } });
  const off = [
    [1010, -100n],
    [2100, 100n],
  ];
  const settle = (loan: ReturnType<typeof loanWith>) =>
    linesOf(
      decidePaymentSettling(
        { eventId: 'event', effectiveAt: DAY, externalRef: null },
        {
          entry,
          standing: untouched(),
          loan: () => ({ loan, program: programOf(), again }),
          losses: () => [
            {
              entryId: 'loss',
              seq: 1n,
              amounts: CHARGED_OFF.chargedOff,
              principalAccount: 5000,
              closesLoan: true,
              recovered: [],
            },
          ],
          calendar: sceneWith([]).calendar,
        },
      ),
    );

  test('has its split cut to what is owed', () => {
    expect(settle(loanWith(owed))).toEqual([...off, [1010, 100n], [1300, -40n], [1100, -50n], [2100, -10n]]);
  });

  test('is a recovery on a loan that is charged off by then', () => {
    const recovered = settle(loanWith({}, { standing: CHARGED_OFF }));
    expect(recovered).toEqual([...off, [1010, 100n], [4200, -50n], [2100, -50n]]);
  });
});

describe('a recovery that is decided again', () => {
  const amounts = { principal: 20n, interest: 2n, fees: 0n };
  const recovery = { ...named, amountMinor: 30n, sourceMethod: 'ach', externalRef: null };
  const scene = (chargedOff: typeof amounts) => {
    const met = early({});
    met.loan.standing = { ...PLAIN_STANDING, chargedOff };
    const loss = {
      entryId: 'l',
      seq: 1n,
      amounts: chargedOff,
      principalAccount: 5000,
      closesLoan: false,
      recovered: [],
    };
    return { ...met, losses: [loss] };
  };

  test('has its split cut to what is unrecovered, and stands when nothing is', () => {
    const split = { fees: 5n, interest: 2n, principal: 21n, suspense: 2n };
    const decided = decideRecovery({ ...recovery, split }, scene(amounts));
    expect(linesOf(decided)).toEqual([
      [1010, 30n],
      [4200, -22n],
      [2100, -8n],
    ]);
    const nothing = { principal: 0n, interest: 0n, fees: 0n };
    expect(linesOf(decideRecovery({ ...recovery, split: null }, scene(nothing)))).toEqual([
      [1010, 30n],
      [2100, -30n],
    ]);
  });
});

describe('the part of the loan that a refinance paid off', () => {
  const lines = [line(2100, 7n, 'loan'), line(1100, -50n, 'loan'), line(1200, -5n, 'loan'), line(1300, -40n, 'loan')];
  const decide = (components: object, faults: readonly string[] = []) =>
    decideRefinanceAgain(DAY, lines, sceneWith(faults, components).loan);
  const then = { ...owed, suspense: 7n };

  test('stands while it is what the loan owes and holds', () => {
    expect(decide(then)).toBeNull();
    const never = refusalOf({
      code: 'amount_exceeds_outstanding',
      field: 'old_loan_id',
      detail: 'it would pay off another sum, and never changes',
    });
    for (const component of ['principal', 'interest', 'fees', 'suspense'] as const)
      expect(decide({ ...then, [component]: then[component] + 1n })).toEqual(never);
  });

  test('is refused before the loan began, and of one that is charged off', () => {
    expect(decide(then, ['before the loan began'])).toMatchObject({ code: 'effective_date_before_disbursement' });
    expect(decide(then, ['charged off'])).toEqual(refusalOf(STATE));
  });
});

test('the components of a charge-off are read as they were kept; of one that took all there are none', () => {
  const components = { principal: 3n, interest: 0n, fees: 1n };
  const asked = { ...named, reasonCode: 'other', description: null };
  const kept = bookedBy(decideChargeOff({ ...asked, components }, sceneWith([], owed)));
  expect(componentsOfInput(kept.eventInput)).toEqual(components);
  for (const input of [{}, { components: null }, { components: 'all' }, { components: {} }])
    expect(componentsOfInput(input)).toBeNull();
});

test('an event is of the type under which it was accepted, whatever it is booked as', () => {
  const eventType = 'recovery' as const;
  expect(acceptedType(postedEntry({ eventType }))).toBe('recovery');
  expect(acceptedType(postedEntry({ eventType, eventInput: { accepted_as: 'payment_received' } }))).toBe(
    'payment_received',
  );
});

test('what lines change of each loan’s interest, memo interest with it', () => {
  const lines = [line(1200, 5n, 'one'), line(9100, 3n, 'one'), line(1200, -2n, 'two'), line(4000, -6n)];
  expect(interestByLoan(lines)).toEqual(
    new Map([
      ['one', 8n],
      ['two', -2n],
    ]),
  );
});
