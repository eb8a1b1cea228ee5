import { rotateClientSecret } from '../postgres/access/client.ts';
import { administrationCommand, requiredText, wholeSeconds } from './administration-command.ts';
import type { Command } from './command.ts';

// Long enough to hand the new secret to every process that uses it.
const OVERLAP_SECONDS = 3_600;

/** `hpts client rotate` */
export const clientRotate: Command = administrationCommand({
  words: ['client', 'rotate'],
  summary: "replace a client's secret; shows the new one once",
  help: `Usage: npx hpts client rotate --client ID [--overlap SECONDS] [--json]

Gives a client a new secret, shown this once. The old one goes on for a while, so that nothing stops in between.

  --client ID        the client's id
  --overlap SECONDS  how long the old secret stays valid (default ${OVERLAP_SECONDS}); 0 when it has leaked
  --json             print {"client_id", "client_secret"} and nothing else

Tokens that were issued live on to their end. To end them as well, revoke the client and make another.
Exit: 0 done, 1 refused, 2 called wrongly.`,
  options: { client: { type: 'string' }, overlap: { type: 'string' } },
  read: (values) => {
    const wish = {
      clientId: requiredText(values, 'client'),
      overlapSeconds: wholeSeconds(values, 'overlap', OVERLAP_SECONDS),
    };
    return async ({ address }, { actor }) => {
      const { clientId, clientSecret } = await rotateClientSecret(address, wish, { actor });
      return {
        json: { client_id: clientId, client_secret: clientSecret },
        lines: [
          `client id      ${clientId}`,
          `client secret  ${clientSecret}`,
          `The secret is not shown again. The old one is valid for ${wish.overlapSeconds} more seconds.`,
        ],
      };
    };
  },
});
