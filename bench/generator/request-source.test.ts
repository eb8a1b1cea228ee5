import { expect, it } from 'vitest';
import { requestSource } from './request-source.ts';

const GROUP = { token: 'token', firstLoan: 7, loans: 1 };
const TARGET = { host: '127.0.0.1:8080', connections: 2 };

function parse(request: Buffer): { head: string; body: string } {
  const [head = '', body = ''] = request.toString('utf8').split('\r\n\r\n');
  return { head, body };
}

it('makes payments whose lengths and sums are right and whose keys differ', () => {
  const source = requestSource(
    {
      kind: 'payments',
      groups: [GROUP],
      hotShare: 0,
      hotLoans: 10,
      effectiveDates: ['2026-05-01'],
      split: true,
      keyPrefix: '0123abcd',
    },
    TARGET,
  );
  const keys = new Set<string>();
  for (let made = 0; made < 100; made += 1) {
    const { head, body } = parse(source.next(made % 2));
    expect(Number(/Content-Length: (\d+)/.exec(head)?.[1])).toBe(body.length);
    keys.add(/Idempotency-Key: (\S+)/.exec(head)?.[1] ?? '');
    const payment = JSON.parse(body) as { loan_id: string; amount_minor: string; allocation: Record<string, string> };
    // md5('loan 7')
    expect(payment.loan_id).toBe('eebc64fc-6891-f3d8-8029-da8098410692');
    expect(Object.values(payment.allocation).reduce((sum, part) => sum + BigInt(part), 0n)).toBe(
      BigInt(payment.amount_minor),
    );
  }
  expect(keys.size).toBe(100);
});

it('asks for balances as of the dates given', () => {
  const source = requestSource({ kind: 'balances', groups: [GROUP], asOfDates: ['2026-05-01'] }, TARGET);
  expect(parse(source.next(0)).head).toMatch(
    /^GET \/v1\/loans\/[0-9a-f-]{36}\/balance\?as_of_date=2026-05-01 HTTP\/1\.1\r\n/,
  );
});

it('accrues every loan once for each date, and says when the dates are used up', () => {
  const source = requestSource(
    {
      kind: 'accruals',
      group: { ...GROUP, loans: 3 },
      programId: 'program',
      loansPerCall: 2,
      dates: ['2026-05-01'],
      keyPrefix: '0123abcd',
    },
    TARGET,
  );
  const loans = [0, 1].map(() => (JSON.parse(parse(source.next(0)).body) as { loans: unknown[] }).loans.length);
  expect(loans).toEqual([2, 1]);
  expect(() => source.next(0)).toThrow(/accrued/);
});
