import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { chargeOff, fee, type Loan, payment, paymentReturn, posted, reversal, settlement } from './loan-story.ts';
import { expectProblem } from './problem.ts';
import {
  componentsOf,
  entryIdOf,
  expectWholeLedger,
  lentUnder,
  linesOf,
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

describe('201 under replay, returns', () => {
  test('POST /v1/fees: a return behind a backdated one mirrors what the payment then is allocated to', async () => {
    const { loan, path } = await paidLoan({ amount_minor: '100' });
    const back = await returned(path, { amount_minor: '60', effective_at: '2026-05-12' });
    const charged = await posted(api.post('/v1/fees', fee(loan, { amount_minor: '40', effective_at: '2026-05-05' })));
    expect(charged.json).toMatchObject({ restatement: { entries: 2 } });
    expect(await liveLines(back)).toEqual(['DR 1300 40', 'DR 1100 20', 'CR 1010 60']);
    expect(await componentsOf(api, loan)).toEqual(['960', '0', '40', '0']);
    expect(await linesOf(api, await returned(path, { effective_at: '2026-05-13' }))).toEqual([
      'DR 1100 40',
      'CR 1010 40',
    ]);
    const more = await api.post(path, paymentReturn({ effective_at: '2026-05-14' }));
    expectProblem(more, { status: 422, code: 'amount_exceeds_payment', fields: ['amount_minor'] });
  });

  test('POST /v1/payments/{payment_event_id}/returns: one that is backdated leaves the later ones less of each part', async () => {
    const { loan, path } = await paidLoan({ amount_minor: '100' }, '30');
    const later = await returned(path, { amount_minor: '50', effective_at: '2026-05-14' });
    expect(await liveLines(later)).toEqual(['DR 1300 30', 'DR 1100 20', 'CR 1010 50']);
    const early = { amount_minor: '20', nsf_fee_minor: '7', effective_at: '2026-05-12' };
    const back = await posted(api.post(path, paymentReturn(early)));
    expect(await linesOf(api, entryIdOf(back))).toEqual(['DR 1300 20', 'CR 1010 20']);
    expect(await liveLines(later)).toEqual(['DR 1300 10', 'DR 1100 40', 'CR 1010 50']);
    expect(await componentsOf(api, loan)).toEqual(['970', '0', '37', '0']);
    const tooMuch = await api.post(path, paymentReturn({ amount_minor: '31', effective_at: '2026-05-12' }));
    expectProblem(tooMuch, { status: 422, code: 'amount_exceeds_payment', fields: ['amount_minor'] });
  });

  test('POST /v1/reversals: the first of two returns drops out, and the second takes what that had taken', async () => {
    const { loan, path } = await paidLoan({ amount_minor: '100' }, '30');
    const first = await returned(path, { amount_minor: '30', effective_at: '2026-05-12' });
    const second = await returned(path, { amount_minor: '30', effective_at: '2026-05-13' });
    expect(await liveLines(second)).toEqual(['DR 1100 30', 'CR 1010 30']);
    await posted(api.post('/v1/reversals', reversal(first, { effective_at: '2026-05-20' })));
    expect(await liveLines(second)).toEqual(['DR 1300 30', 'CR 1010 30']);
    expect(await componentsOf(api, loan)).toEqual(['930', '0', '30', '0']);
  });

  test('POST /v1/chargeoffs: a return behind a backdated one takes back what the payment recovers, and its losses count', async () => {
    const { loan, entryId, path } = await paidLoan({ amount_minor: '100' });
    const back = await returned(path, { amount_minor: '60', effective_at: '2026-05-12' });
    const lost = await posted(api.post('/v1/chargeoffs', chargeOff(loan, { effective_at: '2026-05-05' })));
    expect(await liveLines(back)).toEqual(['DR 4200 60', 'CR 1010 60']);
    expect(await shownLoan(api, loan)).toMatchObject({
      charged_off: { principal_minor: '1000' },
      recovered: { principal_minor: '40' },
    });
    const undone = await api.post('/v1/reversals', reversal(entryId, { effective_at: '2026-05-20' }));
    expectProblem(undone, { status: 422, code: 'not_reversible', fields: ['reverses_entry_id'] });
    const lostEntry = entryIdOf(lost);
    await posted(api.post('/v1/reversals', reversal(lostEntry, { effective_at: '2026-05-20' })));
    expect(await liveLines(back)).toEqual(['DR 1100 60', 'CR 1010 60']);
    expect(await shownLoan(api, loan)).toMatchObject({ charged_off: { principal_minor: '0' } });
  });

  test('POST /v1/chargeoffs: of a payment before it a return behind it is a loss', async () => {
    const { loan, path } = await paidLoan({ amount_minor: '100', effective_at: '2026-05-04' }, '10');
    const back = await returned(path, { amount_minor: '60', effective_at: '2026-05-12' });
    await posted(api.post('/v1/chargeoffs', chargeOff(loan, { effective_at: '2026-05-05' })));
    expect(await liveLines(back)).toEqual(['DR 5000 50', 'DR 4910 10', 'CR 1010 60']);
    expect(await shownLoan(api, loan)).toMatchObject({ charged_off: { principal_minor: '960', fees_minor: '10' } });
  });

  test('POST /v1/chargeoffs: of a payment that was settled the return follows its settling', async () => {
    const { loan, entryId, path } = await paidLoan({
      amount_minor: '100',
      effective_at: '2026-05-04',
      layer: 'PENDING',
    });
    const settled = await posted(
      api.post(path.replace('returns', 'settlements'), settlement({ effective_at: '2026-05-10' })),
    );
    const back = await returned(path, { amount_minor: '60', effective_at: '2026-05-12' });
    await posted(api.post('/v1/chargeoffs', chargeOff(loan, { effective_at: '2026-05-05' })));
    expect(await liveLines(back)).toEqual(['DR 4200 60', 'CR 1010 60']);
    const more = await returned(path, { amount_minor: '15', effective_at: '2026-05-13' });
    expect(await linesOf(api, more)).toEqual(['DR 4200 15', 'CR 1010 15']);
    expect(await shownLoan(api, loan)).toMatchObject({ recovered: { principal_minor: '25' } });
    for (const one of [entryId, entryIdOf(settled)]) {
      const undone = await api.post('/v1/reversals', reversal(one, { effective_at: '2026-05-20' }));
      expectProblem(undone, { status: 422, code: 'not_reversible', fields: ['reverses_entry_id'] });
    }
  });

  test('POST /v1/payments: a return that keeps its lines takes other parts, of which later ones are counted', async () => {
    const { loan, path } = await paidLoan({ amount_minor: '100' }, '80');
    const byPrincipal = { amount_minor: '50', effective_at: '2026-05-12', policy: 'principal' };
    const back = await returned(path, byPrincipal);
    await posted(api.post('/v1/payments', payment(loan, { amount_minor: '70', effective_at: '2026-05-07' })));
    expect((await shownEntry(api, back)).json).toMatchObject({ superseded_by_entry_id: null });
    expect(await linesOf(api, await returned(path, { amount_minor: '30', effective_at: '2026-05-13' }))).toEqual([
      'DR 1100 30',
      'CR 1010 30',
    ]);
  });
});

test('after all of that every promise of the ledger holds', () => expectWholeLedger(ledger));

type Paid = { readonly loan: Loan; readonly entryId: string; readonly path: string };

/** A loan of 1,000 with a fee, and a payment of 10 May; `path` is that of its returns. */
async function paidLoan(changes: object, feeMinor: string | null = null): Promise<Paid> {
  const loan = await lentUnder(api, programId);
  const early = { amount_minor: feeMinor ?? '', effective_at: '2026-05-02' };
  if (feeMinor !== null) await posted(api.post('/v1/fees', fee(loan, early)));
  const paid = await posted(api.post('/v1/payments', payment(loan, { effective_at: '2026-05-10', ...changes })));
  const path = `/v1/payments/${textAt(paid, 'payment_event_id')}/returns`;
  return { loan, entryId: entryIdOf(paid), path };
}

async function returned(path: string, changes: object): Promise<string> {
  return entryIdOf(await posted(api.post(path, paymentReturn(changes))));
}

/** The lines of the entry that stands in the place of one. */
async function liveLines(entryId: string): Promise<readonly string[]> {
  return linesOf(api, await liveEntryId(api, entryId));
}
