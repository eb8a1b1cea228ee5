import type { TestProject } from 'vitest/node';
import { DOCUMENTED, type Documented } from './api-document.ts';

/** A test that passed: its title with those of the groups around it, and what it was answered. */
export type PassedTest = { readonly title: string; readonly answers: readonly string[] };

/**
 * Promised statuses that no test shows: those for which there is no test that was answered so by that operation and says
 * both in its title.
 */
export function unshownAnswers(documented: readonly Documented[], passed: readonly PassedTest[]): readonly string[] {
  return documented.flatMap(({ operation, responses }) =>
    Object.keys(responses)
      .map((status) => ({ status, answer: `${status} ${operation}` }))
      .filter(({ status, answer }) => !passed.some((test) => shows(test, { operation, status, answer })))
      .map(({ answer }) => answer),
  );
}

type Wanted = { readonly operation: string; readonly status: string; readonly answer: string };

function shows({ title, answers }: PassedTest, { operation, status, answer }: Wanted): boolean {
  if (!answers.includes(answer) || !new RegExp(`\\b${status}\\b`).test(title)) return false;
  // The name of an operation may begin that of another.
  return title
    .split(operation)
    .slice(1)
    .some((behind) => !/^[\w/{.-]/.test(behind));
}

/** Fails a run of every test in which a promised status was not shown. A run of some of them is not judged. */
export function setup(project: TestProject): () => Promise<void> {
  return async () => {
    const { vitest } = project;
    const all = await vitest.globTestSpecifications();
    const run = vitest.state.getTestModules();
    if (run.length < all.length || vitest.getGlobalTestNamePattern() !== undefined) return;
    const passed = run.flatMap((one) =>
      [...one.children.allTests('passed')].map((test) => ({
        title: test.fullName,
        answers: test.meta().answers ?? [],
      })),
    );
    const unshown = unshownAnswers(DOCUMENTED, passed);
    if (unshown.length === 0) return;
    console.error(`openapi.json promises what no test shows, or none that is titled by it:\n${unshown.join('\n')}`);
    process.exitCode = 1;
  };
}
