import {
  allocation,
  amount,
  amountOrZero,
  BODY_RULES,
  currency,
  date,
  type FieldRules,
  feeType,
  listOf,
  method,
  object,
  oneOf,
  optional,
  required,
  shortText,
  text,
  uuid,
} from '../fields.ts';

const MONEY = {
  loan_id: required(uuid),
  amount_minor: required(amount),
  currency: required(currency),
  effective_at: required(date),
  metadata: optional(object),
} as const satisfies FieldRules;

const DATED = { effective_at: required(date), metadata: optional(object) } as const satisfies FieldRules;

const accountCode = text((value) => /^[0-9]{4}$/.test(value));
const rate = text((value) => /^(0|[1-9][0-9]{0,2})(\.[0-9]{1,12})?$/.test(value));
const reason = oneOf('goodwill', 'error_correction', 'settlement', 'other');
const dayCount = oneOf(
  'ACT_365',
  'ACT_360',
  'ACT_ACT_ISDA',
  'THIRTY_360_US',
  'THIRTY_360_BOND_BASIS',
  'THIRTY_E_360',
  'THIRTY_E_360_ISDA',
);

const POLICY = {
  day_count_convention: optional(dayCount),
  annual_rates: optional(listOf({ from: required(date), rate: required(rate) }, { from: 0, upTo: 10_000 })),
  rounding: optional(oneOf('half_even', 'half_up', 'down')),
  overpayment: optional(oneOf('suspense', 'reject')),
  backdating: optional(oneOf('append', 'replay')),
  returns: optional(oneOf('mirror', 'principal')),
  chargeoff: optional(oneOf('direct', 'allowance')),
  principal_check: optional(oneOf('record', 'reject')),
  waterfall: optional((value, path) => (isWaterfall(value) ? [] : [path])),
  fee_types: optional(
    listOf({ fee_type: required(feeType), income_account: required(accountCode) }, { from: 0, upTo: 1_000 }),
  ),
} as const satisfies FieldRules;

function isWaterfall(value: unknown): boolean {
  return Array.isArray(value) && [...value].sort().join() === 'fees,interest,principal';
}

const LINE = {
  account_code: required(accountCode),
  direction: required(oneOf('DR', 'CR')),
  amount_minor: required(amount),
  currency: required(currency),
  layer: optional(oneOf('SETTLED', 'PENDING', 'ENCUMBRANCE')),
  loan_id: optional(uuid),
  external_ref: optional(shortText),
} as const satisfies FieldRules;

const component = optional(amountOrZero);

const OPENING = {
  as_of: required(date),
  principal_minor: component,
  interest_minor: component,
  fees_minor: component,
  suspense_minor: component,
  accrued_through: optional(date),
} as const satisfies FieldRules;

/** The fields of each kind of writing call (CONTRACT.md sections 3 and 4). */
export const RULES = {
  disbursement: BODY_RULES['/v1/disbursements'],
  payment: BODY_RULES['/v1/payments'],
  reversal: BODY_RULES['/v1/reversals'],
  accrual: BODY_RULES['/v1/accruals/batch'],
  recovery: {
    ...MONEY,
    borrower_id: required(uuid),
    source_method: required(method),
    external_ref: optional(shortText),
    allocation: optional(allocation),
  },
  goodwill: {
    ...MONEY,
    borrower_id: required(uuid),
    external_ref: optional(shortText),
    allocation: optional(allocation),
  },
  fee: {
    ...MONEY,
    borrower_id: optional(uuid),
    fee_type: required(feeType),
    external_ref: optional(shortText),
    description: optional(shortText),
  },
  waiver: { ...MONEY, reason_code: required(reason) },
  allocation: { ...MONEY, amount_minor: optional(amount) },
  refund: { ...MONEY, method: required(method) },
  return: {
    ...DATED,
    return_code: required(text((value) => /^[A-Z0-9]{1,10}$/.test(value))),
    amount_minor: optional(amount),
    nsf_fee_minor: optional(amount),
    policy: optional(oneOf('mirror', 'principal')),
  },
  settle_payment: { ...DATED, external_ref: optional(shortText) },
  settle_disbursement: { ...DATED, external_ref: optional(shortText) },
  cancel_payment: DATED,
  cancel_disbursement: DATED,
  clearing: { ...DATED, bank_ref: required(shortText), journal_entry_ids: required(idList) },
  run: { program_id: required(uuid), accrual_date: required(date) },
  correction: {
    ...DATED,
    reason_code: required(reason),
    loans: required(
      listOf({ loan_id: required(uuid), interest_minor: required(amountOrZero) }, { from: 1, upTo: 10_000 }),
    ),
  },
  chargeoff: {
    ...DATED,
    loan_id: required(uuid),
    reason_code: required(oneOf('uncollectible', 'fraud', 'bankruptcy', 'deceased', 'settlement', 'other')),
    components: optional((value, path) => partsOf(value, path)),
  },
  refinance: {
    ...DATED,
    old_loan_id: required(uuid),
    new_loan_id: required(uuid),
    borrower_id: required(uuid),
    new_money_minor: required(amountOrZero),
    currency: required(currency),
    program_id: optional(uuid),
  },
  restructure: {
    ...DATED,
    loan_id: required(uuid),
    capitalize_interest_minor: component,
    capitalize_fees_minor: component,
    forgive_principal_minor: component,
    forgive_interest_minor: component,
  },
  non_accrual: { ...DATED, action: required(oneOf('enter', 'exit')) },
  proposal: { ...DATED, reason_code: required(reason), lines: required(listOf(LINE, { from: 2, upTo: 1_000 })) },
  approval: {},
  rejection: {},
  registration: {
    loan_id: required(uuid),
    borrower_id: required(uuid),
    currency: required(currency),
    program_id: optional(uuid),
    annual_rate: optional(rate),
    maturity_date: optional(date),
    opening: optional((value, path) => openingOf(value, path)),
    metadata: optional(object),
  },
  program: { ...POLICY, name: required(shortText), currency: optional(currency) },
  version: { ...POLICY, effective_at: required(date) },
  close: { description: optional(shortText), metadata: optional(object) },
  reopen: { description: optional(shortText), metadata: optional(object) },
} as const satisfies Record<string, FieldRules>;

export type RouteKind = keyof typeof RULES;

function nestedIn(rules: FieldRules, value: unknown, path: string): readonly string[] {
  return listOf(rules, { from: 1, upTo: 1 })([value], path).map((name) => name.replace(`${path}[0]`, path));
}

/** A charge-off of nothing is none: some component has to be named with an amount. */
function partsOf(value: unknown, path: string): readonly string[] {
  const bad = nestedIn({ principal_minor: component, interest_minor: component, fees_minor: component }, value, path);
  if (bad.length > 0 || typeof value !== 'object' || value === null) return bad;
  return Object.values(value).some((part) => part !== '0') ? [] : [path];
}

/** An opening of nothing is none: some component has to be named with an amount. */
function openingOf(value: unknown, path: string): readonly string[] {
  const bad = nestedIn(OPENING, value, path);
  if (bad.length > 0 || typeof value !== 'object' || value === null) return bad;
  const parts = Object.entries(value).filter(([name]) => name.endsWith('_minor'));
  return parts.some(([, part]) => part !== '0') ? [] : [path];
}

/** 1 to 10,000 ids. */
function idList(value: unknown, path: string): readonly string[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > 10_000) return [path];
  return value.flatMap((id, at) => uuid(id, `${path}[${at}]`));
}
