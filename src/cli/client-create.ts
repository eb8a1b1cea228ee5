import { readScopes, SCOPES, type Scope } from '../domain/scope.ts';
import { createClient } from '../postgres/access/client.ts';
import { administrationCommand, optionalText, requiredText, UsageError } from './administration-command.ts';
import { readCertificateOption } from './certificate-file.ts';
import type { Command } from './command.ts';

/** `hpts client create` */
export const clientCreate: Command = administrationCommand({
  words: ['client', 'create'],
  summary: 'make a client that may get tokens for a tenant; shows its secret once',
  help: `Usage: npx hpts client create --tenant ID --scope "SCOPE SCOPE ..." [--name NAME]
                               [--certificate FILE] [--json]

Makes a client of a tenant. The secret is random, shown this once, and kept only as a hash.

  --tenant ID         the tenant's id
  --scope SCOPES      what its tokens may hold at most, with spaces between
  --name NAME         to tell it from others, up to 200 characters
  --certificate FILE  for a partner: one X.509 certificate, PEM or DER; the client is then served over mutual TLS only,
                      with this certificate besides its secret
  --json              print {"client_id", "client_secret"} and nothing else

Scopes:
${SCOPES.map((scope) => `  ${scope}`).join('\n')}

Exit: 0 made, 1 refused, 2 called wrongly.`,
  options: {
    tenant: { type: 'string' },
    scope: { type: 'string' },
    name: { type: 'string' },
    certificate: { type: 'string' },
  },
  read: (values) => {
    const tenantId = requiredText(values, 'tenant');
    const scopes = readScopeOption(requiredText(values, 'scope'));
    const name = optionalText(values, 'name') ?? null;
    const file = optionalText(values, 'certificate');
    const certificate = file === undefined ? undefined : readCertificateOption(file);
    return async ({ address }, { actor }) => {
      const client = { tenantId, name, scopes, certificate };
      const { clientId, clientSecret } = await createClient(address, client, { actor });
      return {
        json: { client_id: clientId, client_secret: clientSecret },
        lines: [`client id      ${clientId}`, `client secret  ${clientSecret}`, 'The secret is not shown again.'],
      };
    };
  },
});

function readScopeOption(text: string): readonly Scope[] {
  const { scopes, unknown } = readScopes(text.split(/\s+/).filter((word) => word !== ''));
  if (unknown.length > 0) throw new UsageError(`there is no scope ${unknown.join(', ')}`);
  if (scopes.length === 0) throw new UsageError('--scope names no scope');
  return scopes;
}
