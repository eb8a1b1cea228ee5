import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { leafBytes, type SealedEntry } from './journal-leaf.ts';

const payment: SealedEntry = {
  tenantId: 'de300000-0000-4000-8000-000000000001',
  seq: 4n,
  entryId: '01a1fbe0-bb4b-740b-ad38-cb99aa8c7d10',
  eventId: '01a1fbe0-bb4b-740b-ad38-cb99aa8c7d11',
  correlationId: '01a1fbe0-bb4b-740b-ad38-cb99aa8c7d11',
  reversesEntryId: null,
  eventType: 'payment_received',
  effectiveAt: '2026-05-01',
  postedAt: '2026-05-01T12:00:00.000001Z',
  keySha256: 'b9d8f2',
  payloadHash: '0f0e0d0c-0b0a-0908-0706-050403020100',
  actor: 'demo_client',
  description: null,
  eventInput: { source_method: 'ach', program_version: 1 },
  metadataSha256: null,
  lines: [
    {
      account: '1010',
      direction: 'DR',
      amountMinor: 999_999_999_999_999_999n,
      currency: 'USD',
      layer: 'SETTLED',
      loanId: null,
      borrowerId: null,
      externalRef: 'q"\u00e9\u2028\ud83d\ude00',
    },
    {
      account: '2100',
      direction: 'CR',
      amountMinor: 999_999_999_999_999_999n,
      currency: 'USD',
      layer: 'SETTLED',
      loanId: '11111111-1111-1111-1111-111111111111',
      borrowerId: '22222222-2222-2222-2222-222222222222',
      externalRef: null,
    },
  ],
};

const emptyReversal: SealedEntry = {
  ...payment,
  seq: 2n ** 60n,
  reversesEntryId: '01a1fbe0-bb4b-740b-ad38-cb99aa8c7d00',
  eventType: 'reversal',
  keySha256: null,
  payloadHash: null,
  description: 'sent twice\n',
  metadataSha256: 'e3b0c442',
  lines: [],
};

test('the bytes of a leaf are those of the golden file, for ever', () => {
  const golden = readFileSync(new URL('journal-leaf.golden.txt', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
  expect([payment, emptyReversal].map((entry) => Buffer.from(leafBytes(entry)).toString('hex'))).toEqual(golden);
});

test('a leaf is a version byte and then JSON with its names in order', () => {
  const leaf = Buffer.from(leafBytes(payment));
  expect(leaf[0]).toBe(1);
  const parsed = JSON.parse(leaf.subarray(1).toString('utf8')) as Record<string, unknown>;
  expect(Object.keys(parsed)).toEqual(Object.keys(parsed).toSorted());
  expect(parsed['seq']).toBe('4');
});

test('every field of an entry and of a line is in its leaf', () => {
  const before = Buffer.from(leafBytes(payment)).toString('hex');
  for (const name of Object.keys(payment).filter((key) => key !== 'lines')) {
    const other = { ...payment, [name]: name === 'seq' ? 5n : 'other' } as SealedEntry;
    expect(Buffer.from(leafBytes(other)).toString('hex'), name).not.toBe(before);
  }
  const [first, ...rest] = payment.lines;
  for (const name of Object.keys(first ?? {})) {
    const other = { ...first, [name]: name === 'amountMinor' ? 5n : 'other' } as (typeof payment.lines)[number];
    expect(Buffer.from(leafBytes({ ...payment, lines: [other, ...rest] })).toString('hex'), name).not.toBe(before);
  }
});
