import { type Entry, effectOf, firstStandingDisbursement, type Loan } from './model/ledger.ts';
import type { LedgerRequest } from './model/request.ts';
import {
  accrualDraftOn,
  disbursementDraft,
  draftFor,
  freeDate,
  paymentDraft,
  reversalDraft,
  reversibleEntry,
} from './programme.ts';
import { type Draft, knownLoans, requestOf, type Scene, type Slot } from './scene.ts';

/** What races with what. */
export const RACE_KINDS = [
  'one_loan',
  'one_key',
  'reversal_against_payment',
  'reversal_against_reversal',
  'first_disbursement',
  'accrual_against_accrual',
  'wide_accrual',
] as const;
export type RaceKind = (typeof RACE_KINDS)[number];

/** Requests to be sent at the same moment, over several connections and all processes. */
export interface Race {
  readonly kind: RaceKind;
  readonly requests: readonly LedgerRequest[];
  readonly drafts: readonly Draft[];
  readonly loanIds: readonly string[];
}

/** The next race of a worker, most often about its first loan; undefined when the kind drawn cannot be had now. */
export function nextRace(scene: Scene): Race | undefined {
  const { random } = scene;
  const known = knownLoans(scene).filter(({ loan }) => firstStandingDisbursement(loan, scene.ledger) !== undefined);
  const hot = random.chance(0.7) ? known[0] : undefined;
  if (known.length === 0) return undefined;
  const { slot, loan } = hot ?? random.pick(known);
  const kind = random.weighted({
    one_loan: 35,
    one_key: 20,
    reversal_against_payment: 20,
    reversal_against_reversal: 8,
    first_disbursement: 10,
    accrual_against_accrual: 18,
  });
  switch (kind) {
    case 'one_loan':
      return race(
        scene,
        kind,
        many(3 + random.below(3), () => draftFor(scene, slot)),
      );
    case 'one_key':
      return oneKey(scene, slot);
    case 'reversal_against_payment':
      return reversalAgainstPayment(scene, { slot, loan });
    case 'reversal_against_reversal':
      return reversalAgainstReversal(scene, { slot, loan });
    case 'first_disbursement':
      return firstDisbursement(scene);
    case 'accrual_against_accrual':
      return accrualAgainstAccrual(scene, slot);
  }
}

/**
 * A batch over many loans, among them one that others write to at that moment: it holds its locks for
 * long, so that other entries of the tenant are recorded while it is still to be seen.
 */
export function wideAccrualRace(scene: Scene, wide: readonly Slot[]): Race | undefined {
  const hot = knownLoans(scene).find(({ slot, loan }) => {
    return (
      slot.currency === wide[0]?.currency && !slot.giant && firstStandingDisbursement(loan, scene.ledger) !== undefined
    );
  });
  if (hot === undefined) return undefined;
  const slots = [...wide, hot.slot];
  const batch = accrualDraftOn(scene, { slots, accrualDate: freeDate(scene, slots) });
  return race(scene, 'wide_accrual', [batch, ...many(4, () => paymentDraft(scene, hot.slot))]);
}

function many<Value>(count: number, make: () => Value): Value[] {
  return Array.from({ length: count }, make);
}

function race(scene: Scene, kind: RaceKind, drafts: readonly Draft[]): Race {
  const requests = drafts.map((draft) => requestOf(scene, draft));
  return { kind, requests, drafts, loanIds: [...new Set(drafts.flatMap(({ loanIds }) => loanIds))] };
}

/** One key on four to eight connections: the same payload on most of them, now and then another one. */
function oneKey(scene: Scene, slot: Slot): Race {
  const { random } = scene;
  const draft = draftFor(scene, slot);
  const request = requestOf(scene, draft);
  const quoted = { ...request, keyHeaders: request.keyHeaders.map((key) => `"${key}"`) };
  const requests = many(4 + random.below(5), () => (random.chance(0.1) ? quoted : request));
  if (random.chance(0.3)) {
    const other = draftFor(scene, slot);
    requests[1] = { ...requestOf(scene, other), keyHeaders: request.keyHeaders };
    return { kind: 'one_key', requests, drafts: [draft, other], loanIds: [...draft.loanIds, ...other.loanIds] };
  }
  return { kind: 'one_key', requests, drafts: [draft], loanIds: draft.loanIds };
}

interface Subject {
  readonly slot: Slot;
  readonly loan: Loan;
}

/** Payments that need what a reversal takes away, or that the reversal takes back. */
function reversalAgainstPayment(scene: Scene, { slot, loan }: Subject): Race | undefined {
  const entry = entryInDispute(scene, loan);
  if (entry === undefined) return undefined;
  const payments = many(1 + scene.random.below(3), () => paymentDraft(scene, slot));
  const drafts = scene.random.shuffled([reversalDraft(scene, { slot, entry }), ...payments]);
  return race(scene, 'reversal_against_payment', drafts);
}

/** An entry whose amount is still outstanding, so that the payment decides whether it can be reversed. */
function entryInDispute(scene: Scene, loan: Loan): Entry | undefined {
  const disputed = loan.entries.filter(({ plan, reversedByEntryId }) => {
    if (plan.eventType === 'reversal' || reversedByEntryId !== undefined) return false;
    return plan.lines.some((line) => {
      const effect = line.loanId === loan.loanId ? effectOf(line) : undefined;
      if (effect === undefined || effect.component === 'suspense' || effect.deltaMinor < 0n) return false;
      return loan.present[line.layer][effect.component] >= effect.deltaMinor;
    });
  });
  if (disputed.length === 0 || scene.random.chance(0.3)) return reversibleEntry(scene, loan);
  return scene.random.pick(disputed.slice(-10));
}

function reversalAgainstReversal(scene: Scene, { slot, loan }: Subject): Race | undefined {
  const entry = reversibleEntry(scene, loan);
  if (entry === undefined) return undefined;
  const drafts = many(2 + scene.random.below(3), () => reversalDraft(scene, { slot, entry }));
  return race(scene, 'reversal_against_reversal', drafts);
}

/** Several first disbursements of one loan, some with another borrower or currency, and a payment. */
function firstDisbursement(scene: Scene): Race {
  const { random } = scene;
  const slot = scene.newSlot();
  const rival = { ...slot, borrowerId: random.uuid(), currency: random.pick(['USD', 'EUR', 'JPY']) };
  const drafts = many(2 + random.below(3), () => disbursementDraft(scene, random.chance(0.5) ? slot : rival));
  return race(scene, 'first_disbursement', [...drafts, paymentDraft(scene, slot)]);
}

/** Batches for one date over loans in common, named in different orders: one wins, and none waits for ever. */
function accrualAgainstAccrual(scene: Scene, slot: Slot): Race | undefined {
  const { random } = scene;
  const fits = knownLoans(scene).filter(({ slot: other, loan }) => {
    return (
      other.currency === slot.currency && !other.giant && firstStandingDisbursement(loan, scene.ledger) !== undefined
    );
  });
  if (fits.length < 2) return undefined;
  const slots = fits.map(({ slot: other }) => other);
  const accrualDate = freeDate(scene, slots);
  const drafts = many(2 + random.below(2), () => {
    const some = random.shuffled(slots).slice(0, 1 + random.below(slots.length));
    return accrualDraftOn(scene, { slots: some, accrualDate });
  });
  return race(scene, 'accrual_against_accrual', drafts);
}
