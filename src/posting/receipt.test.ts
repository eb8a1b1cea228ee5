import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { EventType } from '../domain/event-type.ts';
import { type ReceiptFacts, renderReceipt } from './receipt.ts';

/** The bodies that clients have stored: a replay of years ago must still answer them. A body in this file is never edited; a new event adds its own. */
const GOLDEN: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('receipts-v1.golden.json', import.meta.url), 'utf8'),
);

function facts(
  eventType: EventType,
  lines: readonly (readonly [account: number, amountMinor: bigint])[],
  loanCount = 0,
) {
  const all: ReceiptFacts = {
    eventType,
    entryId: '0197aaaa-bbbb-7ccc-8ddd-eeeeeeeeeee0',
    eventId: '0197aaaa-bbbb-7ccc-8ddd-eeeeeeeeeee1',
    correlationId: '01970000-0000-7000-8000-000000000001',
    reversesEntryId: eventType === 'reversal' ? '01970000-0000-7000-8000-000000000000' : null,
    postedAt: '2026-05-01T12:34:56.789012Z',
    lines: lines.map(([account, amountMinor]) => ({ account, amountMinor })),
    loanCount,
    period: null,
    recovered: null,
    registeredLoanId: null,
    following: [],
  };
  return all;
}

const MOST = 10n ** 18n - 1n;
const CASES: Readonly<Record<string, ReceiptFacts>> = {
  'a payment by the waterfall': facts('payment_received', [
    [1010, 88_849n],
    [1300, -500n],
    [1200, -10_000n],
    [1100, -78_349n],
  ]),
  'a payment of 18 digits to suspense': facts('payment_received', [
    [1010, MOST],
    [2100, -MOST],
  ]),
  'a disbursement': facts('disbursement', [
    [1100, 100n],
    [2000, -90n],
    [4100, -10n],
  ]),
  'an accrual batch': facts(
    'accrual',
    [
      [1200, 17n],
      [1200, 25n],
      [4000, -42n],
    ],
    3,
  ),
  'an all-zero accrual batch': facts('accrual', [], 2),
  'a reversal': facts('reversal', [
    [1300, -5n],
    [4100, 5n],
  ]),
  'a fee': facts('fee_assessed', [
    [1300, 5n],
    [4100, -5n],
  ]),
  'a payment on non-accrual': facts('payment_received', [
    [1010, 60n],
    [4000, -10n],
    [1100, -50n],
    [9200, 10n],
    [9100, -10n],
  ]),
  'an accrual batch with a loan on non-accrual': facts(
    'accrual',
    [
      [1200, 17n],
      [9100, 25n],
      [4000, -17n],
      [9200, -25n],
    ],
    2,
  ),
  'a fee waiver': facts('fee_waived', [
    [4920, 5n],
    [1300, -5n],
  ]),
  'a goodwill credit': facts('goodwill_credit', [
    [5200, 70n],
    [4900, 20n],
    [4910, 10n],
    [1300, -10n],
    [1200, -20n],
    [1100, -30n],
    [2100, -40n],
  ]),
  'an allocation of suspense': facts('payment_allocated', [
    [2100, 60n],
    [1300, -10n],
    [1200, -20n],
    [1100, -30n],
  ]),
  'a return with its fee': {
    ...facts('payment_returned', [
      [2100, 5n],
      [1300, 10n],
      [1200, 20n],
      [1100, 30n],
      [1010, -65n],
    ]),
    following: [{ entryId: '0197aaaa-bbbb-7ccc-8ddd-eeeeeeeeeef0', eventType: 'fee_assessed' }],
  },
  'a return that restates a fee': {
    ...facts('payment_returned', [
      [1100, 65n],
      [1010, -65n],
    ]),
    following: [
      { entryId: '0197aaaa-bbbb-7ccc-8ddd-eeeeeeeeeef0', eventType: 'reversal' },
      { entryId: '0197aaaa-bbbb-7ccc-8ddd-eeeeeeeeeef2', eventType: 'fee_assessed' },
    ],
  },
  'a return on non-accrual': facts('payment_returned', [
    [4000, 20n],
    [9100, 20n],
    [9200, -20n],
    [1100, 30n],
    [1010, -50n],
  ]),
  'a return on a charged-off loan': facts('payment_returned', [
    [4910, 10n],
    [4900, 20n],
    [1900, 30n],
    [1010, -60n],
  ]),
  'a clearing of payments': facts('payment_settled', [
    [1000, 60n],
    [1010, -60n],
  ]),
  'an adjustment': facts('manual_adjustment', [
    [1200, 5n],
    [4000, -5n],
  ]),
  'a charge-off': facts('chargeoff', [
    [5000, 30n],
    [4900, 20n],
    [4910, 10n],
    [1100, -30n],
    [1200, -20n],
    [1300, -10n],
  ]),
  'a recovery': {
    ...facts('recovery', [
      [1010, 100n],
      [4200, -35n],
      [1900, -25n],
      [2100, -40n],
    ]),
    recovered: { fees_minor: '10', interest_minor: '20', principal_minor: '30', suspense_minor: '40' },
  },
  'a refund of suspense': facts('suspense_refunded', [
    [2100, 60n],
    [1010, -60n],
  ]),
  'a refinance': facts('refinance', [
    [1100, 100n],
    [2100, 5n],
    [1100, -70n],
    [1200, -20n],
    [1300, -10n],
    [2100, -5n],
  ]),
  'a refinance with new money': facts('refinance', [
    [1100, 150n],
    [1100, -100n],
    [2000, -50n],
  ]),
  'a restructure': facts('restructure', [
    [1100, 30n],
    [5100, 40n],
    [1200, -30n],
    [1100, -40n],
  ]),
  'a loan put on non-accrual with nothing to move': facts('non_accrual', []),
};

const LATER_VERSIONS: Readonly<Record<string, readonly [version: number, facts: ReceiptFacts]>> = {
  'a correction of an accrual batch': [
    3,
    facts('accrual', [
      [1200, -3n],
      [4000, 3n],
    ]),
  ],
};

test.each(Object.entries(LATER_VERSIONS))('later versions, byte for byte: %s', (name, [version, one]) => {
  expect(renderReceipt(version, one)).toBe(GOLDEN[name]);
  expect(JSON.stringify(JSON.parse(renderReceipt(version, one)))).toBe(GOLDEN[name]);
});

test.each(Object.entries(CASES))('version 1, byte for byte: %s', (name, one) => {
  expect(renderReceipt(1, one)).toBe(GOLDEN[name]);
  expect(JSON.stringify(JSON.parse(renderReceipt(1, one)))).toBe(GOLDEN[name]);
});

/** Receipts of settlements, some of which are booked as the event that they settle. */
const SETTLEMENTS: Readonly<Record<string, ReceiptFacts>> = {
  'a pending payment settled': facts('payment_received', [
    [1010, -60n],
    [2100, 60n],
    [1010, 60n],
    [1300, -10n],
    [1200, -20n],
    [1100, -25n],
    [2100, -5n],
  ]),
  'a pending disbursement settled': facts('disbursement', [
    [1100, -60n],
    [2000, 60n],
    [1100, 60n],
    [2000, -60n],
  ]),
  'a disbursement cleared': facts('disbursement_settled', [
    [2000, 60n],
    [1000, -60n],
  ]),
};

test.each(Object.entries(SETTLEMENTS))('version 4, byte for byte: %s', (name, one) => {
  expect(renderReceipt(4, one)).toBe(GOLDEN[name]);
  expect(JSON.stringify(JSON.parse(renderReceipt(4, one)))).toBe(GOLDEN[name]);
});

test('version 1, byte for byte: a close in two currencies, and its reopening', () => {
  const second = '0197aaaa-bbbb-7ccc-8ddd-fffffffffff0';
  const following = [{ entryId: second, eventType: 'period_closed' as const }];
  const closed = { ...facts('period_closed', []), period: '2026-12', following };
  const body = (status: string) =>
    `{"period_event_id":"0197aaaa-bbbb-7ccc-8ddd-eeeeeeeeeee1","journal_entry_id":"0197aaaa-bbbb-7ccc-8ddd-eeeeeeeeeee0","period":"2026-12","status":"${status}","journal_entry_ids":["0197aaaa-bbbb-7ccc-8ddd-eeeeeeeeeee0","${second}"],"posted_at":"2026-05-01T12:34:56.789012Z","correlation_id":"01970000-0000-7000-8000-000000000001"}`;
  expect(renderReceipt(1, closed)).toBe(body('closed'));
  const mirrored = '01970000-0000-7000-8000-000000000000';
  expect(renderReceipt(1, { ...closed, reversesEntryId: mirrored })).toBe(body('open'));
});

test('every golden body has its case', () => {
  const named = [...Object.keys(CASES), ...Object.keys(LATER_VERSIONS), ...Object.keys(SETTLEMENTS)];
  expect(named.sort()).toEqual(Object.keys(GOLDEN).sort());
});

test('version 2, byte for byte: a registration of a loan', () => {
  const registered = '55555555-5555-4555-8555-555555555555';
  expect(renderReceipt(2, { ...facts('manual_adjustment', []), registeredLoanId: registered })).toBe(
    `{"loan_id":"${registered}","journal_entry_id":"0197aaaa-bbbb-7ccc-8ddd-eeeeeeeeeee0","posted_at":"2026-05-01T12:34:56.789012Z","correlation_id":"01970000-0000-7000-8000-000000000001"}`,
  );
});

test('a version or an event that this program cannot render is an error, never a guess', () => {
  expect(() => renderReceipt(99, facts('payment_received', []))).toThrow(/version 99/);
  expect(() => renderReceipt(2, facts('payment_received', []))).toThrow(/payment_received/);
  expect(() => renderReceipt(1, { ...facts('reversal', []), eventType: 'unheard_of' as EventType })).toThrow(
    /unheard_of/,
  );
});
