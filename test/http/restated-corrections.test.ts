import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyLedger } from '../../src/postgres/verify/ledger-verification.ts';
import { type LedgerServer, startLedger } from './ledger-server.ts';
import {
  accrual,
  chargeOff,
  disbursement,
  type Loan,
  nonAccrual,
  nonAccrualPath,
  payment,
  posted,
  reversal,
  unmadeLoan,
} from './loan-story.ts';
import { expectRefusal } from './problem.ts';
import { newProgram } from './program-story.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

let ledger: LedgerServer;
let api: TenantApi;
let programId: string;
beforeAll(async () => {
  ledger = await startLedger();
  api = ledger.api;
  programId = await newProgram(api, { backdating: 'replay' });
});
afterAll(() => ledger.stop());

describe('201 under replay, corrections of accruals', () => {
  test('POST /v1/accruals/{accrual_event_id}/corrections: one that is backdated leaves the later one another difference', async () => {
    const [loan, other] = [await replayedLoan(), await replayedLoan()];
    const batch = await accrued([loan, '70'], [other, '30']);
    await corrected(batch, '2026-05-14', [loan, '90']);
    expect(await interest(loan)).toEqual({ '2026-05-10': '70', '2026-05-12': '70', '2026-05-14': '90' });
    const early = await corrected(batch, '2026-05-12', [loan, '60'], [other, '35']);
    expect(early.json).toMatchObject({ restatement: { entries: 1 } });
    expect(await interest(loan)).toEqual({ '2026-05-10': '70', '2026-05-12': '60', '2026-05-14': '90' });
    expect(await interest(other)).toEqual({ '2026-05-10': '30', '2026-05-12': '35', '2026-05-14': '35' });
    await undo(textAt(early, 'journal_entry_id'));
    expect(await interest(loan)).toEqual({ '2026-05-10': '70', '2026-05-12': '70', '2026-05-14': '90' });
    expect(await interest(other)).toEqual({ '2026-05-10': '30', '2026-05-12': '30', '2026-05-14': '30' });
  });

  test('POST /v1/accruals/{accrual_event_id}/corrections: one that left its loan as it was differs by what an earlier one changes', async () => {
    const loan = await replayedLoan();
    const batch = await accrued([loan, '70']);
    await corrected(batch, '2026-05-14', [loan, '70']);
    await posted(api.post('/v1/payments', payment(loan, { amount_minor: '5', effective_at: '2026-05-15' })));
    const early = await corrected(batch, '2026-05-12', [loan, '60']);
    expect(await interest(loan)).toEqual({ '2026-05-10': '70', '2026-05-12': '60', '2026-05-14': '70' });
    await undo(textAt(early, 'journal_entry_id'));
    expect(await interest(loan)).toEqual({ '2026-05-10': '70', '2026-05-12': '70', '2026-05-14': '70' });
  });

  test('POST /v1/accruals/{accrual_event_id}/corrections: of a batch that accrued nothing for the loan, before one that did', async () => {
    const [loan, other] = [await replayedLoan(), await replayedLoan()];
    const batch = await accrued([loan, '0'], [other, '30']);
    await corrected(batch, '2026-05-14', [loan, '90']);
    const early = await corrected(batch, '2026-05-12', [loan, '60']);
    expect(await interest(loan)).toEqual({ '2026-05-10': '0', '2026-05-12': '60', '2026-05-14': '90' });
    await undo(textAt(early, 'journal_entry_id'));
    expect(await interest(loan)).toEqual({ '2026-05-10': '0', '2026-05-12': '0', '2026-05-14': '90' });
  });

  test('POST /v1/chargeoffs: a correction behind it becomes 0, and what it was when the charge-off goes', async () => {
    const loan = await replayedLoan();
    const batch = await accrued([loan, '70']);
    await corrected(batch, '2026-05-14', [loan, '90']);
    const lost = await posted(api.post('/v1/chargeoffs', chargeOff(loan, { effective_at: '2026-05-11' })));
    expect(await interest(loan)).toEqual({ '2026-05-10': '70', '2026-05-12': '0', '2026-05-14': '0' });
    await undo(textAt(lost, 'journal_entry_id'));
    expect(await interest(loan)).toEqual({ '2026-05-10': '70', '2026-05-12': '70', '2026-05-14': '90' });
  });

  test('POST /v1/loans/{loan_id}/non-accrual: a correction behind it changes memo interest', async () => {
    const loan = await replayedLoan();
    const batch = await accrued([loan, '70']);
    await corrected(batch, '2026-05-14', [loan, '90']);
    await posted(api.post(nonAccrualPath(loan), nonAccrual('enter', { effective_at: '2026-05-12' })));
    expect(await interest(loan)).toEqual({ '2026-05-10': '70', '2026-05-12': '0', '2026-05-14': '0' });
  });

  test('POST /v1/reversals: of a batch takes corrections and what was posted to them along', async () => {
    const [loan, other] = [await replayedLoan(), await replayedLoan()];
    const batch = await accrued([loan, '70'], [other, '30']);
    await corrected(batch, '2026-05-14', [loan, '90']);
    await corrected(batch, '2026-05-12', [loan, '60']);
    await posted(api.post('/v1/payments', payment(other, { amount_minor: '40', effective_at: '2026-05-15' })));
    await undo(batch.entryId);
    expect(await interest(loan)).toEqual({ '2026-05-10': '0', '2026-05-12': '0', '2026-05-14': '0' });
    expect(await interest(other)).toEqual({ '2026-05-10': '0', '2026-05-12': '0', '2026-05-14': '0' });
  });
});

test('POST /v1/payments: 422 replay_blocked when a correction behind it would leave interest below zero', async () => {
  const loan = await replayedLoan();
  const batch = await accrued([loan, '70']);
  const lowered = await corrected(batch, '2026-05-14', [loan, '10']);
  const early = payment(loan, { amount_minor: '65', effective_at: '2026-05-12' });
  await expectRefusal(ledger, () => api.post('/v1/payments', early), {
    status: 422,
    code: 'replay_blocked',
    blockingEntryId: textAt(lowered, 'journal_entry_id'),
  });
});

test('after all of that every promise of the ledger holds', async () => {
  const { checks } = await verifyLedger(ledger.address);
  expect(checks.filter(({ status }) => status !== 'ok')).toEqual([]);
});

type Batch = { readonly path: string; readonly entryId: string };

async function replayedLoan(): Promise<Loan> {
  const loan = unmadeLoan();
  const begun = { amount_minor: '1000', effective_at: '2026-05-01', program_id: programId };
  await posted(api.post('/v1/disbursements', disbursement(loan, begun)));
  return loan;
}

/** A batch of 10 May. */
async function accrued(...loans: readonly (readonly [Loan, string])[]): Promise<Batch> {
  const batch = accrual(api, loans, { accrual_date: '2026-05-10', program_id: programId });
  const answer = await posted(api.post('/v1/accruals/batch', batch));
  const path = `/v1/accruals/${textAt(answer, 'accrual_event_id')}/corrections`;
  return { path, entryId: textAt(answer, 'journal_entry_id') };
}

function corrected({ path }: Batch, effective_at: string, ...loans: readonly (readonly [Loan, string])[]) {
  const rows = loans.map(([{ loanId }, interest_minor]) => ({ loan_id: loanId, interest_minor }));
  return posted(api.post(path, { effective_at, reason_code: 'error_correction', loans: rows }));
}

async function undo(entryId: string): Promise<void> {
  await posted(api.post('/v1/reversals', reversal(entryId, { effective_at: '2026-05-20' })));
}

/** Interest at the ends of three days. */
async function interest({ loanId }: Loan): Promise<Readonly<Record<string, string>>> {
  const days = ['2026-05-10', '2026-05-12', '2026-05-14'];
  const balances = days.map(async (day) => {
    const answer = await api.get(`/v1/loans/${loanId}/balance?as_of_date=${day}`);
    return [day, textAt(answer, 'interest_receivable_minor')] as const;
  });
  return Object.fromEntries(await Promise.all(balances));
}
