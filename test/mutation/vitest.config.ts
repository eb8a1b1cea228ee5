import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/domain/**/*.test.ts', 'test/mutation/**/*.test.ts'],
    setupFiles: ['test/mutation/short-runs.ts'],
    isolate: false,
    testTimeout: 60_000,
  },
});
