import { parseCalendarDate } from '../domain/calendar-date.ts';
import { isCurrency } from '../domain/currency.ts';
import { layerNumber } from '../domain/layer.ts';
import { parseInstant } from './known-at.ts';
import { schemaRef } from './openapi/json-schema.ts';
import type { QueryParameter } from './query-reader.ts';

const DATE = {
  read: parseCalendarDate,
  wanted: 'a calendar date YYYY-MM-DD',
  schema: schemaRef('CalendarDate'),
  example: '2026-05-01',
} as const;

/** A day that bounds a list. */
export function dateParameter(description: string): QueryParameter {
  return { ...DATE, description };
}

export const AS_OF_DATE: QueryParameter = dateParameter(
  "Counts every event effective up to that day; without it, the tenant's business date.",
);

export const KNOWN_AT: QueryParameter = {
  read: parseInstant,
  wanted: 'an RFC 3339 date-time with at most six digits of a second, "+" written %2B',
  schema: { type: 'string', format: 'date-time' },
  description: 'As the ledger knew it at that instant, with at most six digits of a second. Not in the future.',
  example: '2026-05-02T00:00:00Z',
};

export const LAYER: QueryParameter = {
  read: (text) => (layerNumber(text) === undefined ? undefined : text),
  wanted: 'SETTLED, PENDING or ENCUMBRANCE',
  schema: schemaRef('Layer'),
  description: 'SETTLED when left out.',
  example: 'SETTLED',
};

/** A currency; `description` says whose. */
export function currencyParameter(description: string): QueryParameter {
  return {
    read: (text) => (isCurrency(text) ? text : undefined),
    wanted: 'a live ISO 4217 code in capitals, such as "USD"',
    schema: schemaRef('Currency'),
    description,
    example: 'USD',
  };
}

/** A place that an earlier answer gave out. */
export function tokenParameter(wanted: string): QueryParameter {
  return {
    read: (text) => text,
    wanted,
    schema: { type: 'string' },
    description: `As it was answered: ${wanted}.`,
    example: 'bDE6MTAwMQ',
  };
}

export const PAGE_TOKEN: QueryParameter = tokenParameter('the next_page_token of an earlier answer');

export const PAGE_SIZE_DEFAULT = 50;

/** How many items a page may have: 1 to `itemsMax`, in decimal without a leading zero. */
export function pageSizeParameter(itemsMax: number): QueryParameter {
  return {
    read: (text) => (/^[1-9]\d{0,5}$/.test(text) && Number(text) <= itemsMax ? text : undefined),
    wanted: `a whole number from 1 to ${itemsMax}`,
    schema: { type: 'integer', minimum: 1, maximum: itemsMax, default: PAGE_SIZE_DEFAULT },
    description: 'The most items that the page may have.',
    example: PAGE_SIZE_DEFAULT,
  };
}
