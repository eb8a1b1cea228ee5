import { createHash, X509Certificate } from 'node:crypto';
import { LIMITS } from '../../limits.ts';

/** A certificate as it is registered and compared. `thumbprint`: SHA-256 of the DER in base64url (RFC 8705 section 3.1). */
export type CertificateIdentity = {
  readonly thumbprint: string;
  readonly der: Uint8Array;
  /** Milliseconds since 1970. */
  readonly validFromMs: number;
  readonly validToMs: number;
};

const PEM = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** Reads DER. Undefined for bytes that are anything else than one certificate, to the last byte. */
export function readCertificate(der: Uint8Array): CertificateIdentity | undefined {
  // X509Certificate would also take PEM; a SEQUENCE is what DER begins with.
  if (der.length > LIMITS.certificateBytes || der[0] !== 0x30) return undefined;
  const certificate = parse(der);
  return certificate?.raw.equals(der) === true ? identify(certificate) : undefined;
}

/** Reads a file's bytes: DER, or PEM with exactly one certificate. Undefined for anything else. */
export function readCertificateFile(bytes: Uint8Array): CertificateIdentity | undefined {
  const found = Buffer.from(bytes).toString('latin1').match(PEM);
  if (found === null) return readCertificate(bytes);
  const certificate = found.length === 1 ? parse(Buffer.from(found[0] ?? '', 'latin1')) : undefined;
  return certificate === undefined ? undefined : readCertificate(certificate.raw);
}

/** Takes a certificate that somebody else has parsed, such as that of a TLS connection. */
export function identify(certificate: X509Certificate): CertificateIdentity {
  return {
    thumbprint: createHash('sha256').update(certificate.raw).digest('base64url'),
    der: certificate.raw,
    validFromMs: Date.parse(certificate.validFrom),
    validToMs: Date.parse(certificate.validTo),
  };
}

function parse(bytes: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(bytes);
  } catch (error) {
    // OpenSSL names what it cannot read by codes of its own; whatever it is, it is no certificate.
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_OSSL')) return undefined;
    throw error;
  }
}
