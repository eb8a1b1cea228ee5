import { DAY_COUNT_CONVENTIONS } from '../../domain/day-count.ts';
import { EVENT_TYPES } from '../../domain/event-type.ts';
import { LAYERS } from '../../domain/layer.ts';
import { PROBLEMS } from '../problem-table.ts';
import {
  ADJUSTMENT_REASONS,
  CHARGE_OFF_REASONS,
  MONEY_MOVES,
  POSTING_LAYERS,
  REVERSAL_REASONS,
  WAIVER_REASONS,
} from '../vocabulary.ts';
import { type JsonSchema, listOf, type NamedSchema, objectOf, orNull, schemaRef } from './json-schema.ts';

const VALUES: Readonly<Record<string, JsonSchema>> = {
  Uuid: {
    type: 'string',
    format: 'uuid',
    pattern: '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$',
    description: 'A UUID. Upper case is accepted, lower case is answered.',
  },
  Money: {
    type: 'string',
    pattern: '^(0|[1-9][0-9]{0,17})$',
    description: "An amount in the currency's minor unit, without sign or leading zero.",
  },
  PositiveMoney: {
    type: 'string',
    pattern: '^[1-9][0-9]{0,17}$',
    description: "An amount of at least 1 in the currency's minor unit, without leading zero.",
  },
  SignedMoney: {
    type: 'string',
    pattern: '^(0|-?[1-9][0-9]*)$',
    description: "A sum in the currency's minor unit; of the past, or of differences, it may carry a minus sign.",
  },
  TotalMoney: {
    type: 'string',
    pattern: '^(0|[1-9][0-9]*)$',
    description: "A total in the currency's minor unit, without a bound.",
  },
  Currency: { type: 'string', pattern: '^[A-Z]{3}$', description: 'A live ISO 4217 code.' },
  CalendarDate: {
    type: 'string',
    format: 'date',
    description: "A calendar date without time; days count in the tenant's time zone.",
  },
  Instant: {
    type: 'string',
    format: 'date-time',
    pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z$',
    description: 'An instant in UTC (RFC 3339), with six digits of a second.',
  },
  AnnualRate: {
    type: 'string',
    pattern: '^(0|[1-9][0-9]{0,2})(\\.[0-9]{1,12})?$',
    description: 'A rate a year as an exact decimal: `0.0799` is 7.99 %.',
  },
  AccountCode: { type: 'string', pattern: '^[0-9]{4}$', description: 'The four digits of an account.' },
  Layer: { type: 'string', enum: LAYERS, description: 'SETTLED, on its way, or promised.' },
  PostingLayer: { type: 'string', enum: POSTING_LAYERS, description: 'SETTLED when left out.' },
  Direction: { type: 'string', enum: ['DR', 'CR'], description: 'Debit or credit.' },
  EventType: { type: 'string', enum: EVENT_TYPES, description: 'What happened.' },
  MoneyMove: { type: 'string', enum: MONEY_MOVES, description: 'How the money moves.' },
  DayCountConvention: {
    type: 'string',
    enum: DAY_COUNT_CONVENTIONS,
    description: 'How the days of interest were counted.',
  },
  ReversalReason: { type: 'string', enum: REVERSAL_REASONS, description: 'Why the entry is reversed.' },
  AdjustmentReason: { type: 'string', enum: ADJUSTMENT_REASONS, description: 'Why the books are adjusted.' },
  ChargeOffReason: { type: 'string', enum: CHARGE_OFF_REASONS, description: 'Why the lender gives it up as lost.' },
  WaiverReason: { type: 'string', enum: WAIVER_REASONS, description: 'Why the lender gives it up.' },
  Metadata: {
    type: 'object',
    description: 'A free JSON object of at most 16 KiB, answered with the text in which it was sent.',
  },
};

const PROBLEM_SHAPES: Readonly<Record<string, JsonSchema>> = {
  FieldProblem: objectOf({
    field: {
      type: 'string',
      description: 'Its path in the body, such as `loans[3].loan_id`, or its name in the query.',
    },
    code: { type: 'string', description: 'What is wrong, for programs.' },
    message: { type: 'string', description: 'What is wrong, and what would be right.' },
  }),
  Problem: {
    ...objectOf(
      {
        type: { type: 'string', format: 'uri-reference', description: 'The page of the code.' },
        title: { type: 'string', description: 'The same for every problem of the code.' },
        status: { type: 'integer', minimum: 400, maximum: 599, description: 'The HTTP status.' },
        detail: { type: 'string', description: 'What is wrong this time, for people.' },
        instance: { type: 'string', description: 'The path that was asked for.' },
        code: { type: 'string', enum: Object.keys(PROBLEMS), description: 'The stable word, for programs.' },
        trace_id: { type: 'string', pattern: '^[0-9a-f]{32}$', description: 'The trace that the request belongs to.' },
        errors: listOf(schemaRef('FieldProblem'), 'Every field at fault.'),
        blocking_entry_id: schemaRef(
          'Uuid',
          'The entry in the way: it could no longer stand, or lies in a closed period.',
        ),
      },
      ['instance', 'errors', 'blocking_entry_id'],
    ),
    description: 'What turned the request away (RFC 9457). instance lacks only where no request could be read.',
  },
};

const JOURNAL: Readonly<Record<string, JsonSchema>> = {
  Line: objectOf({
    sequence: { type: 'integer', minimum: 1, maximum: 32_767, description: 'Its place in the entry.' },
    account_code: schemaRef('AccountCode'),
    direction: schemaRef('Direction'),
    amount_minor: schemaRef('PositiveMoney'),
    currency: schemaRef('Currency'),
    layer: schemaRef('Layer'),
    loan_id: orNull(schemaRef('Uuid', 'The loan that the line concerns.')),
    borrower_id: orNull(schemaRef('Uuid', 'The borrower of that loan.')),
    external_ref: orNull({ type: 'string', description: 'The reference that came with the event.' }),
  }),
  JournalEntry: objectOf({
    journal_entry_id: schemaRef('Uuid'),
    event_type: schemaRef('EventType'),
    effective_at: schemaRef('CalendarDate', 'The day from which it counts.'),
    posted_at: schemaRef('Instant', 'When it was posted; rises in the order of the journal.'),
    lines: listOf(schemaRef('Line'), 'Debits equal credits, per currency and layer; at most 1,000 in one answer.'),
    correlation_id: schemaRef('Uuid', 'The same for everything that belongs to one occurrence.'),
    reverses_entry_id: orNull(schemaRef('Uuid', 'The entry that this one reverses.')),
    description: orNull({ type: 'string', description: 'What the event said of itself.' }),
    actor: { type: 'string', description: 'The client that posted it.' },
    reversed_by_entry_id: orNull(schemaRef('Uuid', 'The entry that reverses this one.')),
    superseded_by_entry_id: orNull(
      schemaRef('Uuid', 'The entry that a restatement posted in its place; that one may have been replaced in turn.'),
    ),
    lines_total: { type: 'integer', minimum: 0, maximum: 32_767, description: 'How many lines the entry has.' },
    lines_next_page_token: orNull({
      type: 'string',
      description: 'Asks for the lines behind these as lines_page_token; null at the end.',
    }),
    metadata: orNull(schemaRef('Metadata')),
  }),
  JournalEntryPage: objectOf({
    items: listOf(schemaRef('JournalEntry'), 'A page may be shorter than page_size, and even empty, and not the last.'),
    next_page_token: schemaRef('NextPageToken'),
  }),
  NextPageToken: orNull({
    type: 'string',
    description: 'Asks for the next page as page_token, with the same filters; null, and only null, at the end.',
  }),
  JournalEntryEvent: {
    ...objectOf(
      {
        journal_entry_id: schemaRef('Uuid'),
        tenant_id: schemaRef('Uuid'),
        event_type: schemaRef('EventType'),
        occurred_at: schemaRef('Instant', "The entry's posted_at."),
        correlation_id: schemaRef('Uuid', "The entry's correlation_id."),
      },
      ['correlation_id'],
    ),
    description: 'What is told of one journal entry, by webhook or pulled.',
  },
  Allocation: objectOf({
    fees_minor: schemaRef('Money', 'What went to fees.'),
    interest_minor: schemaRef('Money', 'What went to interest.'),
    principal_minor: schemaRef('Money', 'What went to principal.'),
    suspense_minor: schemaRef('Money', 'What was left over.'),
  }),
  Restatement: objectOf({
    entries: { type: 'integer', minimum: 1, description: 'How many later entries were posted again.' },
    correlation_id: schemaRef('Uuid', 'That of what caused it, carried by every entry of the restatement.'),
  }),
  PostingPreview: objectOf(
    {
      allocation: schemaRef('Allocation', 'Of what runs a waterfall.'),
      lines: listOf(schemaRef('Line'), 'The lines of every entry that would be posted, numbered on.'),
      restates: listOf(
        objectOf({
          journal_entry_id: schemaRef('Uuid'),
          lines_before: listOf(schemaRef('Line'), 'As they stand.'),
          lines_after: listOf(schemaRef('Line'), 'As they would be posted again.'),
        }),
        'Entries that would be restated, in order of effect. Of an accrual over several loans: what would be added to it.',
      ),
    },
    ['allocation'],
  ),
};

/** The schemas that several operations have in common, by name. */
export const SHARED_SCHEMAS: Readonly<Record<string, JsonSchema>> = { ...VALUES, ...PROBLEM_SHAPES, ...JOURNAL };

/** One of them, as the whole of an answer. Throws when there is no such schema. */
export function sharedSchema(name: string): NamedSchema {
  const schema = SHARED_SCHEMAS[name];
  if (schema === undefined) throw new Error(`there is no schema ${name}`);
  return { name, schema };
}
