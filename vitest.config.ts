import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Many tests wait for time-outs, so that two files at once fit even two cores, which vitest would give one. */
const FILES_AT_ONCE = Math.max(2, availableParallelism() - 1);

export default defineConfig({
  test: {
    include: ['{src,test,bench,tools}/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts', 'test/openapi/promised-answers.ts'],
    setupFiles: ['test/openapi/remember-answers.ts'],
    maxWorkers: FILES_AT_ONCE,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
