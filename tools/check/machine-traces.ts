import { lineAt } from './source-text.ts';
import type { Check } from './source-tree.ts';

const TRACES: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /"resolved"\s*:/g, what: 'a download address in a lock file' },
  { pattern: /(?<![\w.<{$-])\/(?:work|root|home|Users|farm)\/[\w.-]+/g, what: 'a path of one machine' },
  { pattern: /\b[A-Z]:\\\\?Users\\/g, what: 'a path of one machine' },
  {
    pattern: /https?:\/\/(?:[\w-]+\.)*(?:registry|mirror|artifactory|nexus|proxy)[\w-]*\./g,
    what: 'the host of a registry',
  },
];

const ADDRESS = /\b(?:https?|postgres(?:ql)?):\/\/(?:[^\s/@'"`]*@)?(\[[^\]]*\]|[A-Za-z0-9.-]+)/g;
/** Hosts that may stand in an address: loopback, those kept for examples (RFC 2606, RFC 6761), and homes of standards. */
const KNOWN_HOST =
  /^(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[.*\]|(?:[\w-]+\.)*example(?:\.(?:com|org|net))?|(?:[\w-]+\.)*(?:test|invalid|localhost)|host|db|a|www\.rfc-editor\.org|www\.w3\.org|www\.apache\.org|www\.postgresql\.org)$/;

/** Nothing here tells on which machine, or from which registry, it was made. */
export const machineTraces: Check = {
  name: 'machine traces',
  promise: 'no path of one machine, registry host or download address stands in any file',
  find: async (tree) =>
    tree.files
      .filter(({ path }) => !path.startsWith('tools/check/machine-traces'))
      .flatMap(({ path, text }) => [
        ...TRACES.flatMap(({ pattern, what }) =>
          [...text.matchAll(pattern)].map((match) => `${path}:${lineAt(text, match.index)}: ${what}: ${match[0]}`),
        ),
        // A lock file names where to give money to those who made a package; that is no download address.
        ...(path.endsWith('package-lock.json') ? [] : strangeHosts(path, text)),
      ]),
};

function strangeHosts(path: string, text: string): readonly string[] {
  return [...text.matchAll(ADDRESS)].flatMap((match) =>
    KNOWN_HOST.test(match[1] ?? '') ? [] : [`${path}:${lineAt(text, match.index)}: an address elsewhere: ${match[0]}`],
  );
}
