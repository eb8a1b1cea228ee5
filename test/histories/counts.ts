import { BACKDATINGS, EVENT_TYPES } from '../simulation/model/reference/terms.ts';
import { STEP_KINDS } from './history.ts';
import { MEETINGS, type Met } from './meetings.ts';
import { REFUSALS } from './what-exists.ts';

type Table = Record<string, number>;

/** What a run of histories did; plain tables, so that threads can send them. */
export interface CountTables {
  histories: number;
  /** Commands sent. */
  events: number;
  /** Accepted, by event. */
  readonly accepted: Table;
  /** Accepted, by what the journal calls the first entry. */
  readonly types: Table;
  /** Accepted, `payment under replay` and so on, by the backdating of the loans; of no loan, in neither. */
  readonly policies: Table;
  /** By code; `replayed` too. */
  readonly refusals: Table;
  /** What was met and accepted, by kind. */
  readonly meetings: Table;
  /** Answers compared, by what was asked. */
  readonly reads: Table;
}

const NOTHING_MET: Met = { eventType: undefined, policies: [], meetings: [] };

const TABLES = ['accepted', 'types', 'policies', 'refusals', 'meetings', 'reads'] as const;

/** Counts while histories are lived. */
export class Counts {
  readonly tables: CountTables = {
    histories: 0,
    events: 0,
    accepted: {},
    types: {},
    policies: {},
    refusals: {},
    meetings: {},
    reads: {},
  };

  /** One command and what became of it. */
  command(kind: string, outcome: string, met: Met = NOTHING_MET): void {
    this.tables.events += 1;
    if (outcome === 'posted') up(this.tables.accepted, kind);
    else up(this.tables.refusals, outcome);
    if (met.eventType !== undefined) up(this.tables.types, met.eventType);
    for (const policy of met.policies) up(this.tables.policies, `${kind} under ${policy}`);
    for (const meeting of met.meetings) up(this.tables.meetings, meeting);
  }

  /** One answer compared. */
  read(what: string): void {
    up(this.tables.reads, what);
  }

  /** One history that agreed to its end. */
  history(): void {
    this.tables.histories += 1;
  }

  /** Adds what another thread counted. */
  add(other: CountTables): void {
    this.tables.histories += other.histories;
    this.tables.events += other.events;
    for (const name of TABLES) {
      for (const [key, count] of Object.entries(other[name])) up(this.tables[name], key, count);
    }
  }
}

function up(table: Table, name: string, by = 1): void {
  table[name] = (table[name] ?? 0) + by;
}

/**
 * What keeps a run from showing what it should: every event, also under each policy and by each type, every refusal and every
 * meeting that came up less often than `minimum`. All of them have names, so that one which never came up is missed too.
 */
export function shortfalls({ accepted, types, policies, refusals, meetings }: CountTables, minimum: number): string[] {
  const short = (name: string, count = 0, least = minimum) =>
    count < least ? [`${name}: ${count}, at least ${least} wanted`] : [];
  // A meeting is of two events: half as many.
  const metAtLeast = Math.ceil(minimum / 2);
  const underEach = STEP_KINDS.flatMap((kind) => BACKDATINGS.map((policy) => `${kind} under ${policy}`));
  return [
    ...STEP_KINDS.flatMap((kind) => short(`event ${kind}`, accepted[kind])),
    ...underEach.flatMap((name) => short(name, policies[name])),
    ...EVENT_TYPES.flatMap((type) => short(`event type ${type}`, types[type])),
    ...[...REFUSALS, ...MORE_REFUSALS].flatMap((code) => short(`refusal ${code}`, refusals[code])),
    ...MEETINGS.flatMap((name) => short(`meeting ${name}`, meetings[name], metAtLeast)),
  ];
}

/** Of adjustments, restatements, periods and keys. */
const MORE_REFUSALS = [
  'unbalanced_entry',
  'account_not_found',
  'approver_is_proposer',
  'replay_blocked',
  'period_closed',
  'period_not_next',
  'replayed',
];

/** What no history comes to: with the reason, for whoever reads the counts. */
const OUT_OF_REACH =
  'out of reach: refusal restatement_too_large, for which thousands of events would have to stand behind one (test/http/restatements.test.ts)';

/** The counts as lines to be read. */
export function countsText(tables: CountTables): string {
  const lines = [`histories ${tables.histories}, events ${tables.events}`];
  for (const name of TABLES) {
    lines.push(name);
    const rows = Object.entries(tables[name]).sort(([left], [right]) => (left < right ? -1 : 1));
    lines.push(...rows.map(([key, count]) => `  ${key.padEnd(44)}${count}`));
  }
  return [...lines, OUT_OF_REACH].join('\n');
}
