import { type Literal, scanSource } from './source-text.ts';
import { type Check, programFiles } from './source-tree.ts';

/** A statement over our tables. The setting hpts.tenants is no table. */
const STATEMENT =
  /\b(?:SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE|MERGE\s+INTO)\b[^;]*?\bhpts\.(?!tenants\b)[a-z_]+/;
const ROOM_WITH_SQL = 'src/postgres/';
/** Where every statement belongs to one tenant or a list of them: what posts, and what answers a tenant's reads. */
const TENANT_FOLDERS = ['src/postgres/posting/', 'src/postgres/reading/'] as const;

/** PostgreSQL is the only room with SQL in it (ENGINE.md section 1). */
export const sqlRoom: Check = {
  name: 'sql room',
  promise: `statements over hpts.* stand under ${ROOM_WITH_SQL} only`,
  find: async (tree) =>
    programFiles(tree)
      .filter(({ path }) => !path.startsWith(ROOM_WITH_SQL))
      .flatMap(({ path, text }) =>
        statementsIn(text).map(({ line }) => `${path}:${line}: SQL outside ${ROOM_WITH_SQL}`),
      ),
};

/** tenant_id is to become the distribution column (ENGINE.md section 5), and a second guard beside row-level security. */
export const tenantFilter: Check = {
  name: 'tenant filter',
  promise: `every statement under ${TENANT_FOLDERS.join(' and ')} names tenant_id`,
  find: async (tree) =>
    programFiles(tree)
      .filter(({ path }) => TENANT_FOLDERS.some((folder) => path.startsWith(folder)))
      .flatMap(({ path, text }) =>
        statementsIn(text)
          .filter((statement) => !/\btenant_id\b/.test(statement.text))
          .map(({ line }) => `${path}:${line}: a statement without tenant_id`),
      ),
};

function statementsIn(source: string): readonly Literal[] {
  return scanSource(source).literals.filter(({ text }) => STATEMENT.test(text));
}
