import { type Books, type Fact, liveOf, programOf, standingAbout } from '../simulation/model/reference/books.ts';
import type { Expectation } from '../simulation/model/reference/expectation.ts';
import type { Posting } from '../simulation/model/reference/posting.ts';
import { LAYERS, type Line } from '../simulation/model/reference/terms.ts';
import type { StepRequest } from './step-request.ts';
import type { World } from './world.ts';

/** What an accepted command is, and meets. */
export interface Met {
  readonly eventType: string | undefined;
  readonly policies: readonly string[];
  readonly meetings: readonly string[];
}

/** Each event that can be reversed, by the command that the model keeps of it. */
const REVERSIBLE = [
  'disbursement',
  'registration',
  'payment',
  'settled',
  'cleared',
  'recovery',
  'goodwill',
  'fee',
  'waiver',
  'allocation',
  'refund',
  'return',
  'accrual',
  'server_accrual',
  'correction',
  'chargeoff',
  'restructure',
  'refinance',
  'non_accrual',
  'adjustment',
] as const;

/** Every meeting that a run has to show. */
export const MEETINGS: readonly string[] = [
  'a loan begins',
  'a disbursement becomes the first',
  'fees withheld',
  'backdated',
  'on non-accrual',
  'on a charged-off loan',
  'on a loan charged off in part',
  'an accrual between two others',
  'an accrual of several loans',
  'memo interest is paid',
  'over-payment into suspense',
  'disbursement on PENDING',
  'payment on PENDING',
  'payment with a split',
  'goodwill with a split',
  'recovery with a split',
  'a return with its fee',
  'a second return',
  ...['payment', 'settled', 'recovery'].map((kind) => `return of ${kind}`),
  ...LAYERS.map((layer) => `adjustment on ${layer}`),
  'adjustment on several layers',
  'adjustment in several currencies',
  'adjustment of no loan',
  'adjustment of several loans',
  ...REVERSIBLE.map((kind) => `reversal of ${kind}`),
  'reversal of a restated entry',
  'restatement',
  'restatement of a run',
  ...['close', 'reopen'].map((kind) => `${kind} of a month without lines`),
  ...['close', 'reopen'].map((kind) => `${kind} of a year`),
  'close of a year in several currencies',
  'close of a year with a loss',
  'close of a second year',
  'close of a year again',
];

/** What an accepted command meets in the books, as the model sees them before it is booked. */
export function metBy(world: World, asked: StepRequest, expected: Expectation): Met | undefined {
  if (expected.kind !== 'posted') return undefined;
  const eventType = expected.posting.entries[0]?.eventType;
  return {
    eventType,
    policies: policiesOf(world.books, asked, expected.posting),
    meetings: meetingsOf(world, asked, expected.posting),
  };
}

/** The backdating of the programs of all loans that are concerned; of a run that of its program; of a month that of all loans. */
function policiesOf(books: Books, asked: StepRequest, { loans, facts, dropped }: Posting): string[] {
  const cleared = facts.flatMap(({ clears }) => clears.flatMap((eventId) => books.facts.get(eventId)?.loanIds ?? []));
  const concerned = [...facts, ...dropped].flatMap(({ loanIds }) => loanIds);
  const known = [...concerned, ...cleared].flatMap((loanId) => books.loans.get(loanId) ?? []);
  const programIds = [...loans, ...known].map(({ programId }) => programId);
  if (asked.kind === 'run') programIds.push(String(asked.body['program_id']));
  if (asked.kind === 'close' || asked.kind === 'reopen') {
    programIds.push(...[...books.loans.values()].map(({ programId }) => programId));
  }
  return [...new Set(programIds.map((id) => programOf(books, id).versions[0]?.policy.backdating ?? ''))];
}

function meetingsOf(world: World, asked: StepRequest, posting: Posting): string[] {
  const { facts, dropped, anew } = posting;
  const { books } = world;
  const found: string[] = [];
  if (asked.kind === 'close' || asked.kind === 'reopen') return periodMeetings(books, asked.kind, posting);
  const [fact] = [...facts, ...dropped];
  if (fact === undefined) return found;
  for (const loanId of fact.loanIds) found.push(...loanMeetings(world, loanId, fact));
  if (facts.length > 0) found.push(...factMeetings(books, fact));
  for (const each of dropped) found.push(`reversal of ${each.command.kind}`);
  const restated = anew.filter(({ isRestated }) => isRestated);
  if (restated.length > 0) found.push('restatement');
  if (restated.some((each) => each.fact.command.kind === 'server_accrual')) found.push('restatement of a run');
  const reversesId = asked.body['reverses_entry_id'];
  if (typeof reversesId === 'string') {
    const named = books.entryNames.get(reversesId) ?? reversesId;
    if (liveOf(books, named)?.entryId !== named) found.push('reversal of a restated entry');
  }
  return [...new Set(found)];
}

function loanMeetings(world: World, loanId: string, fact: Fact): string[] {
  const state = world.present(loanId);
  if (state === undefined) return ['a loan begins'];
  const found: string[] = [];
  if (fact.effectiveAt < world.latestDay(loanId)) found.push('backdated');
  if (state.nonAccrual) found.push('on non-accrual');
  if (state.chargedOff !== undefined) found.push('on a charged-off loan');
  if (state.pieces.length > 0 && state.chargedOff === undefined) found.push('on a loan charged off in part');
  if (fact.command.kind === 'disbursement' && (state.interestFrom ?? '') > fact.effectiveAt) {
    found.push('a disbursement becomes the first');
  }
  if (fact.command.kind === 'accrual' && [...state.accrued.values()].some(({ date }) => date > fact.effectiveAt)) {
    found.push('an accrual between two others');
  }
  return found;
}

/** What a close closes, or its reopening opens: nothing, or a year; a first one, a later one, the same once more. */
function periodMeetings(books: Books, kind: 'close' | 'reopen', { entries }: Posting): string[] {
  const [first] = entries;
  if (first === undefined || first.lines.length === 0) return [`${kind} of a month without lines`];
  const found = [`${kind} of a year`];
  if (kind === 'reopen') return found;
  if (entries.length > 1) found.push('close of a year in several currencies');
  const isLoss = entries.some(({ lines }) =>
    lines.some((line) => line.accountCode === '3000' && line.direction === 'DR'),
  );
  if (isLoss) found.push('close of a year with a loss');
  const years = [...books.entries.values()].filter(({ eventType, lines }) => {
    return eventType === 'period_closed' && lines.length > 0;
  });
  if (years.some(({ effectiveAt }) => effectiveAt < first.effectiveAt)) found.push('close of a second year');
  if (years.some(({ effectiveAt }) => effectiveAt === first.effectiveAt)) found.push('close of a year again');
  return found;
}

/** Layers, currencies, loans and policies of lines given by hand. */
function adjustmentMeetings(lines: readonly Line[], loanIds: readonly string[]): string[] {
  const found = [...new Set(lines.map(({ layer }) => `adjustment on ${layer}`))];
  if (new Set(lines.map(({ currency }) => currency)).size > 1) found.push('adjustment in several currencies');
  if (new Set(lines.map(({ layer }) => layer)).size > 1) found.push('adjustment on several layers');
  if (loanIds.length === 0) found.push('adjustment of no loan');
  if (loanIds.length > 1) found.push('adjustment of several loans');
  return found;
}

function factMeetings(books: Books, { command, outcomes, loanIds }: Fact): string[] {
  const found: string[] = [];
  if (command.kind === 'adjustment') found.push(...adjustmentMeetings(command.lines, loanIds));
  if ('layer' in command && command.layer === 'PENDING') found.push(`${command.kind} on PENDING`);
  if ('allocation' in command && command.allocation !== undefined) found.push(`${command.kind} with a split`);
  if (command.kind === 'accrual' && loanIds.length > 1) found.push('an accrual of several loans');
  if (command.kind === 'disbursement' && command.fees.length > 0) found.push('fees withheld');
  if (command.kind === 'return') {
    const earlier = standingAbout(books, command.eventId).filter((other) => other.command.kind === 'return');
    if (earlier.length > 0) found.push('a second return');
    if (command.nsfFeeMinor > 0n) found.push('a return with its fee');
    const received = books.facts.get(command.eventId)?.command.kind;
    if (received !== undefined) found.push(`return of ${received}`);
  }
  const lines = [...outcomes.values()].flatMap((outcome) => outcome.lines);
  if (command.kind === 'payment' && lines.some(({ accountCode }) => accountCode === '9100')) {
    found.push('memo interest is paid');
  }
  if (
    command.kind === 'payment' &&
    lines.some(({ accountCode, layer }) => accountCode === '2100' && layer === 'SETTLED')
  ) {
    found.push('over-payment into suspense');
  }
  return found;
}
