import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import { accrual, chargeOff, type Loan, nonAccrual, nonAccrualPath, payment, posted } from './loan-story.ts';
import { expectRefusal } from './problem.ts';
import { entryIdOf, expectWholeLedger, interestAt, lentUnder, replayingProgram, undo } from './restatement-story.ts';
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

describe('201 under replay, corrections of accruals', () => {
  test('POST /v1/accruals/{accrual_event_id}/corrections: one that is backdated leaves the later one another difference', async () => {
    const [loan, other] = [await lentUnder(api, programId), await lentUnder(api, programId)];
    const batch = await accrued([loan, '70'], [other, '30']);
    await corrected(batch, '2026-05-14', [loan, '90']);
    expect(await interest(loan)).toEqual(['70', '70', '90']);
    const early = await corrected(batch, '2026-05-12', [loan, '60'], [other, '35']);
    expect(early.json).toMatchObject({ restatement: { entries: 1 } });
    expect(await interest(loan)).toEqual(['70', '60', '90']);
    expect(await interest(other)).toEqual(['30', '35', '35']);
    await undo(api, entryIdOf(early));
    expect(await interest(loan)).toEqual(['70', '70', '90']);
    expect(await interest(other)).toEqual(['30', '30', '30']);
  });

  test('POST /v1/accruals/{accrual_event_id}/corrections: one that left its loan as it was differs by what an earlier one changes', async () => {
    const loan = await lentUnder(api, programId);
    const batch = await accrued([loan, '70']);
    await corrected(batch, '2026-05-14', [loan, '70']);
    await posted(api.post('/v1/payments', payment(loan, { amount_minor: '5', effective_at: '2026-05-15' })));
    const early = await corrected(batch, '2026-05-12', [loan, '60']);
    expect(await interest(loan)).toEqual(['70', '60', '70']);
    await undo(api, entryIdOf(early));
    expect(await interest(loan)).toEqual(['70', '70', '70']);
  });

  test('POST /v1/accruals/{accrual_event_id}/corrections: of a batch that accrued nothing for the loan, before one that did', async () => {
    const [loan, other] = [await lentUnder(api, programId), await lentUnder(api, programId)];
    const batch = await accrued([loan, '0'], [other, '30']);
    await corrected(batch, '2026-05-14', [loan, '90']);
    const early = await corrected(batch, '2026-05-12', [loan, '60']);
    expect(await interest(loan)).toEqual(['0', '60', '90']);
    await undo(api, entryIdOf(early));
    expect(await interest(loan)).toEqual(['0', '0', '90']);
  });

  test('POST /v1/chargeoffs: a correction behind it becomes 0, and what it was when the charge-off goes', async () => {
    const loan = await lentUnder(api, programId);
    const batch = await accrued([loan, '70']);
    await corrected(batch, '2026-05-14', [loan, '90']);
    const lost = await posted(api.post('/v1/chargeoffs', chargeOff(loan, { effective_at: '2026-05-11' })));
    expect(await interest(loan)).toEqual(['70', '0', '0']);
    await undo(api, entryIdOf(lost));
    expect(await interest(loan)).toEqual(['70', '70', '90']);
  });

  test('POST /v1/loans/{loan_id}/non-accrual: a correction behind it changes memo interest', async () => {
    const loan = await lentUnder(api, programId);
    const batch = await accrued([loan, '70']);
    await corrected(batch, '2026-05-14', [loan, '90']);
    await posted(api.post(nonAccrualPath(loan), nonAccrual('enter', { effective_at: '2026-05-12' })));
    expect(await interest(loan)).toEqual(['70', '0', '0']);
  });

  test('POST /v1/reversals: of a batch takes corrections and what was posted to them along', async () => {
    const [loan, other] = [await lentUnder(api, programId), await lentUnder(api, programId)];
    const batch = await accrued([loan, '70'], [other, '30']);
    await corrected(batch, '2026-05-14', [loan, '90']);
    await corrected(batch, '2026-05-12', [loan, '60']);
    await posted(api.post('/v1/payments', payment(other, { amount_minor: '40', effective_at: '2026-05-15' })));
    await undo(api, batch.entryId);
    expect(await interest(loan)).toEqual(['0', '0', '0']);
    expect(await interest(other)).toEqual(['0', '0', '0']);
  });

  test('POST /v1/reversals: of a batch whose interest is below zero between two of the entries that take it back', async () => {
    const loan = await lentUnder(api, programId);
    const batch = await accrued([loan, '70']);
    await corrected(batch, '2026-05-14', [loan, '0']);
    await corrected(batch, '2026-05-12', [loan, '0']);
    await undo(api, batch.entryId);
    expect(await interest(loan)).toEqual(['0', '0', '0']);
    await expectWholeLedger(ledger);
  });
});

test('POST /v1/payments: 422 replay_blocked when a correction behind it would leave interest below zero', async () => {
  const loan = await lentUnder(api, programId);
  const batch = await accrued([loan, '70']);
  const lowered = await corrected(batch, '2026-05-14', [loan, '10']);
  const early = payment(loan, { amount_minor: '65', effective_at: '2026-05-12' });
  await expectRefusal(ledger, () => api.post('/v1/payments', early), {
    status: 422,
    code: 'replay_blocked',
    blockingEntryId: entryIdOf(lowered),
  });
});

test('after all of that every promise of the ledger holds', () => expectWholeLedger(ledger));

type Batch = { readonly path: string; readonly entryId: string };

/** A batch of 10 May. */
async function accrued(...loans: readonly (readonly [Loan, string])[]): Promise<Batch> {
  const batch = accrual(api, loans, { accrual_date: '2026-05-10', program_id: programId });
  const answer = await posted(api.post('/v1/accruals/batch', batch));
  const path = `/v1/accruals/${textAt(answer, 'accrual_event_id')}/corrections`;
  return { path, entryId: entryIdOf(answer) };
}

function corrected({ path }: Batch, effective_at: string, ...loans: readonly (readonly [Loan, string])[]) {
  const rows = loans.map(([{ loanId }, interest_minor]) => ({ loan_id: loanId, interest_minor }));
  return posted(api.post(path, { effective_at, reason_code: 'error_correction', loans: rows }));
}

/** Interest at the ends of three days. */
function interest(loan: Loan): Promise<readonly string[]> {
  return interestAt(api, loan, ['2026-05-10', '2026-05-12', '2026-05-14']);
}
