import { addClientCertificate } from '../postgres/access/client-certificate.ts';
import { administrationCommand, requiredText } from './administration-command.ts';
import { readCertificateOption } from './certificate-file.ts';
import type { Command } from './command.ts';

/** `hpts client certificate add` */
export const clientCertificateAdd: Command = administrationCommand({
  words: ['client', 'certificate', 'add'],
  summary: 'register a certificate: the client is then served over mutual TLS only',
  help: `Usage: npx hpts client certificate add --client ID --certificate FILE [--json]

Registers a TLS certificate with a client. From then on the client gets tokens only over mutual TLS with a certificate of
its own, besides its secret, and each token is bound to that certificate (RFC 8705). Tokens issued before to a client
without a certificate are refused within 10 seconds. A client may have several, so that one can follow another.

  --client ID         the client's id
  --certificate FILE  one X.509 certificate, PEM or DER; no private key
  --json              print {"client_id", "thumbprint", "expires_at"} and nothing else

Exit: 0 done, 1 refused, 2 called wrongly.`,
  options: { client: { type: 'string' }, certificate: { type: 'string' } },
  read: (values) => {
    const clientId = requiredText(values, 'client');
    const certificate = readCertificateOption(requiredText(values, 'certificate'));
    return async ({ address }, { actor }) => {
      await addClientCertificate(address, { clientId, certificate }, { actor });
      const { thumbprint } = certificate;
      const expiresAt = new Date(certificate.validToMs).toISOString();
      return {
        json: { client_id: clientId, thumbprint, expires_at: expiresAt },
        lines: [`${clientId} has the certificate ${thumbprint}, which expires at ${expiresAt}.`],
      };
    };
  },
});
