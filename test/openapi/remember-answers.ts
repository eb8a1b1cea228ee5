import { TestRunner } from 'vitest';
import { onAnswered } from './answered.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** What was answered in a test: `404 GET /v1/loans/{loan_id}/balance`, each once. */
    answers?: string[];
    /** The problems among them: `loan_not_found GET /v1/loans/{loan_id}/balance`, each once. */
    problems?: string[];
  }
}

// Loaded before every test file: what each test was answered is told with its result.
onAnswered(({ operation, status, code }) => {
  const test = TestRunner.getCurrentTest();
  if (test === undefined) return;
  test.meta.answers ??= [];
  addOnce(test.meta.answers, `${status} ${operation}`);
  if (code === null) return;
  test.meta.problems ??= [];
  addOnce(test.meta.problems, `${code} ${operation}`);
});

function addOnce(known: string[], one: string): void {
  if (!known.includes(one)) known.push(one);
}
