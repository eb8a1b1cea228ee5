import { formatAccountCode, parseAccountCode } from '../../domain/account-code.ts';
import { normalSideOf } from '../../domain/chart-of-accounts.ts';
import { LAYERS, type LayerNumber, layerNumber, SETTLED } from '../../domain/layer.ts';
import { type AccountBalance, readAccountBalance } from '../../postgres/reading/account-balance.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { principalOf } from '../gate.ts';
import { sendJson } from '../json-answer.ts';
import { refuseUnlessCome } from '../known-at.ts';
import type { About } from '../openapi/about.ts';
import { objectOf, schemaRef } from '../openapi/json-schema.ts';
import type { Operation } from '../operation.ts';
import { ProblemError } from '../problem.ts';
import { AS_OF_DATE, currencyParameter, KNOWN_AT, LAYER } from '../query-parameters.ts';
import { pathPart, type QueryParameter, readQuery } from '../query-reader.ts';

const QUERY = {
  currency: { ...currencyParameter('The currency of the totals.'), required: true },
  layer: LAYER,
  as_of_date: AS_OF_DATE,
  known_at: KNOWN_AT,
} satisfies Readonly<Record<string, QueryParameter>>;

const about: About = {
  id: 'getAccountBalance',
  tag: 'Balances',
  summary: 'Read the balance of an account',
  description:
    "All debits, all credits, and their difference on the account's normal side, in one currency on one layer. A currency that the account never saw answers zeros. Under a fixed `known_at` the figures never change.",
  query: QUERY,
  answers: {
    200: {
      description: 'The totals.',
      schema: {
        name: 'AccountBalance',
        schema: objectOf({
          account_code: schemaRef('AccountCode'),
          account_name: { type: 'string', description: 'Its name in the chart as it stands.' },
          currency: schemaRef('Currency'),
          layer: schemaRef('Layer'),
          as_of_date: schemaRef('CalendarDate'),
          dr_balance_minor: schemaRef('TotalMoney', 'All debits.'),
          cr_balance_minor: schemaRef('TotalMoney', 'All credits.'),
          normal_balance_minor: schemaRef('SignedMoney', "Their difference on the account's normal side."),
        }),
      },
      example: {
        account_code: '1100',
        account_name: 'Principal receivable',
        currency: 'USD',
        layer: 'SETTLED',
        as_of_date: '2026-05-01',
        dr_balance_minor: '1000000',
        cr_balance_minor: '78349',
        normal_balance_minor: '921651',
      },
    },
  },
  problems: ['validation_failed', 'account_not_found'],
};

/** GET /v1/accounts/{account_code}/balance: 200, 400, 401, 403, 404, 503. */
export function accountBalance(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/accounts/:account_code/balance',
    scope: 'hpts:balances:read',
    about,
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY);
      const missing = new ProblemError({ code: 'account_not_found', detail: 'the chart has no such account' });
      const account = parseAccountCode(pathPart(request, 'account_code'));
      if (account === undefined) throw missing;
      const { as_of_date: asOfDate, known_at: knownAt } = query;
      await refuseUnlessCome(reader, tenantId, knownAt);
      const currency = query.currency ?? '';
      const layer = layerNumber(query.layer ?? 'SETTLED') ?? SETTLED;
      const balance = await readAccountBalance(reader, { tenantId, account, currency, layer, asOfDate, knownAt });
      if (balance === undefined) throw missing;
      return sendJson(reply, renderBalance({ account, currency, layer }, balance));
    },
  };
}

function renderBalance(
  asked: { readonly account: number; readonly currency: string; readonly layer: LayerNumber },
  { name, type, asOfDate, debitMinor, creditMinor }: AccountBalance,
): string {
  const difference = debitMinor - creditMinor;
  return JSON.stringify({
    account_code: formatAccountCode(asked.account),
    account_name: name,
    currency: asked.currency,
    layer: LAYERS[asked.layer],
    as_of_date: asOfDate,
    dr_balance_minor: debitMinor.toString(),
    cr_balance_minor: creditMinor.toString(),
    normal_balance_minor: (normalSideOf(type) === 'DR' ? difference : -difference).toString(),
  });
}
