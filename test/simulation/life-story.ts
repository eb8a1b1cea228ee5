import { addDays } from './instant.ts';
import { Life } from './life.ts';
import { monthAfter, monthOf } from './model/reference/period.ts';
import type { Draft, Scene, Slot } from './scene.ts';

/** How often a life opens and closes the month of its own: few workers have one. */
const PERIOD_ROUNDS = 30;

/** Programs whose loans take events in the order of their arrival. */
function appendPrograms({ ledger }: Scene): readonly string[] {
  const { books, publicPrograms } = ledger;
  return publicPrograms.filter((id) => books.programs.get(id)?.versions[0]?.policy.backdating === 'append');
}

/** A program that replays where the tenant has any, for few tenants have; else any. */
export function someProgram(scene: Scene): string {
  const append = appendPrograms(scene);
  const replay = scene.ledger.publicPrograms.filter((id) => !append.includes(id));
  return scene.random.pick(replay.length > 0 ? replay : append);
}

/** A program whose loans are put in order of effect, else at its defaults, where the tenant has one. */
function replayProgram({ ledger }: Scene): string | undefined {
  const { books, publicPrograms } = ledger;
  return publicPrograms.find((id) => books.programs.get(id)?.versions[0]?.policy.backdating === 'replay');
}

/**
 * The life of some loans from their registration to their end, in which every event and every rare refusal comes: what a
 * programme at random would seldom come to, a short run has in any timing, and a long one often enough. Each step is made when
 * the one before has been answered.
 */
export function* lifeStory(
  scene: Scene,
  { programId, isFirst }: { readonly programId: string; readonly isFirst: boolean },
): Generator<Draft, void, void> {
  const life = new Life(scene);
  const { ownProgramId, ownPeriod } = scene;
  const parts = [borrowed(life, programId), refinanced(life, programId)];
  if (ownProgramId !== undefined) parts.push(accruedByRuns(life, ownProgramId));
  if (ownPeriod !== undefined) parts.push(periods(life, ownPeriod, isFirst ? 3 : PERIOD_ROUNDS));
  const replayed = replayProgram(scene);
  if (replayed !== undefined) parts.push(setBack(life, replayed));
  // In any order: of a run that ends early, not always the same is missing.
  for (const part of scene.random.shuffled(parts)) yield* part;
}

function* borrowed(life: Life, programId: string): Generator<Draft, void, void> {
  const slot = life.loan(programId);
  yield* beginning(life, slot);
  yield* pendingMoney(life, slot);
  yield* charges(life, slot);
  yield* suspense(life, slot);
  yield* returns(life, slot);
  yield* nonAccrual(life, slot);
  yield* adjustments(life, slot);
  yield* loss(life, slot);
}

function* beginning(life: Life, slot: Slot): Generator<Draft, void, void> {
  const { loanId: loan_id, borrowerId: borrower_id, currency, programId: program_id } = slot;
  const loans = [slot];
  const registration = { loan_id, borrower_id, currency, program_id, annual_rate: '0.0799' };
  yield life.post('/v1/loans', registration, { loans });
  yield life.post('/v1/loans', registration, { loans });
  const lent = { ...life.money(slot, '100000', life.firstDay), method: 'ach' };
  const fees = [{ fee_type: 'origination', amount_minor: life.amount() }];
  const other = life.scene.ledger.publicPrograms.find((one) => one !== program_id);
  if (other !== undefined) yield life.post('/v1/disbursements', { ...lent, program_id: other }, { loans });
  yield life.post('/v1/disbursements', { ...lent, fees }, { loans });
}

function* pendingMoney(life: Life, slot: Slot): Generator<Draft, void, void> {
  const loans = [slot];
  const lend = () => ({ ...life.money(slot, life.amount()), method: 'ach', layer: 'PENDING' });
  const pay = () => ({ ...life.money(slot, life.amount(90)), source_method: 'ach', layer: 'PENDING' });
  const act = (what: 'disbursement' | 'payment', verb: 'settlements' | 'cancellations') => {
    const fact = life.last(what, slot);
    const body = { effective_at: life.dayAfter(life.last('settled', slot) ?? fact) };
    return life.post(`/v1/${what}s/${life.eventName(fact)}/${verb}`, body, { loans });
  };
  yield life.post('/v1/disbursements', lend(), { loans });
  yield act('disbursement', 'cancellations');
  yield life.post('/v1/disbursements', lend(), { loans });
  // What is pending, then what stands on disbursement clearing, then nothing any more.
  yield act('disbursement', 'settlements');
  yield act('disbursement', 'settlements');
  yield act('disbursement', 'settlements');
  yield life.post('/v1/payments', pay(), { loans });
  yield act('payment', 'cancellations');
  yield life.post('/v1/payments', pay(), { loans });
  const returned = { return_code: 'R01', effective_at: life.dayAfter(life.last('payment', slot)) };
  yield life.post(`/v1/payments/${life.eventName(life.last('payment', slot))}/returns`, returned, { loans });
  yield act('payment', 'settlements');
}

function* charges(life: Life, slot: Slot): Generator<Draft, void, void> {
  const loans = [slot];
  const { borrower_id: _nobody, ...owed } = life.money(slot, '500');
  yield life.post('/v1/fees', { ...owed, fee_type: 'late_fee' }, { loans });
  const waived = { ...owed, amount_minor: life.amount(400), reason_code: 'goodwill' };
  yield life.post('/v1/fees/waivers', { ...waived, amount_minor: '900000' }, { loans });
  yield life.post('/v1/fees/waivers', waived, { loans });
  const accrual_date = addDays(life.firstDay, 1 + life.scene.random.below(40));
  const accrued = { loan_id: slot.loanId, outstanding_principal_minor: '7', interest_minor: '300' };
  const batch = { program_id: slot.programId, accrual_date, day_count_convention: 'ACT_365', loans: [accrued] };
  yield life.post('/v1/accruals/batch', batch, { loans });
  const correction = {
    effective_at: life.dayFrom(accrual_date),
    reason_code: 'error_correction',
    loans: [{ loan_id: slot.loanId, interest_minor: life.amount(299) }],
  };
  const name = life.eventName(life.last('accrual', slot));
  yield life.post(`/v1/accruals/${name}/corrections`, correction, { loans });
  const split = { fees_minor: '1', principal_minor: '2' };
  yield life.post('/v1/goodwill-credits', { ...life.money(slot, '3'), allocation: split }, { loans });
  const restructure = { loan_id: slot.loanId, effective_at: life.dayFrom(accrual_date) };
  const parts = { capitalize_fees_minor: '2', forgive_principal_minor: life.amount() };
  yield life.post('/v1/restructures', { ...restructure, ...parts }, { loans });
}

function* suspense(life: Life, slot: Slot): Generator<Draft, void, void> {
  const loans = [slot];
  const unapplied = { ...life.money(slot, '400'), source_method: 'wire', allocation: { suspense_minor: '400' } };
  yield life.post('/v1/payments', unapplied, { loans });
  const { borrower_id: _nobody, ...money } = life.money(slot, '60');
  yield life.post('/v1/payments/allocations', money, { loans });
  yield life.post('/v1/suspense-refunds', { ...money, method: 'ach', amount_minor: life.amount(200) }, { loans });
  yield life.post('/v1/suspense-refunds', { ...money, method: 'ach', amount_minor: '90000' }, { loans });
}

function* returns(life: Life, slot: Slot): Generator<Draft, void, void> {
  const loans = [slot];
  const paid = { ...life.money(slot, '700'), source_method: 'ach' };
  yield life.post('/v1/payments', paid, { loans });
  const payment = life.last('payment', slot);
  const day = life.dayAfter(payment);
  const path = `/v1/payments/${life.eventName(payment)}/returns`;
  const back = { return_code: 'R01', effective_at: day, amount_minor: life.amount(500), nsf_fee_minor: '25' };
  yield life.post(path, back, { loans });
  yield life.post(path, { ...back, amount_minor: '701' }, { loans });
  const reversed = {
    reverses_entry_id: life.entryName(payment),
    reason_code: 'error_correction',
    effective_at: life.scene.businessDate,
  };
  yield life.post('/v1/reversals', reversed, { loans });
  const names = [payment, life.last('return', slot)].map((fact) => life.entryName(fact));
  const clearing = {
    journal_entry_ids: names,
    bank_ref: 'statement 7',
    effective_at: life.dayAfter(life.last('return', slot)),
  };
  yield life.post('/v1/payments/settlements', clearing, { loans });
  yield life.post('/v1/payments/settlements', clearing, { loans });
}

function* nonAccrual(life: Life, slot: Slot): Generator<Draft, void, void> {
  const loans = [slot];
  const path = `/v1/loans/${slot.loanId}/non-accrual`;
  const day = life.dayFrom(addDays(life.firstDay, 41));
  yield life.post(path, { effective_at: day, action: 'enter' }, { loans });
  const batch = {
    program_id: slot.programId,
    accrual_date: addDays(life.firstDay, 42 + life.scene.random.below(15)),
    day_count_convention: 'ACT_365',
    loans: [{ loan_id: slot.loanId, outstanding_principal_minor: '0', interest_minor: life.amount() }],
  };
  yield life.post('/v1/accruals/batch', batch, { loans });
  yield life.post('/v1/payments', { ...life.money(slot, life.amount()), source_method: 'ach' }, { loans });
  yield life.post(path, { effective_at: life.dayFrom(day), action: 'exit' }, { loans });
}

function* adjustments(life: Life, slot: Slot): Generator<Draft, void, void> {
  const loans = [slot];
  const { loanId: loan_id, currency } = slot;
  const line = (account_code: string, direction: string, amount_minor: string, more: object = {}) => {
    return { account_code, direction, amount_minor, currency, ...more };
  };
  const up = line('1300', 'DR', '40', { loan_id });
  const about = (lines: readonly object[]) => ({
    lines,
    reason_code: 'error_correction',
    effective_at: life.dayFrom(life.firstDay),
  });
  const body = (amount: string) => about([up, line('4100', 'CR', amount)]);
  const judge = (verb: string, token: 'full' | 'colleague') => {
    return life.post(`/v1/adjustments/${life.proposed}/${verb}`, {}, { loans, token });
  };
  yield life.post('/v1/adjustments', body('41'), { loans });
  for (const verb of ['approvals', 'rejections', 'approvals']) {
    yield life.post('/v1/adjustments', body('40'), { loans });
    yield judge('approvals', 'full');
    if (life.scene.colleagues) yield judge(verb, 'colleague');
  }
  // Names the loan and moves nothing of it: an event of its life all the same.
  const named = [line('5200', 'DR', '7', { loan_id }), line('4100', 'CR', '7')];
  yield life.post('/v1/adjustments', about(named), { loans });
  if (life.scene.colleagues) yield judge('approvals', 'colleague');
}

function* loss(life: Life, slot: Slot): Generator<Draft, void, void> {
  const loans = [slot];
  const recovered = () => ({ ...life.money(slot, life.amount(), life.scene.businessDate), source_method: 'ach' });
  yield life.post('/v1/recoveries', recovered(), { loans });
  const effective_at = life.dayFrom(addDays(life.firstDay, 30));
  const reason_code = life.scene.random.pick(['uncollectible', 'fraud']);
  const whole = { loan_id: slot.loanId, effective_at, reason_code };
  yield life.post('/v1/chargeoffs', { ...whole, components: { principal_minor: life.amount() } }, { loans });
  yield life.post('/v1/chargeoffs', whole, { loans });
  yield life.post('/v1/chargeoffs', whole, { loans });
  const { borrower_id: _nobody, ...owed } = life.money(slot, '5');
  yield life.post('/v1/fees', { ...owed, fee_type: 'late_fee' }, { loans });
  yield life.post('/v1/recoveries', recovered(), { loans });
  const back = { return_code: 'R01', effective_at: life.scene.businessDate };
  yield life.post(`/v1/payments/${life.eventName(life.last('recovery', slot))}/returns`, back, { loans });
  yield life.post('/v1/recoveries', recovered(), { loans });
  const undone = {
    reverses_entry_id: life.entryName(life.last('chargeoff', slot)),
    reason_code: 'error_correction',
    effective_at: life.scene.businessDate,
  };
  yield life.post('/v1/reversals', undone, { loans });
  if (life.scene.random.chance(0.5)) return;
  const recovery = { ...undone, reverses_entry_id: life.entryName(life.last('recovery', slot)) };
  yield life.post('/v1/reversals', recovery, { loans });
  yield life.post('/v1/reversals', undone, { loans });
}

function* refinanced(life: Life, programId: string): Generator<Draft, void, void> {
  const old = life.loan(programId);
  const fresh = { ...life.loan(life.scene.random.pick(appendPrograms(life.scene))), currency: old.currency };
  const loans = [old, fresh];
  const lent = { ...life.money(old, '50000', life.firstDay), method: 'ach', program_id: programId };
  yield life.post('/v1/disbursements', lent, { loans: [old] });
  const unapplied = { ...life.money(old, '9'), source_method: 'ach', allocation: { suspense_minor: '9' } };
  yield life.post('/v1/payments', unapplied, { loans: [old] });
  const refinance = {
    old_loan_id: old.loanId,
    new_loan_id: fresh.loanId,
    borrower_id: old.borrowerId,
    new_money_minor: life.amount(),
    currency: old.currency,
    effective_at: life.dayFrom(life.firstDay),
    program_id: fresh.programId,
  };
  yield life.post('/v1/refinances', refinance, { loans });
  const fact = life.last('refinance', old);
  const effective_at = life.dayAfter(fact);
  yield life.post(`/v1/disbursements/${life.eventName(fact)}/settlements`, { effective_at }, { loans });
  if (life.scene.random.chance(0.5)) return;
  const reversed = { reverses_entry_id: life.entryName(fact), reason_code: 'other', effective_at };
  yield life.post('/v1/reversals', reversed, { loans });
}

/** Under `replay`: what comes late restates what stands behind it, and is blocked by what could not stand any more. */
function* setBack(life: Life, programId: string): Generator<Draft, void, void> {
  const slot = life.loan(programId);
  const loans = [slot];
  const on = (days: number) => addDays(life.firstDay, days);
  const lent = { ...life.money(slot, '100000', life.firstDay), method: 'ach', program_id: programId };
  yield life.post('/v1/disbursements', lent, { loans });
  const charge = (amount: string, day: string) => {
    const { borrower_id: _nobody, ...owed } = life.money(slot, amount, day);
    return owed;
  };
  const fee = (amount: string, day: string) => {
    return life.post('/v1/fees', { ...charge(amount, day), fee_type: 'service' }, { loans });
  };
  const pay = (amount: string, day: string) => {
    return life.post('/v1/payments', { ...life.money(slot, amount, day), source_method: 'ach' }, { loans });
  };
  const undo = (entry: string, day: string) => {
    const body = { reverses_entry_id: entry, reason_code: 'error_correction', effective_at: day };
    return life.post('/v1/reversals', body, { loans });
  };
  yield fee('50', on(10));
  yield pay('100', on(20));
  const first = life.entryName(life.last('payment', slot));
  yield fee('30', on(5));
  yield undo(life.entryName(life.last('fee', slot)), on(30));
  yield fee('40', on(25));
  yield life.post('/v1/fees/waivers', { ...charge('40', on(31)), reason_code: 'goodwill' }, { loans });
  // The fee would be paid before it was waived.
  yield pay('60', on(26));
  yield pay(life.amount(40), on(27));
  yield pay('9', on(33));
  // By the id that it had before it was restated.
  yield undo(first, life.dayFrom(on(34)));
}

/** Loans of a program that is this worker's own: a run is over all loans of a program, and nobody else may write to them. */
function* accruedByRuns(life: Life, programId: string): Generator<Draft, void, void> {
  const [slot, other] = [life.loan(programId), life.loan(programId)];
  for (const one of [slot, other]) {
    const lent = { ...life.money(one, '90000', life.firstDay), method: 'ach', program_id: programId };
    yield life.post('/v1/disbursements', lent, { loans: [one] });
  }
  const date = (days: number) => addDays(life.firstDay, days);
  const wrong = {
    program_id: programId,
    accrual_date: date(2),
    day_count_convention: 'ACT_365',
    loans: [{ loan_id: slot.loanId, outstanding_principal_minor: '1', interest_minor: '5' }],
  };
  yield life.post('/v1/accruals/batch', wrong, { loans: [slot] });
  const right = { ...wrong, loans: [{ ...wrong.loans[0], outstanding_principal_minor: '90000' }] };
  yield life.post('/v1/accruals/batch', right, { loans: [slot] });
  const run = (day: string) =>
    life.post('/v1/accruals/runs', { program_id: programId, accrual_date: day }, { loans: [] });
  yield run(date(3 + life.scene.random.below(8)));
  yield life.post(
    '/v1/payments',
    { ...life.money(slot, life.amount(), date(5)), source_method: 'ach' },
    { loans: [slot] },
  );
  yield run(date(12 + life.scene.random.below(8)));
  const accrued = life.last('server_accrual', other);
  const undone = { reverses_entry_id: life.entryName(accrued), reason_code: 'error_correction' };
  const reversal = { ...undone, effective_at: life.dayAfter(accrued) };
  if (life.scene.random.chance(0.5)) yield life.post('/v1/reversals', reversal, { loans: [slot, other] });
  yield run(date(21 + life.scene.random.below(30)));
  // They leave the program's runs, so that the next life's runs are no longer than this one's.
  for (const one of [slot, other]) {
    const whole = { loan_id: one.loanId, effective_at: life.scene.businessDate, reason_code: 'other' };
    yield life.post('/v1/chargeoffs', whole, { loans: [one] });
  }
}

/** What a close is refused for: a month that is running, one that an open month lies before, and no month at all. */
function* notToBeClosed(life: Life, month: string): Generator<Draft, void, void> {
  const [running, next] = [monthOf(life.scene.businessDate), monthAfter(monthAfter(month))];
  for (const other of [running, next, `${month.slice(0, 4)}-13`]) {
    yield life.post(`/v1/periods/${other}/close`, {}, { loans: [] });
  }
  yield life.post(`/v1/periods/${next}/reopen`, {}, { loans: [] });
}

/**
 * A month before all others, with which a fiscal year ends, and which this worker alone opens and closes: nobody else has a loan
 * in it, so that what its close posts is certain while others post in later months.
 */
function* periods(life: Life, month: string, rounds: number): Generator<Draft, void, void> {
  const effective_at = `${month}-15`;
  for (let round = 0; round < rounds; round += 1) {
    if (round === 0 || life.scene.random.chance(0.3)) yield* notToBeClosed(life, month);
    const slot = life.loan(life.scene.ledger.programId);
    const lent = { ...life.money(slot, life.amount(), effective_at), method: 'ach' };
    yield life.post('/v1/disbursements', lent, { loans: [slot] });
    yield life.post(`/v1/periods/${month}/reopen`, {}, { loans: [] });
    yield life.post('/v1/disbursements', lent, { loans: [slot] });
    const charged = life.money(slot, life.amount(90), effective_at);
    yield life.post('/v1/fees', { ...charged, fee_type: 'other' }, { loans: [slot] });
    const { borrower_id: _nobody, ...waived } = charged;
    const waiver = { ...waived, reason_code: 'goodwill' };
    if (life.scene.random.chance(0.5)) yield life.post('/v1/fees/waivers', waiver, { loans: [slot] });
    yield life.post(`/v1/periods/${month}/close`, {}, { loans: [] });
    yield life.post(`/v1/periods/${month}/close`, {}, { loans: [] });
    const closing = life.scene.ledger.books.found.closes.get(month)?.at(-1);
    const reversal = { reverses_entry_id: life.entryName(closing), reason_code: 'other', effective_at: life.firstDay };
    if (life.scene.random.chance(0.3)) yield life.post('/v1/reversals', reversal, { loans: [] });
  }
}
