import { revokeClient } from '../postgres/access/client.ts';
import { administrationCommand, requiredText } from './administration-command.ts';
import type { Command } from './command.ts';

/** `hpts client revoke` */
export const clientRevoke: Command = administrationCommand({
  words: ['client', 'revoke'],
  summary: 'end a client: its secret and its tokens are refused within 10 s',
  help: `Usage: npx hpts client revoke --client ID [--json]

Ends a client for good. Every server refuses its secret and its tokens within 10 seconds.

  --client ID  the client's id
  --json       print {"client_id", "revoked"} and nothing else

Exit: 0 done, 1 refused, 2 called wrongly.`,
  options: { client: { type: 'string' } },
  read: (values) => {
    const clientId = requiredText(values, 'client');
    return async ({ address }, { actor }) => {
      await revokeClient(address, { clientId }, { actor });
      return { json: { client_id: clientId, revoked: true }, lines: [`${clientId} is revoked.`] };
    };
  },
});
