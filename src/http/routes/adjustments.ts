import { LIMITS } from '../../limits.ts';
import { ADJUSTMENT_STATUSES, readAdjustment, readAdjustments } from '../../postgres/reading/adjustments.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { principalOf } from '../gate.ts';
import type { About } from '../openapi/about.ts';
import type { Operation } from '../operation.ts';
import { pageToken, placeOfToken } from '../page-token.ts';
import { ProblemError } from '../problem.ts';
import { PAGE_SIZE_DEFAULT, PAGE_TOKEN, pageSizeParameter } from '../query-parameters.ts';
import { pathId, type QueryParameter, readQuery } from '../query-reader.ts';
import { ADJUSTMENT, ADJUSTMENT_PAGE, adjustmentObject, NO_ADJUSTMENT, STATUS_SCHEMA } from './adjustment-schemas.ts';

const QUERY = {
  status: {
    read: (text: string) => ADJUSTMENT_STATUSES.find((status) => status === text),
    wanted: `one of ${ADJUSTMENT_STATUSES.join(', ')}`,
    schema: STATUS_SCHEMA,
    description: 'Adjustments of that status alone.',
    example: 'proposed',
  },
  page_size: pageSizeParameter(LIMITS.listPageItems),
  page_token: PAGE_TOKEN,
} satisfies Readonly<Record<string, QueryParameter>>;

/** When an adjustment was proposed, and its id. */
const PLACE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [0-9a-f-]{36}$/;

const listAbout: About = {
  id: 'listAdjustments',
  tag: 'Adjustments',
  summary: 'List adjustments',
  description: 'What was proposed, the newest first, with what came of it.',
  query: QUERY,
  answers: {
    200: { description: 'A page of adjustments.', schema: ADJUSTMENT_PAGE, example: ADJUSTMENT_PAGE.example },
  },
  problems: ['validation_failed', 'invalid_page_token'],
};

const oneAbout: About = {
  id: 'getAdjustment',
  tag: 'Adjustments',
  summary: 'Read an adjustment',
  description: 'An adjustment as it was proposed, and the verdict on it.',
  answers: { 200: { description: 'The adjustment.', schema: ADJUSTMENT, example: ADJUSTMENT.example } },
  problems: ['validation_failed', 'not_found'],
};

/** GET /v1/adjustments: 200, 400, 401, 403, 503. */
export function adjustments(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/adjustments',
    scope: 'hpts:ledger:read',
    about: listAbout,
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY);
      const status = ADJUSTMENT_STATUSES.find((one) => one === query.status) ?? null;
      const limit = Number(query.page_size ?? PAGE_SIZE_DEFAULT);
      const list = [tenantId, 'adjustments', status];
      const place = query.page_token === null ? null : placeOfToken(list, query.page_token, PLACE);
      const [proposedAt = '', adjustmentId = ''] = place?.split(' ') ?? [];
      const before = place === null ? null : { proposedAt, adjustmentId };
      const items = await readAdjustments(reader, { tenantId, status, before, limit });
      const last = items.length === limit ? items.at(-1) : undefined;
      const next_page_token = last === undefined ? null : pageToken(list, `${last.proposedAt} ${last.adjustmentId}`);
      return reply
        .header('content-type', 'application/json; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(JSON.stringify({ items: items.map(adjustmentObject), next_page_token }));
    },
  };
}

/** GET /v1/adjustments/{adjustment_id}: 200, 400, 401, 403, 404, 503. */
export function adjustment(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/adjustments/:adjustment_id',
    scope: 'hpts:ledger:read',
    about: oneAbout,
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      readQuery(request, {});
      const adjustmentId = pathId(request, 'adjustment_id', NO_ADJUSTMENT);
      const found = await readAdjustment(reader, { tenantId, adjustmentId });
      if (found === undefined) throw new ProblemError(NO_ADJUSTMENT);
      return reply
        .header('content-type', 'application/json; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(JSON.stringify(adjustmentObject(found)));
    },
  };
}
