/**
 * The certificate that a caller has shown it holds the key of: in the TLS handshake with this server, or with a proxy in
 * front that passes it on as Client-Cert (RFC 9440).
 */
import type { IncomingMessage } from 'node:http';
import type { BlockList } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type CertificateIdentity, identify, readCertificate } from '../postgres/access/certificate.ts';

export type ClientCertificates = {
  /** The thumbprint of the certificate behind a request, valid now; undefined when there is none that counts. */
  readonly thumbprintOf: (request: IncomingMessage) => string | undefined;
};

export type ClientCertificatesOptions = {
  /** The peers whose Client-Cert header is believed. From anybody else it means nothing. */
  readonly trustedProxies: BlockList;
  /** Only certificates that the listener's authorities vouch for count. */
  readonly authorityRequired: boolean;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
};

/** RFC 8941 section 3.3.5: a byte sequence, base64 between colons. */
const BYTE_SEQUENCE = /^:([A-Za-z0-9+/]+={0,2}):$/;

export function clientCertificates(options: ClientCertificatesOptions): ClientCertificates {
  const ofConnection = new WeakMap<TLSSocket, CertificateIdentity | null>();

  function connectionCertificate(socket: TLSSocket): CertificateIdentity | null {
    let known = ofConnection.get(socket);
    if (known === undefined) {
      const certificate = socket.getPeerX509Certificate();
      const counts = certificate !== undefined && (socket.authorized || !options.authorityRequired);
      known = counts ? identify(certificate) : null;
      ofConnection.set(socket, known);
    }
    return known;
  }

  function presented(request: IncomingMessage): CertificateIdentity | null | undefined {
    // Over TLS only the handshake speaks: the header there comes from whoever holds the connection.
    if (request.socket instanceof TLSSocket) return connectionCertificate(request.socket);
    const header = request.headers['client-cert'];
    if (typeof header !== 'string' || !isTrusted(options.trustedProxies, request.socket.remoteAddress))
      return undefined;
    return readClientCert(header);
  }

  return {
    thumbprintOf(request) {
      const certificate = presented(request);
      if (certificate === undefined || certificate === null) return undefined;
      const nowMs = options.nowMs();
      return certificate.validFromMs <= nowMs && nowMs < certificate.validToMs ? certificate.thumbprint : undefined;
    },
  };
}

/** The one certificate of a Client-Cert field; undefined for two fields joined, and for anything else that is not one. */
function readClientCert(header: string): CertificateIdentity | undefined {
  const base64 = BYTE_SEQUENCE.exec(header.trim())?.[1];
  return base64 === undefined ? undefined : readCertificate(Buffer.from(base64, 'base64'));
}

function isTrusted(proxies: BlockList, address: string | undefined): boolean {
  if (address === undefined) return false;
  return proxies.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}
