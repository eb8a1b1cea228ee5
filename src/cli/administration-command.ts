/** What the commands that make and end tenants, clients and keys have in common. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { AdministrationRefused } from '../postgres/access/administration.ts';
import { MasterKeyUnusable } from '../postgres/access/master-key.ts';
import type { Command, CommandContext, OpenDatabase } from './command.ts';

/** The values of options, all of which take a text unless they are switches. */
export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

/** Thrown for options that do not fit together; the message is shown with the way to --help. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export type AdministrationOptions = {
  readonly words: readonly string[];
  readonly summary: string;
  readonly help: string;
  /** Beside --json and --help. */
  readonly options: ParseArgsOptionsConfig;
  /** Reads the options before a database is opened; throws UsageError. */
  readonly read: (values: OptionValues) => Administration;
};

/** Does the work. Answers what --json prints as one object and what people read as lines. */
export type Administration = (
  database: OpenDatabase,
  circumstances: { readonly actor: string; readonly env: NodeJS.ProcessEnv },
) => Promise<AdministrationResult>;

export type AdministrationResult = {
  readonly json: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
};

/** Makes a command: reads options, opens the database, acts, prints, and turns what is refused into exit codes. */
export function administrationCommand(options: AdministrationOptions): Command {
  const { words, summary, help } = options;
  return {
    words,
    summary,
    help,
    run: async (argv, context) => {
      try {
        const values = readOptions(argv, options.options);
        if (values['help'] === true) {
          context.out(help);
          return 0;
        }
        const result = await perform(options.read(values), context);
        if (values['json'] === true) context.out(JSON.stringify(result.json));
        else for (const line of result.lines) context.out(line);
        return 0;
      } catch (error) {
        return report(error, words, context);
      }
    },
  };
}

/** The value of an option that cannot be left out. */
export function requiredText(values: OptionValues, name: string): string {
  const value = values[name];
  if (typeof value !== 'string' || value === '') throw new UsageError(`--${name} is missing`);
  return value;
}

/** The value of an option, or undefined when it was left out. */
export function optionalText(values: OptionValues, name: string): string | undefined {
  return values[name] === undefined ? undefined : requiredText(values, name);
}

/** The value of an option in whole seconds, up to a year. */
export function wholeSeconds(values: OptionValues, name: string, fallback: number): number {
  const text = optionalText(values, name);
  if (text === undefined) return fallback;
  const seconds = /^\d{1,8}$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds <= 31_536_000)) throw new UsageError(`--${name} takes whole seconds, up to 31536000`);
  return seconds;
}

/** Reads the options, --json and --help among them; throws UsageError for unknown options and stray words. */
export function readOptions(argv: readonly string[], options: ParseArgsOptionsConfig): OptionValues {
  const every = { ...options, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
  try {
    return parseArgs({ args: [...argv], options: every, strict: true, allowPositionals: false }).values as OptionValues;
  } catch (cause) {
    // parseArgs throws for each unknown option, missing value and stray word, and says which.
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

async function perform(administration: Administration, context: CommandContext): Promise<AdministrationResult> {
  const database = await context.openDatabase();
  try {
    const actor = `cli:${context.env['USER'] ?? context.env['LOGNAME'] ?? 'unknown'}`;
    return await administration(database, { actor, env: context.env });
  } finally {
    await database.close();
  }
}

function report(error: unknown, words: readonly string[], context: CommandContext): number {
  const name = `hpts ${words.join(' ')}`;
  if (error instanceof UsageError) {
    context.err(`${name}: ${error.message}`);
    context.err(`Try: npx ${name} --help`);
    return 2;
  }
  if (error instanceof AdministrationRefused || error instanceof MasterKeyUnusable) {
    context.err(`${name}: ${error.message}`);
    return 1;
  }
  // Not ours to explain: a database that does not answer, or a defect.
  throw error;
}
