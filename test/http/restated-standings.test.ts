import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import {
  accrual,
  chargeOff,
  clearing,
  fee,
  nonAccrual,
  nonAccrualPath,
  payment,
  posted,
  recovery,
  refinance,
  restructure,
  reversal,
  settlement,
  suspenseRefund,
  unmadeLoan,
} from './loan-story.ts';
import { expectProblem, expectRefusal } from './problem.ts';
import {
  componentsOf,
  entryIdOf,
  expectWholeLedger,
  lentUnder,
  liveEntryId,
  replayingProgram,
  shownEntry,
  shownLoan,
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

describe('201 under replay, charged off', () => {
  test('POST /v1/chargeoffs: a payment behind a backdated one becomes a recovery, and a reversal makes it a payment again', async () => {
    const loan = await lentUnder(api, programId);
    const paid = await posted(
      api.post('/v1/payments', payment(loan, { amount_minor: '300', effective_at: '2026-05-10' })),
    );
    const lost = await posted(api.post('/v1/chargeoffs', chargeOff(loan, { effective_at: '2026-05-05' })));
    expect(lost.json).toMatchObject({ restatement: { entries: 1 } });
    expect((await shownEntry(api, await liveEntryId(api, entryIdOf(paid)))).json).toMatchObject({
      event_type: 'recovery',
      effective_at: '2026-05-10',
      lines: [
        { account_code: '1010', direction: 'DR', amount_minor: '300' },
        { account_code: '4200', direction: 'CR', amount_minor: '300' },
      ],
    });
    expect(await shownLoan(api, loan)).toMatchObject({
      status: 'charged_off',
      charged_off: { principal_minor: '1000' },
      recovered: { principal_minor: '300' },
    });
    await posted(api.post('/v1/reversals', reversal(entryIdOf(lost), { effective_at: '2026-05-20' })));
    expect((await shownEntry(api, await liveEntryId(api, entryIdOf(paid)))).json).toMatchObject({
      event_type: 'payment_received',
      lines: [{ account_code: '1010' }, { account_code: '1100', direction: 'CR', amount_minor: '300' }],
    });
    expect(await shownLoan(api, loan)).toMatchObject({
      status: 'active',
      charged_off: { principal_minor: '0' },
      recovered: { principal_minor: '0' },
    });
    expect(await componentsOf(api, loan, '2026-05-10')).toEqual(['700', '0', '0', '0']);
  });

  test('POST /v1/chargeoffs: what a recovery brought back is taken of the charge-off that counts from before', async () => {
    const loan = await lentUnder(api, programId);
    const part = { effective_at: '2026-05-08', components: { principal_minor: '400' } };
    await posted(api.post('/v1/chargeoffs', chargeOff(loan, part)));
    const came = recovery(loan, { amount_minor: '100', effective_at: '2026-05-10' });
    const recovered = await posted(api.post('/v1/recoveries', came));
    const early = { effective_at: '2026-05-05', components: { principal_minor: '50' } };
    const first = await posted(api.post('/v1/chargeoffs', chargeOff(loan, early)));
    expect(first.text).not.toContain('restatement');
    expect(await liveEntryId(api, entryIdOf(recovered))).toBe(entryIdOf(recovered));
    expect(await shownLoan(api, loan)).toMatchObject({
      charged_off: { principal_minor: '450' },
      recovered: { principal_minor: '100' },
    });
  });

  test('POST /v1/reversals: a refund that suspense no longer covers is a loss of a charged-off loan', async () => {
    const loan = await lentUnder(api, programId);
    const split = { principal_minor: '0', interest_minor: '0', fees_minor: '0', suspense_minor: '300' };
    const kept = payment(loan, { amount_minor: '300', allocation: split, effective_at: '2026-05-05' });
    const paid = await posted(api.post('/v1/payments', kept));
    await posted(api.post('/v1/chargeoffs', chargeOff(loan, { effective_at: '2026-05-10' })));
    const back = suspenseRefund(loan, { amount_minor: '200', effective_at: '2026-05-12' });
    const refunded = await posted(api.post('/v1/suspense-refunds', back));
    await posted(api.post('/v1/reversals', reversal(entryIdOf(paid), { effective_at: '2026-05-20' })));
    expect((await shownEntry(api, await liveEntryId(api, entryIdOf(refunded)))).json).toMatchObject({
      lines: [
        { account_code: '5000', direction: 'DR', amount_minor: '200' },
        { account_code: '1010', direction: 'CR', amount_minor: '200' },
      ],
    });
    expect(await shownLoan(api, loan)).toMatchObject({ charged_off: { principal_minor: '1200' } });
    const again = payment(loan, { amount_minor: '300', allocation: split, effective_at: '2026-05-05' });
    await posted(api.post('/v1/payments', again));
    expect(await shownLoan(api, loan)).toMatchObject({ charged_off: { principal_minor: '1000' } });
  });

  test('POST /v1/chargeoffs: an accrual behind it becomes 0, by a difference that its reversal takes along', async () => {
    const [lost, other] = [await lentUnder(api, programId), await lentUnder(api, programId)];
    const rows = [
      [lost, '70'],
      [other, '30'],
    ] as const;
    const batch = await posted(
      api.post('/v1/accruals/batch', accrual(api, rows, { accrual_date: '2026-05-10', program_id: programId })),
    );
    const charged = await posted(api.post('/v1/chargeoffs', chargeOff(lost, { effective_at: '2026-05-05' })));
    expect(charged.json).toMatchObject({ restatement: { entries: 1 } });
    expect(await componentsOf(api, lost, '2026-05-10')).toEqual(['0', '0', '0', '0']);
    expect(await componentsOf(api, other, '2026-05-10')).toEqual(['1000', '30', '0', '0']);
    const batchEntry = textAt(batch, 'journal_entry_id');
    await posted(api.post('/v1/reversals', reversal(batchEntry, { effective_at: '2026-05-20' })));
    expect(await componentsOf(api, lost, '2026-05-10')).toEqual(['0', '0', '0', '0']);
    expect(await componentsOf(api, other, '2026-05-10')).toEqual(['1000', '0', '0', '0']);
  });
});

describe('201 under replay, marks and terms', () => {
  test('POST /v1/loans/{loan_id}/non-accrual: interest behind a backdated one is a memo, and payments follow its order', async () => {
    const loan = await lentUnder(api, programId);
    const rows = [[loan, '70']] as const;
    const dated = { accrual_date: '2026-05-08', program_id: programId };
    await posted(api.post('/v1/accruals/batch', accrual(api, rows, dated)));
    await posted(api.post('/v1/payments', payment(loan, { amount_minor: '100', effective_at: '2026-05-10' })));
    const entered = nonAccrual('enter', { effective_at: '2026-05-05' });
    const marked = await posted(api.post(nonAccrualPath(loan), entered));
    expect(marked.json).toMatchObject({ restatement: { entries: 2 } });
    expect(await componentsOf(api, loan, '2026-05-10')).toEqual(['900', '0', '0', '0']);
    expect(await shownLoan(api, loan)).toMatchObject({ non_accrual_since: '2026-05-05' });
    await posted(api.post('/v1/reversals', reversal(entryIdOf(marked), { effective_at: '2026-05-20' })));
    expect(await componentsOf(api, loan, '2026-05-10')).toEqual(['970', '0', '0', '0']);
    expect(await shownLoan(api, loan)).toMatchObject({ non_accrual_since: null });
  });

  test('POST /v1/restructures: payments behind a backdated one meet what it left', async () => {
    const loan = await lentUnder(api, programId, '100');
    await posted(api.post('/v1/payments', payment(loan, { amount_minor: '90', effective_at: '2026-05-10' })));
    const forgiven = restructure(loan, { forgive_principal_minor: '30', effective_at: '2026-05-05' });
    expect((await posted(api.post('/v1/restructures', forgiven))).json).toMatchObject({ restatement: { entries: 1 } });
    expect(await componentsOf(api, loan, '2026-05-10')).toEqual(['0', '0', '0', '20']);
  });
});

describe('201 under replay, pending and cleared', () => {
  test('POST /v1/fees: a settling behind a backdated one is decided again; it and what was cleared stay settled and cleared', async () => {
    const loan = await lentUnder(api, programId);
    const waiting = payment(loan, { amount_minor: '300', effective_at: '2026-05-08', layer: 'PENDING' });
    const pending = await posted(api.post('/v1/payments', waiting));
    const path = `/v1/payments/${textAt(pending, 'payment_event_id')}`;
    const settled = await posted(api.post(`${path}/settlements`, settlement({ effective_at: '2026-05-10' })));
    const paid = await posted(
      api.post('/v1/payments', payment(loan, { amount_minor: '50', effective_at: '2026-05-11' })),
    );
    const both = clearing([entryIdOf(settled), entryIdOf(paid)], { effective_at: '2026-05-12' });
    await posted(api.post('/v1/payments/settlements', both));
    const charged = await api.post('/v1/fees', fee(loan, { amount_minor: '320', effective_at: '2026-05-05' }));
    expect(charged.json).toMatchObject({ restatement: { entries: 2 } });
    expect(await componentsOf(api, loan, '2026-05-10')).toEqual(['1000', '0', '20', '0']);
    expect(await componentsOf(api, loan, '2026-05-11')).toEqual(['970', '0', '0', '0']);
    const today = { effective_at: '2026-05-20' };
    const again = await api.post(`${path}/settlements`, settlement(today));
    expectProblem(again, { status: 409, code: 'already_settled' });
    const anew = await api.post('/v1/payments/settlements', clearing([entryIdOf(paid)], today));
    expectProblem(anew, { status: 409, code: 'already_settled', fields: ['journal_entry_ids[0]'] });
    for (const entryId of [entryIdOf(settled), entryIdOf(paid), entryIdOf(pending)]) {
      const undone = await api.post('/v1/reversals', reversal(entryId, today));
      expectProblem(undone, { status: 422, code: 'not_reversible', fields: ['reverses_entry_id'] });
    }
  });

  test('POST /v1/chargeoffs: a settling behind a backdated one is a recovery; reversed, the payment is pending again', async () => {
    const loan = await lentUnder(api, programId);
    const waiting = payment(loan, { amount_minor: '300', effective_at: '2026-05-08', layer: 'PENDING' });
    const pending = await posted(api.post('/v1/payments', waiting));
    const path = `/v1/payments/${textAt(pending, 'payment_event_id')}`;
    const settled = await posted(api.post(`${path}/settlements`, settlement({ effective_at: '2026-05-10' })));
    await posted(api.post('/v1/chargeoffs', chargeOff(loan, { effective_at: '2026-05-05' })));
    expect(await shownLoan(api, loan)).toMatchObject({ recovered: { principal_minor: '300' } });
    await posted(api.post('/v1/reversals', reversal(entryIdOf(settled), { effective_at: '2026-05-20' })));
    expect(await shownLoan(api, loan)).toMatchObject({ recovered: { principal_minor: '0' } });
    await posted(api.post(`${path}/cancellations`, { effective_at: '2026-05-20' }));
    expect(await componentsOf(api, loan, '2026-05-20')).toEqual(['0', '0', '0', '0']);
  });
});

describe('422 replay_blocked', () => {
  test('POST /v1/chargeoffs: 422 when a fee stands behind it', async () => {
    const loan = await lentUnder(api, programId);
    const charged = await posted(api.post('/v1/fees', fee(loan, { effective_at: '2026-05-10' })));
    await expectRefusal(ledger, () => api.post('/v1/chargeoffs', chargeOff(loan, { effective_at: '2026-05-05' })), {
      status: 422,
      code: 'replay_blocked',
      blockingEntryId: entryIdOf(charged),
    });
  });

  test('POST /v1/payments: 422 when it would change a refinance, naming its entry', async () => {
    const loan = await lentUnder(api, programId);
    const renewed = refinance(loan, unmadeLoan().loanId, { effective_at: '2026-05-10', program_id: programId });
    const moved = await posted(api.post('/v1/refinances', renewed));
    const late = payment(loan, { amount_minor: '5', effective_at: '2026-05-09' });
    await expectRefusal(ledger, () => api.post('/v1/payments', late), {
      status: 422,
      code: 'replay_blocked',
      blockingEntryId: entryIdOf(moved),
    });
  });
});

test('after all of that every promise of the ledger holds', () => expectWholeLedger(ledger));
