import { readFileSync } from 'node:fs';

const ROOT = new URL('../', import.meta.url);

/** What this program is: its version, and the revision it was built from (HPTS_GIT_SHA, else .git, else unknown). */
export function readProgram(gitSha: string | null): { readonly version: string; readonly gitSha: string } {
  const { version } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as { version: string };
  return { version, gitSha: gitSha ?? readGitSha() ?? 'unknown' };
}

function readGitSha(): string | undefined {
  const head = readGitFile('HEAD');
  const ref = head === undefined ? undefined : /^ref: (.+)$/.exec(head)?.[1];
  const sha = ref === undefined ? head : (readGitFile(ref) ?? packedSha(ref));
  return sha !== undefined && /^[0-9a-f]{40}/.test(sha) ? sha.slice(0, 7) : undefined;
}

function packedSha(ref: string): string | undefined {
  const line = readGitFile('packed-refs')
    ?.split('\n')
    .find((one) => one.endsWith(` ${ref}`));
  return line?.split(' ', 1)[0];
}

function readGitFile(path: string): string | undefined {
  try {
    return readFileSync(new URL(`.git/${path}`, ROOT), 'utf8').trim();
  } catch {
    // An installed package has no .git; then the revision is unknown, which is an answer and no failure.
    return undefined;
  }
}
