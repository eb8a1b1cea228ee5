import { badFieldsOf, isCalendarDate, isObject, type JsonObject } from '../fields.ts';
import type { Command } from './command.ts';
import type { Policy } from './program.ts';
import { type RouteKind, RULES } from './route-rules.ts';
import type { Layer, Line, Split } from './terms.ts';

const ID = '([^/]+)';

/** The writing calls, the more exact path first. */
const ROUTES: readonly (readonly [path: string, kind: RouteKind])[] = [
  ['/v1/disbursements', 'disbursement'],
  [`/v1/disbursements/${ID}/settlements`, 'settle_disbursement'],
  [`/v1/disbursements/${ID}/cancellations`, 'cancel_disbursement'],
  ['/v1/payments', 'payment'],
  ['/v1/payments/settlements', 'clearing'],
  ['/v1/payments/allocations', 'allocation'],
  [`/v1/payments/${ID}/returns`, 'return'],
  [`/v1/payments/${ID}/settlements`, 'settle_payment'],
  [`/v1/payments/${ID}/cancellations`, 'cancel_payment'],
  ['/v1/fees', 'fee'],
  ['/v1/fees/waivers', 'waiver'],
  ['/v1/suspense-refunds', 'refund'],
  ['/v1/goodwill-credits', 'goodwill'],
  ['/v1/accruals/batch', 'accrual'],
  ['/v1/accruals/runs', 'run'],
  [`/v1/accruals/${ID}/corrections`, 'correction'],
  ['/v1/chargeoffs', 'chargeoff'],
  ['/v1/recoveries', 'recovery'],
  ['/v1/refinances', 'refinance'],
  ['/v1/restructures', 'restructure'],
  [`/v1/loans/${ID}/non-accrual`, 'non_accrual'],
  ['/v1/reversals', 'reversal'],
  ['/v1/adjustments', 'proposal'],
  [`/v1/adjustments/${ID}/approvals`, 'approval'],
  [`/v1/adjustments/${ID}/rejections`, 'rejection'],
  ['/v1/loans', 'registration'],
  ['/v1/programs', 'program'],
  [`/v1/programs/${ID}/versions`, 'version'],
  [`/v1/periods/${ID}/close`, 'close'],
  [`/v1/periods/${ID}/reopen`, 'reopen'],
];

/** What a path is, with the id that it names. */
export interface Route {
  readonly kind: RouteKind;
  readonly pathId: string;
}

/** The writing call of a path, or undefined. */
export function routeOf(path: string): Route | undefined {
  for (const [pattern, kind] of ROUTES) {
    const found = new RegExp(`^${pattern}$`).exec(path);
    if (found !== null) return { kind, pathId: (found[1] ?? '').toLowerCase() };
  }
  return undefined;
}

/** Reads a parsed JSON body as the command of its route, or answers the fields that keep it from being one. */
export function readCommand(route: Route, body: unknown): { badFields: readonly string[] } | { command: Command } {
  if (!isObject(body)) return { badFields: [] };
  const badFields = [...badPath(route), ...badFieldsOf(body, RULES[route.kind])];
  if (badFields.length > 0) return { badFields };
  const more = contradictions(route.kind, body);
  return more.length > 0 ? { badFields: more } : { command: commandOf(route, new Fields(body)) };
}

/** The only part of a path that is read as a field: a month. */
function badPath({ kind, pathId }: Route): string[] {
  const isPeriod = kind === 'close' || kind === 'reopen';
  return isPeriod && !isCalendarDate(`${pathId}-01`) ? ['period'] : [];
}

/** What is wrong in fields that are each well formed. */
function contradictions(kind: RouteKind, body: JsonObject): string[] {
  const fields = new Fields(body);
  if (kind === 'disbursement') {
    const withheld = fields.list('fees').reduce((sum, fee) => sum + fee.amount('amount_minor'), 0n);
    return withheld > fields.amount('amount_minor') ? ['fees'] : [];
  }
  if (kind === 'accrual' || kind === 'correction') {
    const ids = fields.list('loans').map((loan) => loan.id('loan_id'));
    return new Set(ids).size < ids.length ? ['loans'] : [];
  }
  if (kind === 'refinance') return fields.id('old_loan_id') === fields.id('new_loan_id') ? ['new_loan_id'] : [];
  if (kind !== 'restructure') return [];
  const parts = [
    'capitalize_interest_minor',
    'capitalize_fees_minor',
    'forgive_principal_minor',
    'forgive_interest_minor',
  ];
  return parts.every((name) => fields.amount(name) === 0n) ? ['body'] : [];
}

/** The values of a body that is known to be well formed. */
class Fields {
  readonly #body: JsonObject;

  constructor(body: JsonObject) {
    this.#body = body;
  }

  maybe(name: string): string | undefined {
    const value = this.#body[name];
    return typeof value === 'string' ? value : undefined;
  }

  text(name: string): string {
    return this.maybe(name) ?? '';
  }

  /** Ids are accepted in upper case and answered in lower case. */
  id(name: string): string {
    return this.text(name).toLowerCase();
  }

  maybeId(name: string): string | undefined {
    return this.maybe(name)?.toLowerCase();
  }

  amount(name: string): bigint {
    return BigInt(this.maybe(name) ?? '0');
  }

  maybeAmount(name: string): bigint | undefined {
    const value = this.maybe(name);
    return value === undefined ? undefined : BigInt(value);
  }

  list(name: string): Fields[] {
    const value = this.#body[name];
    return Array.isArray(value) ? value.filter(isObject).map((item) => new Fields(item)) : [];
  }

  words(name: string): string[] {
    const value = this.#body[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  part(name: string): Fields | undefined {
    const value = this.#body[name];
    return isObject(value) ? new Fields(value) : undefined;
  }

  has(name: string): boolean {
    return this.#body[name] !== undefined;
  }
}

function commandOf({ kind, pathId }: Route, body: Fields): Command {
  const effectiveAt = body.text('effective_at');
  const loanId = body.id('loan_id');
  switch (kind) {
    case 'disbursement': {
      const fees = body
        .list('fees')
        .map((fee) => ({ feeType: fee.text('fee_type'), amountMinor: fee.amount('amount_minor') }));
      return { kind, ...moneyOf(body), layer: layerOf(body), programId: body.maybeId('program_id'), fees };
    }
    case 'payment':
      return { kind, ...moneyOf(body), layer: layerOf(body), allocation: splitOf(body.part('allocation')) };
    case 'recovery':
    case 'goodwill':
      return { kind, ...moneyOf(body), allocation: splitOf(body.part('allocation')) };
    case 'fee':
      return { kind, ...moneyOf(body), feeType: body.text('fee_type') };
    case 'waiver':
    case 'refund':
      return { kind, ...moneyOf(body) };
    case 'allocation':
      return { kind, ...moneyOf(body), amountMinor: body.maybeAmount('amount_minor') };
    case 'return':
      return { kind, eventId: pathId, effectiveAt, ...returnOf(body) };
    case 'settle_payment':
    case 'settle_disbursement':
    case 'cancel_payment':
    case 'cancel_disbursement':
      return { kind, eventId: pathId, effectiveAt };
    case 'clearing':
      return { kind, entryIds: body.words('journal_entry_ids').map((id) => id.toLowerCase()), effectiveAt };
    case 'reversal':
      return { kind, reversesEntryId: body.id('reverses_entry_id'), effectiveAt };
    case 'chargeoff':
      return {
        kind,
        loanId,
        effectiveAt,
        reasonCode: body.text('reason_code'),
        components: splitOf(body.part('components')),
      };
    case 'restructure':
      return { kind, loanId, effectiveAt, ...restructureOf(body) };
    case 'non_accrual':
      return { kind, loanId: pathId, effectiveAt, action: body.text('action') === 'exit' ? 'exit' : 'enter' };
    case 'approval':
    case 'rejection':
      return { kind, adjustmentId: pathId };
    case 'close':
    case 'reopen':
      return { kind, period: pathId };
    case 'proposal':
      return { kind, effectiveAt, lines: body.list('lines').map(lineOf) };
    default:
      return wideCommandOf(kind, pathId, body);
  }
}

type WideKind = 'accrual' | 'run' | 'correction' | 'refinance' | 'registration' | 'program' | 'version';

function wideCommandOf(kind: WideKind, pathId: string, body: Fields): Command {
  const effectiveAt = body.text('effective_at');
  const loans = body.list('loans').map((loan) => ({
    loanId: loan.id('loan_id'),
    principalMinor: loan.amount('outstanding_principal_minor'),
    interestMinor: loan.amount('interest_minor'),
  }));
  switch (kind) {
    case 'accrual':
      return { kind, programId: body.id('program_id'), effectiveAt: body.text('accrual_date'), loans };
    case 'run':
      return { kind, programId: body.id('program_id'), effectiveAt: body.text('accrual_date') };
    case 'correction':
      return { kind, eventId: pathId, effectiveAt, loans };
    case 'refinance':
      return {
        kind,
        oldLoanId: body.id('old_loan_id'),
        newLoanId: body.id('new_loan_id'),
        borrowerId: body.id('borrower_id'),
        newMoneyMinor: body.amount('new_money_minor'),
        currency: body.text('currency'),
        effectiveAt,
        programId: body.maybeId('program_id'),
      };
    case 'registration':
      return registrationOf(body);
    case 'program':
      return { kind, programId: undefined, from: undefined, currency: body.maybe('currency'), policy: policyOf(body) };
    case 'version':
      return {
        kind,
        programId: pathId,
        from: body.maybe('effective_at'),
        currency: undefined,
        policy: policyOf(body),
      };
  }
}

function moneyOf(body: Fields) {
  return {
    loanId: body.id('loan_id'),
    borrowerId: body.maybeId('borrower_id'),
    amountMinor: body.amount('amount_minor'),
    currency: body.text('currency'),
    effectiveAt: body.text('effective_at'),
  };
}

function returnOf(body: Fields) {
  const policy = body.maybe('policy');
  return {
    amountMinor: body.maybeAmount('amount_minor'),
    nsfFeeMinor: body.amount('nsf_fee_minor'),
    policy: policy === 'mirror' || policy === 'principal' ? policy : undefined,
  } as const;
}

function restructureOf(body: Fields) {
  return {
    capitalizeInterestMinor: body.amount('capitalize_interest_minor'),
    capitalizeFeesMinor: body.amount('capitalize_fees_minor'),
    forgivePrincipalMinor: body.amount('forgive_principal_minor'),
    forgiveInterestMinor: body.amount('forgive_interest_minor'),
  };
}

function registrationOf(body: Fields): Command {
  const opening = body.part('opening');
  const split = splitOf(opening);
  return {
    kind: 'registration',
    loanId: body.id('loan_id'),
    borrowerId: body.id('borrower_id'),
    currency: body.text('currency'),
    programId: body.maybeId('program_id'),
    annualRate: body.maybe('annual_rate'),
    maturity: body.maybe('maturity_date'),
    opening: opening &&
      split && { ...split, asOf: opening.text('as_of'), accruedThrough: opening.maybe('accrued_through') },
  };
}

function splitOf(parts: Fields | undefined): Split | undefined {
  if (parts === undefined) return undefined;
  return {
    fees: parts.amount('fees_minor'),
    interest: parts.amount('interest_minor'),
    principal: parts.amount('principal_minor'),
    suspense: parts.amount('suspense_minor'),
  };
}

function layerOf(body: Fields): 'SETTLED' | 'PENDING' {
  return body.maybe('layer') === 'PENDING' ? 'PENDING' : 'SETTLED';
}

function lineOf(line: Fields): Line {
  const layers: readonly Layer[] = ['PENDING', 'ENCUMBRANCE'];
  return {
    accountCode: line.text('account_code'),
    direction: line.text('direction') === 'DR' ? 'DR' : 'CR',
    amountMinor: line.amount('amount_minor'),
    currency: line.text('currency'),
    layer: layers.find((name) => name === line.maybe('layer')) ?? 'SETTLED',
    loanId: line.maybeId('loan_id'),
  };
}

/** The fields of a policy that are named; the words were checked. */
function policyOf(body: Fields): Partial<Policy> {
  const named: Record<string, unknown> = {};
  const words = {
    day_count_convention: 'dayCount',
    rounding: 'rounding',
    overpayment: 'overpayment',
    backdating: 'backdating',
    returns: 'returns',
    chargeoff: 'chargeoff',
    principal_check: 'principalCheck',
  };
  for (const [name, ours] of Object.entries(words)) if (body.has(name)) named[ours] = body.text(name);
  if (body.has('waterfall')) named['waterfall'] = body.words('waterfall');
  if (body.has('annual_rates')) {
    named['annualRates'] = body
      .list('annual_rates')
      .map((step) => ({ from: step.text('from'), rate: step.text('rate') }));
  }
  if (body.has('fee_types')) {
    named['feeAccounts'] = Object.fromEntries(
      body.list('fee_types').map((type) => [type.text('fee_type'), type.text('income_account')]),
    );
  }
  return named as Partial<Policy>;
}
