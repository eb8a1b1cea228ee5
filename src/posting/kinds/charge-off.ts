import { chargedOffBy, closesLoan, componentsOfInput, decideChargeOff } from '../../domain/charge-off.ts';
import { principalLossAccount } from '../../domain/loss.ts';
import { versionInForce } from '../../domain/program.ts';
import { keptOwner, keptText } from '../../domain/restatement/loan-event.ts';
import type { CommandOf } from '../command.ts';
import { scopedKey } from '../ledger-state.ts';
import { rememberLoss } from '../losses.ts';
import { RECEIPT_VERSION } from '../receipt.ts';
import type { Again } from '../restatement/again.ts';
import { inRange, loanScene } from '../scene.ts';
import { type CommandKind, type PostedEntries, ROWS_PER_COMMAND, type Target } from './command-kind.ts';
import type { Undoing } from './undoing.ts';

/** Its loss, and what its loan is. */
const ROWS_OF_LOSS = 2;

/** POST /v1/chargeoffs. */
export const CHARGE_OFF: CommandKind<CommandOf<'charge_off'>> = {
  refersTo: null,
  inheritsCorrelation: false,
  weight: () => ROWS_PER_COMMAND + ROWS_OF_LOSS,
  reads: ({ chargeOff: { loanId } }, reads) => {
    reads.lock(loanId);
    reads.losses(loanId);
  },
  place: ({ chargeOff }) => chargeOff,
  decide: ({ chargeOff, tenantId }, state) => {
    const scene = loanScene(state, tenantId, chargeOff.loanId);
    return inRange(scene.loan, decideChargeOff(chargeOff, scene));
  },
  remember: rememberChargeOff,
  receiptVersion: RECEIPT_VERSION,
};

function rememberChargeOff(
  { chargeOff, tenantId }: CommandOf<'charge_off'>,
  { entry }: PostedEntries,
  target: Target,
): void {
  const { loanId, effectiveAt, reasonCode } = chargeOff;
  const { loan, program } = loanScene(target.state, tenantId, loanId);
  const loss = {
    entryId: entry.entryId,
    seq: null,
    effectiveAt,
    arrival: null,
    turn: 1,
    amounts: chargedOffBy(entry.draft),
    principalAccount: principalLossAccount(reasonCode, versionInForce(program, effectiveAt).policy),
    closesLoan: closesLoan(chargeOff, loan),
    recovered: [],
  };
  rememberLoss({ tenantId, loanId }, loss, target);
}

/**
 * A reversed charge-off interrupts no interest: what it took of principal is there in the nights before its reversal. That
 * it no longer stands, every reversal sees to.
 */
export const CHARGE_OFF_UNDOING: Undoing = {
  reads: () => undefined,
  undo: ({ entry }, { tenantId, state, plan, reversedOn }) => {
    if (entry.loanId === null) throw new Error(`charge-off ${entry.entryId} names no loan`);
    plan.forgottenInterest.push({ tenantId, loanId: entry.loanId });
    const { principal } = chargedOffBy(entry);
    for (const night of state.nights.get(scopedKey(tenantId, entry.loanId)) ?? []) {
      if (entry.effectiveAt <= night.day && night.day < reversedOn) night.principalMinor += principal;
    }
  },
};

/** A charge-off again: all that there is by then, or the components that were named. */
export const CHARGE_OFF_AGAIN: Again = {
  command: ({ entry }) => ({
    kind: 'charge_off',
    chargeOff: {
      loanId: keptOwner(entry).loanId,
      effectiveAt: entry.effectiveAt,
      reasonCode: keptText(entry, 'reason_code'),
      components: componentsOfInput(entry.eventInput),
      description: entry.description,
      metadata: entry.metadata,
    },
  }),
};
