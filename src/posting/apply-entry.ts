import { assertPostable, type EntryDraft, effectOfLines, effectsByLoan } from '../domain/journal-entry.ts';
import { addComponents, type Components, type LoanState, noComponents } from '../domain/loan.ts';
import type { Command } from './command.ts';
import { eventIdOf } from './entry-id.ts';
import { dayBit, type LedgerState, monthKey, monthOf, scopedKey } from './ledger-state.ts';
import type { PlannedEntry, PostingPlan } from './posting-plan.ts';
import { RECEIPT_VERSION } from './receipt.ts';

type Booking = {
  readonly command: Command;
  readonly draft: EntryDraft;
  readonly entryId: string;
  readonly state: LedgerState;
  readonly plan: PostingPlan;
};

/**
 * Lets an accepted entry take effect: on the state that later commands of the batch will see, and as rows of the plan.
 * The one place where an entry moves balances, whatever the event.
 */
export function applyEntry({ command, draft, entryId, state, plan }: Booking): PlannedEntry {
  assertPostable(draft);
  const { tenantId } = command;
  const ordinal = (plan.entriesOfTenant.get(tenantId) ?? 0) + 1;
  plan.entriesOfTenant.set(tenantId, ordinal);
  const entry: PlannedEntry = {
    tenantId,
    entryId,
    eventId: eventIdOf(entryId),
    correlationId: correlationOf(command, state) ?? eventIdOf(entryId),
    ordinal,
    actor: command.actor,
    idempotencyKey: command.key,
    payloadHash: command.payloadHash,
    draft,
  };
  plan.entries.push(entry);
  rememberKey(command, entryId, { state, plan });
  rememberFacts(command, entry, { state, plan });
  if (draft.loanId !== null) moveLoan(draft.loanId, effectOfLines(draft.lines), entry, { state, plan });
  else for (const [loanId, effect] of effectsByLoan(draft.lines)) moveLoan(loanId, effect, entry, { state, plan });
  moveAccounts(entry, plan);
  return entry;
}

type Target = { readonly state: LedgerState; readonly plan: PostingPlan };

/** A reversal takes the reversed entry's correlation; every other event begins its own. */
function correlationOf(command: Command, state: LedgerState): string | undefined {
  if (command.kind !== 'reversal') return undefined;
  return state.entries.get(scopedKey(command.tenantId, command.reversal.reversesEntryId))?.entry.correlationId;
}

function rememberKey(command: Command, entryId: string, { state, plan }: Target): void {
  const { tenantId, keyHash, payloadHash } = command;
  const key = { tenantId, keyHash, payloadHash, entryId, receiptVersion: RECEIPT_VERSION };
  plan.keys.push(key);
  state.keys.set(scopedKey(tenantId, keyHash), key);
}

function rememberFacts(command: Command, entry: PlannedEntry, target: Target): void {
  const { state, plan } = target;
  const { tenantId } = command;
  switch (command.kind) {
    case 'disbursement': {
      const { loanId, effectiveAt } = command.disbursement;
      makeLoan(command.disbursement, loanIn(state, tenantId, loanId), state);
      plan.disbursements.push({ tenantId, loanId, entryId: entry.entryId, effectiveAt });
      state.disbursements.get(scopedKey(tenantId, loanId))?.push({ entryId: entry.entryId, effectiveAt });
      return;
    }
    case 'accrual': {
      const { accrual } = command;
      plan.accrualBatches.push({ tenantId, entryId: entry.entryId, accrual });
      for (const { loanId } of accrual.loans)
        markAccrued({ tenantId, loanId, date: accrual.accrualDate, accrued: true }, target);
      return;
    }
    case 'reversal':
      undoFacts(command.reversal.reversesEntryId, entry, target);
      return;
    case 'payment':
    case 'fee':
      return;
  }
}

/** What a reversal takes back besides balances: the date of an accrual, the standing of a disbursement. */
function undoFacts(reversedEntryId: string, entry: PlannedEntry, target: Target): void {
  const { state, plan } = target;
  const { tenantId } = entry;
  plan.reversals.push({ tenantId, reversedEntryId, entryId: entry.entryId });
  state.reversals.set(scopedKey(tenantId, reversedEntryId), entry.entryId);
  const resolved = state.entries.get(scopedKey(tenantId, reversedEntryId));
  if (resolved === undefined) throw new Error(`entry ${reversedEntryId} was reversed without being read`);
  if (resolved.entry.eventType === 'accrual') {
    for (const loanId of resolved.loanIds) {
      markAccrued({ tenantId, loanId, date: resolved.entry.effectiveAt, accrued: false }, target);
    }
  }
  if (resolved.entry.eventType === 'disbursement' && resolved.entry.loanId !== null) {
    const key = scopedKey(tenantId, resolved.entry.loanId);
    const standing = (state.disbursements.get(key) ?? []).filter((one) => one.entryId !== reversedEntryId);
    state.disbursements.set(key, standing);
    const loan = loanIn(state, tenantId, resolved.entry.loanId);
    loan.firstDisbursedOn = standing.reduce<string | null>(
      (first, one) => (first === null || one.effectiveAt < first ? one.effectiveAt : first),
      null,
    );
  }
}

function makeLoan(
  disbursement: { borrowerId: string; currency: string; programId: string | null; effectiveAt: string },
  loan: LoanState,
  state: LedgerState,
): void {
  const { effectiveAt } = disbursement;
  if (loan.borrowerId === null) {
    loan.borrowerId = disbursement.borrowerId;
    loan.currency = disbursement.currency;
    loan.programId = disbursement.programId ?? state.tenants.get(loan.tenantId)?.configuration.defaultProgramId ?? null;
  }
  if (loan.firstDisbursedOn === null || effectiveAt < loan.firstDisbursedOn) loan.firstDisbursedOn = effectiveAt;
}

function markAccrued(
  day: { readonly tenantId: string; readonly loanId: string; readonly date: string; readonly accrued: boolean },
  { state, plan }: Target,
): void {
  const month = monthOf(day.date);
  const key = monthKey(day.tenantId, day.loanId, month);
  const row = state.accrualMonths.get(key) ?? { tenantId: day.tenantId, loanId: day.loanId, month, days: 0 };
  row.days = day.accrued ? row.days | dayBit(day.date) : row.days & ~dayBit(day.date);
  state.accrualMonths.set(key, row);
  plan.accrualMonths.set(key, row);
}

function moveLoan(loanId: string, effect: Components, entry: PlannedEntry, { state, plan }: Target): void {
  const { tenantId } = entry;
  const { effectiveAt, layer } = entry.draft;
  const loan = loanIn(state, tenantId, loanId);
  const present = loan.layers[layer] ?? noComponents();
  addComponents(present, effect);
  loan.layers[layer] = present;
  loan.loanSeq += 1;
  const backdated = loan.frontier !== null && effectiveAt < loan.frontier;
  const frontier = backdated && loan.frontier !== null ? loan.frontier : effectiveAt;
  loan.frontier = frontier;
  plan.loans.set(scopedKey(tenantId, loanId), loan);
  plan.movements.push({
    tenantId,
    loanId,
    layer,
    frontier,
    loanSeq: loan.loanSeq,
    effectiveAt,
    entryId: entry.entryId,
    after: { ...present },
    backdatedEffect: backdated ? effect : null,
  });
}

function moveAccounts(entry: PlannedEntry, plan: PostingPlan): void {
  const { tenantId } = entry;
  const { currency, layer, effectiveAt, lines } = entry.draft;
  const key = tenantId + currency + layer + effectiveAt;
  let accounts = plan.accountDeltas.get(key);
  if (accounts === undefined) {
    accounts = new Map();
    plan.accountDeltas.set(key, accounts);
  }
  for (const { account, amountMinor } of lines) {
    let delta = accounts.get(account);
    if (delta === undefined) {
      delta = { tenantId, account, currency, layer, effectiveAt, debitMinor: 0n, creditMinor: 0n };
      accounts.set(account, delta);
    }
    if (amountMinor > 0n) delta.debitMinor += amountMinor;
    else delta.creditMinor -= amountMinor;
  }
}

function loanIn(state: LedgerState, tenantId: string, loanId: string): LoanState {
  const loan = state.loans.get(scopedKey(tenantId, loanId));
  if (loan === undefined) throw new Error(`loan ${loanId} is moved without being locked`);
  return loan;
}
