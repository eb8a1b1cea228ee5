import { formatAccountCode } from './account-code.ts';
import { type Calendar, refuseBeforeDisbursement, refuseClosedPeriod, refuseFuture } from './dating.ts';
import type { DraftLine, EntryDraft } from './journal-entry.ts';
import { LAYERS, type LayerNumber } from './layer.ts';
import { controlledComponent, type LoanState } from './loan.ts';
import { type FieldProblem, type Refusal, type RefusalCode, refusalOfField } from './refusal.ts';
import { refuseMirror } from './reversal.ts';

/** One line as somebody wants it; `amountMinor` is positive for a debit and negative for a credit. */
export type AdjustmentLine = {
  readonly account: number;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly layer: LayerNumber;
  readonly loanId: string | null;
};

/** Lines that somebody wants to be posted as they stand (POST /v1/adjustments). */
export type Adjustment = {
  readonly effectiveAt: string;
  readonly reasonCode: string;
  readonly description: string | null;
  readonly lines: readonly AdjustmentLine[];
};

/** An adjustment that waits for somebody else to judge it. It never changes. */
export type Proposal = Adjustment & { readonly adjustmentId: string; readonly proposedBy: string };

/** What came of a proposal, and whose word it was. */
export type Verdict = { readonly verdict: 'posted' | 'rejected'; readonly judgedBy: string };

/** What an adjustment meets: the tenant's chart, the loans that its lines name, the calendar. */
export type AdjustmentContext = {
  readonly accountExists: (account: number) => boolean;
  readonly loan: (loanId: string) => LoanState;
  readonly calendar: Calendar;
};

/** The wish to post a proposal (POST /v1/adjustments/{adjustment_id}/approvals); null: there is no such proposal. */
export type Approval = {
  readonly adjustmentId: string;
  readonly note: string | null;
  readonly proposal: Proposal | null;
};

/** What an approval meets besides: who sends it, and the verdict on the proposal if there is one. */
export type ApprovalContext = AdjustmentContext & { readonly approver: string; readonly judged: Verdict | null };

type LineProblem = FieldProblem & { readonly code: RefusalCode };

/** From this account on stand the memo accounts, which balance among themselves. */
const FIRST_MEMO_ACCOUNT = 9000;

/**
 * Refuses an adjustment that could not be posted whatever the loans hold: a control line without a loan, an account, a loan
 * or a currency that is not there, a date, debits and credits that differ in a currency and layer, memo accounts among
 * themselves. Asked when it is proposed, and again when it is approved, since loans and dates may have changed.
 */
export function refuseAdjustment(adjustment: Adjustment, context: AdjustmentContext): Refusal | null {
  const { effectiveAt, lines } = adjustment;
  return (
    refusalOfLines(lines, refuseNamelessLine) ??
    refusalOfLines(lines, (line) => refuseAccount(line, context)) ??
    refusalOfLines(lines, (line) => refuseLoan(line, context)) ??
    refusalOfLines(lines, (line) => refuseCurrency(line, context)) ??
    refuseFuture(effectiveAt, context.calendar, 'effective_at') ??
    refuseTooEarly(adjustment, context) ??
    refuseClosedPeriod(effectiveAt, context.calendar, 'effective_at') ??
    refuseUnbalanced(lines)
  );
}

/** Refuses to judge a proposal that there is not, or that was judged; for an approval and a rejection alike. */
export function refuseJudged(
  { adjustmentId, proposal }: Pick<Approval, 'adjustmentId'> & { readonly proposal: unknown },
  judged: Verdict | null,
): Refusal | null {
  if (proposal === null) return { code: 'not_found', detail: `there is no adjustment ${adjustmentId}` };
  if (judged === null) return null;
  return { code: 'already_settled', detail: `adjustment ${adjustmentId} was ${judged.verdict} by ${judged.judgedBy}` };
}

/**
 * Books a proposal that another principal than the proposer approves, line by line as it was proposed. A principal is a
 * client: two tokens of one client are one pair of eyes.
 */
export function decideAdjustment(approval: Approval, context: ApprovalContext): Refusal | EntryDraft {
  const { proposal } = approval;
  const judged = refuseJudged(approval, context.judged);
  if (judged !== null || proposal === null)
    return judged ?? { code: 'not_found', detail: 'there is no such adjustment' };
  if (proposal.proposedBy === context.approver) {
    const detail = `adjustment ${proposal.adjustmentId} was proposed by this client; another one has to approve it`;
    return { code: 'approver_is_proposer', detail };
  }
  const refused = refuseAdjustment(proposal, context);
  if (refused !== null) return refused;
  const draft = draftOf(proposal, context);
  return refuseMirror(draft, context.loan, 'lines') ?? draft;
}

function draftOf(proposal: Proposal, context: AdjustmentContext): EntryDraft {
  const [first] = proposal.lines;
  if (first === undefined) throw new Error('an adjustment without lines was not refused');
  const { currency, layer } = first;
  const lines = proposal.lines.map((line): DraftLine => {
    const borrowerId = line.loanId === null ? null : context.loan(line.loanId).borrowerId;
    return {
      account: line.account,
      amountMinor: line.amountMinor,
      loanId: line.loanId,
      borrowerId,
      ...(line.layer === layer ? {} : { layer: line.layer }),
      ...(line.currency === currency ? {} : { currency: line.currency }),
    };
  });
  const { adjustmentId, proposedBy, reasonCode } = proposal;
  return {
    eventType: 'manual_adjustment',
    effectiveAt: proposal.effectiveAt,
    currency,
    layer,
    // Lines on accounts that no loan controls may leave the loan out, so each says its own.
    loanId: null,
    borrowerId: null,
    lines,
    reversesEntryId: null,
    externalRef: null,
    description: proposal.description,
    eventInput: { reason_code: reasonCode, adjustment_id: adjustmentId, proposed_by: proposedBy },
    metadata: null,
  };
}

function refuseNamelessLine({ account, loanId }: AdjustmentLine): LineProblem | null {
  if (loanId !== null || controlledComponent(account) === null) return null;
  const message = `account ${formatAccountCode(account)} is kept loan by loan: the line has to name one`;
  return { field: 'loan_id', code: 'validation_failed', message };
}

function refuseAccount({ account }: AdjustmentLine, { accountExists }: AdjustmentContext): LineProblem | null {
  if (accountExists(account)) return null;
  const message = `there is no account ${formatAccountCode(account)}`;
  return { field: 'account_code', code: 'account_not_found', message };
}

function refuseLoan({ loanId }: AdjustmentLine, { loan }: AdjustmentContext): LineProblem | null {
  if (loanId === null || loan(loanId).borrowerId !== null) return null;
  return { field: 'loan_id', code: 'loan_not_found', message: `there is no loan ${loanId}` };
}

function refuseCurrency({ loanId, currency }: AdjustmentLine, { loan }: AdjustmentContext): LineProblem | null {
  const kept = loanId === null ? currency : loan(loanId).currency;
  if (kept === currency) return null;
  return {
    field: 'currency',
    code: 'currency_mismatch',
    message: `loan ${loanId} is kept in ${kept}, not ${currency}`,
  };
}

function refuseTooEarly({ effectiveAt, lines }: Adjustment, { loan }: AdjustmentContext): Refusal | null {
  for (const { account, loanId } of lines) {
    if (loanId === null || controlledComponent(account) === null) continue;
    const refused = refuseBeforeDisbursement(effectiveAt, loan(loanId), 'effective_at');
    if (refused !== null) return refused;
  }
  return null;
}

function refuseUnbalanced(lines: readonly AdjustmentLine[]): Refusal | null {
  const books = new Map<string, { readonly where: string; totalMinor: bigint }>();
  for (const { account, amountMinor, currency, layer } of lines) {
    const isMemo = account >= FIRST_MEMO_ACCOUNT;
    const key = `${currency} ${layer} ${isMemo}`;
    const where = `${isMemo ? 'the memo accounts' : 'the accounts'} in ${currency} on ${LAYERS[layer]}`;
    const book = books.get(key) ?? { where, totalMinor: 0n };
    book.totalMinor += amountMinor;
    books.set(key, book);
  }
  for (const { where, totalMinor } of books.values()) {
    if (totalMinor === 0n) continue;
    const [more, less] = totalMinor > 0n ? ['debits', 'credits'] : ['credits', 'debits'];
    const by = totalMinor > 0n ? totalMinor : -totalMinor;
    return refusalOfField('unbalanced_entry', 'lines', `${more} exceed ${less} of ${where} by ${by}`);
  }
  return null;
}

function refusalOfLines(
  lines: readonly AdjustmentLine[],
  judge: (line: AdjustmentLine) => LineProblem | null,
): Refusal | null {
  const problems = lines.flatMap((line, index) => {
    const problem = judge(line);
    return problem === null ? [] : [{ ...problem, field: `lines[${index}].${problem.field}` }];
  });
  const [first] = problems;
  return first === undefined ? null : { code: first.code, detail: first.message, errors: problems };
}
