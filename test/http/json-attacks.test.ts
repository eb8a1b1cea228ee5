import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { type Loan, payment, posted, workedExample } from './loan-story.ts';
import { booksOf, expectProblem } from './problem.ts';
import { textAt } from './tenant-api.ts';

let ledger: LedgerServer;
let loan: Loan;
beforeAll(async () => {
  ledger = await startLedger();
  loan = await workedExample(ledger.api);
});
afterAll(() => ledger.stop());

/** What becomes of the text of a payment that is in order. */
type Attack = readonly [title: string, text: (body: string) => string | Uint8Array];

const member = (text: string) => (body: string) => `${body.slice(0, -1)},${text}}`;
const amount = (text: string) => (body: string) => body.replace('"88849"', text);
const spliced = (hex: string) => (body: string) => {
  const [head = '', tail = ''] = member('"external_ref":"@"')(body).split('@');
  return Buffer.concat([Buffer.from(head), Buffer.from(hex, 'hex'), Buffer.from(tail)]);
};

const ATTACKS: readonly Attack[] = [
  ['money as a number', amount('88849')],
  ['money as a number of 18 digits', amount('999999999999999999')],
  ['money as a fraction', amount('88849.0')],
  ['money as 1e400', amount('1e400')],
  ['money as -0', amount('-0')],
  ['money as Infinity', amount('Infinity')],
  ['money as NaN', amount('NaN')],
  ['money as a hexadecimal number', amount('0x15B11')],
  ['money as null', amount('null')],
  ['money as an object with a valueOf', amount('{"valueOf":"88849"}')],
  ['money in a list', amount('["88849"]')],
  ['money as a text in full-width digits', amount('"８８８４９"')],
  ['1e400 in metadata', member('"metadata":{"n":1e400}')],
  ['1e-400 in metadata', member('"metadata":{"n":1e-400}')],
  ['2^53+1 in metadata', member('"metadata":{"n":9007199254740993}')],
  ['2^53+1 deep in metadata', member('"metadata":{"a":[{"b":[9007199254740993]}]}')],
  ['0.1000000000000000055511 in metadata', member('"metadata":{"n":0.1000000000000000055511}')],
  ['a name twice', member('"amount_minor":"1"')],
  ['a name twice, once with an escape', member('"amount_m\\u0069nor":"1"')],
  ['a name twice in metadata', member('"metadata":{"a":1,"a":2}')],
  ['__proto__', member('"__proto__":{"amount_minor":"1"}')],
  ['__proto__ in metadata', member('"metadata":{"__proto__":{"polluted":true}}')],
  ['__proto__ with escapes', member('"metadata":{"\\u005f_proto__":{}}')],
  ['constructor', member('"constructor":{"prototype":{"polluted":true}}')],
  ['33 levels', member(`"metadata":${'{"a":'.repeat(32)}1${'}'.repeat(32)}`)],
  ['10,000 levels of lists', member(`"metadata":{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`)],
  ['30,000 brackets that are never closed', () => '['.repeat(30_000)],
  ['U+0000 as an escape', member('"external_ref":"a\\u0000b"')],
  ['U+0000 as an escape in metadata', member('"metadata":{"a":"\\u0000"}')],
  ['U+0000 as an escape in a name', member('"metadata":{"\\u0000":1}')],
  ['U+0000 as it is', member('"external_ref":"a\u0000b"')],
  ['a line feed in a string', member('"external_ref":"a\nb"')],
  ['a lone high surrogate', member('"external_ref":"\\ud83c"')],
  ['a lone low surrogate', member('"metadata":{"a":"\\udfe6"}')],
  ['surrogates the wrong way round', member('"metadata":{"a":"\\udfe6\\ud83c"}')],
  ['a lone surrogate in a name', member('"metadata":{"\\ud800":1}')],
  ['invalid UTF-8: a lone continuation', spliced('80')],
  ['invalid UTF-8: a sequence cut off', spliced('e282')],
  ['invalid UTF-8: an overlong slash', spliced('c0af')],
  ['invalid UTF-8: an overlong NUL', spliced('c080')],
  ['invalid UTF-8: an encoded surrogate', spliced('eda080')],
  ['invalid UTF-8: beyond U+10FFFF', spliced('f4908080')],
  ['invalid UTF-8: 0xff', spliced('ff')],
  ['a byte order mark', (body) => `\ufeff${body}`],
  ['UTF-16', (body) => Buffer.from(body, 'utf16le')],
  ['UTF-16 with a byte order mark', (body) => Buffer.from(`\ufeff${body}`, 'utf16le')],
  ['Latin-1', (body) => Buffer.from(member('"external_ref":"é"')(body), 'latin1')],
  ['a comment', (body) => `/* */${body}`],
  ['single quotes', (body) => body.replaceAll('"', "'")],
  ['a comma at the end', (body) => `${body.slice(0, -1)},}`],
  ['a leading zero', member('"metadata":{"a":01}')],
  ['something behind it', (body) => `${body}{}`],
  ['a no-break space', (body) => `\u00a0${body}`],
  ['one byte: NUL', () => '\u0000'],
];

test.each(ATTACKS)('400 and nothing changed: %s', async (_title, attack) => {
  const { api } = ledger;
  const key = `attack:${randomUUID()}`;
  const body = JSON.stringify(payment(loan));
  const [books, balance] = [await booksOf(ledger), await api.balanceText(loan.loanId)];
  const answer = await api.post('/v1/payments', attack(body), { key });
  expect(['malformed_json', 'validation_failed']).toContain(textAt(answer, 'code'));
  expect(answer.status).toBe(400);
  expect(answer.text).not.toMatch(/SELECT|INSERT|\bat .*\.ts|node:|postgres/i);
  expect(await booksOf(ledger)).toBe(books);
  expect(await api.balanceText(loan.loanId)).toBe(balance);
  // The key is free: a request that is in order may use it. Undone, so that every attack meets the same loan.
  const paid = await posted(api.post('/v1/payments', body, { key }));
  const undo = {
    reverses_entry_id: textAt(paid, 'journal_entry_id'),
    reason_code: 'other',
    effective_at: '2026-05-02',
  };
  await posted(api.post('/v1/reversals', undo));
});

test('no attack has left a trace on objects of this process', () => {
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

test('malformed_json says at which byte', async () => {
  const answer = await ledger.api.post('/v1/payments', '{"a":1,"a":2}');
  expectProblem(answer, { status: 400, code: 'malformed_json' });
  expect(textAt(answer, 'detail')).toContain('at byte 7');
});
