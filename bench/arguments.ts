import { parseArgs } from 'node:util';
import { FIGURE_GROUPS, type FigureGroup, OPTIONAL_GROUPS } from './figures.ts';

/** What a run of the bench is asked for. */
export type BenchArguments = {
  readonly groups: ReadonlySet<FigureGroup>;
  readonly rounds: number;
  readonly roundMs: number;
  readonly warmupMs: number;
  readonly loans: number;
  readonly paymentsBefore: number;
  /** Null: an embedded PostgreSQL of the bench's own. */
  readonly databaseUrl: string | null;
  /** Part of the result's file name; null: nothing is written. */
  readonly resultName: string | null;
  readonly help: boolean;
};

export const HELP = `npm run bench -- [options]

  --only GROUPS         comma-separated: ${FIGURE_GROUPS.join(', ')}
                        (without it all but ${[...OPTIONAL_GROUPS].join(', ')})
  --short               2 rounds of 2 s on small tables: shows that everything works, its figures compare with nothing
  --rounds N            in place of 7
  --seconds N           of a round, in place of 10
  --payments N          in the tables before the first round, in place of 1,000,000
  --database-url URL    a PostgreSQL on this machine, as superuser, in place of an embedded one
  --name WORD           writes bench/results/<date>-WORD.json and .md (without it: 2-core or the like; --short and
                        --only write nothing unless named)
`;

/** Reads the command line. Throws a TypeError that says what is wrong with it. */
export function readArguments(args: readonly string[], machine: { readonly cores: number }): BenchArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      short: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      payments: { type: 'string' },
      'database-url': { type: 'string' },
      name: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { short } = values;
  const partial = short || values.only !== undefined;
  const name = values.name ?? (partial ? null : `${machine.cores}-core`);
  if (name !== null && !/^[a-z0-9-]{1,40}$/.test(name))
    throw new TypeError('--name takes lower-case letters, digits and hyphens');
  return {
    groups: readGroups(values.only),
    rounds: readCount('--rounds', values.rounds, short ? 2 : 7),
    roundMs: readCount('--seconds', values.seconds, short ? 2 : 10) * 1000,
    warmupMs: short ? 1_000 : 2_000,
    loans: short ? 20_000 : 100_000,
    paymentsBefore: readCount('--payments', values.payments, short ? 20_000 : 1_000_000),
    databaseUrl: values['database-url'] ?? null,
    resultName: name,
    help: values.help,
  };
}

function readGroups(only: string | undefined): ReadonlySet<FigureGroup> {
  if (only === undefined) return new Set(FIGURE_GROUPS.filter((group) => !OPTIONAL_GROUPS.has(group)));
  return new Set(
    only.split(',').map((word) => {
      const group = FIGURE_GROUPS.find((known) => known === word.trim());
      if (group === undefined)
        throw new TypeError(`--only does not know ${word.trim()}; it knows ${FIGURE_GROUPS.join(', ')}`);
      return group;
    }),
  );
}

function readCount(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new TypeError(`${option} takes a positive whole number`);
  return Number(text);
}
