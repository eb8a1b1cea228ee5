import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{src,test,bench,tools}/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts', 'test/openapi/promised-answers.ts'],
    setupFiles: ['test/openapi/remember-answers.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
