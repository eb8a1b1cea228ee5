import { defineConfig } from 'vitest/config';

/** The tests that judge src/domain without a database: those beside it, and the engine's properties. */
export default defineConfig({
  test: {
    include: ['src/domain/**/*.test.ts', 'src/posting/**/*.test.ts', 'test/posting/**/*.test.ts', 'test/interest/**/*.test.ts'],
    testTimeout: 60_000,
  },
});
