import type { DatabaseAddress } from '../../src/postgres/connection.ts';
import { connect } from '../../src/postgres/connection.ts';
import { HttpClient } from '../http/http-client.ts';
import { openOwnDatabase } from '../http/own-database.ts';
import { startTwoProcesses } from '../http/server-process.ts';
import { TenantApi } from '../http/tenant-api.ts';
import type { SimulationTarget } from './wire.ts';

/** Tokens live an hour; a run may take longer. */
const RENEW_MS = 30 * 60_000;

/** A target made for one run; close() ends its processes and removes its database. */
export type TwoProcessTarget = {
  readonly target: SimulationTarget;
  /** The same processes and database with tenants of its own, whose books are empty. */
  withNewTenants(): Promise<SimulationTarget>;
  readonly address: DatabaseAddress;
  close(): Promise<void>;
};

export type TwoProcessOptions = {
  /** Tenants with empty books (3). */
  readonly tenants?: number;
  /** A database with the schema, left as it is in the end; without it, an embedded PostgreSQL of the run's own. */
  readonly address?: DatabaseAddress;
  /** The control: postings take the time at which their transaction began, as if the head gave out none. */
  readonly postedAtIsNow?: boolean;
};

/** Two server processes over one database, with tenants of their own: needs nothing of vitest. */
export async function openTwoProcessTarget(options: TwoProcessOptions = {}): Promise<TwoProcessTarget> {
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const one of closers.splice(0).reverse()) await one();
  };
  try {
    const address = options.address ?? (await ownAddress(closers));
    if (options.postedAtIsNow === true) await takeTransactionTime(address);
    const two = await startTwoProcesses(address);
    closers.push(two.stop);
    const http = new HttpClient(two.urls[0]);
    closers.push(async () => http.close());
    const withNewTenants = async () => {
      const tenants = await Promise.all(
        Array.from({ length: options.tenants ?? 3 }, () => TenantApi.create(address, http)),
      );
      const { target, stop } = await targetOf(tenants, two.urls, await utcToday(address));
      closers.push(stop);
      return target;
    };
    return { target: await withNewTenants(), withNewTenants, address, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The target that some tenants are, and how to end the renewal of its tokens. */
async function targetOf(
  tenants: readonly TenantApi[],
  baseUrls: readonly string[],
  businessDate: string,
): Promise<{ readonly target: SimulationTarget; readonly stop: () => Promise<void> }> {
  const colleagues = await Promise.all(tenants.map((tenant) => tenant.colleague()));
  const [full, narrow] = [new TokenRing(tenants, undefined), new TokenRing(tenants, 'hpts:balances:read')];
  const rings = [full, narrow, new TokenRing(colleagues, undefined)] as const;
  const renew = () => Promise.all(rings.map((ring) => ring.renew()));
  await renew();
  const timer = setInterval(() => void renew(), RENEW_MS);
  timer.unref();
  const target: SimulationTarget = {
    baseUrls,
    token: (index) => full.of(index),
    narrowToken: (index) => narrow.of(index),
    colleagueToken: (index) => rings[2].of(index),
    tenants: tenants.map(({ tenantId, defaultProgramId }) => ({
      tenantId,
      programId: defaultProgramId,
      businessDate,
    })),
  };
  return { target, stop: async () => clearInterval(timer) };
}

async function takeTransactionTime(address: DatabaseAddress): Promise<void> {
  const owner = await connect(address, { role: 'owner', applicationName: 'simulation control' });
  try {
    await owner.query(
      'CREATE OR REPLACE FUNCTION hpts.next_posted_at(previous timestamptz) RETURNS timestamptz LANGUAGE sql VOLATILE RETURN now()',
    );
  } finally {
    await owner.end();
  }
}

/** The newest token of each tenant. */
class TokenRing {
  readonly #tenants: readonly TenantApi[];
  readonly #scope: string | undefined;
  #tokens: readonly string[] = [];

  constructor(tenants: readonly TenantApi[], scope: string | undefined) {
    this.#tenants = tenants;
    this.#scope = scope;
  }

  of(index: number): string {
    const token = this.#tokens[index];
    if (token === undefined) throw new Error(`there is no tenant ${index}`);
    return token;
  }

  /** Keeps the tokens it has when the server does not answer now: they are valid for half an hour more. */
  async renew(): Promise<void> {
    const fresh = await Promise.allSettled(this.#tenants.map((tenant) => tenant.freshToken(this.#scope)));
    this.#tokens = fresh.map((one, index) => {
      if (one.status === 'fulfilled') return one.value;
      const known = this.#tokens[index];
      if (known === undefined) throw one.reason;
      return known;
    });
  }
}

async function ownAddress(closers: (() => Promise<void>)[]): Promise<DatabaseAddress> {
  const database = await openOwnDatabase();
  closers.push(database.close);
  return database.address;
}

async function utcToday(address: DatabaseAddress): Promise<string> {
  const owner = await connect(address, { role: 'owner', applicationName: 'simulation' });
  try {
    const { rows } = await owner.query<{ today: string }>(
      `SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date AS today`,
    );
    return rows[0]?.today ?? '';
  } finally {
    await owner.end();
  }
}
