import { isFeeIncomeAccount, parseAccountCode } from '../../domain/account-code.ts';
import { parseAnnualRate } from '../../domain/annual-rate.ts';
import { DAY_COUNT_CONVENTIONS } from '../../domain/day-count.ts';
import {
  BACKDATING_POLICIES,
  CHARGEOFF_POLICIES,
  isWaterfall,
  OVERPAYMENT_POLICIES,
  PRINCIPAL_CHECKS,
  RETURN_POLICIES,
  type StoredPolicy,
  WATERFALL_COMPONENTS,
} from '../../domain/program.ts';
import type { FieldProblem } from '../../domain/refusal.ts';
import { ROUNDINGS } from '../../domain/rounding.ts';
import { LIMITS } from '../../limits.ts';
import {
  dateField,
  described,
  type FieldReader,
  listField,
  type ObjectOf,
  objectField,
  patternField,
  textField,
  wordField,
} from '../field-reader.ts';
import { schemaRef } from '../openapi/json-schema.ts';
import { FEE_TYPE } from '../vocabulary.ts';

/** A rate a year as a decimal text, kept as it was written. */
export const rateField: FieldReader<string> = textField(
  'a rate a year such as "0.0799", with up to 12 decimals, as a string',
  schemaRef('AnnualRate'),
  (text) => (parseAnnualRate(text) === undefined ? undefined : text),
);

const feeIncomeAccountField: FieldReader<string> = textField(
  'the code of an account 41xx, such as "4110"',
  { type: 'string', pattern: '^41[0-9]{2}$' },
  (text) => {
    const code = parseAccountCode(text);
    return code !== undefined && isFeeIncomeAccount(code) ? text : undefined;
  },
);

/** The same list, in which no two items may be called the same. */
function distinct<Item>(
  list: FieldReader<Item[]>,
  name: { readonly of: (item: Item) => string; readonly field: string },
): FieldReader<Item[]> {
  return {
    ...list,
    read(value, field, errors) {
      const items = list.read(value, field, errors);
      const seen = new Set<string>();
      for (const [index, item] of (items ?? []).entries()) {
        const word = name.of(item);
        const message = `${word} is named before`;
        if (seen.has(word)) errors.push({ field: `${field}[${index}].${name.field}`, code: 'duplicate', message });
        seen.add(word);
      }
      return items;
    },
  };
}

const waterfall: FieldReader<StoredPolicy['waterfall']> = (() => {
  const list = listField(wordField(WATERFALL_COMPONENTS), { itemsMin: 3, itemsMax: 3 });
  return {
    schema: {
      ...list.schema,
      uniqueItems: true,
      description: 'The order in which an amount goes to components: each of them once.',
    },
    read(value, field, errors: FieldProblem[]) {
      const order = list.read(value, field, errors);
      if (order?.length === WATERFALL_COMPONENTS.length && !isWaterfall(order)) {
        errors.push({ field, code: 'invalid_format', message: 'must have each of fees, interest and principal once' });
      }
      return order;
    },
  };
})();

/** The policies of a program, each of which may be left out. */
export const POLICY_FIELDS = {
  waterfall,
  day_count_convention: wordField(DAY_COUNT_CONVENTIONS, 'DayCountConvention'),
  annual_rates: distinct(
    described(
      listField(objectField({ from: dateField, rate: rateField }, {}), { itemsMin: 0, itemsMax: LIMITS.annualRates }),
      'Each holds from the night that begins on its date until the next one does.',
    ),
    { of: ({ from }) => from, field: 'from' },
  ),
  rounding: wordField(ROUNDINGS),
  overpayment: wordField(OVERPAYMENT_POLICIES),
  backdating: wordField(BACKDATING_POLICIES),
  returns: wordField(RETURN_POLICIES),
  chargeoff: wordField(CHARGEOFF_POLICIES),
  principal_check: wordField(PRINCIPAL_CHECKS),
  fee_types: distinct(
    described(
      listField(objectField({ fee_type: patternField(FEE_TYPE), income_account: feeIncomeAccountField }, {}), {
        itemsMin: 0,
        itemsMax: LIMITS.feeTypes,
      }),
      'Income accounts by fee type; a type that is not named posts to 4100.',
    ),
    { of: ({ fee_type }) => fee_type, field: 'fee_type' },
  ),
};

/** The policies that a body states, in the form in which they are stored: rates in the order of their dates. */
export function statedPolicy(
  body: ObjectOf<Readonly<Record<never, never>>, typeof POLICY_FIELDS>,
): Partial<StoredPolicy> {
  const { annual_rates: rates } = body;
  const annual_rates = rates?.toSorted((one, other) => (one.from < other.from ? -1 : 1)) ?? null;
  const names = Object.keys(POLICY_FIELDS) as (keyof StoredPolicy)[];
  const stated = { ...body, annual_rates };
  return Object.fromEntries(names.flatMap((name) => (stated[name] === null ? [] : [[name, stated[name]]])));
}
