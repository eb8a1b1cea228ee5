import { clientCertificateAdd } from './client-certificate-add.ts';
import { clientCertificateRemove } from './client-certificate-remove.ts';
import { clientCreate } from './client-create.ts';
import { clientRevoke } from './client-revoke.ts';
import { clientRotate } from './client-rotate.ts';
import type { Command, CommandContext } from './command.ts';
import { openDatabase, openLedger } from './database.ts';
import { interest } from './interest.ts';
import { keyRotate } from './key-rotate.ts';
import { migrateCommand } from './migrate.ts';
import { quickstart } from './quickstart.ts';
import { serve } from './serve.ts';
import { tenantCreate } from './tenant-create.ts';
import { verify } from './verify.ts';

const COMMANDS: readonly Command[] = [
  serve,
  quickstart,
  migrateCommand,
  verify,
  interest,
  tenantCreate,
  clientCreate,
  clientRotate,
  clientRevoke,
  clientCertificateAdd,
  clientCertificateRemove,
  keyRotate,
];

/** Runs `npx hpts …`. Answers the exit code: 0 done, 1 refused or failed, 2 called wrongly, 3 served already. */
export async function main(argv: readonly string[]): Promise<number> {
  const context = contextOf(process.env);
  const command = COMMANDS.find(({ words }) => words.every((word, index) => argv[index] === word));
  if (command === undefined) {
    const asked = argv.length === 0 || argv[0] === '--help' || argv[0] === '-h' || argv[0] === 'help';
    if (!asked) context.err(`hpts: there is no command ${argv.slice(0, 2).join(' ')}`);
    for (const line of overview()) (asked ? context.out : context.err)(line);
    return asked ? 0 : 2;
  }
  try {
    return await command.run(argv.slice(command.words.length), context);
  } catch (error) {
    context.err(`hpts ${command.words.join(' ')}: ${reasonOf(error)}`);
    return 1;
  }
}

function overview(): readonly string[] {
  const width = Math.max(...COMMANDS.map(({ words }) => words.join(' ').length));
  return [
    'Usage: npx hpts COMMAND [options]; --help behind a command explains it',
    '',
    ...COMMANDS.map(({ words, summary }) => `  ${words.join(' ').padEnd(width)}  ${summary}`),
  ];
}

/** An error and what caused it, in one line; with HPTS_LOG_LEVEL=debug the whole stack. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (process.env['HPTS_LOG_LEVEL'] === 'debug') return error.stack ?? error.message;
  const cause = error.cause instanceof Error ? `: ${reasonOf(error.cause)}` : '';
  return `${error.message || error.name}${cause}`;
}

function contextOf(env: NodeJS.ProcessEnv): CommandContext {
  return {
    openDatabase: () => openDatabase(env),
    openLedger: () => openLedger(env),
    out: (line) => console.log(line),
    err: (line) => console.error(line),
    env,
  };
}
