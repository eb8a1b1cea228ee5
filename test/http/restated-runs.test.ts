import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpAnswer } from './http-client.ts';
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
  registration,
  reversal,
  unmadeLoan,
} from './loan-story.ts';
import { entryIdOf, expectWholeLedger, interestAt, lentUnder, replayingProgram, undo } from './restatement-story.ts';
import { accruedBy, type Run, runAccruals } from './run-story.ts';
import type { TenantApi } from './tenant-api.ts';

const MAY_1 = '2026-05-01';
const MAY_2 = '2026-05-02';
const MAY_3 = '2026-05-03';
const MAY_4 = '2026-05-04';
const MAY_5 = '2026-05-05';

let ledger: LedgerServer;
let api: TenantApi;
beforeAll(async () => {
  ledger = await startLedger();
  api = ledger.api;
});
afterAll(() => ledger.stop());

/** Every figure: 7.3 % ACT_365 is a 5,000th of the principal for each night. */
describe('201 under replay, accruals of runs', () => {
  test('POST /v1/payments: runs behind it are computed anew, and the next run goes on from there', async () => {
    // 101300 earn 20.26 a night: 20.26 -> 20, 40.52 -> 41.
    const { programId, loan } = await lent('101300');
    const [, second] = [await ran(programId, MAY_2), await ran(programId, MAY_3)];
    expect(await interest(loan)).toEqual(['20', '41', '41']);
    // 30000 of principal less from the first night on: 71300 earn 14.26: 14.26 -> 14, 28.52 -> 29.
    const paid = await pay(loan, '30000');
    expect(paid.json).toMatchObject({ restatement: { entries: 2 } });
    expect(await interest(loan)).toEqual(['14', '29', '29']);
    // 42.78 -> 43, of which 29 are posted.
    expect(accruedBy(await ran(programId, MAY_4))).toBe('14');
    expect(await interest(loan)).toEqual(['14', '29', '43']);
    await expectWholeLedger(ledger);
    // What a run posted is what it posted then.
    expect(accruedBy(second)).toBe('21');

    // All of it is 0 behind a charge-off of the first day.
    const lost = await posted(api.post('/v1/chargeoffs', chargeOff(loan, { effective_at: MAY_1 })));
    expect(lost.json).toMatchObject({ restatement: { entries: 3 } });
    expect(await interest(loan)).toEqual(['0', '0', '0']);
    await expectWholeLedger(ledger);
    await undo(api, entryIdOf(lost));
    expect(await interest(loan)).toEqual(['14', '29', '43']);
    await expectWholeLedger(ledger);

    // Without the payment 60.78 -> 61, and the night behind it 81.04 -> 81.
    await undo(api, entryIdOf(paid));
    expect(await interest(loan)).toEqual(['20', '41', '61']);
    expect(accruedBy(await ran(programId, MAY_5))).toBe('20');
    await expectWholeLedger(ledger);
  });

  test('POST /v1/payments: what runs stand for changes though nothing that they posted does', async () => {
    // 100850 earn 20.17 a night: 20, 40.34 -> 40; with 20 less 20.166: 20, 40.332 -> 40, 60.498 -> 60.
    const { programId, loan } = await lent('100850');
    await ran(programId, MAY_2);
    await ran(programId, MAY_3);
    const paid = await pay(loan, '20');
    expect(paid.json).not.toHaveProperty('restatement');
    expect(accruedBy(await ran(programId, MAY_4))).toBe('20');
    await expectWholeLedger(ledger);
    // 60.51 -> 61 without it.
    expect((await undo(api, entryIdOf(paid))).json).toMatchObject({ restatement: { entries: 1 } });
    expect(await interest(loan)).toEqual(['20', '40', '61']);
    await expectWholeLedger(ledger);
  });

  test('POST /v1/payments: of the loans of a run those alone that it concerns', async () => {
    const { programId, loan } = await lent('101300');
    const other = await lentUnder(api, programId, '50000');
    await ran(programId, MAY_2);
    await pay(loan, '30000');
    expect(await interest(loan)).toEqual(['14', '14', '14']);
    expect(await interest(other)).toEqual(['10', '10', '10']);
    await expectWholeLedger(ledger);
  });

  test('POST /v1/payments: a preview shows what the runs behind it would be', async () => {
    const { programId, loan } = await lent('101300');
    const run = await ran(programId, MAY_2);
    const body = payment(loan, { amount_minor: '30000', effective_at: MAY_1 });
    const shown = await api.post('/v1/payments?preview=true', body);
    expect(shown.status).toBe(200);
    expect(shown.json).toMatchObject({
      restates: [
        {
          journal_entry_id: run.journal_entry_ids[0],
          lines_after: [
            { account_code: '1200', direction: 'CR', amount_minor: '6' },
            { account_code: '4000', direction: 'DR', amount_minor: '6' },
          ],
        },
      ],
    });
    expect(await interest(loan)).toEqual(['20', '20', '20']);
  });

  test('POST /v1/accruals/batch: nights that a client accrues are no nights of a run behind it', async () => {
    // The run stood for two nights, 40.52; now for the second alone: 20.26 + 30 -> 50, of which 30 are posted.
    const { programId, loan } = await lent('101300');
    await ran(programId, MAY_3);
    const batch = { program_id: programId, accrual_date: MAY_2, day_count_convention: 'ACT_365' };
    const accrued = await posted(api.post('/v1/accruals/batch', accrual(api, [[loan, '30']], batch)));
    expect(await interest(loan)).toEqual(['30', '50', '50']);
    // 70.52 -> 71.
    expect(accruedBy(await ran(programId, MAY_4))).toBe('21');
    await expectWholeLedger(ledger);
    await undo(api, entryIdOf(accrued));
    expect(await interest(loan)).toEqual(['0', '41', '61']);
    await expectWholeLedger(ledger);
  });

  test('POST /v1/reversals: of a run gives its nights to the run behind it', async () => {
    const { programId, loan } = await lent('101300');
    const first = await ran(programId, MAY_2);
    await ran(programId, MAY_3);
    await posted(api.post('/v1/reversals', reversal(first.journal_entry_ids[0] ?? '', { effective_at: MAY_4 })));
    expect(await interest(loan)).toEqual(['0', '41', '41']);
    expect(accruedBy(await ran(programId, MAY_4))).toBe('20');
    await expectWholeLedger(ledger);
  });

  test('POST /v1/accruals/{accrual_event_id}/corrections: one of a run differs by what the run then stands at', async () => {
    const { programId, loan } = await lent('101300');
    await ran(programId, MAY_2);
    const second = await ran(programId, MAY_3);
    const rows = [{ loan_id: loan.loanId, interest_minor: '25' }];
    const body = { effective_at: MAY_4, reason_code: 'error_correction', loans: rows };
    await posted(api.post(`/v1/accruals/${eventOf(second)}/corrections`, body));
    expect(await interest(loan)).toEqual(['20', '41', '45']);
    // The run posts 15 now, the correction 10 more.
    const paid = await pay(loan, '30000');
    expect(paid.json).toMatchObject({ restatement: { entries: 3 } });
    expect(await interest(loan)).toEqual(['14', '29', '39']);
    // Four nights are 57.04 -> 57, of which 39 are posted: a correction changes nothing that is exact.
    expect(accruedBy(await ran(programId, MAY_5))).toBe('18');
    await expectWholeLedger(ledger);
  });

  test('POST /v1/loans/{loan_id}/non-accrual: runs behind it accrue memo interest', async () => {
    const { programId, loan } = await lent('101300');
    await ran(programId, MAY_2);
    await ran(programId, MAY_3);
    const entered = await posted(api.post(nonAccrualPath(loan), nonAccrual('enter', { effective_at: MAY_2 })));
    expect(await interest(loan)).toEqual(['0', '0', '0']);
    expect(await memoInterest(loan)).toBe('41');
    await expectWholeLedger(ledger);
    await undo(api, entryIdOf(entered));
    expect(await interest(loan)).toEqual(['20', '41', '41']);
    expect(await memoInterest(loan)).toBe('0');
    await expectWholeLedger(ledger);
  });

  test('POST /v1/reversals: of the first disbursement makes runs before the next one 0', async () => {
    // 50000 from 1 May, another 50650 from 3 May on: 10, and 10 + 20.13 more.
    const loan = unmadeLoan();
    const programId = await rated();
    const begun = { amount_minor: '50000', program_id: programId };
    const first = await posted(api.post('/v1/disbursements', disbursement(loan, { ...begun, effective_at: MAY_1 })));
    await ran(programId, MAY_2);
    await posted(
      api.post('/v1/disbursements', disbursement(loan, { ...begun, amount_minor: '50650', effective_at: MAY_3 })),
    );
    await ran(programId, MAY_4);
    expect(await interest(loan)).toEqual(['10', '10', '40']);
    // 10.13 of the one night since.
    await undo(api, entryIdOf(first));
    expect(await interest(loan)).toEqual(['0', '0', '10']);
    expect(accruedBy(await ran(programId, MAY_5))).toBe('10');
    await expectWholeLedger(ledger);
  });

  test('POST /v1/payments: behind an opening balance whose interest ended before it', async () => {
    // The nights from 1 May on earn 20 of 100000 that were owed elsewhere; the opening is of 3 May.
    const programId = await rated();
    const loan = unmadeLoan();
    const opening = { as_of: MAY_3, principal_minor: '100000', accrued_through: MAY_1 };
    await posted(api.post('/v1/loans', registration(loan, { program_id: programId, opening })));
    await ran(programId, MAY_4);
    expect(await interest(loan)).toEqual(['0', '0', '60']);
    await posted(api.post('/v1/payments', payment(loan, { amount_minor: '50000', effective_at: MAY_3 })));
    expect(await interest(loan)).toEqual(['0', '0', '50']);
    await expectWholeLedger(ledger);
  });

  test('POST /v1/programs/{program_id}/versions: rates are looked up anew, and a run without one is 0 and stands for no nights', async () => {
    const { programId, loan } = await lent('101300');
    await ran(programId, MAY_2);
    await ran(programId, MAY_3);
    const versions = `/v1/programs/${programId}/versions`;
    await posted(api.post(versions, { effective_at: MAY_2, annual_rates: [] }));
    expect(await interest(loan)).toEqual(['20', '41', '41']);
    // Decided again the night of 1 May has its rate, that of 2 May none.
    await pay(loan, '30000');
    expect(await interest(loan)).toEqual(['14', '14', '14']);
    await posted(api.post(versions, { effective_at: MAY_2, annual_rates: [{ from: MAY_2, rate: '0.073' }] }));
    // Of 42.78 -> 43 in three nights 14 are posted.
    expect(accruedBy(await ran(programId, MAY_4))).toBe('29');
    await expectWholeLedger(ledger);
  });
});

function rated(): Promise<string> {
  return replayingProgram(api, { annual_rates: [{ from: '2020-01-01', rate: '0.073' }] });
}

/** A loan of 1 May by itself in a program. */
async function lent(amount: string): Promise<{ readonly programId: string; readonly loan: Loan }> {
  const programId = await rated();
  return { programId, loan: await lentUnder(api, programId, amount) };
}

function ran(programId: string, date: string): Promise<Run> {
  return runAccruals(api, programId, date);
}

/** A payment of 1 May, when the loan owes nothing but principal. */
function pay(loan: Loan, amount: string): Promise<HttpAnswer> {
  return posted(api.post('/v1/payments', payment(loan, { amount_minor: amount, effective_at: MAY_1 })));
}

function eventOf({ journal_entry_ids: [entryId = ''] }: Run): string {
  return `${entryId.slice(0, -1)}1`;
}

async function memoInterest({ loanId }: Loan): Promise<string> {
  const [row] = await ledger.sql<{ memo: bigint }>(
    `SELECT memo_interest_minor AS memo FROM hpts.loan WHERE loan_id = $1`,
    [loanId],
  );
  return String(row?.memo);
}

/** Interest at the ends of 2, 3 and 4 May. */
function interest(loan: Loan): Promise<readonly string[]> {
  return interestAt(api, loan, [MAY_2, MAY_3, MAY_4]);
}
