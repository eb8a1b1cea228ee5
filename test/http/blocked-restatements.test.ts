import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { DOCUMENTED } from '../openapi/api-document.ts';
import { promisedProblems } from '../openapi/promised-answers.ts';
import { adjusted, adjustment, line, proposedByColleague } from './adjustment-story.ts';
import type { HttpAnswer } from './http-client.ts';
import { serveLedger } from './ledger-server.ts';
import {
  accrual,
  chargeOff,
  disbursement,
  fee,
  feeWaiver,
  goodwillCredit,
  type Loan,
  nonAccrual,
  nonAccrualPath,
  payment,
  paymentReturn,
  posted,
  recovery,
  refinance,
  restructure,
  reversal,
  settlement,
  suspenseAllocation,
  suspenseRefund,
} from './loan-story.ts';
import { expectRefusal } from './problem.ts';
import { entryIdOf, expectWholeLedger, lentUnder, replayingProgram, undo } from './restatement-story.ts';
import { textAt } from './tenant-api.ts';

/**
 * "Any other event that would then be refused blocks the request" (ACCOUNTING.md rule 11), of every operation by which a life
 * can be set back: each is sent for a day before an event that could no longer stand, is refused by that event's name, and
 * is taken once that one is reversed.
 */
const ledger = await serveLedger();
const { api } = ledger;
const programId = await replayingProgram(api);
afterAll(() => expectWholeLedger(ledger));

const BEFORE = { effective_at: '2026-05-03' };
const SENT = { effective_at: '2026-05-05' };
const BEHIND = { effective_at: '2026-05-10' };

/** What is sent for 5 May; what it needs of the loan was posted for 3 May. */
type Story = (loan: Loan) => Promise<{ readonly path: string; readonly body: object }>;

/** Posted for 3 May: the answer's member. */
async function before(path: string, body: object, member: string): Promise<string> {
  return textAt(await posted(api.post(path, { ...body, ...BEFORE })), member);
}

function inSuspense(loan: Loan): Promise<string> {
  const split = { amount_minor: '40', allocation: { suspense_minor: '40' } };
  return before('/v1/payments', payment(loan, split), 'payment_event_id');
}

async function accruedBefore(loan: Loan): Promise<string> {
  const batch = accrual(api, [[loan, '70']], { program_id: programId, accrual_date: BEFORE.effective_at });
  return textAt(await posted(api.post('/v1/accruals/batch', batch)), 'accrual_event_id');
}

/** A refinance keeps its lines, so it is in the way of whatever changes what its old loan had by then. */
const BEFORE_A_REFINANCE: Readonly<Record<string, Story>> = {
  'POST /v1/payments': async (loan) => ({ path: '/v1/payments', body: payment(loan, { amount_minor: '5', ...SENT }) }),
  'POST /v1/disbursements': async (loan) => ({
    path: '/v1/disbursements',
    body: disbursement(loan, { amount_minor: '5', ...SENT }),
  }),
  'POST /v1/fees': async (loan) => ({ path: '/v1/fees', body: fee(loan, SENT) }),
  'POST /v1/fees/waivers': async (loan) => {
    await before('/v1/fees', fee(loan), 'fee_event_id');
    return { path: '/v1/fees/waivers', body: feeWaiver(loan, SENT) };
  },
  'POST /v1/goodwill-credits': async (loan) => ({
    path: '/v1/goodwill-credits',
    body: goodwillCredit(loan, { amount_minor: '5', ...SENT }),
  }),
  'POST /v1/payments/allocations': async (loan) => {
    await inSuspense(loan);
    return { path: '/v1/payments/allocations', body: suspenseAllocation(loan, SENT) };
  },
  'POST /v1/suspense-refunds': async (loan) => {
    await inSuspense(loan);
    return { path: '/v1/suspense-refunds', body: suspenseRefund(loan, { amount_minor: '5', ...SENT }) };
  },
  'POST /v1/chargeoffs': async (loan) => ({ path: '/v1/chargeoffs', body: chargeOff(loan, SENT) }),
  'POST /v1/recoveries': async (loan) => {
    await before('/v1/chargeoffs', chargeOff(loan, { components: { principal_minor: '10' } }), 'chargeoff_event_id');
    // What is more than was lost goes to suspense, which the refinance carries over.
    return { path: '/v1/recoveries', body: recovery(loan, { amount_minor: '15', ...SENT }) };
  },
  'POST /v1/accruals/batch': async (loan) => {
    const changes = { program_id: programId, accrual_date: SENT.effective_at };
    return { path: '/v1/accruals/batch', body: accrual(api, [[loan, '70']], changes) };
  },
  'POST /v1/accruals/{accrual_event_id}/corrections': async (loan) => {
    const loans = [{ loan_id: loan.loanId, interest_minor: '60' }];
    const path = `/v1/accruals/${await accruedBefore(loan)}/corrections`;
    return { path, body: { reason_code: 'error_correction', loans, ...SENT } };
  },
  'POST /v1/refinances': async (loan) => ({ path: '/v1/refinances', body: refinance(loan, randomUUID(), SENT) }),
  'POST /v1/restructures': async (loan) => ({
    path: '/v1/restructures',
    body: restructure(loan, { forgive_principal_minor: '5', ...SENT }),
  }),
  'POST /v1/loans/{loan_id}/non-accrual': async (loan) => {
    await accruedBefore(loan);
    return { path: nonAccrualPath(loan), body: nonAccrual('enter', SENT) };
  },
  'POST /v1/reversals': async (loan) => {
    const charged = await before('/v1/fees', fee(loan), 'journal_entry_id');
    return { path: '/v1/reversals', body: reversal(charged, SENT) };
  },
  'POST /v1/payments/{payment_event_id}/returns': async (loan) => {
    const paid = await before('/v1/payments', payment(loan, { amount_minor: '5' }), 'payment_event_id');
    return { path: `/v1/payments/${paid}/returns`, body: paymentReturn(SENT) };
  },
  'POST /v1/payments/{payment_event_id}/settlements': async (loan) => ({
    path: `/v1/payments/${await pendingPayment(loan)}/settlements`,
    body: settlement(SENT),
  }),
  'POST /v1/disbursements/{disbursement_event_id}/settlements': async (loan) => ({
    path: `/v1/disbursements/${await pendingDisbursement(loan)}/settlements`,
    body: settlement(SENT),
  }),
  'POST /v1/adjustments/{adjustment_id}/approvals': async (loan) => ({
    path: `/v1/adjustments/${await proposedByColleague(api, adjustment(loan, SENT))}/approvals`,
    body: {},
  }),
};

function pendingPayment(loan: Loan): Promise<string> {
  return before('/v1/payments', payment(loan, { amount_minor: '5', layer: 'PENDING' }), 'payment_event_id');
}

function pendingDisbursement(loan: Loan): Promise<string> {
  const body = disbursement(loan, { amount_minor: '5', layer: 'PENDING' });
  return before('/v1/disbursements', body, 'disbursement_event_id');
}

/** A refinance leaves what is PENDING alone; an adjustment that took it to 0 keeps its lines too. */
const BEFORE_AN_ADJUSTMENT: Readonly<Record<string, Story>> = {
  'POST /v1/payments/{payment_event_id}/cancellations': async (loan) => ({
    path: `/v1/payments/${await pendingPayment(loan)}/cancellations`,
    body: settlement(SENT),
  }),
  'POST /v1/disbursements/{disbursement_event_id}/cancellations': async (loan) => ({
    path: `/v1/disbursements/${await pendingDisbursement(loan)}/cancellations`,
    body: settlement(SENT),
  }),
};

function refinanced(loan: Loan): Promise<HttpAnswer> {
  return posted(api.post('/v1/refinances', refinance(loan, randomUUID(), BEHIND)));
}

/** Takes 5 off PENDING: of the suspense of payments where it has some, else of principal. */
async function takenOffPending(loan: Loan): Promise<HttpAnswer> {
  const balance = await api.get(`/v1/loans/${loan.loanId}/balance?layer=PENDING`);
  const where = { loan_id: loan.loanId, layer: 'PENDING' };
  const [from, to] = textAt(balance, 'suspense_minor') === '0' ? ['2000', '1100'] : ['2100', '1010'];
  return adjusted(
    api,
    adjustment(loan, { lines: [line(from, 'DR', '5', where), line(to, 'CR', '5', where)], ...BEHIND }),
  );
}

async function expectBlocked(story: Story, behind: (loan: Loan) => Promise<HttpAnswer>): Promise<void> {
  const loan = await lentUnder(api, programId);
  const { path, body } = await story(loan);
  const blockingEntryId = entryIdOf(await behind(loan));
  const refused = { status: 422, code: 'replay_blocked', blockingEntryId } as const;
  await expectRefusal(ledger, () => api.post(path, body), refused);
  await undo(api, blockingEntryId);
  await posted(api.post(path, body));
}

test.each(Object.entries(BEFORE_A_REFINANCE))(
  '%s: 422 replay_blocked by a refinance behind it, naming its entry',
  (_operation, story) => expectBlocked(story, refinanced),
);

test.each(Object.entries(BEFORE_AN_ADJUSTMENT))(
  '%s: 422 replay_blocked by an adjustment behind it, naming its entry',
  (_operation, story) => expectBlocked(story, takenOffPending),
);

test('every operation that promises replay_blocked has its story here, and no other one', () => {
  const promising = DOCUMENTED.filter((one) => promisedProblems(one).includes('replay_blocked'));
  const told = [...Object.keys(BEFORE_A_REFINANCE), ...Object.keys(BEFORE_AN_ADJUSTMENT)];
  expect(told.sort()).toEqual(promising.map(({ operation }) => operation).sort());
});
