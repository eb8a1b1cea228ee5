import pino, { type DestinationStream, type Logger } from 'pino';
import type { Config } from './config.ts';

const CAUSES_MAX = 4;
/** SQLSTATE class 22, data exception: PostgreSQL quotes the value that it did not like. */
const QUOTES_DATA = /^22/;

/**
 * JSON lines on standard error, written synchronously, so that what was said before a crash is there. `destination`: only
 * tests have another.
 */
export function createLog(config: Pick<Config, 'logLevel'>, destination?: DestinationStream): Logger {
  const options = {
    level: config.logLevel,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError },
  };
  return pino(options, destination ?? pino.destination({ dest: 2, sync: true }));
}

/**
 * What a log may say of an error: names, codes, places. Not what PostgreSQL adds in `detail` and `where`, which are rows and
 * values; nor the texts of parsers and of data exceptions, which quote what they were given.
 */
export function describeError(error: unknown, causes = 0): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = textOf(error, 'code');
  const quotes = error instanceof SyntaxError || QUOTES_DATA.test(code ?? '');
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    message: quotes ? 'left out: it may quote what was sent' : error.message,
    ...placeOf(error),
    stack: frames.map((line) => line.trim()),
    ...(error.cause === undefined || causes >= CAUSES_MAX ? {} : { cause: describeError(error.cause, causes + 1) }),
  };
}

function placeOf(error: Error): object {
  const names = ['table', 'constraint', 'routine'].map((name) => [name, textOf(error, name)] as const);
  return Object.fromEntries(names.filter(([, text]) => text !== undefined));
}

function textOf(error: Error, name: string): string | undefined {
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' ? value : undefined;
}
