import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BodyPieces } from './body-pieces.ts';

test('a body is what its pieces were, however it was cut', () => {
  const piece = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 3 }),
    fc.uint8Array({ minLength: 1, maxLength: 5_000 }),
    fc.integer({ min: 60_000, max: 70_000 }).map((bytes) => new Uint8Array(bytes).fill(bytes)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (all) => {
      const pieces = new BodyPieces();
      for (const one of all) pieces.add(Buffer.from(one));
      const whole = Buffer.concat(all);
      expect(pieces.bytes).toBe(whole.length);
      expect(pieces.whole().equals(whole)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('a large body lies in memory of its own, so that it can move to another thread', () => {
  const pieces = new BodyPieces();
  for (let sent = 0; sent < 10; sent += 1) pieces.add(Buffer.alloc(10_000, sent));
  expect(pieces.whole().buffer.byteLength).toBe(100_000);
});
