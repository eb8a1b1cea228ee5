import { describe, expect, test } from 'vitest';
import { serveLedger } from './ledger-server.ts';
import { DAY, disbursement, fee, NOBODY, newLoan, payment, posted, reversal, workedExample } from './loan-story.ts';
import { expectProblem } from './problem.ts';
import { testReadingGates } from './reading-gates.ts';
import { textAt } from './tenant-api.ts';

const ledger = await serveLedger();
const { api } = ledger;

describe('GET /v1/journal-entries/{journal_entry_id} as any reading', () => {
  testReadingGates({
    ledger: () => ledger,
    scope: 'hpts:ledger:read',
    valid: async () => {
      const charged = await posted(api.post('/v1/fees', fee(await newLoan(api))));
      return pathOf(textAt(charged, 'journal_entry_id'));
    },
  });
});

describe('200', () => {
  test('exactly the fields of the contract', async () => {
    const loan = await workedExample(api);
    const paid = await posted(api.post('/v1/payments', payment(loan, { external_ref: 'proc_txn_abc123' })));
    const answer = await api.get(pathOf(textAt(paid, 'journal_entry_id').toUpperCase()));
    const line = (sequence: number, account: string, direction: string, amount: string) => ({
      sequence,
      account_code: account,
      direction,
      amount_minor: amount,
      currency: 'USD',
      layer: 'SETTLED',
      loan_id: loan.loanId,
      borrower_id: loan.borrowerId,
      external_ref: 'proc_txn_abc123',
    });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      journal_entry_id: textAt(paid, 'journal_entry_id'),
      event_type: 'payment_received',
      effective_at: DAY.paid,
      posted_at: textAt(paid, 'posted_at'),
      lines: [
        line(1, '1010', 'DR', '88849'),
        line(2, '1300', 'CR', '500'),
        line(3, '1200', 'CR', '10000'),
        line(4, '1100', 'CR', '78349'),
      ],
      correlation_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      reverses_entry_id: null,
      description: null,
      actor: api.clientId,
      reversed_by_entry_id: null,
      superseded_by_entry_id: null,
      lines_total: 4,
      lines_next_page_token: null,
      metadata: null,
    });
  });

  test.each([
    ['spaces and line feeds', '{ "a" : 1 ,\n\t"b":[ ] }'],
    ['the order of names', '{"z":1,"a":2,"10":3,"9":4}'],
    ['numbers as they were written', '{"a":1.50,"b":1e2,"c":-0,"d":0.0,"e":1E+2,"f":9007199254740992}'],
    ['escapes as they were written', '{"\\u0061":"\\u00e9\\/\\n\\ud83d\\ude00"}'],
    ['quotes, backslashes and braces', '{"a":"\\"\\\\{}\\\\","b":"NULL","c":"{1,2}","d":"\',;--"}'],
    ['every kind of value', '{"a":null,"b":true,"c":false,"d":{"e":{}},"f":[[],[1,"2"]]}'],
    ['characters beyond ASCII', '{"ключ":"日本語 🏦 \u202e e\u0301"}'],
    ['nothing at all', '{}'],
  ])('metadata comes back byte for byte: %s', async (_title, metadata) => {
    const loan = await newLoan(api);
    for (const [path, body] of [
      ['/v1/payments', payment(loan)],
      ['/v1/disbursements', disbursement(loan)],
      ['/v1/fees', fee(loan)],
    ] as const) {
      const text = `${JSON.stringify(body).slice(0, -1)}, "metadata" : ${metadata} }`;
      const answer = await posted(api.post(path, text));
      const entry = await api.get(pathOf(textAt(answer, 'journal_entry_id')));
      expect(entry.text).toContain(`"metadata":${metadata}}`);
    }
    const charged = await posted(api.post('/v1/fees', fee(loan)));
    const undo = JSON.stringify(reversal(textAt(charged, 'journal_entry_id')));
    const undone = await posted(api.post('/v1/reversals', `${undo.slice(0, -1)},"metadata":${metadata}}`));
    expect((await api.get(pathOf(textAt(undone, 'journal_entry_id')))).text).toContain(`"metadata":${metadata}}`);
  });

  test('metadata of exactly 16 KiB', async () => {
    const loan = await newLoan(api);
    const metadata = { note: 'x'.repeat(16 * 1024 - '{"note":""}'.length) };
    const answer = await posted(api.post('/v1/payments', payment(loan, { metadata })));
    expect((await api.get(pathOf(textAt(answer, 'journal_entry_id')))).json).toMatchObject({ metadata });
  });

  test.each([
    '"',
    '\\',
    'NULL',
    'null',
    '{}',
    '{a,b}',
    "'; DROP TABLE x; --",
    '\t\r\n',
    '  ',
    '🏦'.repeat(256),
    '\\N',
    '\u202e',
  ])('texts come back as sent: %j', async (text) => {
    const loan = await newLoan(api);
    const charged = await posted(api.post('/v1/fees', fee(loan, { external_ref: text, description: text })));
    const undo = reversal(textAt(charged, 'journal_entry_id'), { reason_description: text });
    const undone = await posted(api.post('/v1/reversals', undo));
    for (const answer of [charged, undone]) {
      expect((await api.get(pathOf(textAt(answer, 'journal_entry_id')))).json).toMatchObject({
        description: text,
        lines: [{ external_ref: text }, { external_ref: text }],
      });
    }
  });

  test('18 digits on a line', async () => {
    const loan = await newLoan(api, { principal: '999999999999999999' });
    const paid = await posted(api.post('/v1/payments', payment(loan, { amount_minor: '999999999999999999' })));
    expect((await api.get(pathOf(textAt(paid, 'journal_entry_id')))).json).toMatchObject({
      lines: [{ amount_minor: '999999999999999999' }, { amount_minor: '999999999999999999' }],
    });
  });
});

describe('400 invalid_page_token', () => {
  test.each(['', 'x', 'l1:1', 'bDE6MA', 'bDE6LTE', 'bDE6MS4w', 'bDE6MDE', 'bDE6MzI3Njg', 'bDE6MQ==', 'bDI6MQ', '%00'])(
    'one that the server never gave out: %j',
    async (token) => {
      const charged = await posted(api.post('/v1/fees', fee(await newLoan(api))));
      const path = `${pathOf(textAt(charged, 'journal_entry_id'))}?lines_page_token=${token}`;
      expectProblem(await api.get(path), { status: 400, code: 'invalid_page_token' });
    },
  );
});

describe('GET /v1/journal-entries/{journal_entry_id}: 404 journal_entry_not_found', () => {
  test('no entry, an event, and what is no UUID', async () => {
    const charged = await posted(api.post('/v1/fees', fee(await newLoan(api))));
    for (const id of [NOBODY, textAt(charged, 'fee_event_id'), 'x', '%00', `${NOBODY}0`]) {
      expectProblem(await api.get(pathOf(id)), { status: 404, code: 'journal_entry_not_found' });
    }
  });
});

function pathOf(entryId: string): string {
  return `/v1/journal-entries/${entryId}`;
}
