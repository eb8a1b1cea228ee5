import { describe, expect, test } from 'vitest';
import { verifyLedger } from '../../src/postgres/verify/ledger-verification.ts';
import { serveLedger } from './ledger-server.ts';
import { accrual, DAY, disbursement, type Loan, newLoan, payment, posted, reversal, unmadeLoan } from './loan-story.ts';
import { expectRefusal } from './problem.ts';
import { newProgram } from './program-story.ts';
import { type TenantApi, textAt } from './tenant-api.ts';

const PATH = '/v1/accruals/batch';

const ledger = await serveLedger();

function batchItem(loan: Loan, interest: string): object {
  return { loan_id: loan.loanId, interest_minor: interest };
}

describe("outstanding_principal_minor is compared with the ledger's own principal for the night", () => {
  const sent = (tenant: TenantApi, loan: Loan, principal: string, changes: object = {}) => ({
    ...accrual(tenant, [], changes),
    loans: [{ ...batchItem(loan, '10'), outstanding_principal_minor: principal }],
  });
  const checked = async (): Promise<{ tenant: TenantApi; loan: Loan; programId: string }> => {
    const tenant = await ledger.newTenant();
    const programId = await newProgram(tenant, { principal_check: 'reject' });
    const loan = unmadeLoan();
    await posted(tenant.post('/v1/disbursements', disbursement(loan, { program_id: programId, amount_minor: '1000' })));
    return { tenant, loan, programId };
  };
  const clientPrincipal = async (tenant: TenantApi, query = '') => {
    const status = await tenant.get(`/v1/reconciliation/status${query}`);
    return (status.json as { by_currency: { client_principal: unknown }[] }).by_currency[0]?.client_principal;
  };

  test('POST /v1/accruals/batch: 422 principal_mismatch where the program says `reject`, every loan named', async () => {
    const { tenant, loan, programId } = await checked();
    const same = unmadeLoan();
    await posted(tenant.post('/v1/disbursements', disbursement(same, { program_id: programId, amount_minor: '7' })));
    const loans = [
      { ...batchItem(same, '1'), outstanding_principal_minor: '7' },
      { ...batchItem(loan, '1'), outstanding_principal_minor: '999' },
    ];
    const batch = { ...accrual(tenant, []), program_id: programId, loans };
    const fields = ['loans[1].outstanding_principal_minor'];
    const refused = { status: 422, code: 'principal_mismatch', fields } as const;
    await expectRefusal(ledger, () => tenant.post(PATH, batch), refused);
    await posted(tenant.post(PATH, sent(tenant, loan, '1000', { program_id: programId })));
  });

  test('an accrual of a day is for the night before it: what is effective on that day does not count', async () => {
    const { tenant, loan, programId } = await checked();
    const changes = { program_id: programId, accrual_date: DAY.paid };
    await posted(tenant.post('/v1/payments', payment(loan, { amount_minor: '100', effective_at: DAY.accrued })));
    await posted(tenant.post('/v1/payments', payment(loan, { amount_minor: '50', effective_at: DAY.paid })));
    for (const wrong of ['1000', '850']) {
      const refused = { status: 422, code: 'principal_mismatch', fields: ['loans[0].outstanding_principal_minor'] };
      await expectRefusal(ledger, () => tenant.post(PATH, sent(tenant, loan, wrong, changes)), {
        ...refused,
        code: 'principal_mismatch',
      });
    }
    await posted(tenant.post(PATH, sent(tenant, loan, '900', changes)));
  });

  test('backdated events count once they are posted', async () => {
    const { tenant, loan, programId } = await checked();
    await posted(tenant.post('/v1/payments', payment(loan, { amount_minor: '100', effective_at: DAY.paid })));
    await posted(tenant.post('/v1/payments', payment(loan, { amount_minor: '30', effective_at: DAY.between })));
    await posted(tenant.post(PATH, sent(tenant, loan, '970', { program_id: programId })));
  });

  test('where the program says `record`, the batch is posted, and reconciliation shows the difference until it is reversed', async () => {
    const tenant = await ledger.newTenant();
    const [loan, other] = [await newLoan(tenant), await newLoan(tenant)];
    const whole = { status: 'ok', mismatched_accrual_count: 0, first_mismatched_loan_id: null };
    await posted(tenant.post(PATH, sent(tenant, other, '1000000')));
    expect(await clientPrincipal(tenant)).toEqual(whole);
    const answer = await posted(tenant.post(PATH, sent(tenant, loan, '999999')));
    const found = { status: 'mismatch', mismatched_accrual_count: 1, first_mismatched_loan_id: loan.loanId };
    expect(await clientPrincipal(tenant)).toEqual(found);
    expect(await clientPrincipal(tenant, '?as_of_date=2026-04-29')).toEqual(whole);
    await posted(tenant.post('/v1/reversals', reversal(textAt(answer, 'journal_entry_id'))));
    expect(await clientPrincipal(tenant)).toEqual(whole);
  });

  test('a disbursement counts from when it is settled, whatever it was on PENDING', async () => {
    const { tenant, loan, programId } = await checked();
    const more = disbursement(loan, { program_id: programId, amount_minor: '500', layer: 'PENDING' });
    const pending = await posted(tenant.post('/v1/disbursements', more));
    await posted(tenant.post(PATH, sent(tenant, loan, '1000', { program_id: programId })));
    const settling = `/v1/disbursements/${textAt(pending, 'disbursement_event_id')}/settlements`;
    await posted(tenant.post(settling, { effective_at: DAY.disbursed }));
    await posted(tenant.post(PATH, sent(tenant, loan, '1500', { program_id: programId, accrual_date: DAY.paid })));
    const recording = await newLoan(tenant, { principal: '1000' });
    const lent = disbursement(recording, { amount_minor: '500', layer: 'PENDING' });
    const other = textAt(await posted(tenant.post('/v1/disbursements', lent)), 'disbursement_event_id');
    await posted(tenant.post(`/v1/disbursements/${other}/settlements`, { effective_at: DAY.disbursed }));
    await posted(tenant.post(PATH, sent(tenant, recording, '7')));
    const found = { status: 'mismatch', first_mismatched_loan_id: recording.loanId };
    expect(await clientPrincipal(tenant)).toMatchObject(found);
  });

  test('a batch of 1,000 loans, half of which moved since, is compared loan by loan', async () => {
    const { tenant, programId } = await checked();
    const loans = Array.from({ length: 1_000 }, () => unmadeLoan());
    await Promise.all(
      loans.map((loan) =>
        posted(tenant.post('/v1/disbursements', disbursement(loan, { program_id: programId, amount_minor: '1000' }))),
      ),
    );
    await Promise.all(
      loans
        .filter((_, index) => index % 2 === 0)
        .map((loan) => posted(tenant.post('/v1/payments', payment(loan, { amount_minor: '1' })))),
    );
    const items = loans.map((loan) => ({ ...batchItem(loan, '1'), outstanding_principal_minor: '1000' }));
    await posted(tenant.post(PATH, { ...accrual(tenant, []), program_id: programId, loans: items }));
  });
});

test('the books are whole after all of this', async () => {
  const { checks } = await verifyLedger(ledger.address);
  expect(checks.filter(({ status }) => status === 'failed')).toEqual([]);
});
