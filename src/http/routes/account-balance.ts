import { formatAccountCode, parseAccountCode } from '../../domain/account-code.ts';
import { parseCalendarDate } from '../../domain/calendar-date.ts';
import { normalSideOf } from '../../domain/chart-of-accounts.ts';
import { isCurrency } from '../../domain/currency.ts';
import { LAYERS, type LayerNumber, layerNumber, SETTLED } from '../../domain/layer.ts';
import { type AccountBalance, readAccountBalance } from '../../postgres/reading/account-balance.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { principalOf } from '../gate.ts';
import { KNOWN_AT_WANTED, parseInstant, refuseUnlessCome } from '../known-at.ts';
import type { Operation } from '../operation.ts';
import { ProblemError } from '../problem.ts';
import { pathPart, readQuery } from '../query-reader.ts';

const QUERY = {
  currency: (text: string) => (isCurrency(text) ? text : undefined),
  layer: (text: string) => (layerNumber(text) === undefined ? undefined : text),
  as_of_date: parseCalendarDate,
  known_at: parseInstant,
};

const WANTED = {
  currency: 'a live ISO 4217 code in capitals, such as "USD"',
  layer: 'SETTLED, PENDING or ENCUMBRANCE',
  as_of_date: 'a calendar date YYYY-MM-DD',
  known_at: KNOWN_AT_WANTED,
};

/** GET /v1/accounts/{account_code}/balance: 200, 400, 401, 403, 404, 503. */
export function accountBalance(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/accounts/:account_code/balance',
    scope: 'hpts:balances:read',
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY, WANTED, ['currency']);
      const missing = new ProblemError({ code: 'account_not_found', detail: 'the chart has no such account' });
      const account = parseAccountCode(pathPart(request, 'account_code'));
      if (account === undefined) throw missing;
      const { as_of_date: asOfDate, known_at: knownAt } = query;
      await refuseUnlessCome(reader, tenantId, knownAt);
      const currency = query.currency ?? '';
      const layer = layerNumber(query.layer ?? 'SETTLED') ?? SETTLED;
      const balance = await readAccountBalance(reader, { tenantId, account, currency, layer, asOfDate, knownAt });
      if (balance === undefined) throw missing;
      return reply
        .header('content-type', 'application/json; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(renderBalance({ account, currency, layer }, balance));
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
