import { describe, expect, test } from 'vitest';
import type { JsonSchema } from '../../src/http/openapi/json-schema.ts';
import { type Answer, checkAnswer } from './answer-check.ts';
import { onAnswered, tellAnswered } from './answered.ts';
import { DOCUMENTED } from './api-document.ts';
import { promisedProblems, unproducedProblems, unshownAnswers } from './promised-answers.ts';

const LIVE = { method: 'GET', path: '/v1/health/live' };
const GOOD: Answer = {
  status: 200,
  headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
  text: '{"status":"ok","version":"0.1.0","git_sha":"a8d1494"}',
};

const LOAN = { method: 'GET', path: '/v1/loans/x/balance' };
const problem = (code: string): string => {
  const type = `/docs/errors/${code}`;
  return JSON.stringify({ type, title: 'T', status: 404, detail: 'd', instance: '/', code, trace_id: '0'.repeat(32) });
};
const MISSING: Answer = {
  status: 404,
  headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
  text: problem('loan_not_found'),
};

describe('an answer that the document describes', () => {
  test('is told by its operation', () => {
    expect(checkAnswer(LIVE, GOOD)).toBe('GET /v1/health/live');
    expect(checkAnswer({ ...LIVE, method: 'HEAD' }, { ...GOOD, text: '' })).toBe('GET /v1/health/live');
    expect(checkAnswer(LOAN, MISSING)).toBe('GET /v1/loans/{loan_id}/balance');
  });

  test('is none for a path that is not documented, or cannot be decoded, and for a method that is refused', () => {
    const nothing: Answer = { ...MISSING, text: problem('not_found') };
    expect(checkAnswer({ method: 'GET', path: '/v1/nowhere' }, nothing)).toBeUndefined();
    expect(checkAnswer({ method: 'GET', path: '/v1/loans/%/balance' }, nothing)).toBeUndefined();
    const refused = { ...nothing, status: 405, headers: { ...nothing.headers, allow: 'GET, HEAD' } };
    expect(checkAnswer({ method: 'PUT', path: LIVE.path }, refused)).toBeUndefined();
  });
});

describe('an answer that breaks the document is found', () => {
  test.each<[string, typeof LIVE, Partial<Answer>]>([
    ['a status that is not listed', LIVE, { status: 500 }],
    ['a member that is not listed', LIVE, { text: GOOD.text.replace('{', '{"more":1,') }],
    ['a member that is missing', LIVE, { text: '{"status":"ok"}' }],
    ['a member of another type', LIVE, { text: GOOD.text.replace('"a8d1494"', '7') }],
    ['a header that is not listed', LIVE, { headers: { ...GOOD.headers, 'x-powered-by': 'x' } }],
    ['a header that is missing', LIVE, { headers: { 'content-type': 'application/json' } }],
    ['a header of another value', LIVE, { headers: { ...GOOD.headers, 'cache-control': 'public' } }],
    ['another content type', LIVE, { headers: { ...GOOD.headers, 'content-type': 'text/plain' } }],
    ['a method that is not listed', { ...LIVE, method: 'PUT' }, {}],
    ['a code that is not listed', LOAN, { ...MISSING, text: problem('account_not_found') }],
    [
      'a member of a problem that is not listed',
      LOAN,
      { ...MISSING, text: problem('loan_not_found').replace('{', '{"a":1,') },
    ],
  ])('%s', (_what, request, changes) => {
    expect(() => checkAnswer(request, { ...GOOD, ...changes })).toThrow(/^openapi\.json does not describe/);
  });
});

describe('a promised status that no test shows is found', () => {
  const operation = {
    operation: 'GET /v1/x',
    method: 'GET',
    path: '/v1/x',
    security: [],
    responses: { 200: {}, 404: {} },
  };
  const shown = [
    { title: 'GET /v1/x: 200 as promised', answers: ['200 GET /v1/x'] },
    { title: 'GET /v1/x > 404: none', answers: ['404 GET /v1/x'] },
  ];

  test.each([
    ['nothing is missing', shown, []],
    ['no test was answered so', [{ title: 'GET /v1/x: 200, 404', answers: ['200 GET /v1/x'] }], ['404 GET /v1/x']],
    [
      'the title says another status',
      [shown[0], { title: 'GET /v1/x: 4040', answers: ['404 GET /v1/x'] }],
      ['404 GET /v1/x'],
    ],
    [
      'the title says another operation',
      [shown[0], { title: 'GET /v1/x/{y}: 404', answers: ['404 GET /v1/x'] }],
      ['404 GET /v1/x'],
    ],
  ])('%s', (_what, passed, unshown) => {
    expect(
      unshownAnswers(
        [operation],
        passed.filter((one) => one !== undefined),
      ),
    ).toEqual(unshown);
  });
});

describe('a promised problem that no test produces is found', () => {
  const promising = (...codes: readonly string[]): JsonSchema => {
    const schema = { allOf: [{}, { properties: { code: { enum: codes } } }] };
    return { content: { 'application/problem+json': { schema } } };
  };
  const operation = {
    operation: 'POST /v1/x',
    method: 'POST',
    path: '/v1/x',
    security: [],
    responses: { 201: {}, 404: promising('loan_not_found'), 422: promising('period_closed', 'restatement_too_large') },
  };
  const produced = [
    { problems: ['loan_not_found POST /v1/x'] },
    { problems: ['period_closed POST /v1/x', 'restatement_too_large POST /v1/y'] },
  ];

  test.each<[string, { problems: string[] }[], string[]]>([
    ['nothing is missing', produced, []],
    [
      'another operation produced it',
      [...produced.slice(1), { problems: ['loan_not_found POST /v1/x/{y}'] }],
      ['loan_not_found POST /v1/x'],
    ],
    ['no operation at all did', produced.slice(0, 1), ['period_closed POST /v1/x', 'restatement_too_large POST /v1/x']],
  ])('%s', (_what, passed, unproduced) => {
    expect(unproducedProblems([operation], passed)).toEqual(unproduced);
  });

  test('the document is read: payments promise what they are known to refuse, and what is open to everybody does not', () => {
    const codesOf = (name: string) =>
      DOCUMENTED.filter((one) => one.operation === name).flatMap((one) => promisedProblems(one));
    expect(codesOf('POST /v1/payments')).toEqual(
      expect.arrayContaining(['malformed_json', 'invalid_token', 'loan_not_found', 'replay_blocked', 'uri_too_long']),
    );
    expect(codesOf('GET /v1/health/live')).not.toContain('loan_not_found');
  });

  test('an answer tells its code, and none where it is no problem', () => {
    const heard: unknown[] = [];
    const stop = onAnswered((one) => heard.push(one));
    tellAnswered('GET /v1/loans/{loan_id}/balance', MISSING);
    tellAnswered('GET /v1/loans/{loan_id}/balance', { ...MISSING, text: '' });
    tellAnswered('GET /v1/health/live', GOOD);
    stop();
    expect(heard).toMatchObject([
      { status: 404, code: 'loan_not_found' },
      { status: 404, code: null },
      { status: 200, code: null },
    ]);
  });
});
