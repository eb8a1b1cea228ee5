import { lastDayOf, type Period } from '../../domain/period.ts';
import { LIMITS } from '../../limits.ts';
import { type PeriodView, readPeriods } from '../../postgres/reading/periods.ts';
import type { ReaderPool } from '../../postgres/reading/reader-pool.ts';
import { principalOf } from '../gate.ts';
import { sendJson } from '../json-answer.ts';
import type { About } from '../openapi/about.ts';
import { listOf, type NamedSchema, objectOf, orNull, schemaRef } from '../openapi/json-schema.ts';
import type { Operation } from '../operation.ts';
import { pageToken, placeOfToken } from '../page-token.ts';
import { PAGE_SIZE_DEFAULT, PAGE_TOKEN, pageSizeParameter } from '../query-parameters.ts';
import { readQuery } from '../query-reader.ts';
import { MONTH } from './period-changes.ts';

const QUERY = { page_size: pageSizeParameter(LIMITS.listPageItems), page_token: PAGE_TOKEN };

const PERIOD: NamedSchema = {
  name: 'Period',
  schema: objectOf({
    period: MONTH,
    from_date: schemaRef('CalendarDate', 'Its first day.'),
    to_date: schemaRef('CalendarDate', 'Its last day.'),
    status: { type: 'string', enum: ['open', 'closed'], description: 'Whether events may be dated in it.' },
    ends_fiscal_year: { type: 'boolean', description: 'Whether its close posts the closing entries of a year.' },
    closed_at: orNull(schemaRef('Instant', 'When it was closed; null: it is open.')),
    journal_entry_id: orNull(schemaRef('Uuid', 'The first entry of its close; null: it is open.')),
  }),
};

const PAGE: NamedSchema = {
  name: 'PeriodPage',
  schema: objectOf({
    items: listOf(PERIOD.schema, 'The running month first, back to that of the earliest entry or close.'),
    next_page_token: schemaRef('NextPageToken'),
  }),
};

const about: About = {
  id: 'listPeriods',
  tag: 'Periods',
  summary: 'List periods',
  description: 'The months of the books, latest first, and which of them are closed.',
  query: QUERY,
  answers: {
    200: {
      description: 'A page of periods.',
      schema: PAGE,
      example: {
        items: [
          {
            period: '2027-01',
            from_date: '2027-01-01',
            to_date: '2027-01-31',
            status: 'open',
            ends_fiscal_year: false,
            closed_at: null,
            journal_entry_id: null,
          },
          {
            period: '2026-12',
            from_date: '2026-12-01',
            to_date: '2026-12-31',
            status: 'closed',
            ends_fiscal_year: true,
            closed_at: '2027-01-06T09:12:44.118203Z',
            journal_entry_id: '01a1fbed-0b70-7648-804f-c378f7545780',
          },
        ],
        next_page_token: null,
      },
    },
  },
  problems: ['validation_failed', 'invalid_page_token'],
};

const PERIOD_PLACE = /^[0-9]{4}-(0[1-9]|1[0-2])$/;

/** GET /v1/periods: 200, 400, 401, 403, 503. */
export function periods(reader: ReaderPool): Operation {
  return {
    method: 'GET',
    path: '/v1/periods',
    scope: 'hpts:periods:write',
    about,
    async handle(request, reply) {
      const { tenantId } = principalOf(request);
      const query = readQuery(request, QUERY);
      const limit = Number(query.page_size ?? PAGE_SIZE_DEFAULT);
      const list = [tenantId, 'periods'];
      const before = query.page_token === null ? null : (placeOfToken(list, query.page_token, PERIOD_PLACE) as Period);
      const items = await readPeriods(reader, { tenantId, before, limit });
      const last = items.length === limit ? items.at(-1) : undefined;
      return sendJson(
        reply,
        JSON.stringify({
          items: items.map(periodObject),
          next_page_token: last === undefined ? null : pageToken(list, last.period),
        }),
      );
    },
  };
}

function periodObject({ period, endsFiscalYear, close }: PeriodView): Record<string, unknown> {
  return {
    period,
    from_date: `${period}-01`,
    to_date: lastDayOf(period),
    status: close === null ? 'open' : 'closed',
    ends_fiscal_year: endsFiscalYear,
    closed_at: close?.postedAt ?? null,
    journal_entry_id: close?.entryId ?? null,
  };
}
