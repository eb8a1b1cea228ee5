import { describe, expect, test } from 'vitest';
import { refusalOf, refusesInOrder } from '../../test/domain/refusal-order.ts';
import { DAY, datesOf, type Expected, loanWith, sceneWith } from '../../test/domain/scene.ts';
import {
  type AdjustmentLine,
  type ApprovalContext,
  decideAdjustment,
  refuseAdjustment,
  refuseJudged,
} from './adjustment.ts';
import { unmadeLoan } from './loan.ts';

const lineOf = (account: number, amountMinor: bigint, changes: Partial<AdjustmentLine> = {}): AdjustmentLine => ({
  account,
  amountMinor,
  currency: 'USD',
  layer: 0,
  loanId: null,
  ...changes,
});
const adjustmentOf = (lines: readonly AdjustmentLine[]) => ({
  effectiveAt: DAY,
  reasonCode: 'correction',
  description: 'by hand',
  lines,
});
const proposalOf = (lines: readonly AdjustmentLine[]) => ({
  ...adjustmentOf(lines),
  adjustmentId: 'adjustment',
  proposedBy: 'proposer',
});
const approve = (lines: readonly AdjustmentLine[], context: ApprovalContext) =>
  decideAdjustment({ adjustmentId: 'adjustment', note: null, proposal: proposalOf(lines) }, context);

function contextOf(faults: readonly string[]): ApprovalContext {
  const { loan, calendar } = sceneWith(faults, { principal: faults.includes('gone') ? 9n : 10n });
  return {
    accountExists: (account) => account !== 1234,
    loan: () => (faults.includes('no such loan') ? unmadeLoan('tenant', 'loan') : loan),
    calendar,
    approver: faults.includes('its proposer') ? 'proposer' : 'approver',
    judged: faults.includes('judged') ? { verdict: 'rejected', judgedBy: 'somebody' } : null,
  };
}

describe('an approval is refused in order', () => {
  const order: readonly Expected<string>[] = [
    { fault: 'no such proposal', code: 'not_found', detail: 'there is no adjustment adjustment' },
    { fault: 'judged', code: 'already_settled', detail: 'adjustment adjustment was rejected by somebody' },
    {
      fault: 'its proposer',
      code: 'approver_is_proposer',
      detail: 'adjustment adjustment was proposed by this client; another one has to approve it',
    },
    {
      fault: 'no loan named',
      code: 'validation_failed',
      field: 'lines[0].loan_id',
      detail: 'account 1100 is kept loan by loan: the line has to name one',
    },
    {
      fault: 'no such account',
      code: 'account_not_found',
      field: 'lines[1].account_code',
      detail: 'there is no account 1234',
    },
    {
      fault: 'no such loan',
      code: 'loan_not_found',
      field: 'lines[2].loan_id',
      detail: 'there is no loan loan',
    },
    {
      fault: 'another currency',
      code: 'currency_mismatch',
      field: 'lines[2].currency',
      detail: 'loan loan is kept in EUR, not USD',
    },
    ...datesOf(),
    {
      fault: 'unbalanced',
      code: 'unbalanced_entry',
      field: 'lines',
      detail: 'debits exceed credits of the accounts in USD on SETTLED by 1',
    },
    {
      fault: 'gone',
      code: 'balance_would_be_negative',
      field: 'lines',
      detail: 'the principal of loan loan would fall below zero; reverse what was built on it first',
    },
  ];

  refusesInOrder(order, (faults) => {
    const lines = [
      lineOf(faults.includes('no loan named') ? 1100 : 1000, 4n),
      lineOf(faults.includes('no such account') ? 1234 : 1000, 6n + (faults.includes('unbalanced') ? 1n : 0n)),
      lineOf(1100, -10n, { loanId: 'loan' }),
    ];
    const proposal = faults.includes('no such proposal') ? null : proposalOf(lines);
    return decideAdjustment({ adjustmentId: 'adjustment', note: null, proposal }, contextOf(faults));
  });

  test('a rejection is asked the same two things', () => {
    const said = (proposal: unknown, faults: readonly string[]) =>
      refuseJudged({ adjustmentId: 'adjustment', proposal }, contextOf(faults).judged);
    expect(said(null, ['judged'])).toMatchObject({ code: 'not_found' });
    expect(said({}, ['judged'])).toMatchObject({ code: 'already_settled' });
    expect(said({}, [])).toBeNull();
  });

  test('every line at fault is named', () => {
    const lines = [lineOf(1200, 1n), lineOf(1000, -2n), lineOf(2100, 1n)];
    expect(refuseAdjustment(adjustmentOf(lines), contextOf([]))).toMatchObject({
      detail: 'account 1200 is kept loan by loan: the line has to name one',
      errors: [{ field: 'lines[0].loan_id' }, { field: 'lines[2].loan_id' }],
    });
  });
});

describe('debits equal credits', () => {
  const said = (...lines: readonly AdjustmentLine[]) => refuseAdjustment(adjustmentOf(lines), contextOf([]))?.detail;

  test('in each currency', () => {
    expect(said(lineOf(1000, 5n), lineOf(4000, -5n, { currency: 'EUR' }))).toBe(
      'debits exceed credits of the accounts in USD on SETTLED by 5',
    );
  });

  test('on each layer', () => {
    expect(said(lineOf(1000, -5n, { layer: 1 }), lineOf(4000, 5n))).toBe(
      'credits exceed debits of the accounts in USD on PENDING by 5',
    );
  });

  test('of the memo accounts, from 9000 on, among themselves', () => {
    expect(said(lineOf(9000, 5n), lineOf(4000, -5n))).toBe(
      'debits exceed credits of the memo accounts in USD on SETTLED by 5',
    );
    expect(said(lineOf(8999, 5n), lineOf(4000, -5n))).toBeUndefined();
    expect(said(lineOf(9200, 5n), lineOf(9000, -5n), lineOf(1000, 1n), lineOf(4000, -1n))).toBeUndefined();
  });
});

test('a loan that began later stands in the way of control accounts alone', () => {
  const context = contextOf(['before the loan began']);
  const ofLoan = (account: number) => adjustmentOf([lineOf(account, 5n, { loanId: 'loan' }), lineOf(1000, -5n)]);
  expect(refuseAdjustment(ofLoan(1300), context)).toMatchObject({ code: 'effective_date_before_disbursement' });
  expect(refuseAdjustment(ofLoan(4100), context)).toBeNull();
  // Each line is asked, not the first alone.
  const [begun, later] = [sceneWith([]).loan, context.loan('loan')];
  const lines = [lineOf(1300, 5n, { loanId: 'begun' }), lineOf(1300, -5n, { loanId: 'later' })];
  const both = { ...context, loan: (loanId: string) => (loanId === 'begun' ? begun : later) };
  expect(refuseAdjustment(adjustmentOf(lines), both)).toMatchObject({ code: 'effective_date_before_disbursement' });
});

test('is booked line by line as it was proposed; layer and currency stand on a line where they are not the first one’s', () => {
  const lines = [
    lineOf(1300, 5n, { loanId: 'loan' }),
    lineOf(4100, -5n),
    lineOf(1000, 3n, { layer: 1, currency: 'EUR' }),
    lineOf(2000, -3n, { layer: 1, currency: 'EUR' }),
  ];
  const own = (account: number, amountMinor: bigint) => ({ account, amountMinor, loanId: null, borrowerId: null });
  expect(approve(lines, contextOf([]))).toEqual({
    eventType: 'manual_adjustment',
    effectiveAt: DAY,
    currency: 'USD',
    layer: 0,
    loanId: null,
    borrowerId: null,
    lines: [
      { account: 1300, amountMinor: 5n, loanId: 'loan', borrowerId: 'borrower' },
      own(4100, -5n),
      { ...own(1000, 3n), layer: 1, currency: 'EUR' },
      { ...own(2000, -3n), layer: 1, currency: 'EUR' },
    ],
    reversesEntryId: null,
    externalRef: null,
    description: 'by hand',
    eventInput: { reason_code: 'correction', adjustment_id: 'adjustment', proposed_by: 'proposer' },
    metadata: null,
  });
});

test('charged-off loans take it', () => {
  const lines = [lineOf(1300, 5n, { loanId: 'loan' }), lineOf(4100, -5n)];
  expect(approve(lines, contextOf(['charged off']))).not.toHaveProperty('code');
});

test('one without lines is a fault of ours', () => {
  expect(() => approve([], contextOf([]))).toThrow('an adjustment without lines was not refused');
});

test('each layer of a loan has to keep its range by itself', () => {
  const loan = loanWith({ fees: 9n });
  const lines = [lineOf(1300, -5n, { loanId: 'loan', layer: 1 }), lineOf(4100, 5n, { layer: 1 })];
  expect(approve(lines, { ...contextOf([]), loan: () => loan })).toEqual(
    refusalOf({
      code: 'balance_would_be_negative',
      field: 'lines',
      detail: 'the fees of loan loan would fall below zero; reverse what was built on it first',
    }),
  );
});
