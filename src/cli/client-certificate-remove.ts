import { removeClientCertificate } from '../postgres/access/client-certificate.ts';
import { administrationCommand, requiredText } from './administration-command.ts';
import type { Command } from './command.ts';

/** `hpts client certificate remove` */
export const clientCertificateRemove: Command = administrationCommand({
  words: ['client', 'certificate', 'remove'],
  summary: 'remove a certificate: tokens bound to it are refused within 10 s',
  help: `Usage: npx hpts client certificate remove --client ID --thumbprint SHA256 [--json]

Removes a certificate of a client. Every server refuses it, and the tokens bound to it, within 10 seconds. A client whose
last certificate is removed is not let in without one: it is shut out until another is added.

  --client ID          the client's id
  --thumbprint SHA256  of the certificate, as it was printed when it was added
  --json               print {"client_id", "thumbprint", "certificates_left"} and nothing else

Exit: 0 done, 1 refused, 2 called wrongly.`,
  options: { client: { type: 'string' }, thumbprint: { type: 'string' } },
  read: (values) => {
    const clientId = requiredText(values, 'client');
    const thumbprint = requiredText(values, 'thumbprint');
    return async ({ address }, { actor }) => {
      const { certificatesLeft } = await removeClientCertificate(address, { clientId, thumbprint }, { actor });
      const left = certificatesLeft === 0 ? 'It has none left and is shut out.' : `It has ${certificatesLeft} left.`;
      return {
        json: { client_id: clientId, thumbprint, certificates_left: certificatesLeft },
        lines: [`${thumbprint} is removed from ${clientId}. ${left}`],
      };
    };
  },
});
