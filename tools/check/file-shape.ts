import { scanSource } from './source-text.ts';
import { type Check, isTest, type SourceFile, textOf } from './source-tree.ts';

const FILE_LINES_MAX = 500;
const FUNCTION_LINES_MAX = 60;
/** Tests are left out: a fixture or a story told in order is not made clearer by being cut up. */
const RATCHETED = /^(?:src|bench|tools|bin)\/.*\.(?:ts|mjs)$/;
const RATCHET_FILE = 'tools/check/ratchet.json';
const MEASURED_FILE = /\.(?:ts|mjs|sql|md)$/;
/** Names that say nothing, so that anything ends up there. */
const EMPTY_WORD = /(?:^|[-._])(?:utils?|helpers?|common|managers?|misc|shared|lib)(?=[-._]|$)/;

/** A file is one noun; past some length it has become several. */
export const fileLengths: Check = {
  name: 'file lengths',
  promise: `no file has more than ${FILE_LINES_MAX} lines`,
  find: async (tree) =>
    tree.files
      .filter(({ path }) => MEASURED_FILE.test(path))
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0) }))
      .filter(({ lines }) => lines > FILE_LINES_MAX)
      .map(({ path, lines }) => `${path}: ${lines} lines`),
};

/** Long functions may become fewer and never more: the number in the ratchet file is how many there are. */
export const functionLengths: Check = {
  name: 'function lengths',
  promise: `functions of more than ${FUNCTION_LINES_MAX} lines are exactly as many as ${RATCHET_FILE} says`,
  find: async (tree) => {
    const long = tree.files.filter(({ path }) => RATCHETED.test(path) && !isTest(path)).flatMap(longFunctions);
    const allowed = readRatchet(textOf(tree, RATCHET_FILE));
    if (long.length === allowed) return [];
    if (long.length > allowed) return long.map((one) => `${one} (${long.length} such functions, allowed ${allowed})`);
    return [`${RATCHET_FILE}: longFunctions is ${allowed}, and only ${long.length} are left: lower it`];
  },
};

/** Files and folders are named after what is in them. */
export const names: Check = {
  name: 'names',
  promise: 'no file or folder is named utils, helpers, common, manager, misc, shared or lib; no index.ts',
  find: async (tree) =>
    tree.files.flatMap(({ path }) => {
      const empty = path.split('/').find((part) => EMPTY_WORD.test(part.toLowerCase()));
      if (empty !== undefined) return [`${path}: "${empty}" says nothing about what is in it`];
      return /(?:^|\/)index\.(?:ts|mjs|js)$/.test(path)
        ? [`${path}: an index file is a barrel or is named for nothing`]
        : [];
    }),
};

/** What is exported is declared where it is exported: a barrel hides which file a caller depends on. */
export const barrels: Check = {
  name: 'barrels',
  promise: 'no file exports what another file declares',
  find: async (tree) =>
    tree.files
      .filter(({ path }) => path.endsWith('.ts'))
      .flatMap(({ path, text }) => {
        const again = /^export\b[^'"`;=]*?\bfrom\s*'/m.exec(text);
        return again === null ? [] : [`${path}: exports again what another file declares`];
      }),
};

function readRatchet(text: string | undefined): number {
  const { longFunctions } = JSON.parse(text ?? '{}') as { longFunctions?: unknown };
  return typeof longFunctions === 'number' ? longFunctions : 0;
}

const FUNCTION_HEAD =
  /^(\s*)(?:export )?(?:(?:static|async|get|set|private|protected|public|readonly) )*(?:function\*? ?#?\w*|(?:const )?#?\w+(?:: [^=]*)? = (?:async )?(?:\(|\w+ =>|<)|#?\w+: (?:async )?\(|#?\w+(?:<[^(]*>)?\()/;

/** Finds functions by the formatter's indentation: a function ends at the first `}` that stands as far left as its head. */
function longFunctions({ path, text }: SourceFile): readonly string[] {
  const lines = scanSource(text).code.split('\n');
  return lines.flatMap((line, index) => {
    const indent = FUNCTION_HEAD.exec(line)?.[1];
    if (indent === undefined) return [];
    const length = bodyLines(lines, index, indent.length);
    return length > FUNCTION_LINES_MAX ? [`${path}:${index + 1}: a function of ${length} lines`] : [];
  });
}

function bodyLines(lines: readonly string[], head: number, indent: number): number {
  if (!lines[head]?.trimEnd().match(/[{(,]$|=>$|<$/)) return 1;
  for (let index = head + 1; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const text = line.trim();
    if (text === '' || line.search(/\S/) > indent) continue;
    if (/^\}[;,]?$/.test(text)) return index - head + 1;
    // `}: Options): Answer {`, `): Answer {` and `} else {` belong to the function; anything else ends a mere expression.
    if (!/^[})>].*[{(,]$/.test(text)) return 1;
  }
  return 1;
}
