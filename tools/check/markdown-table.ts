/** A row of a table in a document: its cells without white space around them and without code marks. */
export type TableRow = readonly string[];

/** The rows of the first table below the heading `heading`; undefined when there is no such table. */
export function tableBelow(markdown: string, heading: string): readonly TableRow[] | undefined {
  const lines = markdown.split('\n');
  const start = lines.findIndex((line) => line.replace(/^#+\s+/, '') === heading && line.startsWith('#'));
  if (start < 0) return undefined;
  const first = lines.findIndex((line, index) => index > start && line.startsWith('|'));
  if (first < 0) return undefined;
  const end = lines.findIndex((line, index) => index > first && !line.startsWith('|'));
  // Two lines of head: the names of the columns, and the rule below them.
  return lines.slice(first + 2, end < 0 ? undefined : end).map(cellsOf);
}

function cellsOf(line: string): TableRow {
  return line
    .replace(/^\|/, '')
    .replace(/\|\s*$/, '')
    .split(/(?<!\\)\|/)
    .map((cell) =>
      cell
        .trim()
        .replaceAll('\\|', '|')
        .replace(/^`(.*)`$/, '$1'),
    );
}

/** What two tables differ in, as findings: rows that one has and the other lacks, by all their cells. */
export function tableDifferences(
  document: { readonly path: string; readonly rows: readonly TableRow[] },
  code: { readonly name: string; readonly rows: readonly TableRow[] },
): readonly string[] {
  const shown = (row: TableRow): string => row.join(' | ');
  const documented = new Set(document.rows.map(shown));
  const coded = new Set(code.rows.map(shown));
  return [
    ...[...coded]
      .filter((row) => !documented.has(row))
      .map((row) => `${document.path}: lacks the row "${row}" of ${code.name}`),
    ...[...documented]
      .filter((row) => !coded.has(row))
      .map((row) => `${document.path}: has the row "${row}", which is not in ${code.name}`),
  ];
}
