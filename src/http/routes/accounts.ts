import { formatAccountCode } from '../../domain/account-code.ts';
import { ACCOUNT_TYPES, type ChartAccount, normalSideOf } from '../../domain/chart-of-accounts.ts';
import { LIMITS } from '../../limits.ts';
import { readChart } from '../../postgres/reading/chart-of-accounts.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { principalOf } from '../gate.ts';
import { sendJson } from '../json-answer.ts';
import type { About } from '../openapi/about.ts';
import { listOf, type NamedSchema, objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { Operation } from '../operation.ts';
import { pageToken, placeOfToken } from '../page-token.ts';
import type { Problem } from '../problem.ts';
import { PAGE_SIZE_DEFAULT, PAGE_TOKEN, pageSizeParameter } from '../query-parameters.ts';
import { readQuery } from '../query-reader.ts';

/** What is answered for an account that is not in the chart. */
export const NO_ACCOUNT: Problem = { code: 'account_not_found', detail: 'the chart has no such account' };

/** An account as it is answered. */
export const ACCOUNT: NamedSchema & { readonly example: unknown } = {
  name: 'Account',
  schema: objectOf({
    account_code: schemaRef('AccountCode'),
    name: { type: 'string', description: 'Its name in the chart as it stands.' },
    type: { type: 'string', enum: ACCOUNT_TYPES, description: 'What it is.' },
    normal_side: schemaRef('Direction', 'The side on which its balance is positive.'),
  }),
  example: { account_code: '4110', name: 'Late fee income', type: 'income', normal_side: 'CR' },
};

const QUERY = { page_size: pageSizeParameter(LIMITS.listPageItems), page_token: PAGE_TOKEN };

const PAGE = {
  name: 'AccountPage',
  schema: objectOf({
    items: listOf(ACCOUNT.schema, 'In the order of their codes.'),
    next_page_token: schemaRef('NextPageToken'),
  }),
};

const about: About = {
  id: 'listAccounts',
  tag: 'Configuration',
  summary: 'List the chart of accounts',
  description: 'Every account of the chart as it stands, in the order of codes.',
  query: QUERY,
  answers: {
    200: {
      description: 'A page of accounts.',
      schema: PAGE,
      example: { items: [ACCOUNT.example], next_page_token: null },
    },
  },
  problems: ['validation_failed', 'invalid_page_token'],
};

const FOUR_DIGITS = /^[0-9]{4}$/;

/** GET /v1/accounts: 200, 400, 401, 403, 503. */
export function accounts(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/accounts',
    scope: 'hpts:ledger:read',
    about,
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY);
      const limit = Number(query.page_size ?? PAGE_SIZE_DEFAULT);
      const list = [tenantId, 'accounts'];
      const after = query.page_token === null ? -1 : Number(placeOfToken(list, query.page_token, FOUR_DIGITS));
      const items = await readChart(reader, { tenantId, after, limit });
      const last = items.length === limit ? items.at(-1) : undefined;
      return sendJson(
        reply,
        JSON.stringify({
          items: items.map((one) => accountObject({ ...one, normalSide: normalSideOf(one.type) })),
          next_page_token: last === undefined ? null : pageToken(list, formatAccountCode(last.code)),
        }),
      );
    },
  };
}

/** An account as it is answered. */
export function accountObject({ code, name, type, normalSide }: ChartAccount): Record<string, unknown> {
  return { account_code: formatAccountCode(code), name, type, normal_side: normalSide };
}
