/** The groups of operations, in the order in which the document lists them. */
export const TAGS = {
  Events: 'What happens to loans: each request posts one balanced journal entry, exactly once.',
  Balances: 'What loans owe and accounts hold, on any day, as known at any instant.',
  Journal: 'The journal entries themselves, one by one and as lists that stay in place while they are written to.',
  Adjustments: 'Lines that one client proposes and another approves, posted as they stand.',
  Loans: 'Loans as they stand: registered or disbursed, what they owe, what they belong to.',
  Configuration: 'Programs, which say how events of their loans are booked, and the chart of accounts.',
  Periods: 'Months that are closed, so that nothing is dated in them any more.',
  Reconciliation: 'Whether the books agree with themselves, counted again when it is asked.',
  Webhooks: 'Telling others of every journal entry, and the same events pulled.',
  Authentication: 'Access tokens, and what others need to know of their issuer.',
  Operations: 'Whether the server lives and is ready, and what describes it.',
} as const;

export type Tag = keyof typeof TAGS;
