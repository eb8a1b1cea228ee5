import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JSON_DEPTH_MAX, type JsonObject, type JsonRefusal, type JsonValue, parseStrictJson } from './strict-json.ts';

function read(text: string | Uint8Array): JsonValue {
  const reading = parseStrictJson(typeof text === 'string' ? Buffer.from(text) : text);
  if (!reading.ok) throw new Error(`${reading.error.message} at ${reading.error.offset}`);
  return reading.value;
}

function refusal(text: string | Uint8Array): JsonRefusal | undefined {
  const reading = parseStrictJson(typeof text === 'string' ? Buffer.from(text) : text);
  return reading.ok ? undefined : reading.error;
}

function nested(levels: number): string {
  return '[{"a":'.repeat(levels >> 1) + (levels % 2 === 0 ? '0' : '[]') + '}]'.repeat(levels >> 1);
}

describe('what RFC 8259 allows', () => {
  test.each([
    ['null', null],
    [' \t\r\n true \n', true],
    ['false', false],
    ['""', ''],
    ['[]', []],
    ['{}', {}],
    ['[ 1 , [ ] , { } , "x" ]', [1, [], {}, 'x']],
    ['{ "a" : 1 , "b" : { "a" : [ 2 ] } }', { a: 1, b: { a: [2] } }],
    ['{"":0}', { '': 0 }],
    ['{"constructor":1,"toString":2,"hasOwnProperty":3}', { constructor: 1, toString: 2, hasOwnProperty: 3 }],
    ['"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC"', '"\\/\b\f\n\r\tAé€'],
    ['"é\\n€ 😀\\u0020\\ud83d\\uDE00 \u007f\u0080"', 'é\n€ 😀 😀 \u007f\u0080'],
    ['{"\\u0061b":1}', { ab: 1 }],
    [nested(JSON_DEPTH_MAX), JSON.parse(nested(JSON_DEPTH_MAX))],
  ])('reads %s', (text, value) => {
    expect(read(text)).toEqual(value);
  });

  test('reads whatever JSON.stringify writes, with or without white space, in a Buffer or a view', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8, stringUnit: 'binary' }), fc.nat({ max: 3 }), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        fc.pre(!text.includes('"__proto__":') && !text.includes('\\u0000'));
        const bytes = Buffer.from(`..${text}..`).subarray(2, -2);
        const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
        expect(read(bytes)).toEqual(JSON.parse(text));
        expect(read(view)).toEqual(JSON.parse(text));
      }),
      { numRuns: 400 },
    );
  });

  test('agrees with JSON.parse wherever it accepts a text at all', () => {
    const pieces = ['{', '}', '[', ']', ',', ':', '"', '"a"', '"b":', '\\', 'u0041', '0', '1', '-', '.', 'e', '+', ' '];
    const soup = fc.array(fc.constantFrom(...pieces, 'true', 'null', '\n', '\u0001', 'é', '5'), { maxLength: 12 });
    fc.assert(
      fc.property(soup, (parts) => {
        const text = parts.join('');
        const reading = parseStrictJson(Buffer.from(text));
        if (reading.ok) expect(reading.value).toEqual(JSON.parse(text));
        else if (!REFUSED_BEYOND_RFC.test(reading.error.message)) expect(() => JSON.parse(text)).toThrow(SyntaxError);
      }),
      { numRuns: 10_000 },
    );
  });
});

const REFUSED_BEYOND_RFC = /twice|double/;

test('no byte string makes it throw, and a refusal points into the text', () => {
  const spoilt = fc
    .tuple(fc.jsonValue(), fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 3 }))
    .map(([value, at, junk]) => {
      const bytes = Buffer.from(JSON.stringify(value));
      const cut = at % (bytes.length + 1);
      return Buffer.concat([bytes.subarray(0, cut), junk, bytes.subarray(cut + 1)]);
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), spoilt), (bytes) => {
      const error = refusal(bytes);
      if (error === undefined) return;
      expect(error.code).toBe('malformed_json');
      expect(error.offset).toBeGreaterThanOrEqual(0);
      expect(error.offset).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 3_000 },
  );
});

describe('what RFC 8259 does not allow', () => {
  test.each([
    ['', 0],
    ['  ', 2],
    ['{', 1],
    ['{"a":1', 6],
    ['[1,]', 3],
    ['{"a":1,}', 7],
    ['{a:1}', 1],
    ["{'a':1}", 1],
    ['{"a" 1}', 5],
    ['{"a":1 "b":2}', 7],
    ['[1 2]', 3],
    ['{} {}', 3],
    ['{}x', 2],
    ['nul', 0],
    ['True', 0],
    ['NaN', 0],
    ['Infinity', 0],
    ['undefined', 0],
    ['// c\n{}', 0],
    ['[1,/**/2]', 3],
    ['\u00a0{}', 0],
    ['01', 0],
    ['-01', 1],
    ['00', 0],
    ['+1', 0],
    ['-', 1],
    ['.5', 0],
    ['1.', 2],
    ['1.e1', 2],
    ['1e', 2],
    ['1e+', 3],
    ['0x10', 1],
    ['1_0', 1],
    ['"a', 2],
    ['"a\\', 3],
    ['"\\x41"', 0],
    ['"\\u12"', 0],
    ['"\\u12g4"', 0],
    ['"\\u+123"', 0],
    ['"\t"', 1],
    ['"é\n"', 3],
    ['"\\n\u0001"', 0],
    ['{"a\n":1}', 3],
  ])('refuses %j at byte %i', (text, offset) => {
    expect(refusal(text)).toMatchObject({ code: 'malformed_json', offset });
  });
});

describe('what this reader refuses besides', () => {
  test.each([
    ['a name used twice', '{"a":1,"a":1}', 7],
    ['a name used twice, once escaped', '{"a":1,"\\u0061":2}', 7],
    ['a name used twice with null', '{"a":null,"a":null}', 10],
    ['a name used twice inside', '{"m":[{"b":0,"c":0,"b":0}]}', 19],
    ['an integer-like name used twice', '{"7":1,"7":2}', 7],
    ['__proto__', '{"__proto__":{}}', 1],
    ['__proto__ inside', '{"a":{"__proto__":null}}', 6],
    ['__proto__ escaped', '{"\\u005f_proto__":1}', 1],
    ['33 levels of objects and lists', nested(JSON_DEPTH_MAX + 1), 6 * 16],
    ['a million levels', '['.repeat(1_000_000), JSON_DEPTH_MAX],
    ['U+0000 escaped', '{"a":"x\\u0000"}', 5],
    ['U+0000 in a name', '{"\\u0000":1}', 1],
    ['U+0000 raw', '"\u0000"', 1],
    ['a lone high surrogate', '"\\ud83d"', 0],
    ['a lone high surrogate before text', '"\\ud83dx"', 0],
    ['a lone high surrogate before another escape', '"\\ud83d\\n"', 0],
    ['two high surrogates', '"\\ud83d\\ud83d"', 0],
    ['a lone low surrogate', '"\\ude00"', 0],
    ['a pair in the wrong order', '"\\ude00\\ud83d"', 0],
    ['a byte order mark', '\ufeff{}', 0],
  ])('%s', (_name, text, offset) => {
    expect(refusal(text)).toMatchObject({ code: 'malformed_json', offset });
  });

  test.each([
    ['a stray continuation byte', '2280', 1],
    ['an overlong slash', '22c0af22', 1],
    ['an overlong NUL', '22c08022', 1],
    ['a surrogate (CESU-8)', '2261eda0bdedb88022', 2],
    ['above U+10FFFF', '22f490808022', 1],
    ['0xff', `${'20'.repeat(1000)}ff${'20'.repeat(1000)}`, 1000],
    ['a character cut off', `22${'c3a9'.repeat(500)}e282`, 1001],
    ['a continuation byte too many', `22${'f09f9880'.repeat(50)}8080808022`, 201],
    ['UTF-16', 'fffe7b007d00', 0],
  ])('bytes that are not UTF-8: %s', (_name, hex, offset) => {
    expect(refusal(Buffer.from(hex, 'hex'))).toMatchObject({ code: 'malformed_json', offset });
  });
});

describe('numbers', () => {
  test.each([
    ['0', 0],
    ['-0', -0],
    ['-0.0e5', -0],
    ['0e999999999999', 0],
    ['0.1', 0.1],
    ['1.50', 1.5],
    ['1e2', 100],
    ['1E+2', 100],
    ['100e-2', 1],
    ['-12.5', -12.5],
    ['999999999999999', 999_999_999_999_999],
    ['9007199254740991', 9_007_199_254_740_991],
    ['9007199254740992', 9_007_199_254_740_992],
    ['-9007199254740992.000', -9_007_199_254_740_992],
    ['1e23', 1e23],
    ['100000000000000000000000', 1e23],
    ['5e-324', 5e-324],
    ['1.7976931348623157e308', Number.MAX_VALUE],
    [`0.${'0'.repeat(5_000)}1e5001`, 1],
  ])('%s is held', (text, value) => {
    expect(read(text)).toBe(value);
    expect(read(`[${text}]`)).toEqual([value]);
  });

  test.each([
    '9007199254740993',
    '-9007199254740993',
    '9007199254740992.5',
    '18446744073709551615',
    '18446744073709551616',
    '1e400',
    '-1e400',
    '1e-400',
    '4e-324',
    '1e99999999999999999999',
    '1e-99999999999999999999',
    '1.7976931348623158e308',
    '0.1000000000000000055511',
    '0.30000000000000000001',
    '333333333.33333329',
    '1.00000000000000000000000001',
    '9'.repeat(5_000),
  ])('%s is not', (text) => {
    expect(refusal(`{"metadata":{"n":${text}}}`)).toMatchObject({ code: 'malformed_json', offset: 17 });
  });

  test('are held exactly when writing the double gives the same decimal, reckoned in bigint', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 20 });
    const exponent = fc.option(fc.integer({ min: -340, max: 340 }), { nil: undefined });
    fc.assert(
      fc.property(
        fc.boolean(),
        digits,
        fc.option(digits, { nil: undefined }),
        exponent,
        (minus, whole, part, power) => {
          const integer = whole.replace(/^0+(?=.)/, '');
          const fraction = part === undefined ? '' : `.${part}`;
          const text = `${minus ? '-' : ''}${integer}${fraction}${power === undefined ? '' : `e${power}`}`;
          expect({ text, held: refusal(text) === undefined }).toEqual({ text, held: isHeld(text) });
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test('every double is held as ECMAScript writes it', () => {
    fc.assert(
      fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }), (value) => {
        expect(read(String(value))).toBe(Object.is(value, -0) ? 0 : value);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** The rule again by other means: both decimals as integers over one power of ten. */
function isHeld(text: string): boolean {
  const written = String(Number(text));
  if (written.includes('Infinity')) return false;
  const scaled = (decimal: string): bigint => {
    const [mantissa = '', power = '0'] = decimal.split('e');
    const [whole = '', part = ''] = mantissa.split('.');
    return BigInt(whole + part) * 10n ** BigInt(800 + Number(power) - part.length);
  };
  return scaled(text) === scaled(written);
}

describe('objects', () => {
  test('inherit nothing', () => {
    const value = read('{"a":{}}') as { a: JsonObject };
    for (const name of ['constructor', 'toString', '__proto__']) {
      expect(name in value || name in value.a).toBe(false);
    }
    expect(Object.isFrozen(Object.getPrototypeOf(value))).toBe(true);
    expect(Object.getPrototypeOf(Object.getPrototypeOf(value))).toBeNull();
  });

  test('have the names that JSON.parse reads, whatever names were read before and wherever the text breaks off', () => {
    const long = [40, 63, 64, 65].map((chars) => 'x'.repeat(chars));
    const pieces = ['a', 'b', 'loan_id', 'é', '\\u0061', '\\"', '\\\\', ' ', '\u0001', ...long];
    const spelling = fc.array(fc.constantFrom(...pieces), { maxLength: 4 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(spelling, fc.nat({ max: 8 }), (name, lost) => {
        const whole = `{"${name}":{"${name}":0}}`;
        for (const text of [whole, whole, whole.slice(0, -1 - lost), whole]) {
          const reading = parseStrictJson(Buffer.from(text));
          if (reading.ok) expect(JSON.stringify(reading.value)).toBe(JSON.stringify(JSON.parse(text)));
          else expect(() => JSON.parse(text)).toThrow(SyntaxError);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('may have many names', () => {
    const text = JSON.stringify(Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`name${i}`, i])));
    expect(read(text)).toEqual(JSON.parse(text));
    expect(refusal(`${text.slice(0, -1)},"name17":0}`)).toMatchObject({ offset: text.length });
  });
});

describe('the raw member', () => {
  const raw = (text: string): string | undefined => {
    const reading = parseStrictJson(Buffer.from(text), { rawMember: 'metadata' });
    if (!reading.ok) throw new Error(reading.error.message);
    return reading.raw;
  };

  test.each([
    ['{"a":1,"metadata": { "b" : 1.50, "c":"\\u0041é€" } ,"z":2}', '{ "b" : 1.50, "c":"\\u0041é€" }'],
    ['{"é":"€","metadata":[1e2]}', '[1e2]'],
    ['{"meta\\u0064ata":null}', 'null'],
    ['{"metadata":"x"}', '"x"'],
    ['{"a":{"metadata":1},"b":[{"metadata":2}]}', undefined],
    ['[{"metadata":1}]', undefined],
    ['{"metadata":{"metadata":1}}', '{"metadata":1}'],
    ['{}', undefined],
    ['"metadata"', undefined],
  ])('of %s', (text, expected) => {
    expect(raw(text)).toBe(expected);
  });

  test('is not kept unless it is asked for', () => {
    expect(parseStrictJson(Buffer.from('{"metadata":1}'))).toEqual({ ok: true, value: { metadata: 1 } });
  });
});
