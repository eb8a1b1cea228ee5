import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { parseWebhookUrl, type WebhookUrl } from '../../domain/webhook-url.ts';
import { LIMITS } from '../../limits.ts';
import { isReceiverAddress, type ReceiverPlaces } from './receiver-address.ts';

/** Answers every address of a name, of both families; none when the name has none. Throws when nobody can tell. */
export type ResolveName = (host: string) => Promise<readonly string[]>;

/** Where a request goes: to exactly this address, under the name in the URL. */
export type ReceiverTarget = { readonly url: WebhookUrl; readonly addresses: readonly string[] };

/** Why there is none. `unresolved`: the name servers could not tell, which may pass. */
export type NoTarget = 'malformed' | 'forbidden' | 'unresolved';

/** Finds out where the receiver of a URL lives, and whether it may be connected to. */
export class ReceiverTargets {
  readonly #places: ReceiverPlaces;
  readonly #resolve: ResolveName;

  constructor(options: { readonly places: ReceiverPlaces; readonly resolve?: ResolveName }) {
    this.#places = options.places;
    this.#resolve = options.resolve ?? resolveByNameServers;
  }

  /**
   * Resolves once and judges every address: of a name with one good and one forbidden address, a connection could end at
   * either. Whoever connects does so to an address answered here and resolves nothing again, so that a name which points
   * elsewhere a moment later changes nothing.
   */
  async find(text: string): Promise<ReceiverTarget | NoTarget> {
    const url = parseWebhookUrl(text, { plainHttp: this.#places === 'loopback' });
    if (url === undefined) return 'malformed';
    let addresses: readonly string[];
    try {
      addresses = await this.#addressesOf(url.host);
    } catch {
      // Which name server failed, and how, concerns nobody who may be told.
      return 'unresolved';
    }
    const allowed = addresses.length > 0 && addresses.every((address) => isReceiverAddress(address, this.#places));
    if (!allowed) return 'forbidden';
    // Plain http never leaves this machine.
    if (!url.secure && !addresses.every((address) => !isReceiverAddress(address, 'public'))) return 'forbidden';
    return { url, addresses };
  }

  async #addressesOf(host: string): Promise<readonly string[]> {
    if (isIP(host) !== 0) return [host];
    if (host === 'localhost') return ['127.0.0.1'];
    return this.#resolve(host);
  }
}

/**
 * Asks the name servers of the system (only tests name others); files of hosts and search lists are not read, and no thread
 * is kept waiting. Throws when they do not tell within LIMITS.webhookResolveMs.
 */
export async function resolveByNameServers(host: string, servers?: readonly string[]): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: LIMITS.webhookResolveMs / 2, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  const cut = setTimeout(() => resolver.cancel(), LIMITS.webhookResolveMs);
  try {
    const [four, six] = await Promise.all([none(resolver.resolve4(host)), none(resolver.resolve6(host))]);
    return [...four, ...six];
  } finally {
    clearTimeout(cut);
  }
}

/** A name that is not there, or has no address of this family, has none; everything else is a failure. */
async function none(asked: Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await asked;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOTFOUND' || code === 'ENODATA' || code === 'EBADNAME') return [];
    throw error;
  }
}
