import type { DraftLine } from '../../domain/journal-entry.ts';
import type { LoanState } from '../../domain/loan.ts';
import type { Refusal } from '../../domain/refusal.ts';
import type { LoanEvent } from '../../domain/restatement/loan-event.ts';
import type { Command, Envelope } from '../command.ts';

/** A command without its envelope. */
export type CommandBody = Command extends infer One ? (One extends Command ? Omit<One, keyof Envelope> : never) : never;

/**
 * How one kind of event is decided again from what is kept of it.
 * `command`: the fact as it was accepted, to be decided by the function that posted it.
 * `lines`: of an accrual or a correction, the lines of one loan, whose interest of that accrual stands at `standingMinor` before
 * it; the entry is restated by a difference.
 * `fixed`: its lines stay; null when they still may stand, and what it makes true of the loan besides is put to `loan`.
 */
export type Again =
  | { readonly command: (event: LoanEvent, loan: LoanState) => CommandBody }
  | { readonly lines: (event: LoanEvent, loan: LoanState, standingMinor: bigint) => Refusal | readonly DraftLine[] }
  | { readonly fixed: (event: LoanEvent, loan: LoanState) => Refusal | null };
