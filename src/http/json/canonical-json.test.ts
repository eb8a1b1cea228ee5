import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalise, type FingerprintParts, fingerprint } from './canonical-json.ts';
import { type JsonObject, type JsonValue, parseStrictJson } from './strict-json.ts';

function parsed(text: string): JsonValue {
  const reading = parseStrictJson(Buffer.from(text));
  if (!reading.ok) throw new Error(reading.error.message);
  return reading.value;
}

describe('the vectors of RFC 8785', () => {
  test('section 3.2.2: literals, numbers, strings', () => {
    const sent = String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`;
    // JSON.parse, as parseStrictJson refuses the first number: a double holds it as 333333333.3333333.
    expect(canonicalise(JSON.parse(sent))).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        String.raw`"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  test('section 3.2.3: names in the order of UTF-16 code units', () => {
    const sent = String.raw`{
      "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"
    }`;
    const order = [...canonicalise(parsed(sent)).matchAll(/:"([^"]*)"/g)].map((match) => match[1]);
    expect(order).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  test.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('appendix B: %s is %s', (hex, written) => {
    expect(canonicalise(Buffer.from(hex, 'hex').readDoubleBE())).toBe(written);
  });

  test.each(['7fffffffffffffff', '7ff0000000000000', 'fff0000000000000'])('appendix B: %s is an error', (hex) => {
    expect(() => canonicalise([Buffer.from(hex, 'hex').readDoubleBE()])).toThrow(TypeError);
  });
});

test('what is no JSON has no canonical form', () => {
  expect(() => canonicalise({ a: 1n } as unknown as JsonValue)).toThrow(TypeError);
  expect(() => canonicalise({ a: undefined } as unknown as JsonValue)).toThrow(TypeError);
});

/** The members of every object in another order, all else the same. */
function reversed(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).reverse();
  return Object.fromEntries(members.map(([name, member]) => [name, reversed(member)]));
}

const anyValue = fc
  .jsonValue({ maxDepth: 5, stringUnit: 'binary' })
  .filter((value) => !JSON.stringify(value).includes('__proto__'))
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);

describe('the canonical form', () => {
  test('denotes the value, is its own canonical form, and forgets order and white space', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const text = canonicalise(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalise(JSON.parse(text))).toBe(text);
        expect(canonicalise(reversed(value))).toBe(text);
      }),
      { numRuns: 1_000 },
    );
  });

  test('sorts many names like few', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'binary' }), { maxLength: 40 }), (names) => {
        fc.pre(!names.includes('__proto__'));
        const written = Object.keys(JSON.parse(canonicalise(Object.fromEntries(names.map((name) => [`_${name}`, 0])))));
        expect(written).toEqual(names.map((name) => `_${name}`).sort());
      }),
    );
  });
});

test('a string has the escapes of JSON.stringify, each character by itself and any among others', () => {
  for (let code = 0; code < 0x1_00; code++) {
    const character = String.fromCharCode(code);
    expect(canonicalise(character)).toBe(JSON.stringify(character));
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(canonicalise(text)).toBe(JSON.stringify(text));
    }),
  );
});

describe('fingerprint', () => {
  const parts: FingerprintParts = {
    method: 'POST',
    route: '/v1/payments/:payment_event_id/returns',
    pathParams: { payment_event_id: '11111111-1111-4111-8111-111111111111' },
    body: parsed('{"return_code":"R01","effective_at":"2026-05-01","metadata":{"n":1.50}}'),
  };

  test('is the SHA-256 of the canonical form of the four parts', () => {
    const text =
      '["POST","/v1/payments/:payment_event_id/returns",{"payment_event_id":"11111111-1111-4111-8111-111111111111"},' +
      '{"effective_at":"2026-05-01","metadata":{"n":1.5},"return_code":"R01"}]';
    expect(fingerprint(parts)).toEqual(createHash('sha256').update(text).digest('hex'));
  });

  test('is that SHA-256 for whatever is sent, short or long, ASCII or not', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom('"', '\\', '\u001f', '\u007f', '\u0080', '~ !', 'x'.repeat(5_000), 'x'.repeat(20_000)),
    );
    const scalar = fc.oneof(text, fc.integer(), fc.double({ noDefaultInfinity: true, noNaN: true }), fc.boolean());
    const { body } = fc.letrec<{ body: JsonValue; list: JsonValue[]; object: JsonObject }>((tie) => ({
      body: fc.oneof({ maxDepth: 4 }, scalar, fc.constant(null), tie('list'), tie('object')),
      list: fc.array(tie('body'), { maxLength: 5 }),
      object: fc.dictionary(text, tie('body'), { maxKeys: 20, noNullPrototype: true }),
    }));
    fc.assert(
      fc.property(text, fc.dictionary(fc.constantFrom('a', 'b', 'é'), text), body, (route, pathParams, sent) => {
        const whole = canonicalise(['POST', route, pathParams, sent]);
        const wanted = createHash('sha256').update(whole).digest('hex');
        expect(fingerprint({ method: 'POST', route, pathParams, body: sent })).toBe(wanted);
      }),
      { numRuns: 1_000 },
    );
  });

  test('is the same whatever the length, about the bytes for which there is room', () => {
    for (let length = 16_300; length < 16_400; length++) {
      // Three bytes a character, more than any other has for each of its UTF-16 units.
      const wide = '€'.repeat(length - 10_900);
      for (const body of ['x'.repeat(length), wide, [1, 'x'.repeat(length - 4), true], Array(length >> 1).fill(1)]) {
        const whole = canonicalise([parts.method, '', {}, body]);
        const wanted = createHash('sha256').update(whole).digest('hex');
        expect(fingerprint({ ...parts, route: '', pathParams: {}, body })).toBe(wanted);
      }
    }
  });

  test('is the same for another order, other white space and another spelling of the same body', () => {
    const body = parsed(
      ' { "metadata" : { "\\u006e":15e-1 }, "effective_at":"2026-05-0\\u0031", "return_code":"R01" } ',
    );
    expect(fingerprint({ ...parts, body })).toEqual(fingerprint(parts));
  });

  test('differs when any part differs', () => {
    const others: FingerprintParts[] = [
      parts,
      { ...parts, method: 'PUT' },
      { ...parts, route: '/v1/payments' },
      { ...parts, pathParams: { payment_event_id: '11111111-1111-4111-8111-111111111112' } },
      { ...parts, pathParams: {} },
      { ...parts, body: null },
      { ...parts, body: {} },
      { ...parts, body: [parts.body] },
      { ...parts, body: parsed('{"return_code":"R01","effective_at":"2026-05-01","metadata":{"n":"1.5"}}') },
      { method: 'POST","/v1', route: '', pathParams: {}, body: null },
      { method: 'POST', route: '/v1', pathParams: {}, body: null },
    ];
    expect(new Set(others.map((other) => fingerprint(other))).size).toBe(others.length);
  });

  test('is equal for two bodies exactly when they are equal values', () => {
    fc.assert(
      fc.property(anyValue, anyValue, (a, b) => {
        const equal = canonicalise(a) === canonicalise(b);
        expect(fingerprint({ ...parts, body: a }) === fingerprint({ ...parts, body: b })).toBe(equal);
      }),
    );
  });
});
