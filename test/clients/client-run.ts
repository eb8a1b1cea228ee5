import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseAddress } from '../../src/postgres/connection.ts';
import { startDemoInstances } from '../http/demo-instances.ts';
import { type GeneratedClient, generateClient, type ListQuery } from './generated-client.ts';
import { HistoryWriter, type Written } from './history-writer.ts';
import { faultsOf, faultsOfWhole, type ListWalk, walkList } from './list-walk.ts';
import { demoToken, type QuickstartFigures, runQuickstart } from './quickstart.ts';

/** What came of a run. */
export type ClientOutcome = {
  readonly quickstart: QuickstartFigures;
  /** Entries of the loan when paging began. */
  readonly entries: number;
  readonly walks: readonly WalkReport[];
};

export type WalkReport = {
  readonly list: string;
  readonly pages: number;
  readonly shown: number;
  /** Of the list, acknowledged between the first page and the last. */
  readonly writtenMeanwhile: number;
  readonly faults: readonly string[];
};

type Page = {
  readonly items: readonly { journal_entry_id: string; event_type: string }[];
  next_page_token: string | null;
};

/** A list, how a page of it is asked for, and which entries belong to it. */
type List = {
  readonly name: string;
  readonly ask: (query: ListQuery) => Promise<Page>;
  readonly has: (entry: Written) => boolean;
};

const WRITERS = 4;
const FILLING_CONNECTIONS = 64;
/** Newest first with the size that a list has by itself; in the order of posting with one that divides nothing. */
const WAYS: readonly ListQuery[] = [{}, { order: 'asc', page_size: 23 }];
const AT_REST: ListQuery = { order: 'asc', page_size: 500 };

/**
 * Generates a client and has it, as it is, run the quickstart and page a loan's history of `entries` entries and the
 * tenant's journal, from two servers in turn, while others write to both. Throws what the client throws.
 */
export async function runClients(address: DatabaseAddress, { entries }: { entries: number }): Promise<ClientOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'hpts-client-'));
  try {
    const makeClient = await generateClient(folder);
    const instances = await startDemoInstances(address);
    try {
      const clients = instances.urls.map(makeClient);
      const [first] = clients;
      if (first === undefined) throw new Error('no server was started');
      const quickstart = await runQuickstart(first);
      const token = await demoToken(first);
      for (const client of clients) client.auth.bearer(token);
      return { quickstart, entries, walks: await pageWhileWriting(clients, entries) };
    } finally {
      await instances.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function pageWhileWriting(clients: readonly GeneratedClient[], entries: number): Promise<WalkReport[]> {
  const next = inTurn(clients);
  const earlier: Written[] = [];
  const everything: List = { name: 'earlier', ask: (query) => next().listJournalEntries({ query }), has: () => true };
  await walk(everything, AT_REST, async ({ items }) => {
    for (const { journal_entry_id, event_type } of items)
      earlier.push({ entryId: journal_entry_id, eventType: event_type, loanIds: [] });
  });
  const writer = await HistoryWriter.begin(clients, earlier);
  await writer.fill(entries, FILLING_CONNECTIONS);
  const lists = listsOf(next, writer.loans[0].loan_id);
  const walked: { list: List; way: ListQuery; seen: ListWalk }[] = [];
  for (const list of lists) {
    for (const way of WAYS) {
      const seen = await writer.during(() => walk(list, way, () => writer.grown(list.has), writer.written), WRITERS);
      walked.push({ list, way, seen });
    }
  }
  const whole = new Map<List, readonly string[]>();
  for (const list of lists) whole.set(list, (await walk(list, AT_REST)).shown);
  return walked.map(({ list, way, seen }) => {
    const atRest = whole.get(list) ?? [];
    const acknowledged = writer.written.filter(list.has).map(({ entryId }) => entryId);
    return {
      list: `${list.name}, ${seen.order}, ${way.page_size ?? 'default'} a page`,
      pages: seen.pages,
      shown: seen.shown.length,
      writtenMeanwhile: seen.knownBeforeLast.length - seen.knownBefore.length,
      faults: [...faultsOf(seen, atRest), ...faultsOfWhole(atRest, acknowledged)],
    };
  });
}

/** Reads a list to its end; `between` is awaited after each page. */
function walk(
  list: List,
  way: ListQuery,
  between?: (page: Page) => Promise<void>,
  written: readonly Written[] = [],
): Promise<ListWalk> {
  const page = async (token: string | undefined) => {
    const shown = await list.ask({ ...way, ...(token === undefined ? {} : { page_token: token }) });
    await between?.(shown);
    return { ids: shown.items.map(({ journal_entry_id }) => journal_entry_id), next: shown.next_page_token };
  };
  return walkList(way.order ?? 'desc', page, () => written.filter(list.has).map(({ entryId }) => entryId));
}

function listsOf(next: () => GeneratedClient, loanId: string): readonly List[] {
  const ofLoan = ({ loanIds }: Written): boolean => loanIds.includes(loanId);
  const payments = { event_type: 'payment_received' } as const;
  const fees = { event_type: 'fee_assessed' } as const;
  const path = { loan_id: loanId };
  return [
    { name: 'history of a loan', ask: (query) => next().listLoanJournalEntries({ path, query }), has: ofLoan },
    {
      name: 'payments of a loan',
      ask: (query) => next().listLoanJournalEntries({ path, query: { ...query, ...payments } }),
      has: (entry) => ofLoan(entry) && entry.eventType === payments.event_type,
    },
    { name: 'journal of the tenant', ask: (query) => next().listJournalEntries({ query }), has: () => true },
    {
      name: 'fees of the tenant',
      ask: (query) => next().listJournalEntries({ query: { ...query, ...fees } }),
      has: ({ eventType }) => eventType === fees.event_type,
    },
  ];
}

function inTurn(clients: readonly GeneratedClient[]): () => GeneratedClient {
  let calls = 0;
  return () => {
    const client = clients[calls % clients.length];
    if (client === undefined) throw new Error('there is no client to read with');
    calls += 1;
    return client;
  };
}
