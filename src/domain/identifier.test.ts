import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseIdempotencyKey, parseUuid } from './identifier.ts';

describe('parseUuid', () => {
  test('answers every UUID in lower case, however it is written', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.infiniteStream(fc.boolean()), (uuid, upper) => {
        const mixed = [...uuid].map((letter) => (upper.next().value ? letter.toUpperCase() : letter)).join('');
        expect(parseUuid(mixed)).toBe(uuid);
      }),
    );
  });

  test('takes what the pattern of RFC 9562 takes, and nothing else', () => {
    const pattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
    const unit = fc.constantFrom(...'09afAF-gG@`/:[ ', '\u00e1', '\uff11', '\u0131');
    fc.assert(
      fc.property(fc.uuid(), fc.nat({ max: 36 }), fc.string({ unit, maxLength: 2 }), (uuid, at, put) => {
        for (const text of [uuid.slice(0, at) + put + uuid.slice(at + put.length), uuid.slice(0, at) + put]) {
          expect(parseUuid(text)).toBe(pattern.test(text) ? text.toLowerCase() : undefined);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test.each(['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'])('takes %s', (uuid) => {
    expect(parseUuid(uuid)).toBe(uuid);
  });

  test.each([
    '',
    '11111111111141118111111111111111',
    '{11111111-1111-4111-8111-111111111111}',
    'urn:uuid:11111111-1111-4111-8111-111111111111',
    '11111111-1111-4111-8111-11111111111',
    '11111111-1111-4111-8111-1111111111111',
    '11111111-1111-4111-8111-11111111111g',
    '11111111-1111-4111-81111-11111111111',
    ' 11111111-1111-4111-8111-111111111111',
    '11111111-1111-4111-8111-111111111111\n',
    '1111111１-1111-4111-8111-111111111111',
  ])('refuses %j', (text) => {
    expect(parseUuid(text)).toBeUndefined();
  });
});

describe('parseIdempotencyKey', () => {
  const first = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'];
  const key = fc
    .tuple(
      fc.constantFrom(...first),
      fc.string({ unit: fc.constantFrom(...first, '.', '_', ':', '-'), minLength: 7, maxLength: 254 }),
    )
    .map(([head, tail]) => head + tail);

  test('takes every key of the pattern, bare and quoted, as the same key', () => {
    fc.assert(
      fc.property(key, (text) => {
        expect(parseIdempotencyKey(text)).toBe(text);
        expect(parseIdempotencyKey(`"${text}"`)).toBe(text);
      }),
    );
  });

  test.each(['payment_received:11111111-1111-4111-8111-111111111111:ach-0001', '12345678', `a${'b'.repeat(254)}`])(
    'takes %s',
    (text) => {
      expect(parseIdempotencyKey(text)).toBe(text);
    },
  );

  test.each([
    '',
    '"',
    '""',
    '1234567',
    '"1234567"',
    `a${'b'.repeat(255)}`,
    `"a${'b'.repeat(255)}"`,
    '-2345678',
    '_2345678',
    '.2345678',
    ':2345678',
    '"12345678',
    '12345678"',
    // Long enough to be a key without their first and last characters.
    '"123456789x',
    'x123456789"',
    '""12345678""',
    '"1234\\"5678"',
    '"12345678";a=1',
    "'12345678'",
    '12345678, 12345678',
    '1234 5678',
    '12345678 ',
    '12345678\n',
    '12345678/',
    '1234567é',
    '1234567\u0000',
  ])('refuses %j', (text) => {
    expect(parseIdempotencyKey(text)).toBeUndefined();
  });
});
