import { randomUUID } from 'node:crypto';
import { type IdPosition, named } from './id-position.ts';
import { newLoan, nonAccrual, nonAccrualPath, refinance, restructure } from './loan-story.ts';

/** Where ids stand in refinances, restructures and changes of the mark of non-accrual. */
export const RESTRUCTURING: readonly IdPosition[] = [
  {
    operation: 'POST /v1/refinances',
    position: 'body old_loan_id',
    status: 404,
    attempt: (ids, me) => me.api.post('/v1/refinances', refinance(named(ids, me), randomUUID())),
  },
  {
    operation: 'POST /v1/refinances',
    position: 'body new_loan_id',
    // As with a first disbursement: an id that is free here makes a loan here.
    status: 201,
    attempt: async (ids, { api }) =>
      api.post('/v1/refinances', refinance(await newLoan(api), ids.spareNewLoan, { new_money_minor: '5' })),
  },
  {
    operation: 'POST /v1/refinances',
    position: 'body borrower_id',
    status: 422,
    attempt: (ids, me) => {
      const body = refinance({ ...me.loan, borrowerId: ids.borrower }, randomUUID());
      return me.api.post('/v1/refinances', body);
    },
  },
  {
    operation: 'POST /v1/refinances',
    position: 'body program_id',
    status: 404,
    attempt: (ids, me) => {
      const body = refinance(me.loan, randomUUID(), { program_id: ids.program });
      return me.api.post('/v1/refinances', body);
    },
  },
  {
    operation: 'POST /v1/restructures',
    position: 'body loan_id',
    status: 404,
    attempt: (ids, me) => me.api.post('/v1/restructures', restructure(named(ids, me))),
  },
  {
    operation: 'POST /v1/loans/{loan_id}/non-accrual',
    position: 'path loan_id',
    status: 404,
    attempt: (ids, me) => me.api.post(nonAccrualPath(named(ids, me)), nonAccrual('enter')),
  },
];
