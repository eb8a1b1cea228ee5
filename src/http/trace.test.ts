import { describe, expect, test } from 'vitest';
import { continuedTrace, newTrace, traceHeaders } from './trace.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const VALID = `00-${TRACE}-${PARENT}-01`;

/** Headers as Node hands them over: repeated ones joined, the raw list as it came. */
function request(...headers: readonly (readonly [name: string, value: string])[]) {
  const joined: Record<string, string> = {};
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    joined[key] = joined[key] === undefined ? value : `${joined[key]}, ${value}`;
  }
  return { headers: joined, rawHeaders: headers.flat() };
}

describe('traceparent', () => {
  test('its trace and parent are continued under a span of our own', () => {
    const trace = continuedTrace(request(['traceparent', VALID]));
    expect(trace).toEqual({
      traceId: TRACE,
      parentId: PARENT,
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      flags: 1,
      tracestate: null,
    });
    expect(trace?.spanId).not.toBe(PARENT);
  });

  test.each([
    ['a later version', `01-${TRACE}-${PARENT}-01`],
    ['a later version with more behind it', `cc-${TRACE}-${PARENT}-01-what-the-future-will-be-like`],
    ['a later version with an empty part behind it', `cc-${TRACE}-${PARENT}-01-`],
    ['a later version with a comma', `cc-${TRACE}-${PARENT}-01-a,b`],
    ['version fe', `fe-${TRACE}-${PARENT}-01`],
  ])('continued: %s', (_title, header) => {
    expect(continuedTrace(request(['TraceParent', header]))?.traceId).toBe(TRACE);
  });

  test.each([
    ['version ff', `ff-${TRACE}-${PARENT}-01`],
    ['version 00 with more behind it', `${VALID}-what`],
    ['version 00 with a dash behind it', `${VALID}-`],
    ['a later version with more behind it that no dash separates', `cc-${TRACE}-${PARENT}-01.what`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['a parent id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['an upper-case trace id', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
    ['an upper-case parent id', `00-${TRACE}-${PARENT.toUpperCase()}-01`],
    ['an upper-case version', `CC-${TRACE}-${PARENT}-01`],
    ['an upper-case flag', `00-${TRACE}-${PARENT}-0A`],
    ['a short trace id', `00-${TRACE.slice(1)}-${PARENT}-01`],
    ['a long trace id', `00-${TRACE}0-${PARENT}-01`],
    ['a short parent id', `00-${TRACE}-${PARENT.slice(1)}-01`],
    ['one digit of flags', `00-${TRACE}-${PARENT}-1`],
    ['no flags', `00-${TRACE}-${PARENT}`],
    ['a version of one digit', `0-${TRACE}-${PARENT}-01`],
    ['a letter that is no digit', `00-${TRACE.replace('4', 'g')}-${PARENT}-01`],
    ['underscores', VALID.replaceAll('-', '_')],
    ['nothing', ''],
  ])('not continued: %s', (_title, header) => {
    expect(continuedTrace(request(['traceparent', header]))).toBeUndefined();
  });

  test('not continued: sent twice, in whatever version and case of the name', () => {
    for (const version of ['00', 'cc']) {
      const header = `${version}${VALID.slice(2)}-x`;
      const twice = request(['traceparent', version === '00' ? VALID : header], ['TRACEPARENT', header]);
      expect(continuedTrace(twice)).toBeUndefined();
    }
    expect(continuedTrace(request(['traceparent', VALID], ['traceparent', VALID]))).toBeUndefined();
  });

  test.each([
    ['00', 0],
    ['01', 1],
    ['02', 2],
    ['03', 3],
    ['ff', 3],
    ['fc', 0],
  ])('of the flags %s only those that are known are passed on', (flags, passed) => {
    expect(continuedTrace(request(['traceparent', `00-${TRACE}-${PARENT}-${flags}`]))?.flags).toBe(passed);
  });
});

describe('tracestate', () => {
  const stateOf = (...values: readonly string[]) =>
    continuedTrace(request(['traceparent', VALID], ...values.map((value) => ['tracestate', value] as const)))
      ?.tracestate;

  test.each([
    ['one member', ['rojo=00f067aa0ba902b7'], 'rojo=00f067aa0ba902b7'],
    ['several headers, in their order', ['a=1,b=2', 'c=3'], 'a=1,b=2,c=3'],
    ['blanks and tabs around members', [' a=1 ,\t b=2 '], 'a=1,b=2'],
    ['empty members', [',,a=1,', ''], 'a=1'],
    ['a key with a tenant', ['fw529a3039@dt=FfD9'], 'fw529a3039@dt=FfD9'],
    ['a key that begins with a digit', ['0a=1'], '0a=1'],
    ['blanks within a value', ['a=b c  d'], 'a=b c  d'],
    ['the longest key', [`${'k'.repeat(256)}=1`], `${'k'.repeat(256)}=1`],
    ['the longest value', [`a=${'v'.repeat(256)}`], `a=${'v'.repeat(256)}`],
    [
      '32 members',
      [Array.from({ length: 32 }, (_, at) => `k${at}=1`).join(',')],
      Array.from({ length: 32 }, (_, at) => `k${at}=1`).join(','),
    ],
  ])('carried: %s', (_title, values, carried) => {
    expect(stateOf(...values)).toBe(carried);
  });

  test.each([
    ['33 members', [Array.from({ length: 33 }, (_, at) => `k${at}=1`).join(',')]],
    ['33 members over two headers', [Array(32).fill('a=1').join(','), 'b=1']],
    ['a member without a value', ['a=1,b']],
    ['an empty value', ['a=']],
    ['an upper-case key', ['A=1']],
    ['a blank in a key', ['a b=1']],
    ['an equals sign in a value', ['a=b=c']],
    ['a key of 257 characters', [`${'k'.repeat(257)}=1`]],
    ['a value of 257 characters', [`a=${'v'.repeat(257)}`]],
    ['a character beyond ASCII', ['a=\u00fc']],
    ['nothing', ['']],
  ])('left out whole: %s', (_title, values) => {
    expect(stateOf(...values)).toBeNull();
  });

  test('of more than 512 characters, long members are left out first, then the last ones', () => {
    const long = `long=${'x'.repeat(150)}`;
    const short = Array.from({ length: 10 }, (_, at) => `k${at}=${'y'.repeat(50)}`);
    expect(stateOf([short[0], long, ...short.slice(1)].join(','))).toBe(short.slice(0, 9).join(','));
    expect(stateOf([long, short[0]].join(','))).toBe([long, short[0]].join(','));
  });

  test('it is nothing without a traceparent', () => {
    expect(continuedTrace(request(['tracestate', 'a=1']))).toBeUndefined();
  });
});

describe('what is sent on', () => {
  test('the trace, a fresh span each time, the flags that are known, tracestate as it came', () => {
    const trace = continuedTrace(request(['traceparent', `cc-${TRACE}-${PARENT}-05-more`], ['tracestate', 'a=1']));
    if (trace === undefined) throw new Error('it should be continued');
    const [first, second] = [traceHeaders(trace), traceHeaders(trace)];
    expect(first).toEqual({ traceparent: expect.stringMatching(`^00-${TRACE}-[0-9a-f]{16}-01$`), tracestate: 'a=1' });
    expect(first['traceparent']).not.toBe(second['traceparent']);
  });

  test('a trace that begins here has random ids and no state', () => {
    const [one, other] = [newTrace(), newTrace()];
    expect(one.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
    expect(one.traceId).not.toBe(other.traceId);
    expect(traceHeaders(one)).toEqual({ traceparent: expect.stringMatching(`^00-${one.traceId}-[0-9a-f]{16}-02$`) });
  });
});
