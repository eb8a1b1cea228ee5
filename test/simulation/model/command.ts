import type { Components, Layer } from './ledger.ts';

/** What the five writing calls ask for, once their fields are known to be well formed. */
export type Command = DisbursementCommand | PaymentCommand | FeeCommand | AccrualCommand | ReversalCommand;

export interface DisbursementCommand {
  readonly kind: 'disbursement';
  readonly loanId: string;
  readonly borrowerId: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly effectiveAt: string;
  readonly layer: Layer;
  readonly programId: string | undefined;
  /** The sum of all fees withheld. */
  readonly feesMinor: bigint;
}

export interface PaymentCommand {
  readonly kind: 'payment';
  readonly loanId: string;
  readonly borrowerId: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly effectiveAt: string;
  readonly layer: Layer;
  /** The split the client asks for; undefined: the waterfall decides. */
  readonly allocation: Components | undefined;
}

export interface FeeCommand {
  readonly kind: 'fee';
  readonly loanId: string;
  readonly borrowerId: string | undefined;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly effectiveAt: string;
}

export interface AccrualCommand {
  readonly kind: 'accrual';
  readonly programId: string;
  readonly accrualDate: string;
  readonly loans: readonly { readonly loanId: string; readonly interestMinor: bigint }[];
}

export interface ReversalCommand {
  readonly kind: 'reversal';
  readonly reversesEntryId: string;
  readonly effectiveAt: string;
}
