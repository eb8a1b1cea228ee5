import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Check, textOf } from './source-tree.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/hpts.mjs', import.meta.url));
const PAGE = 'docs/cli.md';

/** docs/cli.md says of every command what the command says of itself. */
export const documentedCommands: Check = {
  name: 'documented commands',
  promise: `${PAGE} shows what every command's --help prints, and no other command`,
  find: async (tree) => {
    const page = textOf(tree, PAGE);
    if (page === undefined) return [`${PAGE}: is missing`];
    const documented = sectionsOf(page);
    const helps = await helpTexts();
    return [
      ...[...helps].flatMap(([command, help]) => {
        const section = documented.get(command);
        if (section === undefined) return [`${PAGE}: has no section "## hpts ${command}"`];
        return section === help ? [] : [`${PAGE}: the section of hpts ${command} is not what its --help prints`];
      }),
      ...[...documented.keys()]
        .filter((command) => !helps.has(command))
        .map((command) => `${PAGE}: describes hpts ${command}, which is no command`),
    ];
  },
};

let asked: Promise<ReadonlyMap<string, string>> | undefined;

/** What `--help` prints, by the words of the command; asked of the program itself, once in a process. */
function helpTexts(): Promise<ReadonlyMap<string, string>> {
  asked ??= askForHelp();
  return asked;
}

async function askForHelp(): Promise<ReadonlyMap<string, string>> {
  const overview = await helpOf([]);
  const commands = [...overview.matchAll(/^ {2}(\S+(?: \S+)*) {2,}\S/gm)].map((match) => match[1] ?? '');
  if (commands.length === 0) throw new Error('hpts --help lists no command');
  const helps = await Promise.all(commands.map((command) => helpOf(command.split(' '))));
  return new Map(commands.map((command, index) => [command, helps[index] ?? '']));
}

async function helpOf(words: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, ...words, '--help']);
  return stdout.trim();
}

function sectionsOf(page: string): ReadonlyMap<string, string> {
  const sections = page.matchAll(/^## hpts ([a-z ]+)\n(?:(?!^## |^```)[\s\S])*^```text\n([\s\S]*?)^```$/gm);
  return new Map([...sections].map((match) => [(match[1] ?? '').trim(), (match[2] ?? '').trim()]));
}
