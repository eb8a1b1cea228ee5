import { LIMITS } from '../limits.ts';
import { readLedgersMasterKey, readMasterKey } from '../postgres/access/master-key.ts';
import { rotateSigningKey, wasEverSealed } from '../postgres/access/signing-key.ts';
import { selectUnopenedEndpoints, type UnopenedEndpoint } from '../postgres/webhooks/unopened-endpoint.ts';
import { administrationCommand, UsageError, wholeSeconds } from './administration-command.ts';
import type { Command, OpenDatabase } from './command.ts';

// The life of a token, which is fixed by the contract: whatever the old key signed lives to its end.
const OVERLAP_SECONDS = 3_600;

/** `hpts key rotate` */
export const keyRotate: Command = administrationCommand({
  words: ['key', 'rotate'],
  summary: 'sign tokens with a new key from now on',
  help: `Usage: npx hpts key rotate [--overlap SECONDS] [--abandon-sealed] [--json]

Makes a key that signs every token from now on. Tokens of the keys before it are accepted for a while.

  --overlap SECONDS  how long (default ${OVERLAP_SECONDS}, the life of a token); 0 when a key has leaked:
                     every token issued so far is then refused within 10 seconds
  --abandon-sealed   when the master key is lost: end the keys that do not open under the one there is now, and
                     list the webhook endpoints whose secret does not; without it such keys are a refusal
  --json             print {"kid", "retiring"} and nothing else; with --abandon-sealed also "abandoned" and
                     "webhook_endpoints"

HPTS_MASTER_KEY_FILE names the file with the key under which signing keys are sealed; without it the one of the data
folder is used.
Exit: 0 done, 1 refused, 2 called wrongly.`,
  options: { overlap: { type: 'string' }, 'abandon-sealed': { type: 'boolean' } },
  read: (values) => {
    const overlapSeconds = wholeSeconds(values, 'overlap', OVERLAP_SECONDS);
    const abandonSealed = values['abandon-sealed'] === true;
    return async (database, { actor, env }) => {
      const file = masterKeyFile(database, env);
      const masterKey = await ((await wasEverSealed(database.address)) ? readLedgersMasterKey : readMasterKey)(file);
      // Before anything changes: what cannot be told is not to come to light behind a rotation that was made.
      const endpoints = abandonSealed ? await selectUnopenedEndpoints(database.address, masterKey) : [];
      const wish = { masterKey, overlapSeconds, abandonSealed };
      const rotation = await rotateSigningKey(database.address, wish, { actor });
      const { kid, retiring, abandoned } = rotation;
      const ends = overlapSeconds === 0 ? 'retired' : `retired in ${overlapSeconds} seconds`;
      return {
        json: {
          kid,
          retiring,
          ...(abandonSealed ? { abandoned, webhook_endpoints: endpoints.map(endpointJson) } : {}),
        },
        lines: [
          `signing key  ${kid}`,
          ...retiring.map((old) => `${ends}  ${old}`),
          ...abandoned.map((old) => `given up  ${old}: it does not open, and no token that it signed is accepted`),
          ...(abandonSealed ? whatElseWasSealed(endpoints) : []),
        ],
      };
    };
  },
});

function endpointJson({ tenantId, endpointId, status }: UnopenedEndpoint): Readonly<Record<string, string>> {
  return { tenant_id: tenantId, webhook_endpoint_id: endpointId, status };
}

function whatElseWasSealed(endpoints: readonly UnopenedEndpoint[]): readonly string[] {
  const listed = endpoints.map(
    ({ tenantId, endpointId, status }) => `  webhook endpoint ${endpointId} of tenant ${tenantId} (${status})`,
  );
  return [
    ...(listed.length === 0
      ? ['The secret of every webhook endpoint opens under this master key.']
      : [
          'Their secrets do not open: nothing is sent to them until each is given another (…/rotate-secret):',
          ...listed,
        ]),
    `Answers kept for repeated administrative requests of the last ${LIMITS.administrativeAnswerHours} hours that do not open: a repeat is answered 503.`,
    'Start every server again with this master key. docs/operations.md, "A lost master key", has the whole of it.',
  ];
}

function masterKeyFile(database: OpenDatabase, env: NodeJS.ProcessEnv): string {
  // Set to nothing it is not set, as for the server.
  const file = env['HPTS_MASTER_KEY_FILE'] || database.masterKeyFile;
  if (file === undefined) {
    throw new UsageError('HPTS_MASTER_KEY_FILE is not set: it names the file with the key that seals signing keys');
  }
  return file;
}
