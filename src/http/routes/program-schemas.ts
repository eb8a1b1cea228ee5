import { DEFAULT_PROGRAM_POLICY } from '../../domain/default-program.ts';
import {
  BACKDATING_POLICIES,
  CHARGEOFF_POLICIES,
  OVERPAYMENT_POLICIES,
  PRINCIPAL_CHECKS,
  RETURN_POLICIES,
  WATERFALL_COMPONENTS,
} from '../../domain/program.ts';
import { ROUNDINGS } from '../../domain/rounding.ts';
import type { ProgramVersionView, ProgramView } from '../../postgres/reading/programs.ts';
import { type JsonSchema, listOf, type NamedSchema, objectOf, orNull, schemaRef } from '../openapi/json-schema.ts';
import type { Problem } from '../problem.ts';

/** What is answered for a program that the tenant does not have. */
export const NO_PROGRAM: Problem = { code: 'program_not_found', detail: 'there is no such program' };

const words = (list: readonly string[]): JsonSchema => ({ type: 'string', enum: list });

const VERSION: Readonly<Record<string, JsonSchema>> = {
  version: { type: 'integer', minimum: 1, description: 'Counted from 1.' },
  effective_at: orNull(
    schemaRef(
      'CalendarDate',
      'The day from which it holds; null for version 1, which holds from the beginning of time.',
    ),
  ),
  created_at: schemaRef('Instant'),
  waterfall: listOf(words(WATERFALL_COMPONENTS), 'The order in which an amount goes to components.'),
  day_count_convention: schemaRef('DayCountConvention'),
  annual_rates: listOf(
    objectOf({ from: schemaRef('CalendarDate'), rate: schemaRef('AnnualRate') }),
    'In the order of their dates.',
  ),
  rounding: words(ROUNDINGS),
  overpayment: words(OVERPAYMENT_POLICIES),
  backdating: words(BACKDATING_POLICIES),
  returns: words(RETURN_POLICIES),
  chargeoff: words(CHARGEOFF_POLICIES),
  principal_check: words(PRINCIPAL_CHECKS),
  fee_types: listOf(
    objectOf({ fee_type: { type: 'string' }, income_account: schemaRef('AccountCode') }),
    'Types with accounts of their own.',
  ),
};

const PROGRAM: Readonly<Record<string, JsonSchema>> = {
  program_id: schemaRef('Uuid'),
  name: { type: 'string', description: 'For people.' },
  currency: orNull(schemaRef('Currency', 'The currency of its loans; null: any.')),
  is_default: { type: 'boolean', description: 'Whether loans belong to it that name no program.' },
};

const PROGRAM_ID = '33333333-3333-3333-3333-333333333333';
const CREATED_AT = '2026-11-21T02:20:00.000001Z';

/** What the examples of requests state of a program. */
export const POLICY_EXAMPLE = {
  waterfall: ['interest', 'fees', 'principal'],
  day_count_convention: 'ACT_360',
  annual_rates: [{ from: '2026-01-01', rate: '0.0799' }],
  overpayment: 'reject',
  fee_types: [{ fee_type: 'late_fee', income_account: '4110' }],
};

const FIRST_VERSION = {
  version: 1,
  effective_at: null,
  created_at: CREATED_AT,
  ...DEFAULT_PROGRAM_POLICY,
  ...POLICY_EXAMPLE,
};
const SECOND_VERSION = { ...FIRST_VERSION, version: 2, effective_at: '2027-01-01', overpayment: 'suspense' };
const PROGRAM_EXAMPLE = { program_id: PROGRAM_ID, name: 'Instalment loans', currency: 'USD', is_default: false };

type Shown = NamedSchema & { readonly example: unknown };

/** A program with one of its versions. */
export const PROGRAM_VERSION: Shown = {
  name: 'ProgramVersion',
  schema: objectOf({ ...PROGRAM, ...VERSION }),
  example: { ...PROGRAM_EXAMPLE, ...FIRST_VERSION },
};

/** The same, of a version that was added. */
export const ADDED_VERSION: Shown = { ...PROGRAM_VERSION, example: { ...PROGRAM_EXAMPLE, ...SECOND_VERSION } };

/** A program with all of its versions. */
export const WHOLE_PROGRAM: Shown = {
  name: 'Program',
  schema: objectOf({ ...PROGRAM, versions: listOf(objectOf(VERSION), 'In the order in which they were made.') }),
  example: { ...PROGRAM_EXAMPLE, versions: [FIRST_VERSION, SECOND_VERSION] },
};

export const PROGRAM_PAGE: Shown = {
  name: 'ProgramPage',
  schema: objectOf({
    items: listOf(PROGRAM_VERSION.schema, 'Each with the version that is in force today.'),
    next_page_token: schemaRef('NextPageToken'),
  }),
  example: { items: [PROGRAM_VERSION.example], next_page_token: null },
};

/** A program as it is answered, without versions. */
export function programObject(program: Omit<ProgramView, 'versions'>): Record<string, unknown> {
  const { programId, name, currency, isDefault } = program;
  return { program_id: programId, name, currency, is_default: isDefault };
}

/** A version as it is answered, its members in the order of the contract. */
export function versionObject({
  version,
  effectiveFrom,
  createdAt,
  policy,
}: ProgramVersionView): Record<string, unknown> {
  return {
    version,
    effective_at: effectiveFrom,
    created_at: createdAt,
    waterfall: policy.waterfall,
    day_count_convention: policy.day_count_convention,
    annual_rates: policy.annual_rates.map(({ from, rate }) => ({ from, rate })),
    rounding: policy.rounding,
    overpayment: policy.overpayment,
    backdating: policy.backdating,
    returns: policy.returns,
    chargeoff: policy.chargeoff,
    principal_check: policy.principal_check,
    fee_types: policy.fee_types.map(({ fee_type, income_account }) => ({ fee_type, income_account })),
  };
}
