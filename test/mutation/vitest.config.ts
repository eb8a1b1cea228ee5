import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const HISTORIES = 'test/mutation/short-histories.ts';

/** Most mutants die of a unit test, in milliseconds: the histories come last, for those that live until then. */
class HistoriesLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => (moduleId.endsWith(HISTORIES) ? 1 : 0);
    return files.toSorted((one, other) => place(one) - place(other));
  }
}

/** The tests that judge src/domain without a database: those beside it, and histories against the reference model. */
export default defineConfig({
  test: {
    include: ['src/domain/**/*.test.ts', HISTORIES],
    setupFiles: ['test/mutation/short-runs.ts'],
    sequence: { sequencer: HistoriesLast },
    isolate: false,
    testTimeout: 60_000,
  },
});
