import type { LayerNumber } from './layer.ts';
import { type Component, type Components, componentsOn, type LoanState, outOfRange } from './loan.ts';
import type { FieldProblem, Refusal } from './refusal.ts';

const WORDS: Readonly<Record<Component, string>> = {
  principal: 'principal',
  interest: 'interest',
  fees: 'fees',
  suspense: 'suspense',
  memoInterest: 'memo interest',
};

/** A component of one loan that an effect would push out of 0 … 10^18−1, as one field's problem; null when none. */
export function rangeProblem(
  loan: LoanState,
  movement: { readonly layer: LayerNumber; readonly effect: Components; readonly field: string },
): FieldProblem | null {
  const found = outOfRange(componentsOn(loan, movement.layer), movement.effect);
  if (found === null) return null;
  const word = WORDS[found.component];
  return found.negative
    ? {
        field: movement.field,
        code: 'balance_would_be_negative',
        message: `the ${word} of loan ${loan.loanId} would fall below zero; reverse what was built on it first`,
      }
    : {
        field: movement.field,
        code: 'amount_out_of_range',
        message: `the ${word} of loan ${loan.loanId} would pass 999999999999999999 minor units`,
      };
}

/** The same as a refusal: no component leaves its range in the present (ACCOUNTING.md rule 1, CONTRACT.md "Money"). */
export function refuseOutOfRange(
  loan: LoanState,
  movement: { readonly layer: LayerNumber; readonly effect: Components; readonly field: string },
): Refusal | null {
  const problem = rangeProblem(loan, movement);
  if (problem === null) return null;
  const code = problem.code === 'balance_would_be_negative' ? 'balance_would_be_negative' : 'amount_out_of_range';
  return { code, detail: problem.message, errors: [problem] };
}
