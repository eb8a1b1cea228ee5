import type { Books, Loan } from './books.ts';
import type { Command, DisbursementCommand } from './command.ts';
import { decideCancel, decideClearing, decideReturn, decideSettlement } from './decide-about.ts';
import { decideAccrual, decideCorrection, decideRun } from './decide-accrual.ts';
import { decideAdjustment, decideProposal } from './decide-adjustment.ts';
import { decideProgram, decideRefinance, decideRegistration } from './decide-loan.ts';
import { decideClose, decideReopening } from './decide-period.ts';
import { decideReversal } from './decide-reversal.ts';
import { refuse } from './refusal.ts';
import { type Decision, decideOne, type Now, type Setting, strangerTo, wrongDate, wrongDay } from './setting.ts';

/** Decides a well-formed command, refusals in the order: not found; whose; when; the loan's state; amounts; restatement. */
export function decide(books: Books, command: Command, now: Now): Decision {
  const setting = { books, now };
  switch (command.kind) {
    case 'return':
      return decideReturn(setting, command);
    case 'settle_payment':
    case 'settle_disbursement':
      return decideSettlement(setting, command);
    case 'cancel_payment':
    case 'cancel_disbursement':
      return decideCancel(setting, command);
    case 'clearing':
      return decideClearing(setting, command);
    case 'accrual':
      return decideAccrual(setting, command);
    case 'run':
      return decideRun(setting, command);
    case 'correction':
      return decideCorrection(setting, command);
    case 'refinance':
      return decideRefinance(setting, command);
    case 'registration':
      return decideRegistration(setting, command);
    case 'reversal':
      return decideReversal(setting, command);
    case 'proposal':
      return decideProposal(setting, command);
    case 'approval':
    case 'rejection':
      return decideAdjustment(setting, command);
    case 'program':
    case 'version':
      return decideProgram(setting, command);
    case 'close':
      return decideClose(setting, command);
    case 'reopen':
      return decideReopening(setting, command);
    case 'disbursement':
      return decideDisbursement(setting, command);
    default:
      return decidePlain(setting, command);
  }
}

type PlainCommand = Extract<
  Command,
  {
    kind:
      | 'payment'
      | 'recovery'
      | 'goodwill'
      | 'fee'
      | 'waiver'
      | 'allocation'
      | 'refund'
      | 'chargeoff'
      | 'restructure'
      | 'non_accrual';
  }
>;

/** An event of one loan that is there. */
function decidePlain(setting: Setting, command: PlainCommand): Decision {
  const loan = setting.books.loans.get(command.loanId);
  if (loan === undefined) return refuse('loan_not_found');
  const stranger = 'currency' in command ? strangerTo(loan, command) : undefined;
  const wrong = stranger ?? wrongDate(setting, loan, command.effectiveAt);
  if (wrong !== undefined) return refuse(wrong);
  const decision = decideOne(setting, { loan, command, isNewLoan: false });
  const isAction =
    command.kind === 'non_accrual' && 'refusal' in decision && decision.refusal.code === 'validation_failed';
  return isAction ? refuse('validation_failed', { fields: ['action'] }) : decision;
}

/** The first one makes the loan; one that is earlier than the first becomes the first. */
function decideDisbursement(setting: Setting, command: DisbursementCommand): Decision {
  const { books } = setting;
  const known = books.loans.get(command.loanId);
  const programId = command.programId ?? known?.programId ?? books.defaultProgramId;
  const program = books.programs.get(programId);
  if (program === undefined) return refuse('program_not_found');
  const { loanId, borrowerId = '', currency, effectiveAt } = command;
  const fresh: Loan = { loanId, borrowerId, currency, programId, annualRate: undefined, maturity: undefined };
  const loan = known ?? fresh;
  const stranger = strangerTo(loan, command);
  if (stranger !== undefined) return refuse(stranger);
  // A loan that is there has its currency by its own program: another one is a mismatch of programs.
  if (known === undefined && (program.currency ?? currency) !== currency) return refuse('currency_mismatch');
  if (programId !== loan.programId) return refuse('program_mismatch');
  const wrong = wrongDay(setting, effectiveAt);
  if (wrong !== undefined) return refuse(wrong);
  return decideOne(setting, { loan, command, isNewLoan: known === undefined });
}
