import { withBadFields } from './field-faults.ts';
import { addDays } from './instant.ts';
import type { JsonObject } from './model/fields.ts';
import { type Entry, effectOf, firstStandingDisbursement, type Loan } from './model/ledger.ts';
import { COMPONENT_MAX_MINOR } from './model/reference/terms.ts';
import type { LedgerRequest } from './model/request.ts';
import {
  accrualDraft,
  accrualDraftOn,
  disbursementDraft,
  draftFor,
  feeDraft,
  freeDate,
  paymentDraft,
  reversalDraft,
  reversibleEntry,
} from './programme.ts';
import { type Draft, knownLoans, requestOf, type Scene, type Slot } from './scene.ts';

/** A request that the ledger should refuse; undefined when the scene offers none of the kind drawn. */
export function refusalRequest(scene: Scene): { request: LedgerRequest; draft: Draft } | undefined {
  const { random } = scene;
  const known = knownLoans(scene);
  if (known.length === 0) return undefined;
  const { slot, loan } = random.pick(known);
  if (random.chance(0.3)) return protocolRefusal(scene, draftFor(scene, slot));
  if (random.chance(0.05)) return mismatchRefusal(scene);
  const draft = refusalDraft(scene, { slot, loan });
  return draft && { request: requestOf(scene, draft), draft };
}

interface Subject {
  readonly slot: Slot;
  readonly loan: Loan;
}

const REFUSAL_WEIGHTS = {
  badFields: 8,
  feesAboveAmount: 2,
  loanTwice: 2,
  reversalTooEarly: 2,
  unknownLoan: 4,
  unknownEntry: 4,
  unknownProgram: 4,
  otherBorrower: 4,
  otherCurrency: 4,
  mixedBatch: 2,
  future: 4,
  beforeDisbursement: 5,
  reversedAlready: 5,
  reversalOfReversal: 5,
  accruedAlready: 5,
  wrongSum: 4,
  tooMuch: 4,
  negative: 6,
  outOfRange: 6,
} as const;

function refusalDraft(scene: Scene, { slot, loan }: Subject): Draft | undefined {
  const { random } = scene;
  const drafts: Record<keyof typeof REFUSAL_WEIGHTS, () => Draft | undefined> = {
    badFields: () => withBadFields(draftFor(scene, slot), random),
    feesAboveAmount: () => feesAboveAmount(scene, slot),
    loanTwice: () => loanTwice(scene, slot),
    reversalTooEarly: () => reversalTooEarly(scene, { slot, loan }),
    unknownLoan: () => unknownLoan(scene, slot),
    unknownEntry: () => unknownEntry(scene, { slot, loan }),
    unknownProgram: () => withField(accrualOrDisbursement(scene, slot), { program_id: random.uuid() }),
    otherBorrower: () => perhapsFuture(scene, withField(moneyDraft(scene, slot), { borrower_id: random.uuid() })),
    otherCurrency: () => perhapsFuture(scene, otherCurrency(scene, slot)),
    mixedBatch: () => mixedBatch(scene, slot),
    future: () => inFuture(scene, draftFor(scene, slot)),
    beforeDisbursement: () => beforeDisbursement(scene, { slot, loan }),
    reversedAlready: () => reversalOf(scene, { slot, loan }, (entry) => entry.reversedByEntryId !== undefined),
    reversalOfReversal: () => reversalOf(scene, { slot, loan }, (entry) => entry.plan.eventType === 'reversal'),
    accruedAlready: () => accruedAlready(scene),
    wrongSum: () => perhapsFuture(scene, wrongSum(scene, slot)),
    tooMuch: () => tooMuch(scene, { slot, loan }),
    negative: () => reversalOf(scene, { slot, loan }, (entry) => wouldGoNegative(loan, entry)),
    outOfRange: () => outOfRange(scene),
  };
  return drafts[random.weighted(REFUSAL_WEIGHTS)]();
}

const PROTOCOL_WEIGHTS = {
  malformed: 3,
  noKey: 3,
  badKey: 3,
  twoKeys: 3,
  token: 3,
  scope: 3,
  path: 3,
  method: 3,
  size: 2,
  mediaType: 3,
} as const;

/** A draft sent in a way that HTTP, the token or the key makes wrong, before its meaning counts. */
function protocolRefusal(scene: Scene, draft: Draft): { request: LedgerRequest; draft: Draft } {
  const { random } = scene;
  const request = requestOf(scene, draft);
  const [key = ''] = request.keyHeaders;
  const changes: Record<keyof typeof PROTOCOL_WEIGHTS, () => Partial<LedgerRequest>> = {
    malformed: () => ({ body: request.body.slice(0, random.below(request.body.length - 1) + 1) }),
    noKey: () => ({ keyHeaders: [] }),
    badKey: () => ({ keyHeaders: [random.pick(['short', '-starts-badly', 'has a space', `long${'x'.repeat(252)}`])] }),
    twoKeys: () => ({ keyHeaders: [key, random.chance(0.5) ? key : `${key}:other`] }),
    token: () => ({ token: random.pick(['forged', 'absent'] as const) }),
    scope: () => ({ token: scene.narrowTokens ? 'narrow' : 'forged' }),
    path: () => ({ path: random.pick(['/v1/paymentz', '/v1/fees/none/such', '/v2/payments']) }),
    method: () => (random.chance(0.5) ? { method: 'PUT' } : { method: 'GET', body: '', keyHeaders: [] }),
    size: () => ({ declaredBytes: 512 * 1024 * 1024 }),
    mediaType: () => ({ contentType: random.pick(['text/plain', 'application/xml']) }),
  };
  return { request: { ...request, ...changes[random.weighted(PROTOCOL_WEIGHTS)]() }, draft };
}

/** A used key with another payload, or on another route. */
function mismatchRefusal(scene: Scene): { request: LedgerRequest; draft: Draft } | undefined {
  const { random, posted } = scene;
  const known = knownLoans(scene);
  if (posted.length === 0 || known.length === 0) return undefined;
  const used = random.pick(posted);
  const draft = draftFor(scene, random.pick(known).slot);
  const request = { ...requestOf(scene, draft), keyHeaders: used.keyHeaders };
  return { request, draft };
}

function withField(draft: Draft, fields: JsonObject): Draft {
  return { ...draft, body: { ...draft.body, ...fields } };
}

function moneyDraft(scene: Scene, slot: Slot): Draft {
  return scene.random.pick([disbursementDraft, paymentDraft, feeDraft])(scene, slot);
}

function accrualOrDisbursement(scene: Scene, slot: Slot): Draft {
  return scene.random.pick([disbursementDraft, accrualDraft])(scene, slot);
}

/** Two faults at once, so that the order of refusals is put to the test. */
function perhapsFuture(scene: Scene, draft: Draft): Draft {
  return scene.random.chance(0.2) ? inFuture(scene, draft) : draft;
}

/** From two days ahead on: the business date may move on by one while the simulation runs. */
function inFuture(scene: Scene, draft: Draft): Draft {
  const date = addDays(scene.businessDate, 2 + scene.random.below(400));
  return withField(draft, draft.path === '/v1/accruals/batch' ? { accrual_date: date } : { effective_at: date });
}

function feesAboveAmount(scene: Scene, slot: Slot): Draft {
  const draft = disbursementDraft(scene, slot);
  const above = BigInt(String(draft.body['amount_minor'])) + 1n;
  const fees = [
    { fee_type: 'origination', amount_minor: '1' },
    { fee_type: 'wire_cost', amount_minor: String(above) },
  ];
  return above > COMPONENT_MAX_MINOR ? draft : withField(draft, { fees });
}

function loanTwice(scene: Scene, slot: Slot): Draft {
  const draft = accrualDraft(scene, slot);
  const loans = draft.body['loans'];
  return Array.isArray(loans) ? withField(draft, { loans: [...loans, loans[0]] }) : draft;
}

function reversalTooEarly(scene: Scene, { slot, loan }: Subject): Draft | undefined {
  const entry = reversibleEntry(scene, loan);
  if (entry === undefined) return undefined;
  const early = addDays(entry.plan.effectiveAt, -1 - scene.random.below(50));
  return withField(reversalDraft(scene, { slot, entry }), { effective_at: early });
}

function unknownLoan(scene: Scene, slot: Slot): Draft {
  const { random } = scene;
  const loanId = (random.chance(0.5) ? scene.foreign.loanId() : undefined) ?? random.uuid();
  const accrualDate = freeDate(scene, [slot]);
  if (random.chance(0.6) || !isOpenFor(scene, [slot], accrualDate)) {
    const draft = random.pick([paymentDraft, feeDraft])(scene, slot);
    return perhapsFuture(scene, withField(draft, { loan_id: loanId }));
  }
  const stranger = { ...slot, loanId };
  return accrualDraftOn(scene, { slots: random.shuffled([slot, stranger]), accrualDate });
}

function unknownEntry(scene: Scene, { slot, loan }: Subject): Draft | undefined {
  const { random } = scene;
  const entry = reversibleEntry(scene, loan);
  if (entry === undefined) return undefined;
  const entryId = (random.chance(0.5) ? scene.foreign.entryId() : undefined) ?? random.uuid();
  return perhapsFuture(scene, withField(reversalDraft(scene, { slot, entry }), { reverses_entry_id: entryId }));
}

function otherCurrency(scene: Scene, slot: Slot): Draft {
  const currency = scene.random.pick(['USD', 'EUR', 'JPY'].filter((code) => code !== slot.currency));
  return withField(moneyDraft(scene, slot), { currency });
}

function mixedBatch(scene: Scene, slot: Slot): Draft | undefined {
  const other = knownLoans(scene).find(({ slot: candidate }) => candidate.currency !== slot.currency)?.slot;
  if (other === undefined) return undefined;
  const slots = [slot, other];
  const accrualDate = freeDate(scene, slots);
  return isOpenFor(scene, slots, accrualDate) ? accrualDraftOn(scene, { slots, accrualDate }) : undefined;
}

/** Each of the loans could accrue on that date: a fault put in is then the only one of its batch. */
function isOpenFor(scene: Scene, slots: readonly Slot[], date: string): boolean {
  return slots.every(({ loanId }) => {
    const loan = scene.ledger.loans.get(loanId);
    const first = loan && firstStandingDisbursement(loan, scene.ledger);
    return loan !== undefined && first !== undefined && first <= date && !loan.accruedDates.has(date);
  });
}

function beforeDisbursement(scene: Scene, { slot, loan }: Subject): Draft {
  const draft = scene.random.pick([paymentDraft, feeDraft, accrualDraft])(scene, slot);
  const first = firstStandingDisbursement(loan, scene.ledger) ?? scene.businessDate;
  const date = addDays(first, -1 - scene.random.below(30));
  return withField(draft, draft.path === '/v1/accruals/batch' ? { accrual_date: date } : { effective_at: date });
}

function reversalOf(scene: Scene, { slot, loan }: Subject, holds: (entry: Entry) => boolean): Draft | undefined {
  const entries = loan.entries.filter(holds).slice(-20);
  if (entries.length === 0) return undefined;
  return reversalDraft(scene, { slot, entry: scene.random.pick(entries) });
}

function wouldGoNegative(loan: Loan, { plan, reversedByEntryId }: Entry): boolean {
  if (plan.eventType === 'reversal' || reversedByEntryId !== undefined) return false;
  return plan.lines.some((line) => {
    const effect = line.loanId === loan.loanId ? effectOf(line) : undefined;
    return effect !== undefined && loan.present[line.layer][effect.component] < effect.deltaMinor;
  });
}

/** A batch for a date that one loan or more has accrued, in company of loans that have not. */
function accruedAlready(scene: Scene): Draft | undefined {
  const { random } = scene;
  const subjects = knownLoans(scene).filter(({ loan, slot }) => loan.accruedDates.size > 0 && !slot.giant);
  if (subjects.length === 0) return undefined;
  const { slot, loan } = random.pick(subjects);
  const accrualDate = random.pick([...loan.accruedDates]);
  const company = subjects.filter(({ slot: other }) => {
    return other.currency === slot.currency && other.programId === slot.programId && other !== slot;
  });
  const slots = random.shuffled([slot, ...company.map(({ slot: other }) => other)]);
  return accrualDraftOn(scene, { slots, accrualDate });
}

function wrongSum(scene: Scene, slot: Slot): Draft {
  const amountMinor = scene.random.amount(2n, 10_000n);
  const allocation = { suspense_minor: String(amountMinor - 1n), principal_minor: '0' };
  return withoutLayer(withField(paymentDraft(scene, slot), { amount_minor: String(amountMinor), allocation }));
}

function tooMuch(scene: Scene, { slot, loan }: Subject): Draft | undefined {
  const name = scene.random.pick(['fees', 'interest', 'principal'] as const);
  const part = loan.present.SETTLED[name] + scene.random.amount(1n, 100n);
  if (part > COMPONENT_MAX_MINOR) return undefined;
  const allocation = { [`${name}_minor`]: String(part) };
  return withoutLayer(withField(paymentDraft(scene, slot), { amount_minor: String(part), allocation }));
}

/** The contract leaves open what an explicit split means while a payment is on its way. */
function withoutLayer(draft: Draft): Draft {
  const { layer: _layer, ...body } = draft.body;
  return { ...draft, body };
}

function outOfRange(scene: Scene): Draft | undefined {
  const giant = knownLoans(scene).find(({ slot }) => slot.giant);
  if (giant === undefined) return undefined;
  const amount = { amount_minor: String(COMPONENT_MAX_MINOR) };
  const { fees, principal } = giant.loan.present.SETTLED;
  const draft = fees > 0n && principal === 0n ? feeDraft : scene.random.pick([disbursementDraft, feeDraft]);
  return withField(draft(scene, giant.slot), amount);
}
