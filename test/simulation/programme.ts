import { addDays, daysBetween } from './instant.ts';
import { COMPONENTS, type Entry, firstStandingDisbursement, type Loan } from './model/ledger.ts';
import { principalBefore } from './model/reference/event/accrual.ts';
import { COMPONENT_MAX_MINOR } from './model/reference/terms.ts';
import { type Draft, knownLoans, type Scene, type Slot } from './scene.ts';

/** How far back the books of a simulated loan may begin, in days: past two month ends of February and a new year. */
const HISTORY_DAYS = 760;

/** The next command of a worker that is not meant to be refused, though it may be. */
export function ordinaryDraft(scene: Scene): Draft {
  const known = knownLoans(scene);
  const fresh = scene.slots.find(({ loanId }) => !scene.ledger.loans.has(loanId));
  if (fresh !== undefined && (known.length === 0 || scene.random.chance(0.5))) return disbursementDraft(scene, fresh);
  if (scene.random.chance(0.004)) return disbursementDraft(scene, replaceSlot(scene));
  if (scene.random.chance(0.001)) return disbursementDraft(scene, replaceGiant(scene));
  const lost = known.find(({ slot, loan }) => !slot.giant && loan.state.chargedOff !== undefined);
  if (lost !== undefined && scene.random.chance(0.1)) return disbursementDraft(scene, replaceSlot(scene, lost.slot));
  return draftFor(scene, scene.random.pick(known).slot);
}

/** An ordinary command on this loan; a disbursement when nothing else could be taken. */
export function draftFor(scene: Scene, slot: Slot): Draft {
  const loan = scene.ledger.loans.get(slot.loanId);
  if (loan === undefined || firstStandingDisbursement(loan, scene.ledger) === undefined)
    return disbursementDraft(scene, slot);
  const kind = scene.random.weighted({ disbursement: 14, payment: 42, fee: 14, accrual: 15, reversal: 15 });
  switch (kind) {
    case 'disbursement':
      return disbursementDraft(scene, slot);
    case 'payment':
      return paymentDraft(scene, slot);
    case 'fee':
      return feeDraft(scene, slot);
    case 'accrual':
      return accrualDraft(scene, slot);
    case 'reversal':
      return reversalDraft(scene, { slot, entry: reversibleEntry(scene, loan) });
  }
}

/** The same of the giant, so that no loan's history grows with the length of the run. */
function replaceGiant(scene: Scene): Slot {
  const at = scene.slots.findIndex(({ giant }) => giant);
  const slot = scene.newSlot({ giant: true });
  scene.slots.splice(at < 0 ? scene.slots.length : at, 1, slot);
  return slot;
}

/** Takes a loan out of play, the oldest ordinary one if none is named, and puts a new one in its place, so that loans of all ages exist. */
export function replaceSlot(scene: Scene, old = scene.slots.find(({ giant }) => !giant)): Slot {
  const slot = scene.newSlot();
  scene.slots.splice(old === undefined ? 0 : scene.slots.indexOf(old), 1);
  scene.slots.push(slot);
  return slot;
}

/** True when the date lies before something that the loan already knows. */
function isBackdated(loan: Loan | undefined, effectiveAt: string): boolean {
  return loan !== undefined && effectiveAt < loan.latestEffectiveAt;
}

/** Half the time the business date itself, else a day from `from` on. */
function someDate(scene: Scene, from: string): string {
  const { random, businessDate } = scene;
  if (random.chance(0.5)) return businessDate;
  return addDays(from, random.below(daysBetween({ from, to: businessDate }) + 1));
}

/** A day on which the loan may take events, or the business date when nothing of it stands. */
function dateOnLoan(scene: Scene, slot: Slot): string {
  const loan = scene.ledger.loans.get(slot.loanId);
  return someDate(scene, (loan && firstStandingDisbursement(loan, scene.ledger)) ?? scene.businessDate);
}

function moneyFields(slot: Slot, amountMinor: bigint, effectiveAt: string) {
  return {
    loan_id: slot.loanId,
    borrower_id: slot.borrowerId,
    amount_minor: amountMinor.toString(),
    currency: slot.currency,
    effective_at: effectiveAt,
  };
}

/** A disbursement; the first of a loan lies well in the past, a later one may lie before the first. */
export function disbursementDraft(scene: Scene, slot: Slot): Draft {
  const { random, ledger, businessDate } = scene;
  const loan = ledger.loans.get(slot.loanId);
  const first = loan && firstStandingDisbursement(loan, scene.ledger);
  const earliest = addDays(businessDate, -HISTORY_DAYS);
  const initial = () => addDays(earliest, random.below(HISTORY_DAYS / 2));
  const effectiveAt = first === undefined || random.chance(0.1) ? initial() : someDate(scene, first);
  const amountMinor = slot.giant && random.chance(0.5) ? nearMaximum(scene) : random.amount(1_000n, 5_000_000n);
  const pending = first !== undefined && random.chance(0.1);
  const body: Record<string, unknown> = {
    ...moneyFields(slot, amountMinor, effectiveAt),
    method: random.pick(METHODS),
  };
  if (pending) body['layer'] = 'PENDING';
  else if (random.chance(0.3)) body['fees'] = withheld(scene, amountMinor);
  if (slot.programId !== ledger.programId || random.chance(0.3)) body['program_id'] = slot.programId;
  if (random.chance(0.2)) body['destination_ref'] = `account ${random.below(1_000)}`;
  if (random.chance(0.1)) body['metadata'] = someMetadata(scene);
  return { path: '/v1/disbursements', body, loanIds: [slot.loanId], backdated: isBackdated(loan, effectiveAt) };
}

const METHODS = ['ach', 'wire', 'card', 'check', 'cash', 'rtp', 'sepa', 'internal', 'other'] as const;

/** An amount in reach of 10^18 - 1. */
function nearMaximum(scene: Scene): bigint {
  return COMPONENT_MAX_MINOR - scene.random.amount(0n, 1_000n);
}

/** One or two fees, together no more than the amount, now and then all of it. */
function withheld(scene: Scene, amountMinor: bigint): readonly Record<string, string>[] {
  const { random } = scene;
  if (random.chance(0.1)) return [{ fee_type: 'origination', amount_minor: amountMinor.toString() }];
  const first = random.amount(1n, amountMinor / 10n);
  const fees = [{ fee_type: 'origination', amount_minor: first.toString() }];
  if (random.chance(0.5)) {
    fees.push({ fee_type: 'wire_cost', amount_minor: random.amount(1n, amountMinor / 10n).toString() });
  }
  return fees;
}

/** Free JSON: text outside ASCII, a nested object, a fraction, names that canonicalisation has to sort. */
function someMetadata(scene: Scene): Record<string, unknown> {
  const { random } = scene;
  return { zeta: random.below(1_000), Alpha: 'naïve – ✓', nested: { b: [1, 2.5, null], a: random.chance(0.5) } };
}

/** A payment: part of what is due, all of it, more than that, split by hand, or on its way. */
export function paymentDraft(scene: Scene, slot: Slot): Draft {
  const { random, ledger } = scene;
  const loan = ledger.loans.get(slot.loanId);
  const effectiveAt = dateOnLoan(scene, slot);
  const split = loan !== undefined && random.chance(0.2) ? splitByHand(scene, loan) : undefined;
  const amountMinor = split?.amountMinor ?? paymentAmount(scene, { slot, loan });
  const body: Record<string, unknown> = {
    ...moneyFields(slot, amountMinor, effectiveAt),
    source_method: random.pick(METHODS),
  };
  if (split !== undefined) body['allocation'] = split.allocation;
  else if (random.chance(0.12)) body['layer'] = 'PENDING';
  if (random.chance(0.5)) body['external_ref'] = `ref-${random.below(100_000)}`;
  if (random.chance(0.1)) body['metadata'] = someMetadata(scene);
  return { path: '/v1/payments', body, loanIds: [slot.loanId], backdated: isBackdated(loan, effectiveAt) };
}

function paymentAmount(scene: Scene, { slot, loan }: { readonly slot: Slot; readonly loan: Loan | undefined }): bigint {
  const { random } = scene;
  if (slot.giant && random.chance(0.3)) return nearMaximum(scene);
  if (loan === undefined) return random.amount(1n, 10_000n);
  const { fees, interest, principal } = loan.present.SETTLED;
  const due = fees + interest + principal;
  const kind = random.weighted({ small: 30, part: 35, charges: 10, all: 10, over: 15 });
  const amounts = {
    small: random.amount(1n, 1_000n),
    part: random.amount(1n, due),
    charges: fees + interest,
    all: due,
    over: due + random.amount(1n, 5_000n),
  };
  const amountMinor = amounts[kind] > 0n ? amounts[kind] : random.amount(1n, 10_000n);
  return amountMinor > COMPONENT_MAX_MINOR ? COMPONENT_MAX_MINOR : amountMinor;
}

/** An explicit allocation that the loan can bear; parts that are zero are left out now and then. */
function splitByHand(scene: Scene, loan: Loan): { amountMinor: bigint; allocation: Record<string, string> } {
  const { random } = scene;
  const parts = { ...loan.present.SETTLED, suspense: 500n };
  let amountMinor = 0n;
  const allocation: Record<string, string> = {};
  for (const name of COMPONENTS) {
    const room = COMPONENT_MAX_MINOR - amountMinor < parts[name] ? COMPONENT_MAX_MINOR - amountMinor : parts[name];
    const part = random.chance(0.4) ? 0n : random.amount(0n, room);
    amountMinor += part;
    if (part > 0n || random.chance(0.5)) allocation[`${name}_minor`] = part.toString();
  }
  if (amountMinor > 0n) return { amountMinor, allocation };
  return { amountMinor: 7n, allocation: { suspense_minor: '7' } };
}

/** A fee. */
export function feeDraft(scene: Scene, slot: Slot): Draft {
  const { random, ledger } = scene;
  const effectiveAt = dateOnLoan(scene, slot);
  const amountMinor = slot.giant && random.chance(0.3) ? nearMaximum(scene) : random.amount(1n, 5_000n);
  const { borrower_id, ...money } = moneyFields(slot, amountMinor, effectiveAt);
  const body = {
    ...money,
    ...(random.chance(0.5) ? { borrower_id } : {}),
    fee_type: random.pick(['late', 'nsf', 'service', 'annual']),
  };
  const backdated = isBackdated(ledger.loans.get(slot.loanId), effectiveAt);
  return { path: '/v1/fees', body, loanIds: [slot.loanId], backdated };
}

/** Interest for one day on this loan and, often, others of its currency. A giant's interest travels alone. */
export function accrualDraft(scene: Scene, slot: Slot): Draft {
  const { random } = scene;
  const others = knownLoans(scene)
    .filter(({ slot: other, loan }) => {
      const isAlike = other.currency === slot.currency && other.programId === slot.programId;
      const fits = isAlike && !other.giant && other.loanId !== slot.loanId;
      return fits && firstStandingDisbursement(loan, scene.ledger) !== undefined;
    })
    .map(({ slot: other }) => other);
  const company = slot.giant ? [] : random.shuffled(others).slice(0, random.below(4));
  const slots = random.shuffled([slot, ...company]);
  return accrualDraftOn(scene, { slots, accrualDate: freeDate(scene, slots) });
}

/** One accrual batch over these loans for this date. */
export function accrualDraftOn(
  scene: Scene,
  { slots, accrualDate }: { readonly slots: readonly Slot[]; readonly accrualDate: string },
): Draft {
  const { random, ledger } = scene;
  const idle = random.chance(0.02);
  const loans = slots.map(({ loanId, giant }) => {
    const interest = giant && random.chance(0.3) ? nearMaximum(scene) : random.amount(1n, 5_000n);
    const state = ledger.loans.get(loanId)?.state;
    const night = state === undefined ? 0n : principalBefore(state, accrualDate);
    const principal = night < 0n || random.chance(0.1) ? 0n : night;
    return {
      loan_id: loanId,
      outstanding_principal_minor: principal.toString(),
      interest_minor: idle || random.chance(0.05) ? '0' : interest.toString(),
    };
  });
  const programId = slots[0]?.programId ?? ledger.programId;
  const body = { program_id: programId, accrual_date: accrualDate, day_count_convention: 'ACT_365', loans };
  const backdated = slots.some(({ loanId }) => isBackdated(ledger.loans.get(loanId), accrualDate));
  return { path: '/v1/accruals/batch', body, loanIds: slots.map(({ loanId }) => loanId), backdated };
}

/** A date on which none of the loans has accrued and all are disbursed, if a few tries find one. */
export function freeDate(scene: Scene, slots: readonly Slot[]): string {
  const loans = slots.flatMap(({ loanId }) => scene.ledger.loans.get(loanId) ?? []);
  const starts = loans.map((loan) => firstStandingDisbursement(loan, scene.ledger) ?? scene.businessDate).sort();
  const from = starts.at(-1) ?? scene.businessDate;
  const days = daysBetween({ from, to: scene.businessDate }) + 1;
  let date = from;
  for (let attempt = 0; attempt < 20; attempt += 1) {
    date = addDays(from, scene.random.below(days));
    if (!loans.some((loan) => loan.accruedDates.has(date))) return date;
  }
  return date;
}

/** An entry of the loan that stands and is no reversal: most often a late one. */
export function reversibleEntry(scene: Scene, loan: Loan): Entry | undefined {
  const standing = loan.entries.filter(({ plan, reversedByEntryId }) => {
    return plan.eventType !== 'reversal' && reversedByEntryId === undefined;
  });
  if (standing.length === 0) return undefined;
  const late = scene.random.chance(0.8) ? standing.slice(-12) : standing;
  return scene.random.pick(late);
}

/** A reversal of the entry, dated on or after it; a fee on the loan when there is nothing to reverse. */
export function reversalDraft(
  scene: Scene,
  { slot, entry }: { readonly slot: Slot; readonly entry: Entry | undefined },
): Draft {
  if (entry === undefined) return feeDraft(scene, slot);
  const { random, ledger, businessDate } = scene;
  const { plan, entryId } = entry;
  const own = random.chance(0.4) ? plan.effectiveAt : someDate(scene, plan.effectiveAt);
  const effectiveAt = own > businessDate ? businessDate : own;
  const body: Record<string, unknown> = {
    reverses_entry_id: entryId,
    reason_code: random.pick(['error_correction', 'duplicate', 'returned_payment', 'fraud', 'other']),
    effective_at: effectiveAt,
  };
  if (random.chance(0.2)) body['reason_description'] = 'sent twice by the bank';
  const loanIds = plan.accruedLoanIds ?? plan.lines.flatMap(({ loanId }) => loanId ?? []);
  const backdated = loanIds.some((loanId) => isBackdated(ledger.loans.get(loanId), effectiveAt));
  return { path: '/v1/reversals', body, loanIds: [...new Set(loanIds)], backdated };
}
