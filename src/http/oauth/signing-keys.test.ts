import { expect, test } from 'vitest';
import { makeSigningKey } from '../../postgres/access/sealed-key.ts';
import { KeyRing } from './signing-keys.ts';

test('a key verifies and is published until the moment it retires, and signs only while no end is set', async () => {
  const [fresh, old] = [await makeSigningKey(), await makeSigningKey()];
  const ring = new KeyRing([
    { ...fresh, retiresAtMs: Number.POSITIVE_INFINITY },
    { ...old, retiresAtMs: 1_000 },
  ]);
  expect(ring.signer()?.kid).toBe(fresh.kid);
  expect(ring.find(old.kid, 999)?.kid).toBe(old.kid);
  expect(ring.find(old.kid, 1_000)).toBeUndefined();
  expect(ring.find('none', 0)).toBeUndefined();
  expect(ring.publicKeySet(999).keys.map(({ kid }) => kid)).toEqual([fresh.kid, old.kid]);
  expect(ring.publicKeySet(1_000).keys.map(({ kid }) => kid)).toEqual([fresh.kid]);
  expect(new KeyRing([{ ...old, retiresAtMs: 1_000 }]).signer()).toBeUndefined();
});
