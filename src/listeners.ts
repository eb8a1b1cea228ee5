import type { FastifyInstance } from 'fastify';
import { type Config, type MtlsConfig, PORTS, SettingsRefused } from './config.ts';
import { clientCertificates } from './http/client-certificate.ts';
import { createTokenVerifier } from './http/oauth/access-token.ts';
import { issuerMetadata } from './http/oauth/metadata.ts';
import { OutsideIssuers } from './http/oauth/outside-token.ts';
import { type TokenEndpointOptions, tokenEndpoint } from './http/oauth/token-endpoint.ts';
import { answerUnfinished, createHttpServer, type HttpServerOptions } from './http/server.ts';
import { LIMITS } from './limits.ts';
import { readMtlsFiles } from './mtls-files.ts';

const TOKEN_LIFE_SECONDS = 3_600;

/** HPTS_PORT or HPTS_MTLS_PORT is taken, or all of the default ones are. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

/** What the listeners serve from. */
export type ServingParts = Pick<
  HttpServerOptions,
  'operations' | 'bodies' | 'loopbackHostsOnly' | 'watch' | 'onFailure'
> &
  Pick<TokenEndpointOptions, 'db' | 'directory'>;

/** The listeners of a process. */
export type Listeners = {
  /** Where it answers, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Where partners reach it over mutual TLS, such as `https://127.0.0.1:8443`; null when there is no such listener. */
  readonly mtlsUrl: string | null;
  /** Lets requests under way end on all of them at once, then closes every connection. */
  readonly close: () => Promise<unknown>;
};

/**
 * Opens the listener for everybody, and the one for partners when there is to be one, over the same operations. Throws
 * PortTaken, SettingsRefused, or what the system says of an address that cannot be listened on.
 */
export async function listen(config: Config, parts: ServingParts): Promise<Listeners> {
  const { directory, onFailure } = parts;
  const tls = config.mtls === null ? null : await readMtlsFiles(config.mtls);
  const outside = new OutsideIssuers(config.trustedIssuers, onFailure);
  const certificates = clientCertificates({
    trustedProxies: config.trustedProxies,
    authorityRequired: config.mtls?.clientCaFile != null,
    nowMs: () => directory.databaseTimeMs(performance.now()),
  });
  const own = config.mtls === null ? null : `https://${urlHost(config.mtls.host)}:${config.mtls.port}`;
  // The issuer is the address unless it is set, and the address is known once a port was found.
  return listenOnFreePort(config, async (port) => {
    const url = `http://${urlHost(config.host)}:${port}`;
    const issuer = config.issuer ?? url;
    if (outside.has(issuer))
      throw new SettingsRefused(`HPTS_TRUSTED_ISSUERS names ${issuer}, which is this server itself`);
    const audience = config.audience ?? `${issuer}/v1`;
    const access = { ...parts, issuer, audience, certificates, tokenLifeSeconds: TOKEN_LIFE_SECONDS };
    const serving: HttpServerOptions = {
      ...parts,
      certificates,
      plugins: [
        tokenEndpoint({ ...access, onProblem: onFailure }),
        issuerMetadata({ issuer, mtlsUrl: config.mtlsUrl ?? own, directory }),
      ],
      verifier: createTokenVerifier({ ...access, outside }),
    };
    const apps: FastifyInstance[] = [];
    const close = (): Promise<unknown> => Promise.all(apps.map((app) => closeInTime(app)));
    try {
      apps.push(await createHttpServer(serving));
      await apps[0]?.listen({ host: config.host, port });
      if (config.mtls !== null && tls !== null) {
        const partners = await createHttpServer({ ...serving, tls });
        apps.push(partners);
        await listenForPartners(partners, config.mtls);
      }
    } catch (error) {
      await close();
      throw error;
    }
    return { url, mtlsUrl: own, close };
  });
}

async function listenForPartners(app: FastifyInstance, { host, port }: MtlsConfig): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    if (!isTaken(error)) throw error;
    throw new PortTaken(`port ${port} (HPTS_MTLS_PORT) is taken; end the program that listens there, or set another`);
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

/**
 * Answers what was accepted. What has no answer within LIMITS.drainMs is told so, and connections that are still there at
 * LIMITS.drainCutMs are cut, so that every stop ends.
 */
async function closeInTime(app: FastifyInstance): Promise<void> {
  const giveUp = setTimeout(() => answerUnfinished(app.connections), LIMITS.drainMs);
  const cut = setTimeout(() => app.server.closeAllConnections(), LIMITS.drainCutMs);
  try {
    // What has arrived by now is read first, and so is accepted.
    await nextTurn();
    app.connections.end();
    await app.close();
  } finally {
    clearTimeout(giveUp);
    clearTimeout(cut);
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function listenOnFreePort(config: Config, listenOn: (port: number) => Promise<Listeners>): Promise<Listeners> {
  const first = config.port ?? PORTS.first;
  const last = config.port ?? PORTS.last;
  for (let port = first; port <= last; port += 1) {
    try {
      return await listenOn(port);
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
  }
  throw new PortTaken(
    config.port === null
      ? `ports ${PORTS.first} to ${PORTS.last} are all taken; set HPTS_PORT to a free one`
      : `port ${config.port} (HPTS_PORT) is taken; end the program that listens there, or set another`,
  );
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
