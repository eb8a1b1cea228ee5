import { SETTINGS } from '../../src/config.ts';
import { SCOPES } from '../../src/domain/scope.ts';
import { PROBLEMS } from '../../src/http/problem-table.ts';
import { LIMITS } from '../../src/limits.ts';
import { type TableRow, tableBelow, tableDifferences } from './markdown-table.ts';
import { type Check, type SourceTree, textOf } from './source-tree.ts';

type DocumentedTable = {
  readonly path: string;
  readonly heading: string;
  /** What the code calls it. */
  readonly name: string;
  /** The cells that the document has to show, first column first; further columns are the document's own. */
  readonly rows: readonly TableRow[];
};

const TABLES: readonly DocumentedTable[] = [
  {
    path: 'docs/errors.md',
    heading: 'Codes',
    name: 'PROBLEMS in src/http/problem-table.ts',
    rows: Object.entries(PROBLEMS).map(([code, { status, title, advice }]) => [code, String(status), title, advice]),
  },
  {
    path: 'docs/settings.md',
    heading: 'Settings',
    name: 'SETTINGS in src/config.ts',
    rows: SETTINGS.map(({ name, fallback, meaning }) => [name, fallback, meaning]),
  },
  {
    path: 'docs/limits.md',
    heading: 'Limits',
    name: 'LIMITS in src/limits.ts',
    rows: Object.entries(LIMITS).map(([name, value]) => [name, String(value)]),
  },
  {
    path: 'docs/api.md',
    heading: 'Scopes',
    name: 'SCOPES in src/domain/scope.ts',
    rows: SCOPES.map((scope) => [scope]),
  },
];

/** What people read about errors, settings, limits and scopes is what the program does. */
export const documentedTables: Check = {
  name: 'documented tables',
  promise: 'the tables of errors, settings, limits and scopes in docs/ are those of the code, row by row',
  find: async (tree) => TABLES.flatMap((table) => differences(tree, table)),
};

/** The operations that the routes declare, as docs/api.md lists them: method, path, scope. */
export const documentedOperations: Check = {
  name: 'documented operations',
  promise: 'docs/api.md lists every operation of src/http/routes with its scope, and no other',
  find: async (tree) =>
    differences(tree, {
      path: 'docs/api.md',
      heading: 'Operations',
      name: 'src/http/routes',
      rows: operationsOf(tree),
    }),
};

function differences(tree: SourceTree, { path, heading, name, rows }: DocumentedTable): readonly string[] {
  const text = textOf(tree, path);
  if (text === undefined) return [`${path}: is missing; it lists ${name}`];
  const documented = tableBelow(text, heading);
  if (documented === undefined) return [`${path}: has no table below the heading "${heading}"`];
  const columns = rows[0]?.length ?? 0;
  return tableDifferences({ path, rows: documented.map((row) => row.slice(0, columns)) }, { name, rows });
}

const ROUTE = /(method: '(?<method>[A-Z]+)',\n\s+)?path: '(?<path>[^']+)',\n\s+scope: (?:'(?<scope>[^']+)'|null)/g;

function operationsOf(tree: SourceTree): readonly TableRow[] {
  const routes = tree.files.filter(({ path }) => path.startsWith('src/http/routes/') && !path.endsWith('.test.ts'));
  return routes.flatMap(({ text }) =>
    [...text.matchAll(ROUTE)].map(({ groups }) => [
      // A posting route names no method: it is always POST.
      groups?.['method'] ?? 'POST',
      (groups?.['path'] ?? '').replaceAll(/:(\w+)/g, '{$1}'),
      groups?.['scope'] ?? 'none',
    ]),
  );
}
