import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { TokenForge } from './token-forge.ts';

/** What the issuer's key set address does with the next requests. */
export type Behaviour = (response: ServerResponse) => void;

/** An outside issuer: a key pair of its own, and a real address for its key set. */
export type IssuerServer = {
  readonly issuer: string;
  readonly jwksUri: string;
  /** How often the key set was asked for. */
  fetches(): number;
  /** Answers this from now on, in place of the keys; null: the keys again. */
  behave(behaviour: Behaviour | null): void;
  /** The keys that are published. */
  publish(keys: readonly object[]): void;
  stop(): Promise<void>;
};

/** A key pair as an issuer has it. */
export type IssuerKeyPair = { readonly kid: string; readonly privateKey: KeyObject; readonly publicKey: KeyObject };

export function makeIssuerKey(kid: string): IssuerKeyPair {
  return { kid, ...generateKeyPairSync('rsa', { modulusLength: 2_048 }) };
}

/** The public half as it is published, with members added or changed. */
export function publicJwk({ kid, publicKey }: IssuerKeyPair, changes: object = {}): object {
  return { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256', ...changes };
}

export async function startIssuer(keys: readonly object[]): Promise<IssuerServer> {
  let published = keys;
  let behaviour: Behaviour | null = null;
  let fetches = 0;
  const server = createServer((_request, response) => {
    fetches += 1;
    if (behaviour !== null) return behaviour(response);
    response.setHeader('content-type', 'application/jwk-set+json');
    response.end(JSON.stringify({ keys: published }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${portOf(server)}`;
  return {
    issuer,
    jwksUri: `${issuer}/keys`,
    fetches: () => fetches,
    behave: (next) => {
      behaviour = next;
    },
    publish: (next) => {
      published = next;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the issuer has no port');
  return address.port;
}

/** The forge of an outside issuer's client, for one tenant. */
export function outsideForge(
  key: IssuerKeyPair,
  trust: Pick<TokenForge, 'issuer' | 'audience' | 'tenantId' | 'clientId' | 'scope'>,
): TokenForge {
  return { ...trust, kid: key.kid, privateKey: key.privateKey, publicKey: key.publicKey };
}
