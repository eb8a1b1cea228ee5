import { describe, expect, test } from 'vitest';
import { adjustment, proposedByColleague } from './adjustment-story.ts';
import { serveLedger } from './ledger-server.ts';
import {
  accrual,
  chargeOff,
  clearing,
  disbursement,
  fee,
  feeWaiver,
  goodwillCredit,
  nonAccrual,
  nonAccrualPath,
  payment,
  paymentReturn,
  posted,
  recovery,
  refinance,
  registration,
  restructure,
  reversal,
  settlement,
  suspenseAllocation,
  suspenseRefund,
  unmadeLoan,
} from './loan-story.ts';
import { closeAll, loanOfLastYear } from './period-story.ts';
import { expectProblem, expectRefusal } from './problem.ts';
import { newProgram } from './program-story.ts';
import { textAt } from './tenant-api.ts';

const ledger = await serveLedger();

describe('422 period_closed: whatever the event, naming the first open day', async () => {
  const api = await ledger.newTenant();
  const loan = await loanOfLastYear(api);
  const paid = await posted(api.post('/v1/payments', payment(loan, { effective_at: '2025-12-20', amount_minor: '1' })));
  const pending = payment(loan, { effective_at: '2025-12-20', amount_minor: '1', layer: 'PENDING' });
  const paidEvent = textAt(paid, 'payment_event_id');
  const pendingEvent = textAt(await posted(api.post('/v1/payments', pending)), 'payment_event_id');
  const lent = await posted(
    api.post('/v1/disbursements', disbursement(loan, { effective_at: '2025-12-20', layer: 'PENDING' })),
  );
  const lentEvent = textAt(lent, 'disbursement_event_id');
  const batch = accrual(api, [[loan, '70']], { accrual_date: '2025-12-20' });
  const accruedEvent = textAt(await posted(api.post('/v1/accruals/batch', batch)), 'accrual_event_id');
  const proposed = await proposedByColleague(api, adjustment(loan, { effective_at: '2025-12-31' }));
  const corrected = { reason_code: 'error_correction', loans: [{ loan_id: loan.loanId, interest_minor: '60' }] };
  await closeAll(api, ['2025-11', '2025-12']);
  const closedDay = { effective_at: '2025-12-31' };
  const opening = { as_of: '2025-12-31', principal_minor: '1' };
  const events: readonly [path: string, field: string, body: object][] = [
    ['/v1/payments', 'effective_at', payment(loan, closedDay)],
    ['/v1/payments', 'effective_at', payment(loan, { ...closedDay, layer: 'PENDING' })],
    ['/v1/disbursements', 'effective_at', disbursement(loan, closedDay)],
    ['/v1/disbursements', 'effective_at', disbursement(unmadeLoan(), closedDay)],
    ['/v1/fees', 'effective_at', fee(loan, closedDay)],
    ['/v1/fees/waivers', 'effective_at', feeWaiver(loan, closedDay)],
    ['/v1/goodwill-credits', 'effective_at', goodwillCredit(loan, closedDay)],
    ['/v1/payments/allocations', 'effective_at', suspenseAllocation(loan, closedDay)],
    ['/v1/suspense-refunds', 'effective_at', suspenseRefund(loan, closedDay)],
    ['/v1/chargeoffs', 'effective_at', chargeOff(loan, closedDay)],
    ['/v1/recoveries', 'effective_at', recovery(loan, closedDay)],
    ['/v1/accruals/batch', 'loans[0].loan_id', accrual(api, [[loan, '1']], { accrual_date: '2025-12-31' })],
    ['/v1/reversals', 'effective_at', reversal(textAt(paid, 'journal_entry_id'), closedDay)],
    ['/v1/loans', 'opening.as_of', registration(unmadeLoan(), { opening })],
    ['/v1/refinances', 'effective_at', refinance(loan, unmadeLoan().loanId, closedDay)],
    ['/v1/restructures', 'effective_at', restructure(loan, closedDay)],
    [nonAccrualPath(loan), 'effective_at', nonAccrual('enter', closedDay)],
    [`/v1/payments/${paidEvent}/returns`, 'effective_at', paymentReturn(closedDay)],
    [`/v1/payments/${pendingEvent}/settlements`, 'effective_at', settlement(closedDay)],
    [`/v1/payments/${pendingEvent}/cancellations`, 'effective_at', closedDay],
    [`/v1/disbursements/${lentEvent}/settlements`, 'effective_at', settlement(closedDay)],
    [`/v1/disbursements/${lentEvent}/cancellations`, 'effective_at', closedDay],
    [`/v1/accruals/${accruedEvent}/corrections`, 'effective_at', { ...corrected, ...closedDay }],
    [`/v1/adjustments/${proposed}/approvals`, 'effective_at', {}],
    ['/v1/payments/settlements', 'effective_at', clearing([textAt(paid, 'journal_entry_id')], closedDay)],
  ];
  test.each(events)('POST %s: 422 period_closed on %s, previews included', async (path, field, body) => {
    const refused = { status: 422, code: 'period_closed', fields: [field], fieldCodes: ['period_closed'] } as const;
    const answer = await expectRefusal(ledger, () => api.post(path, body), refused);
    expect(answer.text).toContain('2026-01-01');
    await expectRefusal(ledger, () => api.post(`${path}?preview=true`, body, { key: null }), refused);
  });

  test('POST /v1/adjustments: 422 period_closed, when it is proposed too', async () => {
    const refused = { status: 422, code: 'period_closed', fields: ['effective_at'] } as const;
    await expectRefusal(ledger, () => api.post('/v1/adjustments', adjustment(loan, closedDay)), refused);
  });

  test('the loan is looked for first, and its beginning; its state and the amounts come after', async () => {
    const { borrowerId } = loan;
    const never = payment({ ...unmadeLoan(), borrowerId }, closedDay);
    expectProblem(await api.post('/v1/payments', never), { status: 404, code: 'loan_not_found', fields: ['loan_id'] });
    const before = await api.post('/v1/fees', fee(loan, { effective_at: '2025-11-04' }));
    expectProblem(before, { status: 422, code: 'effective_date_before_disbursement', fields: ['effective_at'] });
    const other = await ledger.newTenant();
    const lost = await loanOfLastYear(other);
    await posted(other.post('/v1/chargeoffs', chargeOff(lost, { effective_at: '2025-12-06' })));
    await closeAll(other, ['2025-11', '2025-12']);
    const late = await other.post('/v1/fees', fee(lost, { effective_at: '2025-12-07' }));
    expectProblem(late, { status: 422, code: 'period_closed', fields: ['effective_at'] });
    const now = await other.post('/v1/fees', fee(lost, { effective_at: '2026-01-01' }));
    expectProblem(now, { status: 422, code: 'loan_charged_off', fields: ['loan_id'] });
  });

  test('POST /v1/reversals: 422 period_closed naming the entry, which under replay would be mirrored on its own day', async () => {
    const other = await ledger.newTenant();
    const program = await newProgram(other, { backdating: 'replay' });
    const one = unmadeLoan();
    const begun = { effective_at: '2025-11-05', program_id: program };
    await posted(other.post('/v1/disbursements', disbursement(one, begun)));
    const charged = await posted(other.post('/v1/fees', fee(one, { effective_at: '2025-12-05' })));
    const waiting = payment(one, { effective_at: '2025-12-20', layer: 'PENDING' });
    const onItsWay = await posted(other.post('/v1/payments', waiting));
    await closeAll(other, ['2025-11', '2025-12']);
    const undo = reversal(textAt(charged, 'journal_entry_id'), { effective_at: '2026-01-05' });
    const refused = { status: 422, code: 'period_closed', fields: ['effective_at'] } as const;
    const blockingEntryId = textAt(charged, 'journal_entry_id');
    await expectRefusal(ledger, () => other.post('/v1/reversals', undo), { ...refused, blockingEntryId });
    const path = `/v1/payments/${textAt(onItsWay, 'payment_event_id')}/cancellations`;
    await expectRefusal(ledger, () => other.post(path, { effective_at: '2026-01-05' }), {
      ...refused,
      blockingEntryId: textAt(onItsWay, 'journal_entry_id'),
    });
  });

  test('201: the first open day takes events; another tenant has periods of its own', async () => {
    await posted(api.post('/v1/fees', fee(loan, { effective_at: '2026-01-01' })));
    const other = await ledger.newTenant();
    await loanOfLastYear(other);
  });
});
