import { loanOf } from './books.ts';
import type { ProposalCommand, VerdictCommand } from './command.ts';
import { Draft, emptyPosting, restatementOf } from './posting.ts';
import { DEFAULT_POLICY } from './program.ts';
import { type Code, type Refusal, refuse } from './refusal.ts';
import { decideChange, refusalOfGiven } from './restatement.ts';
import { type Decision, newFact, type Setting, wrongDate, wrongDay } from './setting.ts';
import { componentOf, type Line } from './terms.ts';

/** POST /v1/adjustments: kept until another principal has judged it; nothing is posted yet. */
export function decideProposal(setting: Setting, command: ProposalCommand): Decision {
  const { lines, effectiveAt } = command;
  const wrong = wrongAdjustment(setting, command);
  if (wrong !== undefined) return { refusal: wrong };
  const adjustmentId = `adjustment-${setting.books.proposals.size + 1}`;
  const { principal: proposer } = setting.now;
  const proposal = { adjustmentId, proposer, effectiveAt, lines, status: 'proposed' } as const;
  return { posting: { ...emptyPosting({ status: 'proposed' }), proposal } };
}

/** Approval posts manual_adjustment as given, judged by the books of that moment; rejection posts nothing. */
export function decideAdjustment(setting: Setting, command: VerdictCommand): Decision {
  const { books, now } = setting;
  const proposal = books.proposals.get(books.eventNames.get(command.adjustmentId) ?? command.adjustmentId);
  if (proposal === undefined) return refuse('not_found');
  if (proposal.status !== 'proposed') return refuse('already_settled');
  if (command.kind === 'rejection') {
    return { posting: { ...emptyPosting({ status: 'rejected' }), verdict: { proposal, status: 'rejected' } } };
  }
  if (proposal.proposer === now.principal) return refuse('approver_is_proposer');
  const wrong = wrongAdjustment(setting, proposal);
  if (wrong !== undefined) return { refusal: wrong };
  const { lines, effectiveAt } = proposal;
  // It is an event of every loan that it names, also of one that it does not move.
  const loanIds = [...new Set(lines.flatMap(({ loanId }) => loanId ?? []))];
  const draft = new Draft(books);
  const fact = newFact(draft, { command: { kind: 'adjustment', lines }, effectiveAt, loanIds, policy: DEFAULT_POLICY });
  if (loanIds.length === 0) fact.outcomes.set('', { eventType: 'manual_adjustment', lines, effects: [] });
  const loans = loanIds.map((loanId) => loanOf(books, loanId));
  const changed = decideChange(books, { added: [fact], dropped: [], loans });
  if ('refusal' in changed) return { refusal: refusalOfGiven(changed) };
  draft.first(fact);
  const answer = { status: 'posted', ...restatementOf(draft, changed, fact.correlationId) };
  const verdict = { proposal, status: 'posted' } as const;
  return { posting: { ...emptyPosting(answer), facts: [fact], anew: changed.anew, entries: draft.entries, verdict } };
}

/** Accounts; loans; currency; dates; balance. Asked when it is proposed and again when it is approved. */
function wrongAdjustment(
  setting: Setting,
  asked: { lines: readonly Line[]; effectiveAt: string },
): Refusal | undefined {
  const { books } = setting;
  const { lines, effectiveAt } = asked;
  const unnamed = lines.flatMap((line, at) =>
    componentOf(line.accountCode) !== undefined && line.loanId === undefined ? [`lines[${at}].loan_id`] : [],
  );
  if (unnamed.length > 0) return { code: 'validation_failed', fields: unnamed };
  if (lines.some(({ accountCode }) => !books.accounts.has(accountCode))) return { code: 'account_not_found' };
  if (lines.some(({ loanId }) => loanId !== undefined && !books.loans.has(loanId))) return { code: 'loan_not_found' };
  const wrong =
    lines.some(({ loanId, currency }) => loanId !== undefined && loanOf(books, loanId).currency !== currency) &&
    'currency_mismatch';
  const code =
    wrong || wrongBeginning(setting, lines, effectiveAt) || wrongDay(setting, effectiveAt) || unbalanced(lines);
  return code === undefined ? undefined : { code };
}

/** Rule 4 for all loans that the lines move: the future, then the beginning of any of them; closed periods come after. */
function wrongBeginning(setting: Setting, lines: readonly Line[], effectiveAt: string): Code | undefined {
  const { books } = setting;
  const codes = [...loansOf(lines)].map((loanId) => wrongDate(setting, loanOf(books, loanId), effectiveAt));
  return codes.find((code) => code !== undefined && code !== 'period_closed');
}

/** The loans that the lines move. */
function loansOf(lines: readonly Line[]): Set<string> {
  return new Set(
    lines.flatMap(({ accountCode, loanId }) => (componentOf(accountCode) === undefined ? [] : (loanId ?? []))),
  );
}

/** Debits equal credits for every currency and layer; memo accounts among themselves. */
function unbalanced(lines: readonly Line[]): Code | undefined {
  const net = new Map<string, bigint>();
  for (const { accountCode, currency, layer, direction, amountMinor } of lines) {
    const book = `${currency} ${layer} ${accountCode.startsWith('9') ? 'memo' : 'books'}`;
    net.set(book, (net.get(book) ?? 0n) + (direction === 'DR' ? amountMinor : -amountMinor));
  }
  return [...net.values()].some((sum) => sum !== 0n) ? 'unbalanced_entry' : undefined;
}
