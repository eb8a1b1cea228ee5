import type { Command } from './command.ts';

/** `hpts migrate` */
export const migrateCommand: Command = {
  words: ['migrate'],
  summary: 'bring the database to the newest schema',
  help: `Usage: npx hpts migrate [--json]

Applies the migrations that the database lacks, each in a transaction of its own. A server does the same when it starts;
this command is for those who want it done before. The user of HPTS_DATABASE_URL becomes the owner of the schema and must
be allowed to create roles.
Exit: 0 done, 1 refused (the reason is printed), 2 called wrongly.`,
  run: async (argv, context) => {
    const json = argv.includes('--json');
    const unknown = argv.filter((argument) => !['--json', '--help', '-h'].includes(argument));
    if (unknown.length > 0) {
      context.err(`hpts migrate: unknown argument ${unknown.join(' ')}`);
      return 2;
    }
    if (argv.includes('--help') || argv.includes('-h')) {
      context.out(migrateCommand.help);
      return 0;
    }
    // Opening a database migrates it.
    const database = await context.openDatabase();
    await database.close();
    context.out(json ? JSON.stringify({ migrated: true }) : 'the database has the newest schema');
    return 0;
  },
};
