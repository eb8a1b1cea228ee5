/** The parts of a loan's sub-ledger, in the order of the default waterfall; suspense takes what is left over. */
export const COMPONENTS = ['fees', 'interest', 'principal', 'suspense'] as const;
export type Component = (typeof COMPONENTS)[number];
export type Components = Record<Component, bigint>;

export const LAYERS = ['SETTLED', 'PENDING', 'ENCUMBRANCE'] as const;
export type Layer = (typeof LAYERS)[number];

/** The control account of each component, and the side that raises it (ACCOUNTING.md section 1). */
export const CONTROL_ACCOUNT = {
  fees: { accountCode: '1300', raisedBy: 'DR' },
  interest: { accountCode: '1200', raisedBy: 'DR' },
  principal: { accountCode: '1100', raisedBy: 'DR' },
  suspense: { accountCode: '2100', raisedBy: 'CR' },
} as const;

type Direction = 'DR' | 'CR';

/** One debit or credit; `loanId` stands on lines of a control account. */
export interface Line {
  readonly accountCode: string;
  readonly direction: Direction;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly layer: Layer;
  readonly loanId: string | undefined;
}

/** What a decision wants to book. Nothing is booked until the server's answer has given it ids and a time. */
export interface Plan {
  readonly eventType: 'disbursement' | 'payment_received' | 'fee_assessed' | 'accrual' | 'reversal';
  readonly effectiveAt: string;
  readonly lines: readonly Line[];
  /** The loan that the entry makes, when it is the first disbursement. */
  readonly newLoan?: { readonly loanId: string; readonly borrowerId: string; readonly currency: string };
  /** Every loan of an accrual batch, those without interest too: the date is taken for each. */
  readonly accruedLoanIds?: readonly string[];
  readonly reversesEntryId?: string;
}

/** A balanced set of lines that stands in the journal. */
export interface Entry {
  readonly entryId: string;
  readonly postedAt: string;
  readonly plan: Plan;
  reversedByEntryId: string | undefined;
  /** Known once an answer has shown it. */
  correlationId: string | undefined;
}

/** What one line did to one component of one loan. */
interface Posting {
  readonly effectiveAt: string;
  readonly postedAt: string;
  readonly layer: Layer;
  readonly component: Component;
  readonly deltaMinor: bigint;
}

/** One loan's sub-ledger. */
export interface Loan {
  readonly loanId: string;
  readonly borrowerId: string;
  readonly currency: string;
  readonly postings: Posting[];
  /** Every entry that concerns the loan, in posting order; an accrual of nothing included. */
  readonly entries: Entry[];
  /** Dates accrued by a standing batch. */
  readonly accruedDates: Set<string>;
  /** The sum of all postings by layer, kept so that deciding does not fold a loan's whole life each time. */
  readonly present: Record<Layer, Components>;
  latestEffectiveAt: string;
}

/** One tenant's books. */
export interface TenantLedger {
  readonly programId: string;
  readonly loans: Map<string, Loan>;
  readonly entries: Map<string, Entry>;
  /** Used keys: what was asked under each and the body that was answered. */
  readonly keys: Map<string, { readonly fingerprint: string; readonly body: string }>;
}

/** Empty books. */
export function newTenantLedger(programId: string): TenantLedger {
  return { programId, loans: new Map(), entries: new Map(), keys: new Map() };
}

/** All components at zero. */
export function noComponents(): Components {
  return { fees: 0n, interest: 0n, principal: 0n, suspense: 0n };
}

/** What a line does to its loan, or undefined when it stands on no control account. */
export function effectOf(line: Line): { readonly component: Component; readonly deltaMinor: bigint } | undefined {
  const component = COMPONENTS.find((name) => CONTROL_ACCOUNT[name].accountCode === line.accountCode);
  if (component === undefined) return undefined;
  const raises = line.direction === CONTROL_ACCOUNT[component].raisedBy;
  return { component, deltaMinor: raises ? line.amountMinor : -line.amountMinor };
}

/** The effective date of the loan's first disbursement that is not reversed, on any layer. */
export function firstStandingDisbursement(loan: Loan): string | undefined {
  let first: string | undefined;
  for (const { plan, reversedByEntryId } of loan.entries) {
    if (plan.eventType !== 'disbursement' || reversedByEntryId !== undefined) continue;
    if (first === undefined || plan.effectiveAt < first) first = plan.effectiveAt;
  }
  return first;
}

/** The loan, which must be there. */
export function loanOf(ledger: TenantLedger, loanId: string): Loan {
  const loan = ledger.loans.get(loanId);
  if (loan === undefined) throw new Error(`the model does not know loan ${loanId}`);
  return loan;
}

/** The entry, which must be there. */
export function entryOf(ledger: TenantLedger, entryId: string): Entry {
  const entry = ledger.entries.get(entryId);
  if (entry === undefined) throw new Error(`the model does not know entry ${entryId}`);
  return entry;
}

/** The ids and the time that the server gave to a posted command, and what was asked under which key. */
interface PostedAs {
  readonly entryId: string;
  readonly postedAt: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly body: string;
}

/**
 * Books a plan and answers how to take it back again: the order of concurrent commands is found by
 * trying, and a wrong guess must leave no trace.
 */
export function book(ledger: TenantLedger, plan: Plan, posted: PostedAs): () => void {
  const undo: (() => void)[] = [];
  if (plan.newLoan !== undefined) undo.push(openLoan(ledger, plan.newLoan, plan.effectiveAt));
  const entry: Entry = {
    entryId: posted.entryId,
    postedAt: posted.postedAt,
    plan,
    reversedByEntryId: undefined,
    correlationId: undefined,
  };
  ledger.entries.set(entry.entryId, entry);
  undo.push(() => ledger.entries.delete(entry.entryId));
  ledger.keys.set(posted.key, { fingerprint: posted.fingerprint, body: posted.body });
  undo.push(() => ledger.keys.delete(posted.key));
  for (const loanId of loansConcerned(ledger, plan)) undo.push(touchLoan(loanOf(ledger, loanId), entry));
  for (const line of plan.lines) undo.push(postLine(ledger, entry, line));
  for (const loanId of plan.accruedLoanIds ?? []) undo.push(takeDate(loanOf(ledger, loanId), plan.effectiveAt));
  if (plan.reversesEntryId !== undefined) {
    undo.push(linkReversal(ledger, entryOf(ledger, plan.reversesEntryId), entry.entryId));
  }
  return () => {
    for (const step of undo.reverse()) step();
  };
}

/** Every loan that an entry concerns: by a line, as a member of an accrual batch, or by what it reverses. */
export function loansConcerned(ledger: TenantLedger, plan: Plan): Set<string> {
  const loanIds = new Set(plan.accruedLoanIds ?? []);
  for (const { loanId } of plan.lines) if (loanId !== undefined) loanIds.add(loanId);
  if (plan.reversesEntryId !== undefined) {
    for (const loanId of loansConcerned(ledger, entryOf(ledger, plan.reversesEntryId).plan)) loanIds.add(loanId);
  }
  return loanIds;
}

function openLoan(ledger: TenantLedger, loan: NonNullable<Plan['newLoan']>, effectiveAt: string): () => void {
  ledger.loans.set(loan.loanId, {
    ...loan,
    postings: [],
    entries: [],
    accruedDates: new Set(),
    present: { SETTLED: noComponents(), PENDING: noComponents(), ENCUMBRANCE: noComponents() },
    latestEffectiveAt: effectiveAt,
  });
  return () => ledger.loans.delete(loan.loanId);
}

function touchLoan(loan: Loan, entry: Entry): () => void {
  const before = loan.latestEffectiveAt;
  loan.entries.push(entry);
  if (entry.plan.effectiveAt > before) loan.latestEffectiveAt = entry.plan.effectiveAt;
  return () => {
    loan.entries.pop();
    loan.latestEffectiveAt = before;
  };
}

function postLine(ledger: TenantLedger, entry: Entry, line: Line): () => void {
  const effect = effectOf(line);
  if (effect === undefined || line.loanId === undefined) return () => undefined;
  const loan = loanOf(ledger, line.loanId);
  const { component, deltaMinor } = effect;
  const { effectiveAt } = entry.plan;
  loan.postings.push({ effectiveAt, postedAt: entry.postedAt, layer: line.layer, component, deltaMinor });
  loan.present[line.layer][component] += deltaMinor;
  return () => {
    loan.postings.pop();
    loan.present[line.layer][component] -= deltaMinor;
  };
}

function takeDate(loan: Loan, date: string): () => void {
  loan.accruedDates.add(date);
  return () => loan.accruedDates.delete(date);
}

function linkReversal(ledger: TenantLedger, reversed: Entry, byEntryId: string): () => void {
  const loans = (reversed.plan.accruedLoanIds ?? []).map((loanId) => loanOf(ledger, loanId));
  reversed.reversedByEntryId = byEntryId;
  for (const loan of loans) loan.accruedDates.delete(reversed.plan.effectiveAt);
  return () => {
    reversed.reversedByEntryId = undefined;
    for (const loan of loans) loan.accruedDates.add(reversed.plan.effectiveAt);
  };
}
