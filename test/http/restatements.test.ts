import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { adjustment, line, proposedByColleague } from './adjustment-story.ts';
import type { HttpAnswer } from './http-client.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import {
  accrual,
  chargeOff,
  clearing,
  disbursement,
  fee,
  feeWaiver,
  type Loan,
  payment,
  posted,
  reversal,
  suspenseAllocation,
  suspenseRefund,
  unmadeLoan,
} from './loan-story.ts';
import { expectRefusal } from './problem.ts';
import {
  componentsOf,
  entryIdOf,
  expectWholeLedger,
  lentUnder,
  liveEntryId,
  replayingProgram,
  shownEntry,
} from './restatement-story.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

let ledger: LedgerServer;
let api: TenantApi;
let programId: string;
beforeAll(async () => {
  ledger = await startLedger();
  api = ledger.api;
  programId = await replayingProgram(api);
});
afterAll(() => ledger.stop());

describe('201 under replay', () => {
  test('POST /v1/fees: a backdated fee is paid by the payment behind it, which is reversed and posted again on its own day', async () => {
    const loan = await lentUnder(api, programId);
    const paid = await posted(
      api.post('/v1/payments', payment(loan, { amount_minor: '500', effective_at: '2026-05-10' })),
    );
    const charged = await api.post('/v1/fees', fee(loan, { amount_minor: '200', effective_at: '2026-05-05' }));
    expect(charged.status).toBe(201);
    expect(charged.json).toEqual({
      fee_event_id: textAt(charged, 'fee_event_id'),
      journal_entry_id: entryIdOf(charged),
      posted_at: textAt(charged, 'posted_at'),
      correlation_id: textAt(charged, 'correlation_id'),
      restatement: { entries: 1, correlation_id: textAt(charged, 'correlation_id') },
    });
    const before = await shownEntry(api, entryIdOf(paid));
    expect(before.json).toMatchObject({
      reversed_by_entry_id: expect.any(String),
      superseded_by_entry_id: expect.any(String),
    });
    const after = await shownEntry(api, textAt(before, 'superseded_by_entry_id'));
    expect(after.json).toMatchObject({
      event_type: 'payment_received',
      effective_at: '2026-05-10',
      correlation_id: textAt(charged, 'correlation_id'),
      reversed_by_entry_id: null,
      superseded_by_entry_id: null,
      lines: [
        { account_code: '1010', direction: 'DR', amount_minor: '500' },
        { account_code: '1300', direction: 'CR', amount_minor: '200' },
        { account_code: '1100', direction: 'CR', amount_minor: '300' },
      ],
    });
    expect((await shownEntry(api, textAt(before, 'reversed_by_entry_id'))).json).toMatchObject({
      event_type: 'reversal',
      effective_at: '2026-05-10',
      correlation_id: textAt(charged, 'correlation_id'),
      reverses_entry_id: entryIdOf(paid),
    });
    expect(await componentsOf(api, loan, '2026-05-09')).toEqual(['1000', '0', '200', '0']);
    expect(await componentsOf(api, loan, '2026-05-10')).toEqual(['700', '0', '0', '0']);
  });

  test('POST /v1/fees: the same key again is answered with the same bytes, restatement and all', async () => {
    const loan = await lentUnder(api, programId);
    await posted(api.post('/v1/payments', payment(loan, { amount_minor: '500', effective_at: '2026-05-10' })));
    const body = fee(loan, { effective_at: '2026-05-05' });
    const first = await posted(api.post('/v1/fees', body, { key: 'fee:replayed:1' }));
    expect(first.text).toContain('"restatement"');
    const second = await api.post('/v1/fees', body, { key: 'fee:replayed:1' });
    expect([second.status, second.text]).toEqual([200, first.text]);
  });

  test('POST /v1/disbursements: one that is backdated restates nothing and says so by saying nothing', async () => {
    const loan = await lentUnder(api, programId);
    await posted(api.post('/v1/payments', payment(loan, { amount_minor: '500', effective_at: '2026-05-10' })));
    const more = await posted(
      api.post('/v1/disbursements', disbursement(loan, { amount_minor: '50', effective_at: '2026-05-05' })),
    );
    expect(more.text).not.toContain('restatement');
    expect(await componentsOf(api, loan, '2026-05-05')).toEqual(['1050', '0', '0', '0']);
    expect(await componentsOf(api, loan, '2026-05-10')).toEqual(['550', '0', '0', '0']);
  });

  test('POST /v1/reversals: counts from the day of the entry, drops it out and restates what stood on it', async () => {
    const loan = await lentUnder(api, programId);
    const charged = await posted(api.post('/v1/fees', fee(loan, { amount_minor: '200', effective_at: '2026-05-05' })));
    const paid = await posted(
      api.post('/v1/payments', payment(loan, { amount_minor: '500', effective_at: '2026-05-10' })),
    );
    const undone = await posted(
      api.post('/v1/reversals', reversal(entryIdOf(charged), { effective_at: '2026-05-20' })),
    );
    expect(undone.json).toMatchObject({
      reverses_entry_id: entryIdOf(charged),
      restatement: { entries: 1, correlation_id: textAt(charged, 'correlation_id') },
    });
    expect((await shownEntry(api, entryIdOf(undone))).json).toMatchObject({ effective_at: '2026-05-05' });
    expect(await componentsOf(api, loan, '2026-05-05')).toEqual(['1000', '0', '0', '0']);
    expect(await componentsOf(api, loan, '2026-05-10')).toEqual(['500', '0', '0', '0']);
    expect((await shownEntry(api, entryIdOf(paid))).json).toMatchObject({ superseded_by_entry_id: expect.any(String) });
  });

  test('POST /v1/reversals: by the id of an entry that was restated twice, acts on the live one and answers the id sent', async () => {
    const loan = await lentUnder(api, programId);
    const paid = await posted(
      api.post('/v1/payments', payment(loan, { amount_minor: '500', effective_at: '2026-05-10' })),
    );
    for (const day of ['2026-05-05', '2026-05-06']) {
      await posted(api.post('/v1/fees', fee(loan, { amount_minor: '100', effective_at: day })));
    }
    const key = 'reversal:by:older:id';
    const undone = await posted(
      api.post('/v1/reversals', reversal(entryIdOf(paid), { effective_at: '2026-05-10' }), { key }),
    );
    expect(undone.json).toMatchObject({ reverses_entry_id: entryIdOf(paid) });
    const second = await liveEntryId(api, entryIdOf(paid));
    expect((await shownEntry(api, entryIdOf(undone))).json).toMatchObject({ reverses_entry_id: second });
    expect(await componentsOf(api, loan, '2026-05-10')).toEqual(['1000', '0', '200', '0']);
    expect(
      (await api.post('/v1/reversals', reversal(entryIdOf(paid), { effective_at: '2026-05-10' }), { key })).text,
    ).toBe(undone.text);
    await expectRefusal(
      ledger,
      () => api.post('/v1/reversals', reversal(entryIdOf(paid), { effective_at: '2026-05-10' })),
      {
        status: 409,
        code: 'already_reversed',
        fields: ['reverses_entry_id'],
      },
    );
  });

  test('POST /v1/reversals: a payment that covered a refund drops out; the refund stands and is owed', async () => {
    const loan = await lentUnder(api, programId);
    const over = await posted(
      api.post('/v1/payments', payment(loan, { amount_minor: '1030', effective_at: '2026-05-10' })),
    );
    await posted(
      api.post('/v1/suspense-refunds', suspenseRefund(loan, { amount_minor: '30', effective_at: '2026-05-12' })),
    );
    await posted(api.post('/v1/reversals', reversal(entryIdOf(over), { effective_at: '2026-05-12' })));
    expect(await componentsOf(api, loan, '2026-05-12')).toEqual(['1030', '0', '0', '0']);
  });

  test('POST /v1/payments: an earlier payment leaves more in suspense, and an allocation behind it takes what is there', async () => {
    const loan = await lentUnder(api, programId);
    const split = { allocation: { suspense_minor: '40' }, amount_minor: '40' };
    await posted(api.post('/v1/payments', payment(loan, { ...split, effective_at: '2026-05-10' })));
    await posted(api.post('/v1/payments/allocations', suspenseAllocation(loan, { effective_at: '2026-05-12' })));
    expect(await componentsOf(api, loan, '2026-05-12')).toEqual(['960', '0', '0', '0']);
    await posted(api.post('/v1/payments', payment(loan, { ...split, effective_at: '2026-05-11' })));
    expect(await componentsOf(api, loan, '2026-05-11')).toEqual(['1000', '0', '0', '80']);
    expect(await componentsOf(api, loan, '2026-05-12')).toEqual(['920', '0', '0', '0']);
  });

  test('POST /v1/accruals/batch: a backdated batch is decided for each loan at its own place', async () => {
    const [early, late] = [await lentUnder(api, programId), await lentUnder(api, programId)];
    await posted(api.post('/v1/payments', payment(early, { amount_minor: '500', effective_at: '2026-05-10' })));
    const accrued = await posted(
      api.post(
        '/v1/accruals/batch',
        accrual(
          api,
          [
            [early, '70'],
            [late, '30'],
          ],
          { program_id: programId, accrual_date: '2026-05-04' },
        ),
      ),
    );
    expect(accrued.json).toMatchObject({ total_accrued_minor: '100', restatement: { entries: 1 } });
    expect(await componentsOf(api, early, '2026-05-10')).toEqual(['570', '0', '0', '0']);
    expect(await componentsOf(api, late, '2026-05-10')).toEqual(['1000', '30', '0', '0']);
  });
});

test('201 POST /v1/reversals: of an allocation that was restated to nothing, by its first id', async () => {
  const loan = unmadeLoan();
  const begun = await posted(
    api.post('/v1/disbursements', disbursement(loan, { effective_at: '2026-05-01', program_id: programId })),
  );
  const split = { allocation: { suspense_minor: '40' }, amount_minor: '40' };
  await posted(api.post('/v1/payments', payment(loan, { ...split, effective_at: '2026-05-10' })));
  const allocated = await posted(
    api.post('/v1/payments/allocations', suspenseAllocation(loan, { effective_at: '2026-05-12' })),
  );
  await posted(api.post('/v1/reversals', reversal(entryIdOf(begun), { effective_at: '2026-05-12' })));
  expect((await shownEntry(api, await liveEntryId(api, entryIdOf(allocated)))).json).toMatchObject({
    event_type: 'payment_allocated',
    lines: [],
  });
  await posted(api.post('/v1/reversals', reversal(entryIdOf(allocated), { effective_at: '2026-05-12' })));
  expect(await componentsOf(api, loan, '2026-05-12')).toEqual(['0', '0', '0', '40']);
});

test('201 POST /v1/reversals: of the payment that an allocation lived on, so that suspense is below zero between two entries', async () => {
  const loan = await lentUnder(api, programId);
  const split = { allocation: { suspense_minor: '40' }, amount_minor: '40' };
  const paid = await posted(api.post('/v1/payments', payment(loan, { ...split, effective_at: '2026-05-10' })));
  await posted(api.post('/v1/payments/allocations', suspenseAllocation(loan, { effective_at: '2026-05-12' })));
  await posted(api.post('/v1/reversals', reversal(entryIdOf(paid), { effective_at: '2026-05-20' })));
  expect(await componentsOf(api, loan)).toEqual(['1000', '0', '0', '0']);
  await expectWholeLedger(ledger);
});

test('201 POST /v1/payments/{payment_event_id}/cancellations: what is still pending drops out from its own day', async () => {
  const loan = await lentUnder(api, programId);
  const waiting = payment(loan, { amount_minor: '300', effective_at: '2026-05-05', layer: 'PENDING' });
  const pending = await posted(api.post('/v1/payments', waiting));
  const cancelled = await posted(
    api.post(`/v1/payments/${textAt(pending, 'payment_event_id')}/cancellations`, { effective_at: '2026-05-10' }),
  );
  expect((await shownEntry(api, entryIdOf(cancelled))).json).toMatchObject({
    event_type: 'reversal',
    effective_at: '2026-05-05',
    reverses_entry_id: entryIdOf(pending),
  });
  const onPending = await api.get(`/v1/loans/${loan.loanId}/balance?layer=PENDING`);
  expect(textAt(onPending, 'suspense_minor')).toBe('0');
});

describe('what has no place in the life of a loan restates nothing', () => {
  test('POST /v1/payments/settlements: 201 under replay, dated before other events of the loan', async () => {
    const loan = await lentUnder(api, programId);
    const paid = await posted(
      api.post('/v1/payments', payment(loan, { amount_minor: '500', effective_at: '2026-05-05' })),
    );
    await posted(api.post('/v1/fees', fee(loan, { effective_at: '2026-05-10' })));
    const body = clearing([entryIdOf(paid)], { effective_at: '2026-05-06' });
    const previewed = await api.post('/v1/payments/settlements?preview=true', body, { key: null });
    expect(previewed.json).toMatchObject({ restates: [] });
    expect((await posted(api.post('/v1/payments/settlements', body))).json).not.toHaveProperty('restatement');
    expect((await shownEntry(api, entryIdOf(paid))).json).toMatchObject({ superseded_by_entry_id: null });
  });

  test('POST /v1/periods/{period}/close and POST /v1/periods/{period}/reopen: 201 under replay, dated before other events', async () => {
    const tenant = await ledger.newTenant();
    const loan = await lentUnder(tenant, await replayingProgram(tenant));
    await posted(tenant.post('/v1/fees', fee(loan, { effective_at: '2026-05-10' })));
    for (const act of ['close', 'reopen']) {
      const path = `/v1/periods/2026-05/${act}`;
      expect((await tenant.post(`${path}?preview=true`, {}, { key: null })).json).toMatchObject({ restates: [] });
      expect((await posted(tenant.post(path, {}))).json).not.toHaveProperty('restatement');
    }
  });
});

describe('200 POST with preview=true under replay', () => {
  test('shows what would be restated, line by line before and after, and writes nothing', async () => {
    const loan = await lentUnder(api, programId);
    const paid = await posted(
      api.post('/v1/payments', payment(loan, { amount_minor: '500', effective_at: '2026-05-10' })),
    );
    const body = fee(loan, { amount_minor: '200', effective_at: '2026-05-05' });
    const previewed = await api.post('/v1/fees?preview=true', body, { key: null });
    expect(previewed.status).toBe(200);
    expect(previewed.json).toMatchObject({
      lines: [{ account_code: '1300' }, { account_code: '4100' }],
      restates: [
        {
          journal_entry_id: entryIdOf(paid),
          lines_before: [
            { account_code: '1010', direction: 'DR', amount_minor: '500' },
            { account_code: '1100', direction: 'CR', amount_minor: '500' },
          ],
          lines_after: [
            { account_code: '1010', direction: 'DR', amount_minor: '500' },
            { account_code: '1300', direction: 'CR', amount_minor: '200' },
            { account_code: '1100', direction: 'CR', amount_minor: '300' },
          ],
        },
      ],
    });
    expect(await componentsOf(api, loan, '2026-05-10')).toEqual(['500', '0', '0', '0']);
  });
});

describe('POST /v1/reversals: the disbursement under an adjustment would go', () => {
  const adjusted = async (
    onLoan: (loan: Loan) => object[],
  ): Promise<{ readonly begun: string; readonly stands: string }> => {
    const loan = unmadeLoan();
    const begun = await posted(
      api.post('/v1/disbursements', disbursement(loan, { effective_at: '2026-05-01', program_id: programId })),
    );
    const proposed = await proposedByColleague(
      api,
      adjustment(loan, { lines: onLoan(loan), effective_at: '2026-05-05' }),
    );
    const stands = await posted(api.post(`/v1/adjustments/${proposed}/approvals`, {}));
    return { begun: entryIdOf(begun), stands: entryIdOf(stands) };
  };

  test('201 when it names the loan on accounts alone that no loan controls: the loan need not have begun for that', async () => {
    const { begun } = await adjusted(({ loanId }) => [
      line('5200', 'DR', '500', { loan_id: loanId }),
      line('4000', 'CR', '500'),
    ]);
    await posted(api.post('/v1/reversals', reversal(begun, { effective_at: '2026-05-10' })));
  });

  test('422 replay_blocked when it moves a component of the loan', async () => {
    const { begun, stands } = await adjusted(({ loanId }) => [
      line('1200', 'DR', '500', { loan_id: loanId }),
      line('4000', 'CR', '500'),
    ]);
    await expectRefusal(ledger, () => api.post('/v1/reversals', reversal(begun, { effective_at: '2026-05-10' })), {
      status: 422,
      code: 'replay_blocked',
      blockingEntryId: stands,
    });
  });
});

describe('422 replay_blocked', () => {
  test('POST /v1/payments: 422 when a waiver behind it would waive more than is left, naming its entry', async () => {
    const loan = await lentUnder(api, programId);
    await posted(api.post('/v1/fees', fee(loan, { amount_minor: '200', effective_at: '2026-05-05' })));
    const waived = await posted(
      api.post('/v1/fees/waivers', feeWaiver(loan, { amount_minor: '200', effective_at: '2026-05-10' })),
    );
    await expectRefusal(
      ledger,
      () => api.post('/v1/payments', payment(loan, { amount_minor: '500', effective_at: '2026-05-07' })),
      { status: 422, code: 'replay_blocked', blockingEntryId: entryIdOf(waived) },
    );
  });

  test('POST /v1/reversals: 422 when the disbursement under a fee would go', async () => {
    const loan = unmadeLoan();
    const begun = await posted(
      api.post('/v1/disbursements', disbursement(loan, { effective_at: '2026-05-01', program_id: programId })),
    );
    const charged = await posted(api.post('/v1/fees', fee(loan, { effective_at: '2026-05-05' })));
    await expectRefusal(
      ledger,
      () => api.post('/v1/reversals', reversal(entryIdOf(begun), { effective_at: '2026-05-10' })),
      {
        status: 422,
        code: 'replay_blocked',
        blockingEntryId: entryIdOf(charged),
      },
    );
  });
});

/**
 * One comparison behind the decisions of every kind refuses what is too large, so it is shown where an event is added, where
 * one makes others of those behind it, and where one drops out; more operations would add nothing but their 5,001 payments.
 */
describe('422 restatement_too_large', () => {
  test('POST /v1/fees, POST /v1/chargeoffs and POST /v1/reversals: 422 past 5,000 entries to be restated; with 5,000 it is done', async () => {
    const most = LIMITS.restatedEntries;
    const loan = unmadeLoan();
    const lent = disbursement(loan, { effective_at: '2026-05-01', program_id: programId });
    const begun = entryIdOf(await posted(api.post('/v1/disbursements', lent)));
    const one = payment(loan, { amount_minor: '1', effective_at: '2026-05-10' });
    for (let sent = 0; sent <= most; sent += 500) {
      const some = Math.min(500, most + 1 - sent);
      await Promise.all(Array.from({ length: some }, () => posted(api.post('/v1/payments', one))));
    }
    const charge = (amount: number) =>
      api.post('/v1/fees', fee(loan, { amount_minor: amount.toString(), effective_at: '2026-05-05' }));
    for (const send of [
      () => charge(most + 1),
      () => api.post('/v1/chargeoffs', chargeOff(loan, { effective_at: '2026-05-05' })),
      () => api.post('/v1/reversals', reversal(begun, { effective_at: '2026-05-10' })),
    ]) {
      await expectRefusal(ledger, send, { status: 422, code: 'restatement_too_large' });
    }
    expect((await posted(charge(most))).json).toMatchObject({ restatement: { entries: most } });
    expect(await componentsOf(api, loan, '2026-05-10')).toEqual([(1_000_000 - 1).toString(), '0', '0', '0']);
  }, 60_000);
});

describe('many at once', () => {
  test('events of one loan that arrive together make the ledger of their effective order, and a reversal by an older id finds its entry', async () => {
    const [together, inOrder] = [await lentUnder(api, programId), await lentUnder(api, programId)];
    const days = Array.from({ length: 12 }, (_, index) => `2026-05-${(index + 2).toString().padStart(2, '0')}`);
    const send = (loan: Loan, day: string, index: number): Promise<HttpAnswer> =>
      posted(
        index % 2 === 0
          ? api.post('/v1/payments', payment(loan, { amount_minor: '25', effective_at: day }))
          : api.post('/v1/fees', fee(loan, { amount_minor: '40', effective_at: day })),
      );
    const [first] = await Promise.all([
      send(together, '2026-05-20', 0),
      ...days.map((day, index) => send(together, day, index)),
    ]);
    for (const [index, day] of days.entries()) await send(inOrder, day, index);
    await posted(api.post('/v1/payments', payment(inOrder, { amount_minor: '25', effective_at: '2026-05-20' })));
    for (const day of [...days, '2026-05-20'])
      expect(await componentsOf(api, together, day)).toEqual(await componentsOf(api, inOrder, day));
    await posted(api.post('/v1/reversals', reversal(entryIdOf(first), { effective_at: '2026-05-20' })));
    expect(await componentsOf(api, together, '2026-05-20')).toEqual(await componentsOf(api, inOrder, '2026-05-19'));
  });
});

describe('both clocks', () => {
  test('what the ledger knew at an instant is answered the same after every later restatement', async () => {
    const loan = await lentUnder(api, programId);
    const days = ['2026-05-01', '2026-05-04', '2026-05-05', '2026-05-07', '2026-05-10', '2026-05-12'];
    const asked: { readonly path: string; readonly answer: string }[] = [];
    const steps: readonly (() => Promise<HttpAnswer>)[] = [
      () => api.post('/v1/payments', payment(loan, { amount_minor: '500', effective_at: '2026-05-10' })),
      () => api.post('/v1/fees', fee(loan, { amount_minor: '200', effective_at: '2026-05-05' })),
      () => api.post('/v1/payments', payment(loan, { amount_minor: '120', effective_at: '2026-05-07' })),
      () => api.post('/v1/disbursements', disbursement(loan, { amount_minor: '40', effective_at: '2026-05-04' })),
      () => api.post('/v1/fees', fee(loan, { amount_minor: '30', effective_at: '2026-05-04' })),
    ];
    for (const step of steps) {
      const answer = await posted(step());
      for (const day of days) {
        const query = `?as_of_date=${day}&known_at=${encodeURIComponent(textAt(answer, 'posted_at'))}`;
        for (const path of [
          `/v1/loans/${loan.loanId}/balance${query}`,
          `/v1/accounts/1300/balance${query}&currency=USD`,
          `/v1/accounts/1100/balance${query}&currency=USD`,
        ]) {
          asked.push({ path, answer: (await api.get(path)).text });
        }
      }
    }
    for (const { path, answer } of asked) expect((await api.get(path)).text).toBe(answer);
    expect(await componentsOf(api, loan, '2026-05-12')).toEqual(['650', '0', '0', '0']);
  });

  test('after all of that every promise of the ledger holds', () => expectWholeLedger(ledger));
});
