import type { FieldRules, JsonObject } from './model/fields.ts';
import { routeOf } from './model/reference/route.ts';
import { RULES } from './model/reference/route-rules.ts';
import type { Random } from './random.ts';
import type { Draft } from './scene.ts';

const BAD_IDS = ['not-a-uuid', '', 42, '11111111-1111-1111-1111-11111111111', null] as const;
const BAD_AMOUNTS = ['0', '-5', '007', '1e3', '12.5', '', '1000000000000000000', 5, null, '+1', ' 1'] as const;
const BAD_DATES = ['2026-02-30', '2026-13-01', '01/05/2026', '2026-05-01T00:00:00Z', '', 20260501] as const;

/** Values that each field must refuse. `currency` knows the pattern and the list of live codes. */
const BAD_VALUES: Readonly<Record<string, readonly unknown[]>> = {
  loan_id: BAD_IDS,
  borrower_id: BAD_IDS,
  program_id: BAD_IDS,
  reverses_entry_id: BAD_IDS,
  amount_minor: BAD_AMOUNTS,
  currency: ['usd', 'ZZZ', 'US', '', 840],
  effective_at: BAD_DATES,
  accrual_date: BAD_DATES,
  source_method: ['carrier pigeon', '', 'ACH'],
  method: ['carrier pigeon', '', 'ACH'],
  fee_type: ['Late', '', '9th', 'late fee'],
  day_count_convention: ['ACT/365', 'act_365', ''],
  reason_code: ['because', ''],
  layer: ['settled', 'UNKNOWN'],
  loans: [[], {}, 'all'],
};

/** A copy of the draft with one to three fields that are missing, malformed or unknown. */
export function withBadFields(draft: Draft, random: Random): Draft {
  const body: JsonObject = { ...draft.body };
  const faults = 1 + random.below(3);
  for (let fault = 0; fault < faults; fault += 1) spoil(draft, body, random);
  return { ...draft, body };
}

function spoil(draft: Draft, body: JsonObject, random: Random): void {
  const route = routeOf(draft.path);
  const rules: FieldRules = route === undefined ? {} : RULES[route.kind];
  const kind = random.weighted({ value: 60, missing: 20, unknown: 10, inner: 10 });
  if (kind === 'unknown') {
    body[random.pick(['amount', 'tenant_id', 'surplus', 'posted_at'])] = '1';
    return;
  }
  if (kind === 'missing') {
    const names = Object.keys(rules).filter((name) => rules[name]?.required);
    delete body[random.pick(names)];
    return;
  }
  if (kind === 'inner' && spoilInside(body, random)) return;
  const names = Object.keys(rules).filter((name) => BAD_VALUES[name] !== undefined && body[name] !== undefined);
  if (names.length === 0) return;
  const name = random.pick(names);
  body[name] = random.pick(BAD_VALUES[name] ?? ['']);
}

/** Spoils a field below the top: in the allocation, or in the first loan of a batch. */
function spoilInside(body: JsonObject, random: Random): boolean {
  if (body['allocation'] !== undefined) {
    body['allocation'] = { fees_minor: random.pick(['-1', '01', 3]), principal_minor: '1' };
    return true;
  }
  const loans = body['loans'];
  if (!Array.isArray(loans) || loans.length === 0) return false;
  const [first, ...rest] = loans;
  body['loans'] = [{ ...first, interest_minor: random.pick(['-1', '01', 3, '']) }, ...rest];
  return true;
}
