import { LIMITS } from '../../src/limits.ts';
import { type Check, programFiles } from './source-tree.ts';

/** A limit in the table that no code reads is a promise that nobody keeps. */
export const limitsInForce: Check = {
  name: 'limits in force',
  promise: 'every limit of src/limits.ts is read by the program',
  find: async (tree) => {
    const files = programFiles(tree).filter(({ path }) => path !== 'src/limits.ts');
    return Object.keys(LIMITS)
      .filter((name) => !files.some(({ text }) => new RegExp(`\\bLIMITS\\.${name}\\b`).test(text)))
      .map((name) => `src/limits.ts: ${name} is read nowhere`);
  },
};
