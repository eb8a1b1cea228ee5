/** A parsed JSON object. */
export type JsonObject = Record<string, unknown>;

/** Looks at one value and answers the paths of what is wrong in it; none when it is well formed. */
export type FieldCheck = (value: unknown, path: string) => readonly string[];

/** The fields a body may have, and which of them it must have. */
export type FieldRules = Readonly<Record<string, { readonly required: boolean; readonly check: FieldCheck }>>;

/** True for what JSON calls an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The paths of every field that is missing, malformed or unknown (CONTRACT.md section 2: unknown fields are refused). */
export function badFieldsOf(body: JsonObject, rules: FieldRules, prefix = ''): string[] {
  const unknown = Object.keys(body).filter((name) => !(name in rules));
  const bad = unknown.map((name) => `${prefix}${name}`);
  for (const [name, { required, check }] of Object.entries(rules)) {
    const path = `${prefix}${name}`;
    if (body[name] !== undefined) bad.push(...check(body[name], path));
    else if (required) bad.push(path);
  }
  return bad;
}

/** Marks a field as one that must be there. */
export function required(check: FieldCheck): { required: true; check: FieldCheck } {
  return { required: true, check };
}

/** Marks a field as one that may be absent. */
export function optional(check: FieldCheck): { required: false; check: FieldCheck } {
  return { required: false, check };
}

/** A text of which something holds. */
export function text(holds: (value: string) => boolean): FieldCheck {
  return (value, path) => (typeof value === 'string' && holds(value) ? [] : [path]);
}

/** One of some words. */
export function oneOf(...words: readonly string[]): FieldCheck {
  return text((value) => words.includes(value));
}

/** A date that the calendar has: `2026-02-30` is none. */
export function isCalendarDate(value: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(value)) return false;
  const at = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(value);
}

/** An id. */
export const uuid = text((value) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value));
/** Money, at least 1. */
export const amount = text((value) => /^[1-9][0-9]{0,17}$/.test(value));
/** Money, 0 allowed. */
export const amountOrZero = text((value) => /^(0|[1-9][0-9]{0,17})$/.test(value));
/** A calendar date. */
export const date = text(isCalendarDate);
/** The simulation uses no other currencies, so that the model needs no copy of the ISO 4217 list. */
export const currency = oneOf('USD', 'EUR', 'JPY');
/** Any text that is not empty. */
export const shortText = text((value) => value.length > 0);
/** How money moved. */
export const method = oneOf('ach', 'wire', 'card', 'check', 'cash', 'rtp', 'sepa', 'internal', 'other');
const layer = oneOf('SETTLED', 'PENDING');
/** The name of a fee type. */
export const feeType = text((value) => /^[a-z][a-z0-9_]{0,63}$/.test(value));
/** Any JSON object. */
export const object: FieldCheck = (value, path) => (isObject(value) ? [] : [path]);

function nested(rules: FieldRules): FieldCheck {
  return (value, path) => (isObject(value) ? badFieldsOf(value, rules, `${path}.`) : [path]);
}

/** A list of such objects, of some length. */
export function listOf(
  rules: FieldRules,
  { from, upTo }: { readonly from: number; readonly upTo: number },
): FieldCheck {
  return (value, path) => {
    if (!Array.isArray(value) || value.length < from || value.length > upTo) return [path];
    return value.flatMap((item, at) => nested(rules)(item, `${path}[${at}]`));
  };
}

/** The four fields of a split, each of which may be absent. */
export const allocation = nested({
  fees_minor: optional(amountOrZero),
  interest_minor: optional(amountOrZero),
  principal_minor: optional(amountOrZero),
  suspense_minor: optional(amountOrZero),
});

/** The fields of each writing call, by its path (CONTRACT.md sections 3 and 4). */
export const BODY_RULES = {
  '/v1/disbursements': {
    loan_id: required(uuid),
    borrower_id: required(uuid),
    amount_minor: required(amount),
    currency: required(currency),
    effective_at: required(date),
    method: required(method),
    destination_ref: optional(shortText),
    program_id: optional(uuid),
    fees: optional(
      listOf(
        { fee_type: required(feeType), amount_minor: required(amount) },
        { from: 0, upTo: Number.MAX_SAFE_INTEGER },
      ),
    ),
    layer: optional(layer),
    metadata: optional(object),
  },
  '/v1/payments': {
    loan_id: required(uuid),
    borrower_id: required(uuid),
    amount_minor: required(amount),
    currency: required(currency),
    effective_at: required(date),
    source_method: required(method),
    external_ref: optional(shortText),
    allocation: optional(allocation),
    layer: optional(layer),
    metadata: optional(object),
  },
  '/v1/fees': {
    loan_id: required(uuid),
    borrower_id: optional(uuid),
    fee_type: required(feeType),
    amount_minor: required(amount),
    currency: required(currency),
    effective_at: required(date),
  },
  '/v1/accruals/batch': {
    program_id: required(uuid),
    accrual_date: required(date),
    day_count_convention: required(
      oneOf(
        'ACT_365',
        'ACT_360',
        'ACT_ACT_ISDA',
        'THIRTY_360_US',
        'THIRTY_360_BOND_BASIS',
        'THIRTY_E_360',
        'THIRTY_E_360_ISDA',
      ),
    ),
    loans: required(
      listOf(
        {
          loan_id: required(uuid),
          outstanding_principal_minor: required(amountOrZero),
          interest_minor: required(amountOrZero),
        },
        { from: 1, upTo: 10_000 },
      ),
    ),
  },
  '/v1/reversals': {
    reverses_entry_id: required(uuid),
    reason_code: required(oneOf('error_correction', 'duplicate', 'returned_payment', 'fraud', 'other')),
    reason_description: optional(shortText),
    effective_at: required(date),
    metadata: optional(object),
  },
} as const satisfies Record<string, FieldRules>;
