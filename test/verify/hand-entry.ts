/** A line as [account, amount (debit positive), loan, layer]; without a loan it names none, without a layer it lies on its entry's. */
export type HandLine = readonly [account: number, amountMinor: number, loan?: string, layer?: number];

/** One entry as told; `follows` names the entry of the same command before it. */
export type HandEntry = {
  readonly name: string;
  readonly type: string;
  readonly on: string;
  readonly lines: readonly HandLine[];
  readonly layer?: number;
  readonly reverses?: string;
  /** The day through which it closes. */
  readonly closes?: string;
  /** The first entry of the same command, before it in the same batch; it then carries no key. */
  readonly follows?: string;
  /** The entry whose event it books again, in its place. */
  readonly again?: string;
  /** The accrual that it is the difference of, by a restatement. */
  readonly differenceOf?: string;
  readonly settles?: string;
  readonly clears?: readonly string[];
  readonly returns?: { readonly payment: string; readonly parts: readonly [number, number, number, number] };
  /** The one loan of an entry that has no lines. */
  readonly loan?: string;
  /** What a change of a mark of non-accrual does. */
  readonly action?: 'enter' | 'exit';
  /** The loan that begins with a refinance. */
  readonly makes?: string;
  /** The loan whose opening balances the lines are. */
  readonly registers?: string;
  /** Of an accrual: the loan whose principal was not the ledger's, and what the ledger had; 0 was sent. */
  readonly differs?: readonly [loan: string, ledgerMinor: number];
  /** The accrual that it corrects, with each loan's right interest and what it differs by. */
  readonly corrects?: {
    readonly batch: string;
    readonly loans: readonly (readonly [loan: string, interestMinor: number, differenceMinor: number])[];
  };
  /** The id of the adjustment that it is. */
  readonly adjusts?: string;
  /** Of an accrual of 0 by the server, of one third of a minor unit exactly: its run. */
  readonly run?: string;
  /** What a charge-off took, the account of its principal, and whether it closes its loan. */
  readonly loses?: { readonly amounts: Lost; readonly account: number; readonly closes: boolean };
  /** What it brought back, by the name of the entry that lost it. */
  readonly recovers?: readonly (readonly [loss: string, amounts: Lost])[];
  readonly accrues?: readonly (readonly [loan: string, interestMinor: number])[];
};

/** Of principal, interest, fees. */
export type Lost = readonly [principal: number, interest: number, fees: number];

/** Registrations, corrections of accruals and settlements are answered in a form of their own. */
export function receiptVersionOf({ registers, corrects, settles, type }: HandEntry): number {
  if (registers !== undefined) return 2;
  if (corrects !== undefined) return 3;
  return settles !== undefined || type === 'disbursement_settled' ? 4 : 1;
}
