import { readFileSync } from 'node:fs';
import { type CertificateIdentity, readCertificateFile } from '../postgres/access/certificate.ts';
import { UsageError } from './administration-command.ts';

/** The certificate of `--certificate FILE`. Throws UsageError for a file that does not hold exactly one. */
export function readCertificateOption(path: string): CertificateIdentity {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new UsageError(`--certificate ${path} cannot be read: ${String(cause)}`, { cause });
  }
  const certificate = readCertificateFile(bytes);
  if (certificate === undefined) {
    throw new UsageError(`--certificate ${path} must hold exactly one X.509 certificate, as PEM or DER`);
  }
  return certificate;
}
