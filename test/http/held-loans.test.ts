import { expect, test } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { serveLedger } from './ledger-server.ts';
import { holdLoan } from './loan-lock.ts';
import { accrual, newLoan, payment } from './loan-story.ts';
import { expectProblem } from './problem.ts';

/** TRUST.md section 1: what one tenant waits for, no other waits for. */
const ledger = await serveLedger();

const PAYERS = 4;
const PAYMENTS = 100;
/** Each payment beside held loans waited for a lock, one time-out or more: this many of them took minutes. */
const TOGETHER_MS_MAX = 20_000;

test('a tenant whose loans somebody holds is told too_busy, again and again, while another one is served', async () => {
  const held = await Promise.all(Array.from({ length: PAYERS }, () => newLoan(ledger.api)));
  const locks = await Promise.all(held.map(({ loanId }) => holdLoan(ledger, loanId)));
  const other = await ledger.newTenant();
  const loan = await newLoan(other);
  let isOver = false;
  let made = 0;
  const codes = new Set<unknown>();
  const payers = held.map(async (mine) => {
    while (!isOver) {
      made += 1;
      const { status, text } = await ledger.api.post('/v1/payments', payment(mine), { key: `payment:held:${made}` });
      codes.add(status === 503 ? JSON.parse(text).code : status);
    }
  });
  const beganMs = performance.now();
  const statuses: number[] = [];
  for (let number = 0; number < PAYMENTS; number += 1) {
    const own = payment(loan, { amount_minor: '1' });
    statuses.push((await other.post('/v1/payments', own, { key: `payment:free:${number}` })).status);
  }
  const tookMs = performance.now() - beganMs;
  isOver = true;
  await Promise.all(payers);
  expect(statuses).toEqual(Array.from({ length: PAYMENTS }, () => 201));
  expect(tookMs).toBeLessThan(TOGETHER_MS_MAX);
  expect([...codes]).toEqual(['too_busy']);
  for (const lock of locks) await lock.release();
});

test('a command that met a held loan is posted once the loan is let go of, without being sent again', async () => {
  const loan = await newLoan(ledger.api);
  const lock = await holdLoan(ledger, loan.loanId);
  // Whoever waits first finds it held by waiting, and the tenant is looked after from then on.
  const pay = (key: string) => ledger.api.post('/v1/payments', payment(loan), { key });
  expect((await pay('payment:held:first')).status).toBe(503);
  const second = pay('payment:held:second');
  // Sent behind it and answered: the batch of the second has looked for held loans by then.
  const free = await newLoan(ledger.api);
  expect((await ledger.api.post('/v1/payments', payment(free), { key: 'payment:free:third' })).status).toBe(201);
  await lock.release();
  expect((await second).status).toBe(201);
});

test('a heavy command waits in turn for loans that others hold, also when one before it has waited in vain', async () => {
  // Each loan has a row or more, so that the batch is too heavy for the serving thread.
  const loans = await Promise.all(Array.from({ length: LIMITS.lightWeight }, () => newLoan(ledger.api)));
  const [first, , second] = loans.map(({ loanId }) => loanId).toSorted();
  if (first === undefined || second === undefined) throw new Error('there are no loans');
  const nightly = accrual(
    ledger.api,
    loans.map((loan) => [loan, '7'] as const),
  );
  const vain = await holdLoan(ledger, second);
  const refused = await ledger.api.post('/v1/accruals/batch', nightly);
  expectProblem(refused, { status: 503, code: 'too_busy' });
  await vain.release();
  const locks = [await holdLoan(ledger, first), await holdLoan(ledger, second)];
  const answer = ledger.api.post('/v1/accruals/batch', nightly);
  for (const lock of locks) {
    await lock.untilWaiting();
    await lock.release();
  }
  expect((await answer).status).toBe(201);
});
