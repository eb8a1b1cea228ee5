import {
  type Books,
  type Fact,
  interestTerms,
  isReplayed,
  type Loan,
  lifeOf,
  loanOf,
  policyOf,
  presentOf,
  programOf,
} from './books.ts';
import type { AccrualCommand, CorrectionCommand, RunCommand } from './command.ts';
import { eventOf } from './decide-about.ts';
import { isSkipped, principalBefore } from './event/accrual.ts';
import { Draft, emptyPosting, restatementOf } from './posting.ts';
import { policyOn } from './program.ts';
import { type Code, refuse } from './refusal.ts';
import { decideChange } from './restatement.ts';
import { type Decision, newFact, type Setting, wrongDate, wrongDay } from './setting.ts';
import { COMPONENT_MAX_MINOR } from './terms.ts';

/** The most loans of one entry (ACCOUNTING.md section 4). */
const LOANS_AN_ENTRY = 10_000;

/** POST /v1/accruals/batch: all or nothing; the first refused loan gives the code and every refused loan is named. */
export function decideAccrual(setting: Setting, command: AccrualCommand): Decision {
  const { books } = setting;
  const { programId, effectiveAt } = command;
  if (!books.programs.has(programId)) return refuse('program_not_found');
  const policy = policyOn(programOf(books, programId), effectiveAt);
  const known = command.loans.map(({ loanId }) => books.loans.get(loanId));
  const currency = known.find((loan) => loan !== undefined)?.currency ?? '';
  const early = known.map((loan): Code | undefined => {
    if (loan === undefined) return 'loan_not_found';
    if (loan.currency !== currency) return 'currency_mismatch';
    if (loan.programId !== programId) return 'program_mismatch';
    return wrongDate(setting, loan, effectiveAt);
  });
  const loans = known.flatMap((loan) => loan ?? []);
  const draft = new Draft(books);
  const loanIds = loans.map(({ loanId }) => loanId);
  const fact = newFact(draft, { command, effectiveAt, loanIds, policy });
  const changed = decideChange(books, { added: [fact], dropped: [], loans });
  const late = 'refusal' in changed ? (changed.ofLoans ?? []) : [];
  let place = 0;
  const wrong = known.map((loan, at): Code | undefined => {
    const own = loan === undefined ? undefined : late[place++];
    return early[at] ?? own ?? (loan === undefined ? undefined : wrongPrincipal(books, loan, command));
  });
  const first = wrong.find((code) => code !== undefined);
  // A date that no loan can have is the batch's own fault.
  if (first === 'effective_date_in_future' || first === 'period_closed') return refuse(first);
  if (first !== undefined) {
    return refuse(first, { fields: wrong.flatMap((code, at) => (code === undefined ? [] : [`loans[${at}]`])) });
  }
  const total = command.loans.reduce((sum, { interestMinor }) => sum + interestMinor, 0n);
  // Income is one line, and no amount has more than 18 digits.
  if (total > COMPONENT_MAX_MINOR) return refuse('amount_out_of_range', { fields: ['loans'] });
  if ('refusal' in changed) return { refusal: changed.refusal };
  draft.first(fact);
  const answer = {
    loan_count: loans.length,
    total_accrued_minor: total.toString(),
    ...restatementOf(draft, changed, fact.correlationId),
  };
  return { posting: { ...emptyPosting(answer), facts: [fact], anew: changed.anew, entries: draft.entries } };
}

/** The client's principal for the night, where the program wants it to be the ledger's. */
function wrongPrincipal(books: Books, loan: Loan, { effectiveAt, loans }: AccrualCommand): Code | undefined {
  if (policyOf(books, loan, effectiveAt).principalCheck === 'record') return undefined;
  const sent = loans.find(({ loanId }) => loanId === loan.loanId)?.principalMinor;
  return sent === principalBefore(presentOf(books, loan.loanId), effectiveAt) ? undefined : 'principal_mismatch';
}

/** POST /v1/accruals/runs: an entry for every 10,000 loans of one currency; what cannot accrue is skipped and counted. */
export function decideRun(setting: Setting, command: RunCommand): Decision {
  const { books } = setting;
  const { programId, effectiveAt } = command;
  const program = books.programs.get(programId);
  if (program === undefined) return refuse('program_not_found');
  const wrong = wrongDay(setting, effectiveAt);
  if (wrong !== undefined) return refuse(wrong);
  const all = [...books.loans.values()].filter((loan) => loan.programId === programId);
  const due = all.filter((loan) => isDue(books, loan, effectiveAt));
  const draft = new Draft(books);
  const policy = policyOn(program, effectiveAt);
  const facts: Fact[] = [];
  const totals = new Map<string, bigint>();
  for (const currency of new Set(due.map((loan) => loan.currency))) {
    const ours = due.filter((loan) => loan.currency === currency);
    ours.sort((left, right) => (left.loanId < right.loanId ? -1 : 1));
    for (let at = 0; at < ours.length; at += LOANS_AN_ENTRY) {
      const loans = ours.slice(at, at + LOANS_AN_ENTRY);
      const loanIds = loans.map(({ loanId }) => loanId);
      // All entries of a run carry the run's correlation id.
      const correlation = facts.slice(0, 1).map(({ correlationId }) => ({ correlationId }))[0];
      const fact = newFact(draft, {
        command: { kind: 'server_accrual' },
        effectiveAt,
        loanIds,
        policy,
        ...correlation,
      });
      facts.push(fact);
    }
  }
  const changed = decideChange(books, { added: facts, dropped: [], loans: due });
  if ('refusal' in changed) return { refusal: changed.refusal };
  for (const fact of facts) {
    draft.first(fact);
    const { currency } = loanOf(books, fact.loanIds[0] ?? '');
    for (const outcome of fact.outcomes.values()) {
      for (const effect of outcome.effects) {
        if (effect.kind !== 'accrued') continue;
        totals.set(currency, (totals.get(currency) ?? 0n) + effect.accrued.postedMinor);
      }
    }
  }
  const answer = {
    loan_count: due.length,
    skipped_count: all.length - due.length,
    totals: [...totals].sort().map(([currency, sum]) => ({ currency, accrued_minor: sum.toString() })),
    ...restatementOf(draft, changed, facts[0]?.correlationId ?? ''),
  };
  return { posting: { ...emptyPosting(answer), facts, anew: changed.anew, entries: draft.entries } };
}

/** False for loans accrued on or after the date, and for those that a run leaves out. */
function isDue(books: Books, loan: Loan, date: string): boolean {
  const present = presentOf(books, loan.loanId);
  if ([...present.accrued.values()].some((accrued) => accrued.date >= date)) return false;
  if (lifeOf(books, loan).length === 0 || isBehindLife(books, loan, date)) return false;
  return !isSkipped(present, interestTerms(books, loan), date);
}

/** Under `replay` a run leaves a loan out about which anything is dated behind it, reversed or not. */
function isBehindLife(books: Books, loan: Loan, date: string): boolean {
  if (!isReplayed(books, loan)) return false;
  return [...books.facts.values()].some((fact) => fact.effectiveAt > date && fact.loanIds.includes(loan.loanId));
}

/** POST /v1/accruals/{accrual_event_id}/corrections: the differences, under the batch's correlation id (rule 8). */
export function decideCorrection(setting: Setting, command: CorrectionCommand): Decision {
  const { books } = setting;
  const batch = eventOf(books, command.eventId);
  if (batch === undefined || !['accrual', 'server_accrual'].includes(batch.command.kind)) return refuse('not_found');
  const strange = command.loans.flatMap(({ loanId }, at) => (batch.loanIds.includes(loanId) ? [] : [`loans[${at}]`]));
  if (strange.length > 0) return refuse('loan_not_found', { fields: strange });
  const { effectiveAt } = command;
  const wrong = wrongDay(setting, effectiveAt);
  if (wrong === 'effective_date_in_future') return refuse(wrong);
  if (effectiveAt < batch.effectiveAt) return refuse('validation_failed', { fields: ['effective_at'] });
  if (wrong !== undefined) return refuse(wrong);
  if (batch.reversed) return refuse('already_reversed');
  const loans = command.loans.map(({ loanId }) => loanOf(books, loanId));
  const draft = new Draft(books);
  const { eventId, correlationId } = batch;
  const loanIds = loans.map(({ loanId }) => loanId);
  const fact = newFact(draft, {
    command: { ...command, eventId },
    effectiveAt,
    loanIds,
    policy: batch.policy,
    about: eventId,
    correlationId,
  });
  const changed = decideChange(books, { added: [fact], dropped: [], loans });
  if ('refusal' in changed) {
    const { refusal, ofLoans } = changed;
    if (ofLoans === undefined) return { refusal };
    return refuse(refusal.code, {
      fields: ofLoans.flatMap((code, at) => (code === undefined ? [] : [`loans[${at}]`])),
    });
  }
  draft.first(fact);
  const answer = restatementOf(draft, changed, correlationId);
  return { posting: { ...emptyPosting(answer), facts: [fact], anew: changed.anew, entries: draft.entries } };
}
