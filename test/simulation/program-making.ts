import { FEE_ACCOUNT, somePolicy } from '../histories/history.ts';
import { storedPolicy } from '../histories/ledger-in-memory.ts';
import { answerObject, differencesOf } from './comparison.ts';
import type { Course } from './course.ts';
import { addDays } from './instant.ts';
import { expectAnswer } from './model/expectation.ts';
import { book } from './model/ledger.ts';
import { monthBeforeAll } from './period-acts.ts';
import { countPosted } from './posted-counts.ts';
import { bookAnswer } from './race-order.ts';
import { Random } from './random.ts';

/** Programs of a tenant beside the default one, each with a second version. */
const PROGRAMS = 3;

/** The names that a run gives its tenants' programs, and how many programs each needs whose loans are one worker's alone. */
interface ProgramWishes {
  readonly seed: number;
  readonly salt: string;
  readonly ownPrograms: readonly number[];
}

/** The programs of each tenant that belong to one worker alone. */
type OwnPrograms = readonly (readonly string[])[];

/**
 * Makes each tenant an income account and programs with policies at random, in the ledger and in the model; then the programs
 * that one worker each has to itself, with a rate, and closes the month before all others.
 */
export async function makePrograms(course: Course, wishes: ProgramWishes): Promise<OwnPrograms> {
  const { seed, salt, ownPrograms } = wishes;
  const own: string[][] = [];
  for (const [tenant, { books, publicPrograms }] of course.ledgers.entries()) {
    const random = new Random(`programs:${seed}:${tenant}`);
    const { businessDate } = course.now(tenant);
    // The last tenant's loans are put in order of effect, but for those of its default program.
    const backdating = tenant === course.ledgers.length - 1 ? 'replay' : 'append';
    const account = { account_code: FEE_ACCOUNT, name: 'Late fee income', type: 'income' };
    await make(course, tenant, { path: '/v1/accounts', body: account, key: `account:${salt}:${tenant}` });
    books.accounts.set(FEE_ACCOUNT, ['Late fee income', 'CR']);
    for (let number = 0; number < PROGRAMS; number += 1) {
      const firstDay = addDays(businessDate, -400);
      // One program that replays is else as programs are by default, so that what its loans come to is known beforehand.
      const isPlain = backdating === 'replay' && number === 0;
      const policy = () => ({ ...(isPlain ? {} : storedPolicy(somePolicy(random, firstDay))), backdating });
      const key = `program:${salt}:${tenant}:${number}`;
      const made = await make(course, tenant, {
        path: '/v1/programs',
        body: { name: 'One of several', ...policy() },
        key,
      });
      publicPrograms.push(made);
      const path = `/v1/programs/${made}/versions`;
      const body = { ...policy(), effective_at: addDays(firstDay, random.below(400)) };
      await make(course, tenant, { path, body, key: `version:${salt}:${tenant}:${number}` });
    }
    own.push([]);
    for (let number = 0; number < (ownPrograms[tenant] ?? 0); number += 1) {
      const annual_rates = [{ from: '2000-01-01', rate: random.pick(['0.0799', '0.365', '0.11']) }];
      const convention = { day_count_convention: random.pick(['ACT_365', 'ACT_360', 'THIRTY_E_360']) };
      const body = { name: 'Of one worker', annual_rates, ...convention, principal_check: 'reject', backdating };
      const key = `program:${salt}:${tenant}:own-${number}`;
      own[tenant]?.push(await make(course, tenant, { path: '/v1/programs', body, key }));
    }
    await closeFirst(course, tenant, salt);
  }
  return own;
}

async function closeFirst(course: Course, tenant: number, salt: string): Promise<void> {
  const path = `/v1/periods/${monthBeforeAll(course.now(tenant).businessDate)}/close`;
  const common = { tenant, method: 'POST', token: 'full', contentType: 'application/json', body: '{}' } as const;
  const request = { ...common, path, keyHeaders: [`period:${salt}:${tenant}`] };
  const ledger = course.ledger(tenant);
  const expected = expectAnswer(ledger, request, course.now(tenant));
  const answer = await course.write(request, { loanIds: [], process: 0 });
  const found = differencesOf(ledger, expected, answer);
  if (found.length > 0) course.differ('period', { request, answer, found });
  if (expected.kind !== 'posted' || answer.status !== 201) return;
  bookAnswer(ledger, expected, answer);
  countPosted(course.report, ledger, { request, answer });
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
