import { POSTING_ROUTES } from '../../src/http/routes/posting-routes.ts';
import type { Policy } from '../simulation/model/reference/program.ts';

const ID = '00000000-0000-4000-8000-000000000000';

/** The events of the contract and a path of each; an event is in as soon as the ledger has a route for its path. */
const EVENT_PATHS = {
  disbursement: '/v1/disbursements',
  payment: '/v1/payments',
  fee: '/v1/fees',
  waiver: '/v1/fees/waivers',
  goodwill: '/v1/goodwill-credits',
  allocation: '/v1/payments/allocations',
  refund: '/v1/suspense-refunds',
  accrual: '/v1/accruals/batch',
  reversal: '/v1/reversals',
  return: `/v1/payments/${ID}/returns`,
  settle_payment: `/v1/payments/${ID}/settlements`,
  cancel_payment: `/v1/payments/${ID}/cancellations`,
  settle_disbursement: `/v1/disbursements/${ID}/settlements`,
  cancel_disbursement: `/v1/disbursements/${ID}/cancellations`,
  clearing: '/v1/payments/settlements',
  correction: `/v1/accruals/${ID}/corrections`,
  chargeoff: '/v1/chargeoffs',
  recovery: '/v1/recoveries',
  refinance: '/v1/refinances',
  restructure: '/v1/restructures',
  non_accrual: `/v1/loans/${ID}/non-accrual`,
  registration: '/v1/loans',
} as const;

/** An event that a history can have. */
export type EventKind = keyof typeof EVENT_PATHS;

/** A path of the ledger's money routes, with the ids that it names. */
export interface FoundRoute {
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
}

const PATTERNS = [...POSTING_ROUTES.keys()].map((path) => {
  const names = [...path.matchAll(/:([a-z_]+)/g)].map(([, name = '']) => name);
  return { path, names, pattern: new RegExp(`^${path.replaceAll(/:[a-z_]+/g, '([^/]+)')}$`) };
});

/** The money route that serves a path; one without ids is taken before one with. */
export function routeFor(path: string): FoundRoute | undefined {
  const found = PATTERNS.filter(({ pattern }) => pattern.test(path)).sort(
    (one, other) => one.names.length - other.names.length,
  )[0];
  if (found === undefined) return undefined;
  const ids = found.pattern.exec(path)?.slice(1) ?? [];
  return { path: found.path, params: Object.fromEntries(found.names.map((name, at) => [name, ids[at] ?? ''])) };
}

/** The events that the ledger has a way to write. */
export const EVENTS = (Object.keys(EVENT_PATHS) as EventKind[]).filter(
  (kind) => routeFor(EVENT_PATHS[kind]) !== undefined,
);

/** True when the ledger has a way to write the event. */
export function exists(kind: EventKind): boolean {
  return EVENTS.includes(kind);
}

/** What only some events are refused with; the other codes can be met by the first five events already. */
const REFUSALS_OF: readonly (readonly [event: EventKind, ...codes: readonly string[]])[] = [
  ['refund', 'amount_exceeds_suspense'],
  ['registration', 'loan_already_exists', 'program_mismatch', 'principal_mismatch'],
  ['chargeoff', 'loan_charged_off', 'already_charged_off'],
  ['recovery', 'loan_not_charged_off'],
  ['return', 'amount_exceeds_payment', 'not_found'],
  ['correction', 'not_found'],
  ['clearing', 'already_settled'],
];

/** The refusals that the events which exist can meet, whatever they are sent over. */
export const REFUSALS: readonly string[] = [
  ...new Set([
    'validation_failed',
    'idempotency_mismatch',
    'loan_not_found',
    'journal_entry_not_found',
    'program_not_found',
    'borrower_mismatch',
    'currency_mismatch',
    'effective_date_in_future',
    'effective_date_before_disbursement',
    'already_reversed',
    'not_reversible',
    'accrual_already_posted',
    'allocation_mismatch',
    'amount_exceeds_outstanding',
    'balance_would_be_negative',
    'amount_out_of_range',
    ...REFUSALS_OF.flatMap(([event, ...codes]) => (exists(event) ? codes : [])),
  ]),
];

/** The fields of a policy that the ledger's decisions look at; the others stay at their defaults. */
export const POLICY_FIELDS: readonly (keyof Policy)[] = [
  'waterfall',
  'dayCount',
  'annualRates',
  'rounding',
  'overpayment',
  'returns',
  'chargeoff',
  'principalCheck',
  'feeAccounts',
  'backdating',
];
