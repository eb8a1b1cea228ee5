import { parseAccountCode } from '../../domain/account-code.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { readTenantJournal } from '../../postgres/reading/tenant-journal.ts';
import { principalOf } from '../gate.ts';
import { LIST_QUERY, listOf, sendPage } from '../journal-list.ts';
import type { About } from '../openapi/about.ts';
import { sharedSchema } from '../openapi/component-schemas.ts';
import { JOURNAL_ENTRY_EXAMPLE } from '../openapi/journal-example.ts';
import { schemaRef } from '../openapi/json-schema.ts';
import type { Operation } from '../operation.ts';
import { pageToken, placeOfToken } from '../page-token.ts';
import { type QueryParameter, readQuery } from '../query-reader.ts';

const QUERY = {
  ...LIST_QUERY,
  account_code: {
    read: (text: string) => (parseAccountCode(text) === undefined ? undefined : text),
    wanted: 'the four digits of an account',
    schema: schemaRef('AccountCode'),
    description: 'Entries with a line on that account.',
    example: '1100',
  },
} satisfies Readonly<Record<string, QueryParameter>>;

const about: About = {
  id: 'listJournalEntries',
  tag: 'Journal',
  summary: 'List the journal entries of the tenant',
  description: 'The whole journal of the tenant, filtered, in pages that stay in place while it is written to.',
  query: QUERY,
  answers: {
    200: {
      description: 'A page of entries.',
      schema: sharedSchema('JournalEntryPage'),
      example: { items: [JOURNAL_ENTRY_EXAMPLE], next_page_token: null },
    },
  },
  problems: ['validation_failed', 'invalid_page_token'],
};

/** A `seq` in decimal, as far as bigint reaches in any case. */
const SEQ = /^[1-9][0-9]{0,17}$/;

/** GET /v1/journal-entries: 200, 400, 401, 403, 503. */
export function tenantJournal(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/journal-entries',
    scope: 'hpts:ledger:read',
    about,
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY);
      const { filter, order, size } = listOf(query);
      const list = [tenantId, 'journal', order, filter.fromDate, filter.toDate, filter.eventType, query.account_code];
      const behind = query.page_token === null ? null : BigInt(placeOfToken(list, query.page_token, SEQ));
      const account = query.account_code === null ? null : (parseAccountCode(query.account_code) ?? null);
      const page = await readTenantJournal(reader, { tenantId, filter, account, order, behind, size });
      return sendPage(reply, page, (seq) => pageToken(list, seq.toString()));
    },
  };
}
