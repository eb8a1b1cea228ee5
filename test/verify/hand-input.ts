import type { HandEntry } from './hand-entry.ts';

/** Of the tenant of an entry: its borrower, its program, and the event ids of its entries so far, by their names. */
type Known = { readonly borrower: string; readonly program: string; readonly eventIds: ReadonlyMap<string, unknown> };

type Input = Readonly<Record<string, unknown>>;

/** What an entry of the hand-made ledger keeps of what was asked, as far as it stands somewhere else too. */
export function eventInputOf(entry: HandEntry, known: Known): Input {
  const { accrues, corrects, adjusts, action, settles } = entry;
  if (accrues !== undefined) return batchInput(entry, accrues.length, known);
  if (corrects !== undefined) return { corrected_event_id: known.eventIds.get(corrects.batch) };
  if (adjusts !== undefined) return { adjustment_id: adjusts, reason_code: 'other', proposed_by: 'another hand' };
  if (action !== undefined) return { action };
  if (settles !== undefined) return { settles_event_id: known.eventIds.get(settles) };
  if (entry.type === 'period_closed') return { period: entry.on.slice(0, 7) };
  return returnInput(entry, known) ?? recoveryInput(entry) ?? loanInput(entry, known);
}

function batchInput({ run, differs }: HandEntry, loan_count: number, { program }: Known): Input {
  const batch = { program_id: program, day_count_convention: 'ACT_365', loan_count };
  if (run !== undefined) return { ...batch, accrual_run_id: run };
  return differs === undefined ? batch : { ...batch, principal_differences: 1 };
}

function returnInput({ returns }: HandEntry, { eventIds }: Known): Input | null {
  if (returns === undefined) return null;
  const amount = returns.parts.reduce((sum, part) => sum + part, 0);
  return { payment_event_id: eventIds.get(returns.payment), amount_minor: String(amount) };
}

/** No recovery of the hand-made ledger leaves anything to suspense. */
function recoveryInput({ recovers }: HandEntry): Input | null {
  if (recovers === undefined) return null;
  const sum = (place: 0 | 1 | 2) => String(recovers.reduce((total, [, amounts]) => total + amounts[place], 0));
  return {
    recovered: { fees_minor: sum(2), interest_minor: sum(1), principal_minor: sum(0), suspense_minor: '0' },
  };
}

/** Of a loan that begins: registered with its opening balances, or made by a refinance of the one other loan that it names. */
function loanInput({ registers, makes, lines, on }: HandEntry, { borrower, program }: Known): Input {
  if (makes !== undefined) {
    const lent = lines.reduce((sum, [account, amount]) => (account === 2000 ? sum - amount : sum), 0);
    const old_loan_id = lines.find(([, , loan]) => loan !== undefined && loan !== makes)?.[2] ?? null;
    return { old_loan_id, new_loan_id: makes, new_money_minor: String(lent), program_id: program };
  }
  if (registers === undefined) return {};
  const terms = { annual_rate: '0.08', maturity_date: null, accrued_through: on };
  return { registered_loan_id: registers, borrower_id: borrower, program_id: program, ...terms };
}
