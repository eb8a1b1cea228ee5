import { TestRunner } from 'vitest';
import { onAnswered } from './answered.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** What was answered in a test: `404 GET /v1/loans/{loan_id}/balance`, each once. */
    answers?: string[];
  }
}

// Loaded before every test file: what each test was answered is told with its result.
onAnswered((operation, status) => {
  const test = TestRunner.getCurrentTest();
  if (test === undefined) return;
  const answer = `${status} ${operation}`;
  test.meta.answers ??= [];
  if (!test.meta.answers.includes(answer)) test.meta.answers.push(answer);
});
