import {
  assertPostable,
  type Booked,
  type EntryDraft,
  effectOfLines,
  effectsByLoan,
  type FollowingEntry,
  type LayerLines,
  linesByLayer,
} from '../domain/journal-entry.ts';
import { type LayerNumber, SETTLED } from '../domain/layer.ts';
import { addComponents, type Components, type LoanState, noComponents } from '../domain/loan.ts';
import type { Command } from './command.ts';
import { kindOf } from './command-kinds.ts';
import { eventIdOf, firstEntryIdOf, rebookingIdOf } from './entry-id.ts';
import type { PostedEntries, Target } from './kinds/command-kind.ts';
import { type LedgerState, scopedKey } from './ledger-state.ts';
import { tellPeriods } from './periods.ts';
import type { PlannedEntry, PostingPlan } from './posting-plan.ts';
import { referredEntry } from './reference.ts';

/** A command that was accepted, and what it books. */
type Accepted = {
  readonly command: Command;
  readonly booked: Booked;
  readonly newEntryId: () => string;
  readonly state: LedgerState;
  readonly plan: PostingPlan;
  /** False: what the event makes true besides balances is told by whoever decided it at its place. */
  readonly remembers?: boolean;
};

type AppliedCommand = PostedEntries & { readonly outcome: 'posted'; readonly receiptVersion: number };

const NOTHING: readonly PlannedEntry[] = [];
const NO_LOANS: readonly string[] = [];

/**
 * Lets an accepted command take effect: on the state that later commands of the batch will see, and as rows of the plan.
 * The one place where entries move balances, whatever the event. The key names the first entry; those that follow share
 * its correlation.
 */
export function applyBooked({ command, booked, newEntryId, state, plan, remembers = true }: Accepted): AppliedCommand {
  const kind = kindOf(command);
  const { receiptVersion } = kind;
  const target = { state, plan };
  const first = 'first' in booked ? booked.first : booked;
  const entryId = newEntryId();
  const eventId = eventIdOf(entryId);
  const correlationId =
    kind.correlation?.(command, state) ??
    (kind.inheritsCorrelation ? inheritedCorrelation(command, state) : undefined) ??
    eventId;
  const { actor, key: idempotencyKey, payloadHash } = command;
  const ids = { entryId, eventId, correlationId, actor, idempotencyKey, payloadHash };
  const others: Others = { tenantId: command.tenantId, ids, newEntryId, target };
  const several = 'first' in booked ? booked : null;
  const preceding = several === null ? NOTHING : applyOthers(several.preceding ?? [], 'before', others);
  const entry = applyEntry(command.tenantId, first, ids, target);
  rememberKey(command, { entryId, receiptVersion }, target);
  const behind = several === null ? NOTHING : applyOthers(several.following, 'behind', others);
  const following = preceding.length === 0 ? behind : [...preceding, ...behind];
  if (remembers) kind.remember?.(command, { entry, following }, target);
  const restated = several?.restated === undefined ? NOTHING : applyRestated(several.restated, behind.length, others);
  const all = restated.length === 0 ? following : [...following, ...restated];
  return { outcome: 'posted', entry, following: all, receiptVersion };
}

function applyRestated(booked: readonly FollowingEntry[], behind: number, others: Others): readonly PlannedEntry[] {
  const { tenantId, target } = others;
  const entries = applyOthers(booked, 'behind', others, behind);
  entries.forEach(({ entryId, draft: { reversesEntryId } }, index) => {
    const { supersedes, eventId = null } = booked[index] ?? {};
    if (reversesEntryId !== null) target.plan.reversals.push({ tenantId, reversedEntryId: reversesEntryId, entryId });
    else if (supersedes !== undefined) {
      target.plan.superseded.push({ tenantId, entryId: supersedes, successorId: entryId });
    } else if (eventId !== null) {
      target.plan.accrualDifferences.push({ tenantId, ofEntryId: firstEntryIdOf(eventId), entryId });
    }
  });
  return entries;
}

function inheritedCorrelation(command: Command, state: LedgerState): string | undefined {
  const { refersTo } = kindOf(command);
  if (refersTo === null) throw new Error(`${command.kind} inherits a correlation and refers to nothing`);
  const { tenantId } = command;
  return referredEntry(refersTo(command), { tenantId, resolved: state.entries })?.entry.correlationId;
}

/** What the entries of a command besides the one that its key names have in common with it. */
type Others = {
  readonly tenantId: string;
  /** Those of the entry that the key names. */
  readonly ids: Ids;
  readonly newEntryId: () => string;
  readonly target: Target;
};

function applyOthers(
  booked: readonly FollowingEntry[],
  side: 'before' | 'behind',
  { tenantId, ids, newEntryId, target }: Others,
  behind = 0,
): readonly PlannedEntry[] {
  const { entryId: firstEntryId, correlationId, actor } = ids;
  return booked.map(({ draft, eventId, entryId: decided }, index) => {
    const fresh = decided ?? newEntryId();
    const entryId = eventId === null || decided !== undefined ? fresh : rebookingIdOf(fresh);
    const own = { entryId, eventId: eventId ?? eventIdOf(fresh), correlationId, actor };
    const place = side === 'behind' ? behind + index + 1 : index - booked.length;
    target.plan.following.push({ tenantId, firstEntryId, place, entryId });
    return applyEntry(tenantId, draft, { ...own, idempotencyKey: null, payloadHash: null }, target);
  });
}

type Ids = Omit<PlannedEntry, 'tenantId' | 'ordinal' | 'draft'>;

function applyEntry(tenantId: string, draft: EntryDraft, ids: Ids, target: Target): PlannedEntry {
  assertPostable(draft);
  const { plan } = target;
  const ordinal = (plan.entriesOfTenant.get(tenantId) ?? 0) + 1;
  plan.entriesOfTenant.set(tenantId, ordinal);
  const entry: PlannedEntry = {
    tenantId,
    entryId: ids.entryId,
    eventId: ids.eventId,
    correlationId: ids.correlationId,
    ordinal,
    actor: ids.actor,
    idempotencyKey: ids.idempotencyKey,
    payloadHash: ids.payloadHash,
    draft,
  };
  plan.entries.push(entry);
  for (const part of linesByLayer(draft)) {
    moveLoans(entry, part, target);
    moveAccounts(entry, part, plan);
  }
  for (const loanId of draft.unmovedLoanIds ?? NO_LOANS) meetLoan(loanId, entry, target);
  if (target.state.periods.size > 0) tellPeriods(target.state, tenantId, draft);
  return entry;
}

function moveLoans(entry: PlannedEntry, { layer, lines }: LayerLines, target: Target): void {
  const { loanId } = entry.draft;
  if (loanId !== null) moveLoan({ loanId, layer, effect: effectOfLines(lines) }, entry, target);
  else for (const [one, effect] of effectsByLoan(lines)) moveLoan({ loanId: one, layer, effect }, entry, target);
}

function rememberKey(
  { tenantId, keyHash, payloadHash }: Command,
  { entryId, receiptVersion }: { readonly entryId: string; readonly receiptVersion: number },
  { state, plan }: Target,
): void {
  const key = { tenantId, keyHash, payloadHash, entryId, receiptVersion };
  plan.keys.push(key);
  state.keys.set(scopedKey(tenantId, keyHash), key);
}

type Movement = { readonly loanId: string; readonly layer: LayerNumber; readonly effect: Components };

function moveLoan({ loanId, layer, effect }: Movement, entry: PlannedEntry, { state, plan }: Target): void {
  const { tenantId } = entry;
  const { effectiveAt } = entry.draft;
  const loan = loanIn(state, tenantId, loanId);
  const present = loan.layers[layer] ?? noComponents();
  addComponents(present, effect);
  loan.layers[layer] = present;
  if (layer === SETTLED && effect.principal !== 0n && state.nights.size > 0) {
    for (const night of state.nights.get(scopedKey(tenantId, loanId)) ?? []) {
      if (effectiveAt <= night.day) night.principalMinor += effect.principal;
    }
  }
  loan.loanSeq += 1;
  const frontier = raisedFrontier(loan, effectiveAt);
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
    backdatedEffect: effectiveAt < frontier ? effect : null,
  });
}

/** An event that leaves the loan as it is stands in its life all the same: what is dated before it comes before it. */
function meetLoan(
  loanId: string,
  { tenantId, entryId, draft: { effectiveAt } }: PlannedEntry,
  { state, plan }: Target,
): void {
  const loan = loanIn(state, tenantId, loanId);
  plan.unmovedEvents.push({ tenantId, loanId, entryId, effectiveAt, loanSeq: loan.loanSeq });
  const frontier = raisedFrontier(loan, effectiveAt);
  if (frontier === loan.frontier) return;
  loan.frontier = frontier;
  plan.loans.set(scopedKey(tenantId, loanId), loan);
}

function raisedFrontier({ frontier }: LoanState, effectiveAt: string): string {
  return frontier !== null && effectiveAt < frontier ? frontier : effectiveAt;
}

function moveAccounts(
  { tenantId, draft }: PlannedEntry,
  { layer, currency, lines }: LayerLines,
  plan: PostingPlan,
): void {
  const { effectiveAt } = draft;
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
