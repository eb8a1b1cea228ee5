import type { Command } from './command.ts';
import { BODY_RULES, badFieldsOf, isObject, type JsonObject, type WritePath } from './fields.ts';
import type { Components, Layer } from './ledger.ts';

/** A body understood, or the fields that keep it from being so. */
type ReadBody = { readonly badFields: readonly string[] } | { readonly command: Command };

/** Reads a parsed JSON body as the command of its path. */
export function readBody(path: WritePath, body: unknown): ReadBody {
  if (!isObject(body)) return { badFields: [] };
  const badFields = badFieldsOf(body, BODY_RULES[path]);
  if (badFields.length > 0) return { badFields };
  switch (path) {
    case '/v1/disbursements':
      return readDisbursement(body);
    case '/v1/payments':
      return { command: { kind: 'payment', ...moneyOf(body), layer: layerOf(body), allocation: allocationOf(body) } };
    case '/v1/fees':
      return { command: { kind: 'fee', ...moneyOf(body), borrowerId: idOrNone(body, 'borrower_id') } };
    case '/v1/accruals/batch':
      return readAccrual(body);
    case '/v1/reversals':
      return {
        command: {
          kind: 'reversal',
          reversesEntryId: idOf(body, 'reverses_entry_id'),
          effectiveAt: textOf(body, 'effective_at'),
        },
      };
  }
}

function readDisbursement(body: JsonObject): ReadBody {
  const money = moneyOf(body);
  const feesMinor = objectsOf(body, 'fees').reduce((sum, fee) => sum + amountOf(fee, 'amount_minor'), 0n);
  // More withheld than paid out cannot be booked, whatever the loan: a matter of the fields alone.
  if (feesMinor > money.amountMinor) return { badFields: ['fees'] };
  const programId = idOrNone(body, 'program_id');
  return { command: { kind: 'disbursement', ...money, layer: layerOf(body), programId, feesMinor } };
}

function readAccrual(body: JsonObject): ReadBody {
  const loans = objectsOf(body, 'loans').map((loan) => ({
    loanId: idOf(loan, 'loan_id'),
    interestMinor: amountOf(loan, 'interest_minor'),
  }));
  if (new Set(loans.map(({ loanId }) => loanId)).size < loans.length) return { badFields: ['loans'] };
  const accrualDate = textOf(body, 'accrual_date');
  return { command: { kind: 'accrual', programId: idOf(body, 'program_id'), accrualDate, loans } };
}

function moneyOf(body: JsonObject) {
  return {
    loanId: idOf(body, 'loan_id'),
    borrowerId: idOrNone(body, 'borrower_id') ?? '',
    amountMinor: amountOf(body, 'amount_minor'),
    currency: textOf(body, 'currency'),
    effectiveAt: textOf(body, 'effective_at'),
  };
}

function allocationOf(body: JsonObject): Components | undefined {
  const split = body['allocation'];
  if (!isObject(split)) return undefined;
  return {
    fees: amountOf(split, 'fees_minor'),
    interest: amountOf(split, 'interest_minor'),
    principal: amountOf(split, 'principal_minor'),
    suspense: amountOf(split, 'suspense_minor'),
  };
}

function layerOf(body: JsonObject): Layer {
  return body['layer'] === 'PENDING' ? 'PENDING' : 'SETTLED';
}

function textOf(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new Error(`${name} was checked to be text`);
  return value;
}

/** Ids are accepted in upper case and answered in lower case. */
function idOf(body: JsonObject, name: string): string {
  return textOf(body, name).toLowerCase();
}

function idOrNone(body: JsonObject, name: string): string | undefined {
  return body[name] === undefined ? undefined : idOf(body, name);
}

function amountOf(body: JsonObject, name: string): bigint {
  return body[name] === undefined ? 0n : BigInt(textOf(body, name));
}

function objectsOf(body: JsonObject, name: string): readonly JsonObject[] {
  const value = body[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}
