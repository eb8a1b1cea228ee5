import { expect, test } from 'vitest';
import { readTokenText, TOKEN_CHARACTERS_MAX } from './token-text.ts';

/** The checks of form alone: behind them the signature check would refuse most of these a second time. */
const KID = 'k'.repeat(43);
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function token(header: Record<string, unknown> = {}, claims: unknown = {}): string {
  return `${encode({ alg: 'RS256', typ: 'at+jwt', kid: KID, ...header })}.${encode(claims)}.AAAA`;
}

test('a token in form is taken apart', () => {
  const text = readTokenText(token({ typ: 'AT+JWT' }, { sub: 'a' }));
  expect([text?.alg, text?.kid]).toEqual(['RS256', KID]);
  expect({ ...text?.claims }).toEqual({ sub: 'a' });
});

test.each(['none', 'HS256', 'HS384', 'HS512', 'rs256', 'RSA-OAEP', 'ES256K', '', null, ['RS256']])(
  'alg %j is refused',
  (alg) => {
    expect(readTokenText(token({ alg }))).toBeUndefined();
  },
);

test.each(['crit', 'b64', 'zip', 'jwk', 'jku', 'x5u', 'x5c', 'x5t', 'cty', 'enc'])(
  'a header with %s is refused',
  (name) => {
    expect(readTokenText(token({ [name]: 'x' }))).toBeUndefined();
  },
);

test.each(['a', 'a.b', `${token()}.AAAA`, `${token()}.AAAA.AAAA`, token().replaceAll('.', '..')])(
  'segments are three: %#',
  (text) => {
    expect(readTokenText(text)).toBeUndefined();
  },
);

test.each(['', 'a\0b', 'a b', 'ü', 'k'.repeat(256), 1, null, [KID], { kid: KID }])('kid %j is refused', (kid) => {
  expect(readTokenText(token({ kid }))).toBeUndefined();
});

test.each([' ', '\t', '\n', '\r\n', '=', '=='])('a token with %j behind it is refused', (behind) => {
  expect(readTokenText(token() + behind)).toBeUndefined();
});

test('the bound on the length holds to the character', () => {
  const room = TOKEN_CHARACTERS_MAX - token({}, { p: '' }).length;
  const longest = Array.from({ length: 8 }, (_, less) =>
    token({}, { p: 'x'.repeat(Math.floor((room * 3) / 4) - less) }),
  );
  const fitting = longest.find(({ length }) => length <= TOKEN_CHARACTERS_MAX) ?? '';
  expect(readTokenText(fitting)).toBeDefined();
  expect(readTokenText(token({}, { p: 'x'.repeat(Math.ceil((room * 3) / 4) + 3) }))).toBeUndefined();
});
