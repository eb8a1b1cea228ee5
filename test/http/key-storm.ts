// The same keys sent from fifty connections at once to two server processes: what `npm test` does in short, in full as
//   node test/http/key-storm.ts --keys 1000
import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import type { DatabaseAddress } from '../../src/postgres/connection.ts';
import { type HttpAnswer, HttpClient } from './http-client.ts';
import { disbursement, type Loan, payment, posted, unmadeLoan } from './loan-story.ts';
import { openOwnDatabase } from './own-database.ts';
import { startTwoProcesses } from './server-process.ts';
import { TenantApi } from './tenant-api.ts';

/** How much of a storm; connections are spread evenly over the two processes. */
export type StormOptions = { readonly keys: number; readonly connections: number };

/** What a storm did. Everything under `wrong` is a broken promise. */
export type StormReport = {
  readonly keys: number;
  readonly connections: number;
  readonly requests: number;
  readonly seconds: number;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Keys that each process posted. */
  readonly postedByProcess: readonly [number, number];
  readonly slowestMs: number;
  readonly medianMs: number;
  /** Entries in the journal under the storm's keys. */
  readonly entries: number;
  readonly wrong: readonly string[];
};

type Sent = { readonly answer: HttpAnswer; readonly process: number; readonly ms: number };

const LOANS = 8;
const SLOWEST_MS_MAX = 5_000;

/** Sends every key from all connections at once, one key after the other, over a database with the schema. */
export async function runKeyStorm(address: DatabaseAddress, options: StormOptions): Promise<StormReport> {
  const two = await startTwoProcesses(address);
  const clients = Array.from(
    { length: options.connections },
    (_, index) => new HttpClient(two.urls[index % 2] ?? '', 1),
  );
  const owner = new pg.Client({ ...address });
  try {
    const [first] = clients;
    if (first === undefined) throw new Error('a storm needs a connection');
    const api = await TenantApi.create(address, first);
    const loans = Array.from({ length: LOANS }, () => unmadeLoan());
    for (const loan of loans)
      await posted(api.post('/v1/disbursements', disbursement(loan, { amount_minor: '1000000000' })));
    await owner.connect();
    return await storm({ api, clients, loans, owner, keys: options.keys });
  } finally {
    for (const client of clients) client.close();
    await owner.end();
    await two.stop();
  }
}

type Storm = {
  readonly api: TenantApi;
  readonly clients: readonly HttpClient[];
  readonly loans: readonly Loan[];
  readonly owner: pg.Client;
  readonly keys: number;
};

async function storm({ api, clients, loans, owner, keys }: Storm): Promise<StormReport> {
  const token = await api.token();
  const wrong: string[] = [];
  const all: Sent[] = [];
  const prefix = `storm:${randomUUID()}`;
  const began = performance.now();
  for (let number = 0; number < keys; number += 1) {
    const body = JSON.stringify(payment(loans[number % LOANS] ?? unmadeLoan(), { amount_minor: '100' }));
    const key = `${prefix}:${number}`;
    const send = (client: HttpClient) => sendPayment(client, { token, key, body });
    const burst = await Promise.all(
      clients.map(async (client, index) => {
        const sentMs = performance.now();
        return { answer: await send(client), process: index % 2, ms: performance.now() - sentMs };
      }),
    );
    all.push(...burst);
    wrong.push(...wrongOf(key, burst));
    // Everybody who was told to wait asks again, one after the other at each process, and learns what the first was told.
    const created = burst.find(({ answer }) => answer.status === 201)?.answer.text;
    const waiting = clients.map((client, index) => ({ client, process: index % 2, told: burst[index]?.answer.status }));
    const askAgain = async (process: number) => {
      for (const { client } of waiting.filter((one) => one.told === 409 && one.process === process)) {
        const { status, text } = await send(client);
        if (status !== 200 || text !== created) wrong.push(`${key}: after 409 came ${status} ${text}`);
      }
    };
    await Promise.all([askAgain(0), askAgain(1)]);
  }
  const seconds = (performance.now() - began) / 1_000;
  const { entries, doubled } = await entriesOf(owner, { tenantId: api.tenantId, prefix });
  if (entries !== keys) wrong.push(`${keys} keys made ${entries} entries`);
  if (doubled > 0) wrong.push(`${doubled} keys have more than one entry`);
  const times = all.map(({ ms }) => ms).sort((a, b) => a - b);
  return {
    keys,
    connections: clients.length,
    requests: all.length,
    seconds,
    byStatus: countBy(all.map(({ answer }) => String(answer.status))),
    postedByProcess: [postedBy(all, 0), postedBy(all, 1)],
    slowestMs: times.at(-1) ?? 0,
    medianMs: times[times.length >> 1] ?? 0,
    entries,
    wrong,
  };
}

function sendPayment(client: HttpClient, one: { token: string; key: string; body: string }): Promise<HttpAnswer> {
  return client.send({
    method: 'POST',
    path: '/v1/payments',
    headers: ['authorization', `Bearer ${one.token}`, 'content-type', 'application/json', 'idempotency-key', one.key],
    body: one.body,
  });
}

function wrongOf(key: string, burst: readonly Sent[]): string[] {
  const wrong: string[] = [];
  const created = burst.filter(({ answer }) => answer.status === 201);
  if (created.length !== 1) wrong.push(`${key}: ${created.length} answers are 201`);
  for (const { answer, ms } of burst) {
    if (![200, 201, 409].includes(answer.status)) wrong.push(`${key}: ${answer.status} ${answer.text}`);
    if (answer.status === 200 && answer.text !== created[0]?.answer.text)
      wrong.push(`${key}: a 200 differs from the 201`);
    if (ms > SLOWEST_MS_MAX) wrong.push(`${key}: an answer took ${Math.round(ms)} ms`);
  }
  return wrong;
}

async function entriesOf(
  owner: pg.Client,
  of: { readonly tenantId: string; readonly prefix: string },
): Promise<{ entries: number; doubled: number }> {
  const { rows } = await owner.query<{ entries: string; doubled: string }>(
    `SELECT coalesce(sum(n), 0)::text AS entries, (count(*) FILTER (WHERE n > 1))::text AS doubled FROM (
       SELECT count(*) AS n FROM hpts.journal_entry
       WHERE tenant_id = $1 AND starts_with(idempotency_key, $2) GROUP BY idempotency_key) AS by_key`,
    [of.tenantId, of.prefix],
  );
  return { entries: Number(rows[0]?.entries), doubled: Number(rows[0]?.doubled) };
}

function postedBy(all: readonly Sent[], process: number): number {
  return all.filter((one) => one.process === process && one.answer.status === 201).length;
}

function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: { keys: { type: 'string', default: '1000' }, connections: { type: 'string', default: '50' } },
  });
  const database = await openOwnDatabase();
  try {
    const options = { keys: Number(values.keys), connections: Number(values.connections) };
    const report = await runKeyStorm(database.address, options);
    console.log(
      JSON.stringify({ ...report, wrong: report.wrong.slice(0, 20), wrongTotal: report.wrong.length }, null, 2),
    );
    if (report.wrong.length > 0 || report.postedByProcess.includes(0)) process.exitCode = 1;
  } finally {
    await database.close();
  }
}
