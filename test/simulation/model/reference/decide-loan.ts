import { type Loan, policyOf } from './books.ts';
import type { ProgramCommand, RefinanceCommand, RegistrationCommand } from './command.ts';
import { Draft, emptyPosting, restatementOf } from './posting.ts';
import { DEFAULT_POLICY, type Program, policyOn } from './program.ts';
import { refuse } from './refusal.ts';
import { decideChange } from './restatement.ts';
import { type Decision, newFact, type Setting, strangerTo, wrongDate, wrongDay } from './setting.ts';

/** POST /v1/loans: who a loan belongs to before anything happens to it, and what it brings along. */
export function decideRegistration(setting: Setting, command: RegistrationCommand): Decision {
  const { books } = setting;
  const { loanId, borrowerId, currency, annualRate, maturity, opening } = command;
  const programId = command.programId ?? books.defaultProgramId;
  const program = books.programs.get(programId);
  if (program === undefined) return refuse('program_not_found');
  if ((program.currency ?? currency) !== currency) return refuse('currency_mismatch');
  const wrong = opening === undefined ? undefined : wrongDay(setting, opening.asOf);
  if (wrong !== undefined) return refuse(wrong);
  if (books.loans.has(loanId)) return refuse('loan_already_exists');
  const loan: Loan = { loanId, borrowerId, currency, programId, annualRate, maturity };
  const draft = new Draft(books);
  if (opening === undefined) {
    const { businessDate } = setting.now;
    // An entry without lines that names no loan: nothing has happened to it.
    const fact = newFact(draft, {
      command,
      effectiveAt: businessDate,
      loanIds: [],
      policy: policyOn(program, businessDate),
    });
    fact.outcomes.set('', { eventType: 'manual_adjustment', lines: [], effects: [] });
    draft.first(fact);
    return { posting: { ...emptyPosting(), loans: [loan], facts: [fact], entries: draft.entries } };
  }
  const policy = policyOf(books, loan, opening.asOf);
  const fact = newFact(draft, { command, effectiveAt: opening.asOf, loanIds: [loanId], policy });
  const changed = decideChange(books, { added: [fact], dropped: [], loans: [loan] });
  if ('refusal' in changed) return { refusal: changed.refusal };
  draft.first(fact);
  return { posting: { ...emptyPosting(), loans: [loan], facts: [fact], entries: draft.entries } };
}

/** POST /v1/refinances: one event in the lives of two loans, decided by the old one's. */
export function decideRefinance(setting: Setting, command: RefinanceCommand): Decision {
  const { books } = setting;
  const { oldLoanId, newLoanId, borrowerId, currency, effectiveAt } = command;
  const old = books.loans.get(oldLoanId);
  if (old === undefined) return refuse('loan_not_found');
  const programId = command.programId ?? books.defaultProgramId;
  const program = books.programs.get(programId);
  if (program === undefined) return refuse('program_not_found');
  const stranger = strangerTo(old, command);
  if (stranger !== undefined) return refuse(stranger);
  if ((program.currency ?? currency) !== currency) return refuse('currency_mismatch');
  const wrong = wrongDate(setting, old, effectiveAt);
  if (wrong !== undefined) return refuse(wrong);
  if (books.loans.has(newLoanId)) return refuse('loan_already_exists');
  const fresh: Loan = {
    loanId: newLoanId,
    borrowerId,
    currency,
    programId,
    annualRate: undefined,
    maturity: undefined,
  };
  const draft = new Draft(books);
  const policy = policyOf(books, old, effectiveAt);
  const fact = newFact(draft, { command, effectiveAt, loanIds: [oldLoanId, newLoanId], policy });
  const changed = decideChange(books, { added: [fact], dropped: [], loans: [old, fresh] });
  if ('refusal' in changed) return { refusal: changed.refusal };
  draft.first(fact);
  const answer = restatementOf(draft, changed, fact.correlationId);
  return {
    posting: { ...emptyPosting(answer), loans: [fresh], facts: [fact], anew: changed.anew, entries: draft.entries },
  };
}

/** POST /v1/programs and …/versions. */
export function decideProgram({ books }: Setting, command: ProgramCommand): Decision {
  if (command.kind === 'program') {
    const policy = { ...DEFAULT_POLICY, ...command.policy };
    const programId = command.programId ?? `program-${books.programs.size + 1}`;
    const program: Program = { programId, currency: command.currency, versions: [{ from: '', policy }] };
    return { posting: { ...emptyPosting({ version: 1 }), programs: [program] } };
  }
  const program = books.programs.get(command.programId ?? '');
  if (program === undefined) return refuse('program_not_found');
  const { policy, from = '' } = command;
  // The order in which a loan's events count is fixed by the first version.
  const { backdating } = policyOn(program, '');
  if ((policy.backdating ?? backdating) !== backdating) return refuse('validation_failed', { fields: ['backdating'] });
  const versions = [...program.versions, { from, policy: { ...policyOn(program, from), ...policy } }];
  return { posting: { ...emptyPosting({ version: versions.length }), programs: [{ ...program, versions }] } };
}
