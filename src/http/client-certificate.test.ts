import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { makeCertificate } from '../../test/access/certificate-maker.ts';
import { readConfig } from '../config.ts';
import { clientCertificates } from './client-certificate.ts';

/** Which addresses a Client-Cert header is believed from; the rest is shown over real connections in test/http. */
const certificate = makeCertificate({ name: 'partner' });

function thumbprintFrom(remoteAddress: string | undefined, trusted: string): string | undefined {
  const { trustedProxies } = readConfig({ HPTS_TRUSTED_PROXIES: trusted });
  const headers = { 'client-cert': `:${certificate.der.toString('base64')}:` };
  const request = { headers, socket: { remoteAddress } } as unknown as IncomingMessage;
  return clientCertificates({ trustedProxies, authorityRequired: false, nowMs: Date.now }).thumbprintOf(request);
}

test.each([
  ['10.1.2.3', '10.1.2.3'],
  ['10.1.2.3', '192.0.2.1, 10.0.0.0/8'],
  ['::ffff:10.1.2.3', '10.0.0.0/8'],
  ['fd00::5', 'fd00::/8'],
  ['::1', '::1'],
])('the header of %s is believed where %s is trusted', (address, trusted) => {
  expect(thumbprintFrom(address, trusted)).toBe(certificate.thumbprint);
});

test.each([
  ['10.1.2.4', '10.1.2.3'],
  ['11.1.2.3', '10.0.0.0/8'],
  ['::ffff:11.1.2.3', '10.0.0.0/8'],
  ['fe80::5', 'fd00::/8'],
  ['127.0.0.1', '::1'],
  ['10.1.2.3', ''],
  [undefined, '10.0.0.0/8'],
])('the header of %s is ignored where %s is trusted', (address, trusted) => {
  expect(thumbprintFrom(address, trusted)).toBeUndefined();
});
