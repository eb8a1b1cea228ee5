import { createHash } from 'node:crypto';
import type { LoanGroup, Workload } from './load-job.ts';

const ID_CHARS = 36;

/** Makes requests. `next` answers the bytes of one for a connection; they stay untouched until its next call for it. */
export type RequestSource = { readonly next: (connection: number) => Buffer };

/** The id by which own-tables.sql knows loan number n: md5('loan n') written as a UUID. */
export function loanId(number: number): string {
  return md5Uuid(`loan ${number}`);
}

/** The borrower of loan number n. */
export function borrowerId(number: number): string {
  return md5Uuid(`borrower ${number}`);
}

function md5Uuid(text: string): string {
  const hex = createHash('md5').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Requests of a workload to the server at `host`, for so many connections. */
export function requestSource(workload: Workload, target: { host: string; connections: number }): RequestSource {
  switch (workload.kind) {
    case 'payments':
      return paymentSource(workload, target);
    case 'balances':
      return balanceSource(workload, target);
    case 'accruals':
      return accrualSource(workload, target);
  }
}

/**
 * The generator must not take the CPU it is there to measure: every field that varies has a fixed width, so a request is
 * one buffer per connection in which a few bytes are written over.
 */
class Template {
  readonly bytes: Buffer;

  constructor(text: string) {
    this.bytes = Buffer.from(text, 'latin1');
  }

  /** Where a marker stands, which must stand there once. */
  find(marker: string): number {
    const place = this.bytes.indexOf(marker, 0, 'latin1');
    if (place < 0 || this.bytes.indexOf(marker, place + 1, 'latin1') >= 0)
      throw new Error(`marker ${marker} is not unique`);
    return place;
  }
}

type PaymentTemplate = {
  readonly template: Template;
  readonly group: LoanGroup;
  readonly at: {
    readonly key: number;
    readonly loan: number;
    readonly borrower: number;
    readonly date: number;
    readonly amount: number;
    readonly principal: number;
  };
};

/** Principal parts run from here to four digits; fees and interest are fixed, so the sum has four digits too. */
const PRINCIPAL_MIN = 1_000;
const PRINCIPAL_SPAN = 8_900;
const FEES = 11;
const INTEREST = 22;

function paymentSource(
  workload: Extract<Workload, { kind: 'payments' }>,
  target: { host: string; connections: number },
): RequestSource {
  const templates = workload.groups.map((group) => paymentTemplate(workload, target.host, group));
  const firstLoan = Math.min(...workload.groups.map((group) => group.firstLoan));
  const pastLoans = Math.max(...workload.groups.map((group) => group.firstLoan + group.loans));
  const loans = idTable(firstLoan, pastLoans, loanId);
  const borrowers = idTable(firstLoan, pastLoans, borrowerId);
  const dates = workload.effectiveDates.map((date) => Buffer.from(date, 'latin1'));
  const length = Math.max(...templates.map(({ template }) => template.bytes.length));
  const slots = Array.from({ length: target.connections }, () => ({
    bytes: Buffer.alloc(length),
    holds: -1,
    view: Buffer.alloc(0),
  }));
  let made = 0;
  return {
    next(connection) {
      const chosen = templates.length === 1 ? 0 : Math.trunc(Math.random() * templates.length);
      const from = templates[chosen];
      const slot = slots[connection];
      if (from === undefined || slot === undefined) throw new Error(`there is no connection ${connection}`);
      if (slot.holds !== chosen) {
        from.template.bytes.copy(slot.bytes);
        slot.view = slot.bytes.subarray(0, from.template.bytes.length);
        slot.holds = chosen;
      }
      const { bytes } = slot;
      const { group, at } = from;
      const among = Math.random() < workload.hotShare ? Math.min(workload.hotLoans, group.loans) : group.loans;
      const id = (group.firstLoan - firstLoan + Math.trunc(Math.random() * among)) * ID_CHARS;
      loans.copy(bytes, at.loan, id, id + ID_CHARS);
      borrowers.copy(bytes, at.borrower, id, id + ID_CHARS);
      const principal = PRINCIPAL_MIN + Math.trunc(Math.random() * PRINCIPAL_SPAN);
      writeDigits(bytes, { at: at.amount, digits: 4, value: principal + FEES + INTEREST });
      if (at.principal >= 0) writeDigits(bytes, { at: at.principal, digits: 4, value: principal });
      if (dates.length > 1) dates[Math.trunc(Math.random() * dates.length)]?.copy(bytes, at.date);
      writeDigits(bytes, { at: at.key, digits: 12, value: made });
      made += 1;
      return slot.view;
    },
  };
}

function paymentTemplate(
  workload: Extract<Workload, { kind: 'payments' }>,
  host: string,
  group: LoanGroup,
): PaymentTemplate {
  const [loan, borrower] = ['L'.repeat(ID_CHARS), 'B'.repeat(ID_CHARS)];
  const split = workload.split
    ? `,"allocation":{"fees_minor":"${FEES}","interest_minor":"${INTEREST}","principal_minor":"PPPP"}`
    : '';
  const date = workload.effectiveDates[0];
  if (date === undefined) throw new Error('payments need an effective date');
  const body = `{"loan_id":"${loan}","borrower_id":"${borrower}","amount_minor":"AAAA","currency":"USD","effective_at":"${date}","source_method":"ach","external_ref":"processor_ch_00001"${split}}`;
  const template = new Template(
    `${head({ method: 'POST', path: '/v1/payments', host, token: group.token })}Content-Type: application/json\r\nContent-Length: ${body.length}\r\nIdempotency-Key: payment:${workload.keyPrefix}:KKKKKKKKKKKK\r\n\r\n${body}`,
  );
  return {
    template,
    group,
    at: {
      key: template.find('KKKKKKKKKKKK'),
      loan: template.find(loan),
      borrower: template.find(borrower),
      date: template.find(`"${date}"`) + 1,
      amount: template.find('"AAAA"') + 1,
      principal: workload.split ? template.find('"PPPP"') + 1 : -1,
    },
  };
}

function balanceSource(
  workload: Extract<Workload, { kind: 'balances' }>,
  target: { host: string; connections: number },
): RequestSource {
  const dated = workload.asOfDates.length > 0;
  const templates = workload.groups.map((group) => {
    const path = `/v1/loans/${'L'.repeat(ID_CHARS)}/balance${dated ? '?as_of_date=YYYY-MM-DD' : ''}`;
    const template = new Template(`${head({ method: 'GET', path, host: target.host, token: group.token })}\r\n`);
    return {
      bytes: template.bytes,
      group,
      loanAt: template.find('L'.repeat(ID_CHARS)),
      dateAt: dated ? template.find('YYYY-MM-DD') : -1,
    };
  });
  const firstLoan = Math.min(...workload.groups.map((group) => group.firstLoan));
  const loans = idTable(firstLoan, Math.max(...workload.groups.map((group) => group.firstLoan + group.loans)), loanId);
  const dates = workload.asOfDates.map((date) => Buffer.from(date, 'latin1'));
  const slots = Array.from({ length: target.connections }, () => templates.map(({ bytes }) => Buffer.from(bytes)));
  return {
    next(connection) {
      const chosen = templates.length === 1 ? 0 : Math.trunc(Math.random() * templates.length);
      const from = templates[chosen];
      const bytes = slots[connection]?.[chosen];
      if (from === undefined || bytes === undefined) throw new Error(`there is no connection ${connection}`);
      const id = (from.group.firstLoan - firstLoan + Math.trunc(Math.random() * from.group.loans)) * ID_CHARS;
      loans.copy(bytes, from.loanAt, id, id + ID_CHARS);
      if (from.dateAt >= 0) dates[Math.trunc(Math.random() * dates.length)]?.copy(bytes, from.dateAt);
      return bytes;
    },
  };
}

function accrualSource(
  workload: Extract<Workload, { kind: 'accruals' }>,
  target: { host: string; connections: number },
): RequestSource {
  const { group, loansPerCall } = workload;
  const blocks = Array.from({ length: Math.ceil(group.loans / loansPerCall) }, (_, block) => {
    const from = group.firstLoan + block * loansPerCall;
    const past = Math.min(from + loansPerCall, group.firstLoan + group.loans);
    const loans = Array.from(
      { length: past - from },
      (_, index) =>
        `{"loan_id":"${loanId(from + index)}","outstanding_principal_minor":"1000000000000000","interest_minor":"13699"}`,
    );
    const body = `{"program_id":"${workload.programId}","accrual_date":"YYYY-MM-DD","day_count_convention":"ACT_365","loans":[${loans.join(',')}]}`;
    const template = new Template(
      `${head({ method: 'POST', path: '/v1/accruals/batch', host: target.host, token: group.token })}Content-Type: application/json\r\nContent-Length: ${body.length}\r\nIdempotency-Key: accrual:${workload.keyPrefix}:KKKKKKKKKKKK\r\n\r\n${body}`,
    );
    return { bytes: template.bytes, keyAt: template.find('KKKKKKKKKKKK'), dateAt: template.find('YYYY-MM-DD') };
  });
  if (target.connections > blocks.length) throw new Error('two connections would write into one body');
  let made = 0;
  return {
    next() {
      const block = blocks[made % blocks.length];
      const date = workload.dates[Math.trunc(made / blocks.length)];
      if (block === undefined || date === undefined)
        throw new Error('every loan has accrued for every date that was given');
      writeDigits(block.bytes, { at: block.keyAt, digits: 12, value: made });
      block.bytes.write(date, block.dateAt, 'latin1');
      made += 1;
      return block.bytes;
    },
  };
}

function head(request: { method: string; path: string; host: string; token: string }): string {
  return `${request.method} ${request.path} HTTP/1.1\r\nHost: ${request.host}\r\nAuthorization: Bearer ${request.token}\r\n`;
}

function idTable(from: number, past: number, idOf: (number: number) => string): Buffer {
  const table = Buffer.alloc((past - from) * ID_CHARS);
  for (let number = from; number < past; number += 1) table.write(idOf(number), (number - from) * ID_CHARS, 'latin1');
  return table;
}

function writeDigits(bytes: Buffer, field: { at: number; digits: number; value: number }): void {
  let rest = field.value;
  for (let place = field.at + field.digits - 1; place >= field.at; place -= 1) {
    bytes[place] = 48 + (rest % 10);
    rest = Math.trunc(rest / 10);
  }
}
