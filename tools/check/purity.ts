import { lineAt, scanSource } from './source-text.ts';
import { type Check, programFiles } from './source-tree.ts';

/** What the domain may not name: clocks, randomness, the process and the world outside. */
const IMPURE =
  /\b(?:new Date\b|Date\s*[.(]|Math\.random\b|(?:performance|crypto|process|globalThis|console|fetch|setTimeout|setInterval|setImmediate|queueMicrotask|Temporal)\b)/g;

/** The domain decides from what it is given, so that a decision can be repeated and tested without a world around it. */
export const purity: Check = {
  name: 'purity',
  promise: 'src/domain touches no clock, randomness, process or I/O',
  find: async (tree) =>
    programFiles(tree)
      .filter(({ path }) => path.startsWith('src/domain/'))
      .flatMap(({ path, text }) => {
        const { code } = scanSource(text);
        return [...code.matchAll(IMPURE)].map(
          (match) => `${path}:${lineAt(code, match.index)}: the domain may not use ${match[0].trim()}`,
        );
      }),
};
