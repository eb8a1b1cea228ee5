import { readMasterKey } from '../postgres/access/master-key.ts';
import { rotateSigningKey } from '../postgres/access/signing-key.ts';
import { administrationCommand, UsageError, wholeSeconds } from './administration-command.ts';
import type { Command, OpenDatabase } from './command.ts';

// The life of a token, which is fixed by the contract: whatever the old key signed lives to its end.
const OVERLAP_SECONDS = 3_600;

/** `hpts key rotate` */
export const keyRotate: Command = administrationCommand({
  words: ['key', 'rotate'],
  summary: 'sign tokens with a new key from now on',
  help: `Usage: npx hpts key rotate [--overlap SECONDS] [--json]

Makes a key that signs every token from now on. Tokens of the keys before it are accepted for a while.

  --overlap SECONDS  how long (default ${OVERLAP_SECONDS}, the life of a token); 0 when a key has leaked:
                     every token issued so far is then refused within 10 seconds
  --json             print {"kid", "retiring"} and nothing else

HPTS_MASTER_KEY_FILE names the file with the key under which signing keys are sealed; without it the one of the data
folder is used.
Exit: 0 done, 1 refused, 2 called wrongly.`,
  options: { overlap: { type: 'string' } },
  read: (values) => {
    const overlapSeconds = wholeSeconds(values, 'overlap', OVERLAP_SECONDS);
    return async (database, { actor, env }) => {
      const masterKey = await readMasterKey(masterKeyFile(database, env));
      const { kid, retiring } = await rotateSigningKey(database.address, { masterKey, overlapSeconds }, { actor });
      const ends = overlapSeconds === 0 ? 'retired' : `retired in ${overlapSeconds} seconds`;
      return {
        json: { kid, retiring },
        lines: [`signing key  ${kid}`, ...retiring.map((old) => `${ends}  ${old}`)],
      };
    };
  },
});

function masterKeyFile(database: OpenDatabase, env: NodeJS.ProcessEnv): string {
  const file = env['HPTS_MASTER_KEY_FILE'] ?? database.masterKeyFile;
  if (file === undefined || file === '') {
    throw new UsageError('HPTS_MASTER_KEY_FILE is not set: it names the file with the key that seals signing keys');
  }
  return file;
}
