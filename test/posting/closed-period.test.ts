import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { TENANTS } from './arbitrary-command.ts';
import { BUSINESS_DATE, MemoryBooks } from './memory-books.ts';

test('what an event books on a date that it does not ask about is refused all the same when that is closed', () => {
  const books = new MemoryBooks(TENANTS);
  const tenantId = TENANTS[0]?.tenantId ?? '';
  // A registration without opening balances is booked on the business date, which no close reaches.
  const register = () => {
    const loanId = randomUUID();
    const ids = { tenantId, actor: 'client', key: loanId, keyHash: loanId, payloadHash: loanId };
    const terms = { programId: null, annualRate: null, maturityDate: null, opening: null };
    const registration = { loanId, borrowerId: loanId, currency: 'USD', ...terms, externalRef: null, metadata: null };
    return books.post([{ kind: 'registration', ...ids, registration }]).decisions;
  };
  expect(register()).toMatchObject([{ outcome: 'posted' }]);
  books.periodCloses.set('a close', { tenantId, entryId: randomUUID(), closedThrough: BUSINESS_DATE });
  expect(register()).toMatchObject([{ outcome: 'refused', refusal: { code: 'period_closed' } }]);
});
