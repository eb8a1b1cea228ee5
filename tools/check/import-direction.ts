import { cyclesAmong, importsOf } from './import-graph.ts';
import { type Check, programFiles } from './source-tree.ts';

/** Where a file of src stands. The files of src itself are the composition, but for limits.ts. */
type Layer = 'limits' | 'domain' | 'posting' | 'postgres' | 'http' | 'jobs' | 'composition' | 'cli';

const MAY_IMPORT: Readonly<Record<Layer, readonly Layer[]>> = {
  limits: [],
  domain: ['domain', 'limits'],
  posting: ['domain', 'posting', 'limits'],
  postgres: ['domain', 'posting', 'postgres', 'limits'],
  http: ['domain', 'posting', 'postgres', 'http', 'limits'],
  jobs: ['domain', 'posting', 'postgres', 'jobs', 'limits'],
  composition: ['domain', 'posting', 'postgres', 'http', 'jobs', 'composition', 'limits'],
  cli: ['domain', 'posting', 'postgres', 'composition', 'cli', 'limits'],
};

const PURE: readonly Layer[] = ['domain', 'limits'];

/** Imports point one way (ENGINE.md section 3): domain < posting < postgres < http, jobs, cli < main. */
export const importDirection: Check = {
  name: 'import direction',
  promise: 'imports point one way: domain < posting < postgres < http, jobs, cli < main',
  find: async (tree) =>
    programFiles(tree).flatMap((file) => {
      const layer = layerOf(file.path);
      if (layer === undefined) return [`${file.path}: lies in no layer of the layout`];
      return importsOf(file).flatMap(({ line, target, local }) => {
        const place = `${file.path}:${line}`;
        if (!local) return PURE.includes(layer) ? [`${place}: ${layer} may not import ${target}`] : [];
        const targetLayer = layerOf(target);
        if (targetLayer === undefined) return [`${place}: the program may not import ${target}`];
        return MAY_IMPORT[layer].includes(targetLayer) ? [] : [`${place}: ${layer} may not import ${target}`];
      });
    }),
};

/** Two files that import each other cannot be read, tested or moved apart. Tests and tools count as well. */
export const importCycles: Check = {
  name: 'import cycles',
  promise: 'no file imports itself by way of others',
  find: async (tree) => {
    const files = tree.files.filter(({ path }) => path.endsWith('.ts'));
    return cyclesAmong(tree, files).map((members) => `${members[0]}: in a ring with ${members.slice(1).join(', ')}`);
  },
};

function layerOf(path: string): Layer | undefined {
  if (path === 'src/limits.ts') return 'limits';
  const [top, folder, ...rest] = path.split('/');
  if (top !== 'src' || folder === undefined) return undefined;
  if (rest.length === 0) return 'composition';
  const layers: readonly Layer[] = ['domain', 'posting', 'postgres', 'http', 'jobs', 'cli'];
  return layers.find((layer) => layer === folder);
}
