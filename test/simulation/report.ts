import { EVENTS, REFUSALS } from '../histories/what-exists.ts';
import { BACKDATINGS, EVENT_TYPES } from './model/reference/terms.ts';
import { REFUSAL_STATUS } from './model/refusal.ts';
import { RACE_KINDS, type RaceKind } from './race-programme.ts';

/** One disagreement between server and model, with enough to find it. */
interface Difference {
  /** What was being done: a command, a race, a read, a question asked again. */
  readonly at: string;
  readonly tenant: number;
  readonly found: readonly string[];
  readonly request: string;
  readonly answer: string;
}

/** What a simulation did and what came of it. */
export interface SimulationReport {
  readonly seed: number;
  /** Goes into ids and keys alone, so that a seed can be repeated on books that have seen it. */
  readonly salt: string;
  /** The command that repeats the run. */
  readonly repeat: string;
  /** Lines of work at once. */
  readonly workers: number;
  seconds: number;
  /** POST requests sent, those of races included. */
  commands: number;
  /** Of them sent in order to be refused. */
  meantToBeRefused: number;
  posted: number;
  /** Posted with a date before something that the loan already knew. */
  backdated: number;
  /** Closes with closing entries: a fiscal year that had income or expense. */
  yearEnds: number;
  replayed: number;
  /** Posted by restating what was posted before, and the entries that were restated. */
  restating: number;
  entriesRestated: number;
  readonly postedByEvent: Record<string, number>;
  /** The same by what the journal calls them: one call may settle what is pending, or what stands on clearing. */
  readonly postedByType: Record<string, number>;
  /** `payment under replay` and so on, by the backdating of the loans that an event is about; of no loan, in neither. */
  readonly postedByPolicy: Record<string, number>;
  /** Refusals that came back, reads included. */
  readonly refusals: Record<string, number>;
  readonly races: Record<RaceKind, number>;
  readonly postedByProcess: number[];
  /** Balances read after every tenth command, and entries. */
  balanceReads: number;
  entryReads: number;
  /** Loans read as they stand, and lists of a borrower's loans. */
  loanReads: number;
  /** Account balances asked under a fixed `known_at`. */
  accountReads: number;
  /** Lists of journal entries read page by page while they were written to: of loans, of tenants; pages, entries on them. */
  loanWalks: number;
  tenantWalks: number;
  /** Events pulled page by page, by tenant. */
  eventPulls: number;
  pagesRead: number;
  entriesListed: number;
  /** Balances asked at the newest instant seen, of loans that were being written to at that moment. */
  probes: number;
  /** Of them of loans with two or more writes on their way. */
  probesOfHotLoans: number;
  /** Answers under a fixed `known_at` that were asked for again at the end, and those that had changed. */
  askedAgain: number;
  changed: number;
  /** Compared with the model at the end. */
  balancesCompared: number;
  loansCompared: number;
  accountsCompared: number;
  walksCompared: number;
  pullsCompared: number;
  entriesCompared: number;
  replaysCompared: number;
  /** All disagreements with the model; the first of them in full. */
  differenceCount: number;
  readonly differences: Difference[];
}

const DIFFERENCES_KEPT = 50;

/** What lives alone come to: adjustments under four eyes, runs, the month before all others closed and opened. */
const MORE_EVENTS = ['proposal', 'approval', 'rejection', 'run', 'close', 'reopen'];
/** Calls that write no event of a loan: neither policy has any. */
const OF_NO_LOAN = ['proposal', 'rejection', 'close', 'reopen'];

/** What a run is asked for, and cannot come to: with the reason, for whoever reads its report. */
const OUT_OF_REACH = {
  restatement_too_large: 'thousands of events would have to stand behind one; test/http/restatements.test.ts has them',
} as const;

const MORE_REFUSALS = [
  'approver_is_proposer',
  'unbalanced_entry',
  'period_closed',
  'period_not_next',
  'replay_blocked',
];

/** A report with nothing in it yet. */
export function newReport(options: {
  readonly seed: number;
  readonly salt: string;
  readonly repeat: string;
  readonly processes: number;
  readonly workers: number;
}): SimulationReport {
  const { seed, salt, repeat, processes, workers } = options;
  const codes = [...new Set([...Object.keys(REFUSAL_STATUS), ...REFUSALS, ...MORE_REFUSALS])];
  return {
    seed,
    salt,
    repeat,
    workers,
    seconds: 0,
    commands: 0,
    meantToBeRefused: 0,
    posted: 0,
    backdated: 0,
    yearEnds: 0,
    replayed: 0,
    restating: 0,
    entriesRestated: 0,
    postedByEvent: tableOf([...EVENTS, ...MORE_EVENTS]),
    postedByType: tableOf(EVENT_TYPES),
    postedByPolicy: tableOf(
      [...EVENTS, ...MORE_EVENTS]
        .filter((kind) => !OF_NO_LOAN.includes(kind))
        .flatMap((kind) => BACKDATINGS.map((policy) => `${kind} under ${policy}`)),
    ),
    refusals: tableOf(codes),
    races: tableOf(RACE_KINDS),
    postedByProcess: Array.from({ length: processes }, () => 0),
    balanceReads: 0,
    entryReads: 0,
    loanReads: 0,
    accountReads: 0,
    loanWalks: 0,
    tenantWalks: 0,
    eventPulls: 0,
    pagesRead: 0,
    entriesListed: 0,
    probes: 0,
    probesOfHotLoans: 0,
    askedAgain: 0,
    changed: 0,
    balancesCompared: 0,
    loansCompared: 0,
    accountsCompared: 0,
    walksCompared: 0,
    pullsCompared: 0,
    entriesCompared: 0,
    replaysCompared: 0,
    differenceCount: 0,
    differences: [],
  };
}

function tableOf<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
}

/** What two runs did together; the first one's seed, and the worse of what the two must not have. */
export function sumOfReports(one: SimulationReport, other: SimulationReport): SimulationReport {
  const names = Object.keys(one) as (keyof SimulationReport)[];
  const summed = names.map((name) => [name, NOT_SUMMED.includes(name) ? one[name] : sumOf(one[name], other[name])]);
  return Object.fromEntries(summed) as SimulationReport;
}

const NOT_SUMMED: readonly (keyof SimulationReport)[] = ['seed', 'salt', 'repeat'];

function sumOf(one: unknown, other: unknown): unknown {
  if (typeof one === 'number' && typeof other === 'number') return one + other;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.every((value) => typeof value === 'number')
      ? one.map((value, at) => value + other[at])
      : [...one, ...other];
  }
  const [left, right] = [one, other].map((table) => table as Readonly<Record<string, number>>);
  const names = [...new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})])];
  return Object.fromEntries(names.map((name) => [name, (left?.[name] ?? 0) + (right?.[name] ?? 0)]));
}

/** Counts a disagreement and keeps the first ones. */
export function addDifference(report: SimulationReport, difference: Difference): void {
  report.differenceCount += 1;
  if (report.differences.length < DIFFERENCES_KEPT) report.differences.push(difference);
}

/** What a run must reach to count. */
export interface ReportBar {
  /** The least number of each event, each refusal code and each race. */
  readonly minimum: number;
  /** The least number of each event under each policy; a short run cannot have each of them (0). */
  readonly minimumByPolicy?: number;
  /** Events and codes that this target cannot show, such as `insufficient_scope` without a narrow token. */
  readonly unreachable?: readonly string[];
}

/** Throws with every shortfall and the first disagreements when the run does not prove what it should. */
export function assertReport(
  report: SimulationReport,
  { minimum, minimumByPolicy = 0, unreachable = [] }: ReportBar,
): void {
  const short: string[] = [];
  const atLeast = (name: string, count: number, least: number) => {
    if (count < least) short.push(`${name}: ${count}, at least ${least} wanted`);
  };
  const { commands, posted } = report;
  for (const [name, count] of Object.entries(report.postedByEvent)) {
    if (!unreachable.includes(name)) atLeast(`event ${name}`, count, minimum);
  }
  for (const [type, count] of Object.entries(report.postedByType)) atLeast(`event type ${type}`, count, minimum);
  for (const [name, count] of Object.entries(report.postedByPolicy)) {
    if (!unreachable.includes(name.split(' ')[0] ?? '')) atLeast(name, count, minimumByPolicy);
  }
  for (const [code, count] of Object.entries(report.refusals)) {
    if (!unreachable.includes(code)) atLeast(`refusal ${code}`, count, minimum);
  }
  for (const [kind, count] of Object.entries(report.races)) atLeast(`race ${kind}`, count, minimum);
  atLeast('replays', report.replayed, minimum);
  atLeast('restating', report.restating, minimum);
  atLeast('fiscal years closed', report.yearEnds, minimum);
  atLeast('backdated', report.backdated, Math.ceil(posted * 0.3));
  atLeast('meant to be refused', report.meantToBeRefused, Math.ceil(commands * 0.1));
  atLeast('balance reads', report.balanceReads, Math.floor(commands / 10) - report.workers);
  atLeast('account reads', report.accountReads, minimum);
  atLeast('loan reads', report.loanReads, minimum);
  atLeast('loan journals read', report.loanWalks, minimum);
  atLeast('tenant journals read', report.tenantWalks, minimum);
  atLeast('event pulls', report.eventPulls, minimum);
  atLeast('entries listed', report.entriesListed, posted);
  atLeast('probes of hot loans', report.probesOfHotLoans, Math.floor(commands / 50));
  for (const [process, count] of report.postedByProcess.entries()) atLeast(`posted by process ${process}`, count, 1);
  if (report.changed > 0) short.push(`${report.changed} answers under a fixed known_at changed`);
  if (report.differenceCount > 0) short.push(`${report.differenceCount} answers differ from the model`);
  if (short.length === 0) return;
  const details = report.differences.slice(0, 10).map((difference) => JSON.stringify(difference, null, 2));
  throw new Error([`The simulation does not hold. Repeat it: ${report.repeat}`, ...short, ...details].join('\n'));
}

/** The report as lines to be read by people. */
export function reportText(report: SimulationReport): string {
  const { seconds, commands } = report;
  const share = (count: number, of: number) => `${count} (${of === 0 ? 0 : Math.round((1000 * count) / of) / 10} %)`;
  const table = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([name, count]) => `  ${name.padEnd(36)}${count}`);
  return [
    `seed ${report.seed}, salt ${report.salt}; again: ${report.repeat}`,
    `commands ${commands} in ${seconds.toFixed(1)} s, ${Math.round(commands / Math.max(seconds, 0.001))}/s`,
    `posted ${report.posted}, backdated ${share(report.backdated, report.posted)}, replayed ${report.replayed}`,
    `restating ${report.restating}, entries restated ${report.entriesRestated}, fiscal years closed ${report.yearEnds}`,
    `meant to be refused ${share(report.meantToBeRefused, commands)}`,
    `posted by process ${report.postedByProcess.join(', ')}`,
    'events',
    ...table(report.postedByEvent),
    'event types',
    ...table(report.postedByType),
    'by policy',
    ...table(report.postedByPolicy),
    'refusals',
    ...table(report.refusals),
    ...Object.entries(OUT_OF_REACH).map(([code, why]) => `  ${code.padEnd(36)}out of reach: ${why}`),
    'races',
    ...table(report.races),
    `balance reads ${report.balanceReads}, entry reads ${report.entryReads}, loan reads ${report.loanReads}`,
    `account reads ${report.accountReads}; journals read: ${report.loanWalks} of loans, ${report.tenantWalks} of tenants, ${report.eventPulls} of events, ${report.pagesRead} pages, ${report.entriesListed} entries`,
    `probes ${report.probes}, of hot loans ${report.probesOfHotLoans}`,
    `asked again ${report.askedAgain}, changed ${report.changed}`,
    `compared at the end: ${report.balancesCompared} balances, ${report.loansCompared} loans, ${report.accountsCompared} of accounts, ${report.walksCompared} journals, ${report.pullsCompared} pulls of events, ${report.entriesCompared} entries, ${report.replaysCompared} replays`,
    `differences ${report.differenceCount}`,
    ...report.differences.map((difference) => JSON.stringify(difference, null, 2)),
  ].join('\n');
}
