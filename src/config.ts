import { BlockList, isIP } from 'node:net';
import { readTrustedIssuers, type TrustedIssuer } from './http/oauth/trusted-issuer.ts';
import { type DatabaseAddress, parseDatabaseUrl } from './postgres/connection.ts';

/** A setting that the program reads from its environment; docs/settings.md lists the same rows. */
export type Setting = { readonly name: string; readonly fallback: string; readonly meaning: string };

/** Every setting, read once at start. `npm run check` compares this table with the documentation. */
export const SETTINGS: readonly Setting[] = [
  {
    name: 'HPTS_DATABASE_URL',
    fallback: 'none: a demo instance on an embedded PostgreSQL',
    meaning: 'postgres:// URL of a PostgreSQL 15 or newer; its presence makes this a production instance',
  },
  {
    name: 'HPTS_HOST',
    fallback: '127.0.0.1',
    meaning: 'address to listen on; a demo instance takes loopback addresses only',
  },
  { name: 'HPTS_PORT', fallback: 'the first free one from 8080 to 8099', meaning: 'port to listen on' },
  {
    name: 'HPTS_DATA_DIR',
    fallback: '.hpts beside package.json',
    meaning: 'folder of the embedded database, keys and instance.json',
  },
  {
    name: 'HPTS_ISSUER',
    fallback: 'the address it listens on',
    meaning: 'issuer of access tokens; the same for all processes of one installation',
  },
  { name: 'HPTS_AUDIENCE', fallback: 'the issuer with /v1 behind it', meaning: 'audience that access tokens are for' },
  {
    name: 'HPTS_TRUSTED_ISSUERS',
    fallback: 'none',
    meaning: 'other issuers whose access tokens are accepted: a JSON list, or the path of a file with one',
  },
  { name: 'HPTS_MTLS_PORT', fallback: 'no such listener', meaning: 'port to listen on for mutual TLS, for partners' },
  { name: 'HPTS_MTLS_HOST', fallback: 'that of HPTS_HOST', meaning: 'address of that listener' },
  {
    name: 'HPTS_MTLS_CERT_FILE',
    fallback: 'required with HPTS_MTLS_PORT',
    meaning: "PEM of that listener's certificate chain",
  },
  { name: 'HPTS_MTLS_KEY_FILE', fallback: 'required with HPTS_MTLS_PORT', meaning: 'PEM of its private key' },
  {
    name: 'HPTS_MTLS_CLIENT_CA_FILE',
    fallback: 'self-signed ones count when registered',
    meaning: 'PEM of the authorities that must have signed the certificates of partners',
  },
  {
    name: 'HPTS_MTLS_URL',
    fallback: 'the address it listens on for mutual TLS',
    meaning: 'address under which partners reach mutual TLS, here or at a proxy; https',
  },
  {
    name: 'HPTS_TRUSTED_PROXIES',
    fallback: 'none',
    meaning: 'addresses and networks, with commas between, whose Client-Cert header is believed',
  },
  {
    name: 'HPTS_MASTER_KEY_FILE',
    fallback: 'demo: made in the data folder; production: required',
    meaning: 'file with the 32-byte key that seals signing keys',
  },
  { name: 'HPTS_POSTING_LANES', fallback: '1', meaning: 'batches that one process posts at a time, 1 to 8' },
  {
    name: 'HPTS_WEBHOOK_RECEIVERS',
    fallback: 'public',
    meaning:
      'where webhook receivers may live: public (https on the internet) or loopback (this machine as well, http too)',
  },
  { name: 'HPTS_LOG_LEVEL', fallback: 'info', meaning: 'fatal, error, warn, info, debug or silent' },
  { name: 'HPTS_ACCESS_LOG', fallback: 'off', meaning: 'on: a log line for every request, at level info' },
  { name: 'HPTS_METRICS_PORT', fallback: 'no such listener', meaning: 'port to answer GET /metrics on' },
  { name: 'HPTS_METRICS_HOST', fallback: '127.0.0.1', meaning: 'address of that listener' },
  { name: 'HPTS_GIT_SHA', fallback: 'read from .git, else unknown', meaning: 'revision that /v1/health/live answers' },
];

const WEBHOOK_RECEIVERS = ['public', 'loopback'] as const;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;

/** Settings that cannot be used; the message names each and says what would be right. */
export class SettingsRefused extends Error {
  override readonly name = 'SettingsRefused';
}

/** A listener of its own for mutual TLS. */
export type MtlsConfig = {
  readonly host: string;
  readonly port: number;
  readonly certFile: string;
  readonly keyFile: string;
  /** null: whoever holds the key of a registered certificate. */
  readonly clientCaFile: string | null;
};

export type Config = {
  /** null: the embedded PostgreSQL, as a demo instance. */
  readonly database: DatabaseAddress | null;
  readonly host: string;
  /** null: the first free one of PORTS. */
  readonly port: number | null;
  readonly issuer: string | null;
  readonly audience: string | null;
  readonly trustedIssuers: readonly TrustedIssuer[];
  readonly mtls: MtlsConfig | null;
  readonly mtlsUrl: string | null;
  readonly trustedProxies: BlockList;
  readonly masterKeyFile: string | null;
  readonly postingLanes: number;
  readonly webhookReceivers: (typeof WEBHOOK_RECEIVERS)[number];
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** A line for every request; without it, for those that were answered 5xx. */
  readonly accessLog: boolean;
  /** null: nothing is counted. */
  readonly metrics: { readonly host: string; readonly port: number } | null;
  readonly gitSha: string | null;
};

/** Where a port is looked for when none is set: first to last. */
export const PORTS = { first: 8080, last: 8099 } as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads and checks the environment. Throws SettingsRefused with every setting that is wrong. */
export function readConfig(env: Environment): Config {
  const wrong: string[] = [];
  const known = new Set(SETTINGS.map((setting) => setting.name));
  for (const name of Object.keys(env)) {
    if (name.startsWith('HPTS_') && !known.has(name)) wrong.push(`${name} is not a setting; see docs/settings.md`);
  }
  const database = readDatabase(env, wrong);
  const host = text(env, 'HPTS_HOST') ?? '127.0.0.1';
  for (const name of ['HPTS_HOST', 'HPTS_MTLS_HOST', 'HPTS_METRICS_HOST']) {
    const place = text(env, name);
    if (database !== null || place === null || isLoopback(place)) continue;
    wrong.push(
      `${name}=${place}: a demo instance has public credentials and listens on loopback only; set HPTS_DATABASE_URL`,
    );
  }
  const masterKeyFile = text(env, 'HPTS_MASTER_KEY_FILE');
  if (database !== null && masterKeyFile === null) {
    wrong.push('HPTS_MASTER_KEY_FILE is required with HPTS_DATABASE_URL; make one with: openssl rand -base64 32');
  }
  const logLevel = LOG_LEVELS.find((level) => level === (text(env, 'HPTS_LOG_LEVEL') ?? 'info'));
  if (logLevel === undefined) wrong.push(`HPTS_LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}`);
  const receivers = text(env, 'HPTS_WEBHOOK_RECEIVERS') ?? 'public';
  const webhookReceivers = WEBHOOK_RECEIVERS.find((places) => places === receivers);
  if (webhookReceivers === undefined)
    wrong.push(`HPTS_WEBHOOK_RECEIVERS must be one of ${WEBHOOK_RECEIVERS.join(', ')}`);
  const config = {
    database,
    host,
    port: wholeNumber({ env, name: 'HPTS_PORT', min: 1, max: 65_535 }, wrong),
    issuer: readIssuer(env, wrong),
    audience: text(env, 'HPTS_AUDIENCE'),
    ...readPartnerSettings(env, wrong),
    masterKeyFile,
    postingLanes: wholeNumber({ env, name: 'HPTS_POSTING_LANES', min: 1, max: 8 }, wrong) ?? 1,
    webhookReceivers: webhookReceivers ?? 'public',
    logLevel: logLevel ?? 'info',
    ...readObservation(env, wrong),
    gitSha: text(env, 'HPTS_GIT_SHA'),
  };
  if (wrong.length > 0) throw new SettingsRefused(wrong.join('\n'));
  return Object.freeze(config);
}

function readDatabase(env: Environment, wrong: string[]): DatabaseAddress | null {
  const url = text(env, 'HPTS_DATABASE_URL');
  if (url === null) return null;
  try {
    return parseDatabaseUrl(url);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    wrong.push(`HPTS_DATABASE_URL ${error.message}`);
    return null;
  }
}

/** Metrics answer whoever reaches them, so they never share a listener with the API and stay on loopback unless told. */
function readObservation(env: Environment, wrong: string[]): Pick<Config, 'accessLog' | 'metrics'> {
  const accessLog = text(env, 'HPTS_ACCESS_LOG') ?? 'off';
  if (accessLog !== 'on' && accessLog !== 'off') wrong.push('HPTS_ACCESS_LOG must be on or off');
  const port = wholeNumber({ env, name: 'HPTS_METRICS_PORT', min: 1, max: 65_535 }, wrong);
  for (const other of ['HPTS_PORT', 'HPTS_MTLS_PORT']) {
    if (port !== null && String(port) === text(env, other))
      wrong.push(`HPTS_METRICS_PORT must be another port than ${other}`);
  }
  const host = text(env, 'HPTS_METRICS_HOST');
  if (host !== null && port === null) wrong.push('HPTS_METRICS_HOST is of no use without HPTS_METRICS_PORT');
  return { accessLog: accessLog === 'on', metrics: port === null ? null : { host: host ?? '127.0.0.1', port } };
}

function readIssuer(env: Environment, wrong: string[]): string | null {
  const issuer = text(env, 'HPTS_ISSUER');
  if (issuer === null) return null;
  // RFC 8414 section 2: a URL without query or fragment.
  const url = URL.canParse(issuer) ? new URL(issuer) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    wrong.push(`HPTS_ISSUER=${issuer} must be an http(s) URL without query or fragment`);
  }
  return issuer;
}

type PartnerConfig = Pick<Config, 'trustedIssuers' | 'mtls' | 'mtlsUrl' | 'trustedProxies'>;

function readPartnerSettings(env: Environment, wrong: string[]): PartnerConfig {
  const issuers = text(env, 'HPTS_TRUSTED_ISSUERS');
  return {
    trustedIssuers: issuers === null ? [] : readTrustedIssuers(issuers, wrong),
    mtls: readMtls(env, wrong),
    mtlsUrl: readMtlsUrl(env, wrong),
    trustedProxies: readProxies(env, wrong),
  };
}

function readMtls(env: Environment, wrong: string[]): MtlsConfig | null {
  const port = wholeNumber({ env, name: 'HPTS_MTLS_PORT', min: 1, max: 65_535 }, wrong);
  const [certFile, keyFile] = [text(env, 'HPTS_MTLS_CERT_FILE'), text(env, 'HPTS_MTLS_KEY_FILE')];
  const clientCaFile = text(env, 'HPTS_MTLS_CLIENT_CA_FILE');
  if (port !== null && certFile !== null && keyFile !== null) {
    if (String(port) === text(env, 'HPTS_PORT')) wrong.push('HPTS_MTLS_PORT must be another port than HPTS_PORT');
    const host = text(env, 'HPTS_MTLS_HOST') ?? text(env, 'HPTS_HOST') ?? '127.0.0.1';
    return { host, port, certFile, keyFile, clientCaFile };
  }
  if (port !== null || certFile !== null || keyFile !== null || clientCaFile !== null) {
    wrong.push('HPTS_MTLS_PORT, HPTS_MTLS_CERT_FILE and HPTS_MTLS_KEY_FILE are only of use together');
  }
  return null;
}

function readMtlsUrl(env: Environment, wrong: string[]): string | null {
  const address = text(env, 'HPTS_MTLS_URL');
  const url = address !== null && URL.canParse(address) ? new URL(address) : null;
  if (address !== null && (url?.protocol !== 'https:' || url.search !== '' || url.hash !== '')) {
    wrong.push(`HPTS_MTLS_URL=${address} must be an https URL without query or fragment`);
  }
  return address;
}

function readProxies(env: Environment, wrong: string[]): BlockList {
  const proxies = new BlockList();
  for (const entry of text(env, 'HPTS_TRUSTED_PROXIES')?.split(',') ?? []) {
    const [, address = '', prefix] = /^\s*([0-9A-Fa-f.:]+)(?:\/(\d{1,3}))?\s*$/.exec(entry) ?? [];
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const bits = family === 'ipv6' ? 128 : 32;
    if (isIP(address) === 0 || Number(prefix ?? bits) > bits) {
      wrong.push(`HPTS_TRUSTED_PROXIES: ${entry.trim()} must be an address or a network such as 10.0.0.0/8`);
    } else proxies.addSubnet(address, Number(prefix ?? bits), family);
  }
  return proxies;
}

function wholeNumber(
  setting: { readonly env: Environment; readonly name: string; readonly min: number; readonly max: number },
  wrong: string[],
): number | null {
  const { env, name, min, max } = setting;
  const value = text(env, name);
  if (value === null) return null;
  const number = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  wrong.push(`${name}=${value} must be a whole number from ${min} to ${max}`);
  return null;
}

function text(env: Environment, name: string): string | null {
  const value = env[name];
  return value === undefined || value === '' ? null : value;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
