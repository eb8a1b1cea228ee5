import type { TestProject } from 'vitest/node';
import type { JsonSchema } from '../../src/http/openapi/json-schema.ts';
import { DOCUMENTED, type Documented, resolved } from './api-document.ts';

/** A test that passed: its title with those of the groups around it, what it was answered, and the problems among that. */
export type PassedTest = {
  readonly title: string;
  readonly answers: readonly string[];
  readonly problems: readonly string[];
};

/**
 * Promised statuses that no test shows: those for which there is no test that was answered so by that operation and says
 * both in its title.
 */
export function unshownAnswers(documented: readonly Documented[], passed: readonly ShownByTest[]): readonly string[] {
  return documented.flatMap(({ operation, responses }) =>
    Object.keys(responses)
      .map((status) => ({ status, answer: `${status} ${operation}` }))
      .filter(({ status, answer }) => !passed.some((test) => shows(test, { operation, status, answer })))
      .map(({ answer }) => answer),
  );
}

type ShownByTest = Pick<PassedTest, 'title' | 'answers'>;

type Wanted = { readonly operation: string; readonly status: string; readonly answer: string };

function shows({ title, answers }: ShownByTest, { operation, status, answer }: Wanted): boolean {
  if (!answers.includes(answer) || !new RegExp(`\\b${status}\\b`).test(title)) return false;
  // The name of an operation may begin that of another.
  return title
    .split(operation)
    .slice(1)
    .some((behind) => !/^[\w/{.-]/.test(behind));
}

/** The codes of every problem that the document promises for an operation. */
export function promisedProblems({ responses }: Pick<Documented, 'responses'>): readonly string[] {
  return Object.values(responses).flatMap((response) => codesOf(resolved(response)));
}

function codesOf({ content }: JsonSchema): readonly string[] {
  const { schema } = Object(Object(content)['application/problem+json']) as { readonly schema?: JsonSchema };
  const parts = (schema?.['allOf'] ?? []) as readonly { properties?: { code: { enum: readonly string[] } } }[];
  return parts.flatMap(({ properties }) => properties?.code.enum ?? []);
}

/**
 * Codes that need be produced by one operation alone, each with the reason: nothing of the operation has a part in it, and to
 * get there with every one of them would take too long.
 */
const ONE_FOR_ALL: Readonly<Record<string, string>> = {
  restatement_too_large: 'one comparison behind the decisions of every kind; each would need 5,001 later events',
};

/** Promised problems that no test was answered by that operation, whatever its title says. */
export function unproducedProblems(
  documented: readonly Documented[],
  passed: readonly Pick<PassedTest, 'problems'>[],
): readonly string[] {
  const produced = new Set(passed.flatMap(({ problems }) => problems));
  const anywhere = new Set([...produced].map((one) => one.split(' ', 1)[0]));
  return documented.flatMap((one) =>
    promisedProblems(one)
      .filter((code) => !(code in ONE_FOR_ALL ? anywhere.has(code) : produced.has(`${code} ${one.operation}`)))
      .map((code) => `${code} ${one.operation}`),
  );
}

/** Fails a run of every test in which something promised was not shown. A run of some of them is not judged. */
export function setup(project: TestProject): () => Promise<void> {
  return async () => {
    const { vitest } = project;
    const all = await vitest.globTestSpecifications();
    const run = vitest.state.getTestModules();
    if (run.length < all.length || vitest.getGlobalTestNamePattern() !== undefined) return;
    const passed = run.flatMap((one) =>
      [...one.children.allTests('passed')].map((test): PassedTest => {
        const { answers = [], problems = [] } = test.meta();
        return { title: test.fullName, answers, problems };
      }),
    );
    complain(
      'openapi.json promises what no test shows, or none that is titled by it',
      unshownAnswers(DOCUMENTED, passed),
    );
    complain('openapi.json promises problems that no test produces', unproducedProblems(DOCUMENTED, passed));
  };
}

function complain(what: string, missing: readonly string[]): void {
  if (missing.length === 0) return;
  console.error(`${what}:\n${missing.join('\n')}`);
  process.exitCode = 1;
}
