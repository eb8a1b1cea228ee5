import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCOPES, type Scope } from '../../src/domain/scope.ts';
import { readCertificate } from '../../src/postgres/access/certificate.ts';
import { type ClientCredentials, createClient } from '../../src/postgres/access/client.ts';
import { freePort } from '../http/free-port.ts';
import { type HttpAnswer, HttpClient } from '../http/http-client.ts';
import { type LedgerServer, startLedger } from '../http/ledger-server.ts';
import { textAt } from '../http/tenant-api.ts';
import { type MadeCertificate, makeCertificate } from './certificate-maker.ts';

/** A ledger with a listener for partners, and what its tests need of certificates. */
export type PartnerLedger = {
  readonly ledger: LedgerServer;
  readonly mtlsUrl: string;
  /** The authority of the server's certificate. */
  readonly serverAuthority: MadeCertificate;
  /** A caller of the partners' listener; without a certificate when none is given. */
  caller(certificate?: MadeCertificate, localAddress?: string): HttpClient;
  /** A caller of the listener for everybody, from that address. */
  plainCaller(localAddress?: string): HttpClient;
  /** A client of the ledger's tenant, registered with the certificate when one is given. */
  newClient(certificate?: MadeCertificate, scopes?: readonly Scope[]): Promise<ClientCredentials>;
  stop(): Promise<void>;
};

export type PartnerLedgerOptions = {
  /** Only certificates of this authority count. */
  readonly clientAuthority?: MadeCertificate;
  readonly settings?: Readonly<Record<string, string>>;
};

export async function startPartnerLedger(options: PartnerLedgerOptions = {}): Promise<PartnerLedger> {
  const folder = await mkdtemp(join(tmpdir(), 'hpts-partners-'));
  const serverAuthority = makeCertificate({ name: 'server authority', isAuthority: true });
  const server = makeCertificate({ name: 'ledger', authority: serverAuthority });
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem'), ca: join(folder, 'ca.pem') };
  await writeFile(files.cert, server.pem);
  await writeFile(files.key, server.keyPem, { mode: 0o600 });
  await writeFile(files.ca, options.clientAuthority?.pem ?? '');
  const settings = {
    HPTS_MTLS_PORT: String(await freePort()),
    HPTS_MTLS_CERT_FILE: files.cert,
    HPTS_MTLS_KEY_FILE: files.key,
    ...(options.clientAuthority === undefined ? {} : { HPTS_MTLS_CLIENT_CA_FILE: files.ca }),
    ...options.settings,
  };
  const ledger = await startLedger({ settings });
  const { mtlsUrl } = ledger;
  if (mtlsUrl === null) throw new Error('the ledger has no listener for partners');
  const callers: HttpClient[] = [];
  const open = (url: string, connection: ConstructorParameters<typeof HttpClient>[2]): HttpClient => {
    const caller = new HttpClient(url, 16, connection);
    callers.push(caller);
    return caller;
  };
  return {
    ledger,
    mtlsUrl,
    serverAuthority,
    caller: (certificate, localAddress) =>
      open(mtlsUrl, {
        ca: serverAuthority.pem,
        ...(localAddress === undefined ? {} : { localAddress }),
        ...(certificate === undefined ? {} : { cert: certificate.pem, key: certificate.keyPem }),
      }),
    plainCaller: (localAddress) => open(ledger.url, localAddress === undefined ? {} : { localAddress }),
    newClient: (made, scopes = SCOPES) => {
      const certificate = made === undefined ? undefined : readCertificate(made.der);
      const client = { tenantId: ledger.api.tenantId, name: null, scopes, certificate };
      return createClient(ledger.address, client, { actor: 'test' });
    },
    stop: async () => {
      for (const caller of callers) caller.close();
      await ledger.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Asks for a token; `headers` beside the content type. */
export function askForToken(
  http: HttpClient,
  { clientId, clientSecret }: ClientCredentials,
  headers: readonly string[] = [],
): Promise<HttpAnswer> {
  return http.send({
    method: 'POST',
    path: '/oauth2/token',
    headers: ['content-type', 'application/x-www-form-urlencoded', ...headers],
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
    }).toString(),
  });
}

/** The same, when it is given. */
export async function tokenOf(
  http: HttpClient,
  credentials: ClientCredentials,
  headers: readonly string[] = [],
): Promise<string> {
  const answer = await askForToken(http, credentials, headers);
  if (answer.status !== 200) throw new Error(`no token: ${answer.status} ${answer.text}`);
  return textAt(answer, 'access_token');
}

/** The value of Client-Cert for a certificate (RFC 9440 section 2.1). */
export function clientCert(certificate: MadeCertificate): string {
  return `:${certificate.der.toString('base64')}:`;
}
