import type { ProgramVersion } from './program.ts';
import { type Refusal, refusalOfField } from './refusal.ts';

/** The program that a loan is to belong to: `program` is undefined when the tenant has none of this id. */
export type NewLoanProgram = {
  readonly program: readonly ProgramVersion[] | undefined;
  readonly programId: string;
};

/** Refuses a program that the tenant does not have. */
export function refuseUnknownProgram({ program, programId }: NewLoanProgram): Refusal | null {
  if (program !== undefined) return null;
  return refusalOfField('program_not_found', 'program_id', `there is no program ${programId}`);
}

/** Refuses a new loan in another currency than its program's; a program without one takes any. */
export function refuseForeignCurrency(
  { currency }: { readonly currency: string },
  { program, programId }: NewLoanProgram,
): Refusal | null {
  const only = program?.[0]?.currency ?? null;
  if (only === null || currency === only) return null;
  const message = `program ${programId} is for loans in ${only}, not ${currency}`;
  return refusalOfField('currency_mismatch', 'currency', message);
}
