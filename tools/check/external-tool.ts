import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Check } from './source-tree.ts';

const PACKAGES = new URL('../../node_modules/', import.meta.url);
const FINDINGS_SHOWN = 40;

type Tool = {
  readonly name: string;
  readonly promise: string;
  /** The script of the installed package, below node_modules. */
  readonly script: string;
  readonly args: readonly string[];
};

/** Types: TypeScript's own check of everything that tsconfig.json includes. */
export const types: Check = toolCheck({
  name: 'types',
  promise: 'TypeScript accepts every file under the strict settings of tsconfig.json',
  script: 'typescript/bin/tsc',
  args: ['--pretty', 'false'],
});

/** Lint and format. */
export const lintAndFormat: Check = toolCheck({
  name: 'lint and format',
  promise: 'biome accepts every file by the rules of biome.json, and would format none differently',
  script: '@biomejs/biome/bin/biome',
  args: ['check', '--colors=off', '--max-diagnostics=20', '--error-on-warnings'],
});

/** Files, exports and dependencies that nothing uses. */
export const deadCode: Check = toolCheck({
  name: 'dead code',
  promise: 'knip finds no file, export or dependency that nothing uses, and none that is missing',
  script: 'knip/bin/knip.js',
  args: ['--no-progress', '--reporter', 'compact'],
});

/** Runs an installed tool in the project's root under this Node; what it prints are the findings when it fails. */
function toolCheck({ name, promise, script, args }: Tool): Check {
  return {
    name,
    promise,
    find: async ({ root }) => {
      const path = fileURLToPath(new URL(script, PACKAGES));
      const { failed, output } = await runScript({ path, args, folder: root });
      if (!failed) return [];
      const lines = output.split('\n').filter((line) => line.trim() !== '');
      if (lines.length === 0) return [`${script} failed without a word`];
      const more = lines.length > FINDINGS_SHOWN ? [`… and ${lines.length - FINDINGS_SHOWN} further lines`] : [];
      return [...lines.slice(0, FINDINGS_SHOWN), ...more];
    },
  };
}

type Script = { readonly path: string; readonly args: readonly string[]; readonly folder: string };

function runScript({ path, args, folder }: Script): Promise<{ readonly failed: boolean; readonly output: string }> {
  return new Promise((resolve) => {
    const options = {
      cwd: folder,
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    };
    execFile(process.execPath, [path, ...args], options, (error, stdout, stderr) => {
      resolve({ failed: error !== null, output: `${stdout}${stderr}` });
    });
  });
}
