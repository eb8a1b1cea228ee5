import { posix } from 'node:path';
import { lineAt } from './source-text.ts';
import { type SourceFile, type SourceTree, textOf } from './source-tree.ts';

/** One import or re-export: `target` is a path from the root for a relative one, else the package's name. */
export type Import = { readonly from: string; readonly line: number; readonly target: string; readonly local: boolean };

// The formatter puts every import at the start of a line and its module in single quotes, on one line with `from`.
const STATIC = /^(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*'([^']+)'/gm;
const DYNAMIC = /\bimport\(\s*'([^']+)'\s*\)/g;
const WORKER = /\bnew URL\(\s*'(\.[^']+\.ts)',\s*import\.meta\.url\s*\)/g;

/** Every import of a file, types included: a type drawn from a further layer is knowledge of it all the same. */
export function importsOf({ path, text }: SourceFile): readonly Import[] {
  return [STATIC, DYNAMIC, WORKER].flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => {
      const module = match[1] ?? '';
      const local = module.startsWith('.');
      const target = local ? posix.join(posix.dirname(path), module) : module;
      return { from: path, line: lineAt(text, match.index), target, local };
    }),
  );
}

/** Groups of files that import one another in a ring, each in order of its paths (Tarjan's strongly connected sets). */
export function cyclesAmong(tree: SourceTree, files: readonly SourceFile[]): readonly (readonly string[])[] {
  const edges = new Map(files.map((file) => [file.path, localTargets(tree, file)]));
  const indexes = new Map<string, number>();
  const lows = new Map<string, number>();
  const open: string[] = [];
  const cycles: string[][] = [];
  const visit = (path: string): number => {
    const index = indexes.size;
    let low = index;
    indexes.set(path, index);
    open.push(path);
    for (const target of edges.get(path) ?? []) {
      if (!edges.has(target)) continue;
      if (!indexes.has(target)) low = Math.min(low, visit(target));
      else if (open.includes(target)) low = Math.min(low, lows.get(target) ?? indexes.get(target) ?? low);
    }
    lows.set(path, low);
    if (low === index) {
      const members = open.splice(open.indexOf(path));
      if (members.length > 1 || edges.get(path)?.includes(path) === true) cycles.push(members.sort());
    }
    return low;
  };
  for (const path of edges.keys()) if (!indexes.has(path)) visit(path);
  return cycles;
}

function localTargets(tree: SourceTree, file: SourceFile): readonly string[] {
  return importsOf(file).flatMap(({ target, local }) => (local && textOf(tree, target) !== undefined ? [target] : []));
}
