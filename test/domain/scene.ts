import { DEFAULT_PROGRAM_POLICY } from '../../src/domain/default-program.ts';
import type { Booked, EntryDraft } from '../../src/domain/journal-entry.ts';
import {
  type Components,
  type LoanStanding,
  type LoanState,
  noComponents,
  PLAIN_STANDING,
  unmadeLoan,
} from '../../src/domain/loan.ts';
import type { PostedEntry } from '../../src/domain/posted-entry.ts';
import { type ProgramVersion, readPolicy, type StoredPolicy } from '../../src/domain/program.ts';
import type { Refusal } from '../../src/domain/refusal.ts';

/** The date of every event in a scene: the business date, the loan's first day and the first open day at once. */
export const DAY = '2026-05-01';

/** What may be wrong with the loan and the dates of an event; none of them hides another. */
export type SceneFault =
  | 'no such loan'
  | 'another borrower'
  | 'another currency'
  | 'in the future'
  | 'before the loan began'
  | 'in a closed period'
  | 'charged off';

/** A refusal as the order of refusals has it; `detail` is the sentence for people, `field` undefined when none is blamed. */
export type Expected<Fault extends string> = {
  readonly fault: Fault;
  readonly code: string;
  readonly field?: string;
  readonly detail: string;
  /** What is said of the field where that is not all that is said. */
  readonly message?: string;
};

/** The refusals of a loan's identity, in their order. */
export const IDENTITY: readonly Expected<SceneFault>[] = [
  {
    fault: 'no such loan',
    code: 'loan_not_found',
    field: 'loan_id',
    detail: 'there is no loan loan; a loan begins with its registration or first disbursement',
  },
  {
    fault: 'another borrower',
    code: 'borrower_mismatch',
    field: 'borrower_id',
    detail: 'loan loan belongs to another borrower',
  },
  {
    fault: 'another currency',
    code: 'currency_mismatch',
    field: 'currency',
    detail: 'loan loan is kept in EUR, not USD',
  },
];

/** The refusal of a loan that is not there, by an event that names no more than the loan. */
export const UNKNOWN = IDENTITY.slice(0, 1);

/** The refusals of an event's date, in their order. */
export function datesOf(field = 'effective_at'): readonly Expected<SceneFault>[] {
  return [
    {
      fault: 'in the future',
      code: 'effective_date_in_future',
      field,
      detail: `${field} 2026-05-01 lies after the tenant's business date 2026-04-30; send it on that day or later`,
    },
    {
      fault: 'before the loan began',
      code: 'effective_date_before_disbursement',
      field,
      detail: `${field} 2026-05-01 lies before 2026-05-02, when the loan began with its first disbursement or opening balance`,
    },
    {
      fault: 'in a closed period',
      code: 'period_closed',
      field,
      detail: `${field} 2026-05-01 lies in a closed period; the first open day is 2026-05-02`,
    },
  ];
}

/** The same of an event that asks for no beginning of a loan. */
export function datesWithoutBeginning(field = 'effective_at'): readonly Expected<SceneFault>[] {
  return datesOf(field).filter(({ fault }) => fault !== 'before the loan began');
}

/** The refusal of a loan's state. */
export const STATE: Expected<SceneFault> = {
  fault: 'charged off',
  code: 'loan_charged_off',
  field: 'loan_id',
  detail: 'loan loan is charged off; money that still comes in is posted to /v1/recoveries',
};

export const CHARGED_OFF: LoanStanding = {
  ...PLAIN_STANDING,
  status: 'charged_off',
  lossAccount: 5000,
  chargedOff: { principal: 100n, interest: 0n, fees: 0n },
};
export const ON_NON_ACCRUAL: LoanStanding = { ...PLAIN_STANDING, nonAccrualSince: '2026-04-30' };

/** A loan that is there, with these components on SETTLED. */
export function loanWith(components: Partial<Components> = {}, changes: Partial<LoanState> = {}): LoanState {
  const loan = unmadeLoan('tenant', 'loan');
  Object.assign(loan.layers[0], { ...noComponents(), ...components });
  const made = { borrowerId: 'borrower', currency: 'USD', programId: 'program', firstDisbursedOn: DAY };
  return Object.assign(loan, made, changes);
}

/** A program of one version, with the default policy but for `changes`. */
export function programOf(changes: Partial<StoredPolicy> = {}, currency: string | null = null): ProgramVersion[] {
  const policy = readPolicy({ ...DEFAULT_PROGRAM_POLICY, ...changes });
  return [{ programId: 'program', currency, version: 3, effectiveFrom: null, policy }];
}

/** Loan, program and calendar that an event of DAY meets. Without faults every bound is met just so. */
export function sceneWith(faults: readonly string[], components: Partial<Components> = {}) {
  const has = (fault: SceneFault) => faults.includes(fault);
  const loan = has('no such loan') ? unmadeLoan('tenant', 'loan') : loanWith(components);
  if (!has('no such loan')) {
    if (has('another borrower')) loan.borrowerId = 'somebody else';
    if (has('another currency')) loan.currency = 'EUR';
    if (has('before the loan began')) loan.firstDisbursedOn = '2026-05-02';
    if (has('charged off')) loan.standing = CHARGED_OFF;
  }
  const calendar = {
    businessDate: has('in the future') ? '2026-04-30' : DAY,
    closedThrough: has('in a closed period') ? DAY : '2026-04-30',
  };
  return { loan, program: programOf(), calendar };
}

/** An entry that was posted before, on SETTLED and DAY. */
export function postedEntry(changes: Partial<PostedEntry> = {}): PostedEntry {
  return {
    entryId: 'entry',
    seq: 7n,
    eventId: 'event',
    correlationId: 'correlation',
    eventType: 'payment_received',
    effectiveAt: DAY,
    currency: 'USD',
    layer: 0,
    loanId: 'loan',
    borrowerId: 'borrower',
    lines: [line(1010, 100n), line(1100, -100n, 'loan')],
    externalRef: 'reference',
    eventInput: {},
    postedAt: '2026-05-01T10:00:00.000000Z',
    ...changes,
  };
}

/** A line; one on a loan is its borrower's. */
export function line(account: number, amountMinor: bigint, loanId: string | null = null) {
  return { account, amountMinor, loanId, borrowerId: loanId === null ? null : 'borrower' };
}

/** The one entry that was booked. Throws when it was refused. */
export function bookedBy(decided: Refusal | Booked): EntryDraft {
  if ('code' in decided) throw new Error(decided.detail);
  return 'first' in decided ? decided.first : decided;
}

/** Account and amount of every line that was booked. */
export function linesOf(decided: Refusal | Booked): readonly (readonly [number, bigint])[] {
  return bookedBy(decided).lines.map(({ account, amountMinor }) => [account, amountMinor]);
}
