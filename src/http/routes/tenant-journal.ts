import { parseAccountCode } from '../../domain/account-code.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { readTenantJournal } from '../../postgres/reading/tenant-journal.ts';
import { principalOf } from '../gate.ts';
import { LIST_QUERY, LIST_WANTED, listOf, sendPage } from '../journal-list.ts';
import type { Operation } from '../operation.ts';
import { pageToken, placeOfToken } from '../page-token.ts';
import { readQuery } from '../query-reader.ts';

const QUERY = {
  ...LIST_QUERY,
  account_code: (text: string) => (parseAccountCode(text) === undefined ? undefined : text),
};
const WANTED = { ...LIST_WANTED, account_code: 'the four digits of an account' };

/** A `seq` in decimal, as far as bigint reaches in any case. */
const SEQ = /^[1-9][0-9]{0,17}$/;

/** GET /v1/journal-entries: 200, 400, 401, 403, 503. */
export function tenantJournal(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/journal-entries',
    scope: 'hpts:ledger:read',
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY, WANTED);
      const { filter, order, size } = listOf(query);
      const list = [tenantId, 'journal', order, filter.fromDate, filter.toDate, filter.eventType, query.account_code];
      const behind = query.page_token === null ? null : BigInt(placeOfToken(list, query.page_token, SEQ));
      const account = query.account_code === null ? null : (parseAccountCode(query.account_code) ?? null);
      const page = await readTenantJournal(reader, { tenantId, filter, account, order, behind, size });
      return sendPage(reply, page, (seq) => pageToken(list, seq.toString()));
    },
  };
}
