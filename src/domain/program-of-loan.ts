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
