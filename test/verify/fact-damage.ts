import { type Damage, entry } from './damage.ts';
import { entryId } from './hand-books.ts';
import { LOANS } from './hand-ledger.ts';

/** Changes members of what an entry keeps of what was asked. */
function said(name: string, change: Readonly<Record<string, unknown>>): string {
  return `UPDATE hpts.journal_entry SET event_input = (event_input::jsonb || '${JSON.stringify(change)}')::text WHERE ${entry(name)}`;
}

function otherwise(what: string, name: string, change: Readonly<Record<string, unknown>>): Damage {
  return { what, sql: () => said(name, change), named: () => [`event_inputs: entry ${entryId(name)}`] };
}

const NOBODYS = '00000000-0000-4000-8000-0000000000ff';

/** Damage to who sent an entry, under which reference, and what was asked for. */
export const OF_FACTS: readonly Damage[] = [
  {
    what: 'the actor of one entry of a command',
    sql: () => `UPDATE hpts.journal_entry SET actor = 'somebody' WHERE ${entry('return fee')}`,
    named: () => [`command_actors: entry ${entryId('return fee')}`],
  },
  {
    what: 'the external reference of a payment that was reversed',
    sql: () => `UPDATE hpts.journal_entry SET external_ref = 'another' WHERE ${entry('late payment')}`,
    named: () => [`carried_facts: entry ${entryId('unpayment')}`],
  },
  {
    what: 'the external reference of a payment that came back',
    sql: () => `UPDATE hpts.journal_entry SET external_ref = 'another' WHERE ${entry('overpayment')}`,
    named: () => [`carried_facts: entry ${entryId('return')}`],
  },
  ...["external_ref = 'another'", "description = 'another'", "metadata = '{}'"].map((change) => ({
    what: `of an event booked again, ${change}`,
    sql: () => `UPDATE hpts.journal_entry SET ${change} WHERE ${entry('payment again')}`,
    named: () => [`carried_facts: entry ${entryId('payment again')}`],
  })),
  {
    what: 'what was asked for an event booked again',
    sql: () => said('payment again', { source_method: 'cash' }),
    named: () => [`carried_facts: entry ${entryId('payment again')}`],
  },
  {
    what: 'what was asked, taken away',
    sql: () => `UPDATE hpts.journal_entry SET event_input = NULL WHERE ${entry('fee')}`,
    named: () => [`event_inputs: entry ${entryId('fee')}`],
  },
  otherwise('the program that an accrual names', 'accrual again', { program_id: NOBODYS }),
  otherwise('the day count that an accrual names', 'accrual again', { day_count_convention: 'ACT_360' }),
  otherwise('how many loans an accrual says it has', 'accrual again', { loan_count: 4 }),
  otherwise('the reason of an adjustment', 'adjustment', { reason_code: 'waiver' }),
  otherwise('who proposed an adjustment', 'adjustment', { proposed_by: 'somebody' }),
  otherwise('the payment that a return names', 'return', { payment_event_id: NOBODYS }),
  otherwise('the amount that a return names', 'return', { amount_minor: '999' }),
  otherwise('the pending event that a settlement names', 'settling', { settles_event_id: NOBODYS }),
  otherwise('the loan that a refinance makes', 'renewal', { new_loan_id: LOANS.quiet }),
  otherwise('the loan that a refinance ends', 'renewal', { old_loan_id: LOANS.quiet }),
  otherwise('the new money of a refinance', 'renewal', { new_money_minor: '5001' }),
  otherwise('the event that a reversal says it cancels', 'unpayment', { cancels_event_id: NOBODYS }),
  otherwise('the entry for which a reversal was asked', 'unpayment', { requested_entry_id: NOBODYS }),
  otherwise('what a recovery says it brought back, in sum', 'recovery', {
    recovered: { fees_minor: '40', interest_minor: '0', principal_minor: '1251', suspense_minor: '0' },
  }),
  otherwise('what a recovery says it brought back, by component', 'recovery', {
    recovered: { fees_minor: '0', interest_minor: '40', principal_minor: '1250', suspense_minor: '0' },
  }),
  otherwise('what a recovery says it left to suspense', 'recovery', {
    recovered: { fees_minor: '0', interest_minor: '0', principal_minor: '1250', suspense_minor: '40' },
  }),
];
