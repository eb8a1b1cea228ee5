import { FEE_ACCOUNT, somePolicy } from '../histories/history.ts';
import { storedPolicy } from '../histories/ledger-in-memory.ts';
import { answerObject } from './comparison.ts';
import type { Course } from './course.ts';
import { addDays } from './instant.ts';
import { expectAnswer } from './model/expectation.ts';
import { book } from './model/ledger.ts';
import { Random } from './random.ts';

/** Programs of a tenant beside the default one, each with a second version. */
const PROGRAMS = 3;

/** Makes each tenant an income account and programs with policies at random, in the ledger and in the model. */
export async function makePrograms(course: Course, seed: number, salt: string): Promise<void> {
  for (const [tenant, { books }] of course.ledgers.entries()) {
    const random = new Random(`programs:${seed}:${tenant}`);
    const { businessDate } = course.now(tenant);
    const account = { account_code: FEE_ACCOUNT, name: 'Late fee income', type: 'income' };
    await make(course, tenant, { path: '/v1/accounts', body: account, key: `account:${salt}:${tenant}` });
    books.accounts.set(FEE_ACCOUNT, ['Late fee income', 'CR']);
    for (let number = 0; number < PROGRAMS; number += 1) {
      const firstDay = addDays(businessDate, -400);
      const policy = () => storedPolicy(somePolicy(random, firstDay));
      const key = `program:${salt}:${tenant}:${number}`;
      const made = await make(course, tenant, {
        path: '/v1/programs',
        body: { name: 'One of several', ...policy() },
        key,
      });
      const path = `/v1/programs/${made}/versions`;
      const body = { ...policy(), effective_at: addDays(firstDay, random.below(400)) };
      await make(course, tenant, { path, body, key: `version:${salt}:${tenant}:${number}` });
    }
  }
}

/** Sends one act and books it where the model knows it; answers the id of a program. */
async function make(
  course: Course,
  tenant: number,
  { path, body, key }: { readonly path: string; readonly body: object; readonly key: string },
): Promise<string> {
  const ledger = course.ledger(tenant);
  const common = { tenant, method: 'POST', token: 'full', contentType: 'application/json' } as const;
  const request = { ...common, path, keyHeaders: [key], body: JSON.stringify(body) };
  const expected = path === '/v1/accounts' ? undefined : expectAnswer(ledger, request, course.now(tenant));
  const answer = await course.wire.send(request, 0);
  const programId = String(answerObject(answer.body)?.['program_id']);
  if (answer.status !== 201) throw new Error(`${path} answered ${answer.status} ${answer.body}`);
  if (expected === undefined) return '';
  if (expected.kind !== 'posted') throw new Error(`${path} was foretold as ${JSON.stringify(expected)}`);
  book(ledger, expected, { postedAt: '', entryIds: [], eventIds: [], programId, body: answer.body });
  return programId;
}
