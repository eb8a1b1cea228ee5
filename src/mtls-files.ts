import { constants } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ServerOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import { type MtlsConfig, SettingsRefused } from './config.ts';
import { LIMITS } from './limits.ts';

/**
 * Reads what the partners' listener needs. A caller is asked for a certificate and may come without one: whether it needs
 * one is known when its token is. Throws SettingsRefused naming the setting whose file cannot be used.
 */
export async function readMtlsFiles(mtls: MtlsConfig): Promise<ServerOptions> {
  const cert = await readSetting('HPTS_MTLS_CERT_FILE', mtls.certFile);
  const key = await readSetting('HPTS_MTLS_KEY_FILE', mtls.keyFile);
  const { clientCaFile } = mtls;
  const ca = clientCaFile === null ? undefined : await readSetting('HPTS_MTLS_CLIENT_CA_FILE', clientCaFile);
  try {
    createSecureContext({ cert, key, ca });
  } catch (cause) {
    throw new SettingsRefused(
      `HPTS_MTLS_CERT_FILE, HPTS_MTLS_KEY_FILE and HPTS_MTLS_CLIENT_CA_FILE must hold PEM that belongs together: ${String(cause)}`,
      { cause },
    );
  }
  return {
    cert,
    key,
    ...(ca === undefined ? {} : { ca }),
    requestCert: true,
    // A refusal in the handshake could not say why. What did not verify counts as no certificate.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    // A certificate that comes in a later handshake would not be the one that was looked at.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    handshakeTimeout: LIMITS.tlsHandshakeTimeoutMs,
    ALPNProtocols: ['http/1.1'],
  };
}

async function readSetting(name: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new SettingsRefused(`${name}=${path} cannot be read: ${String(cause)}`, { cause });
  }
}
