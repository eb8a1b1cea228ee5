import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** X.509 certificates for tests (RFC 5280), on P-256: self-signed, or signed by an authority made here. */
export type MadeCertificate = {
  readonly name: string;
  readonly der: Buffer;
  readonly pem: string;
  readonly privateKey: KeyObject;
  readonly keyPem: string;
  /** SHA-256 of the DER in base64url (RFC 8705 section 3.1). */
  readonly thumbprint: string;
};

export type CertificateWish = {
  readonly name: string;
  /** Signed by this one; by its own key when left out. */
  readonly authority?: MadeCertificate;
  readonly isAuthority?: boolean;
  readonly validFrom?: Date;
  readonly validTo?: Date;
};

const HOUR_MS = 3_600_000;
const OID = {
  commonName: '550403',
  ecPublicKeySha256: '2a8648ce3d040302',
  basicConstraints: '551d13',
  subjectAltName: '551d11',
} as const;

/** Makes a key pair and a certificate of it, valid for a day around now unless told otherwise, for 127.0.0.1. */
export function makeCertificate(wish: CertificateWish): MadeCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer = wish.authority ?? { name: wish.name, privateKey };
  const algorithm = sequence(oid(OID.ecPublicKeySha256));
  const extensions = [
    extension(
      OID.subjectAltName,
      sequence(der(0x87, Buffer.from([127, 0, 0, 1])), der(0x82, Buffer.from('localhost'))),
    ),
    ...(wish.isAuthority === true ? [extension(OID.basicConstraints, sequence(der(0x01, Buffer.from([0xff]))))] : []),
  ];
  const certified = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    distinguishedName(signer.name),
    sequence(
      time(wish.validFrom ?? new Date(Date.now() - HOUR_MS)),
      time(wish.validTo ?? new Date(Date.now() + 24 * HOUR_MS)),
    ),
    distinguishedName(wish.name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', certified, signer.privateKey);
  const whole = sequence(certified, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    name: wish.name,
    der: whole,
    pem: pemOf(whole),
    privateKey,
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    thumbprint: createHash('sha256').update(whole).digest('base64url'),
  };
}

function pemOf(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...contents: readonly Buffer[]): Buffer => der(0x30, ...contents);
const integer = (bytes: Buffer): Buffer => der(0x02, bytes);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));

function extension(id: string, content: Buffer): Buffer {
  return sequence(oid(id), der(0x04, content));
}

function distinguishedName(commonName: string): Buffer {
  return sequence(der(0x31, sequence(oid(OID.commonName), der(0x0c, Buffer.from(commonName, 'utf8')))));
}

/** GeneralizedTime, to the second. */
function time(instant: Date): Buffer {
  const digits = `${instant.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
  // RFC 5280 section 4.1.2.5: UTCTime up to 2049.
  return instant.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}
